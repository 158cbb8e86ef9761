"""A way to the platform on which requests are seen and answers can be spoilt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


@dataclass(frozen=True)
class Seen:
    """A request as the SDK sent it; names of headers in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> str:
        """The query as sent."""
        return self.target.partition("?")[2]


@dataclass
class Reply:
    """An answer on its way back."""

    status: int
    content_type: str
    body: bytes


@dataclass
class Recorder:
    """What was seen; ``spoil`` changes answers."""

    port: int
    seen: list[Seen] = field(default_factory=list)
    spoil: Callable[[Reply], None] | None = None


@contextmanager
def recording(url: str) -> Iterator[Recorder]:
    """Forward to the platform at ``url``, the Host header included, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            recorder.seen.append(Seen(self.command, self.path, headers, body))
            hop = {name: value for name, value in headers.items() if name not in ("connection", "accept-encoding")}
            answer = httpx.request(self.command, url + self.path, headers=hop, content=body)
            reply = Reply(answer.status_code, answer.headers["content-type"], answer.content)
            if recorder.spoil:
                recorder.spoil(reply)
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def do_GET(self) -> None:
            self._forward()

        def do_POST(self) -> None:
            self._forward()

        def log_message(self, *arguments: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        recorder = Recorder(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield recorder
        finally:
            server.shutdown()
            thread.join()
