"""A server that files are pulled from, as badly as a test wants."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    server: Origin

    def do_GET(self) -> None:
        """Answer as the test wants."""
        path = self.path.partition("?")[0]
        self.server.asked[path] += 1
        self.server.answers.get(path, _absent)(self)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def whole(self, content: bytes, status: int = 200, **headers: str) -> None:
        """Send everything."""
        self.head(status, {"Content-Length": str(len(content))} | headers)
        self.wfile.write(content)

    def head(self, status: int, headers: dict[str, str]) -> None:
        """Send the head alone."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()


def _absent(h: Handler) -> None:
    h.send_error(404)


class Origin(ThreadingHTTPServer):
    """A server whose paths answer as a test wants."""

    daemon_threads = True

    def __init__(self, address: str = "127.0.0.1") -> None:
        super().__init__((address, 0), Handler)
        self.answers: dict[str, Answer] = {}
        self.asked: Counter[str] = Counter()
        self.url = f"http://{address}:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is part of these tests."""

    def put(self, path: str, answer: Answer) -> str:
        """Answer at a path; return its URL."""
        self.answers[path] = answer
        return self.url + path

    def stop(self) -> None:
        """End it."""
        self.shutdown()
        self.server_close()
        self._thread.join()


def chunked(content: bytes, *, ends: bool = True) -> Answer:
    """Return an answer in chunks, of unannounced length; without ``ends`` the last chunk is missing."""

    def answer(h: Handler) -> None:
        h.protocol_version = "HTTP/1.1"
        h.head(200, {"Transfer-Encoding": "chunked"})
        for start in range(0, len(content), 50_000):
            piece = content[start : start + 50_000]
            h.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        h.wfile.write(b"0\r\n\r\n" if ends else b"")

    return answer
