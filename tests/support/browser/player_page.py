"""The player page in a browser, over real uploads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import Page

from openvod.access.service import IssuedKey
from openvod_sdk import Client, sign
from support.corpus.build import AAC, ffmpeg, heard, seen
from support.server import PlatformServer

#: Marks of the page's own: when the first picture was shown, and from which kind of source.
_FIRST_FRAME = "() => performance.getEntriesByName('first-frame').map((mark) => mark.detail)"
VIDEO = "document.querySelector('video:not(.behind)')"


def make_film(path: Path, seconds: float, size: str = "640x360", rate: str = "25") -> Path:
    """Generate a film of H.264 and AAC with reordered pictures and a key frame every 2 seconds."""
    ffmpeg(
        *seen(size, rate, seconds), *heard(seconds), "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p",
        "-g", "50", *AAC, str(path),
    )  # fmt: skip
    return path


def uploaded(server: PlatformServer, key: IssuedKey, path: Path, procedure: str = "") -> str:
    """Upload with the SDK; return the file's id as soon as Commit answered."""
    signature = sign(key.secret_id, key.secret_key, procedure=procedure or None)
    return str(Client(server.url, signature, resume=False).upload(path).file_id)


@contextmanager
def embedding(body: str) -> Iterator[str]:
    """Serve a page of another origin; yields its address."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        thread = Thread(target=site.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{site.server_address[1]}/"
        site.shutdown()
        thread.join()


@dataclass(frozen=True)
class PlayerPage:
    """An open page; what went wrong in it is kept."""

    page: Page
    problems: list[str]

    @classmethod
    def open(cls, page: Page, address: str) -> PlayerPage:
        """Go to a player page and listen for errors of its scripts and of its policy."""
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console", lambda message: problems.append(message.text) if "Content Security" in message.text else None
        )
        page.goto(address)
        return cls(page, problems)

    def wait(self, condition: str, seconds: float = 15) -> None:
        """Wait until a condition holds in the page; its policy lets nothing be evaluated there by timers."""
        deadline = time.monotonic() + seconds
        while not self.page.evaluate(f"() => Boolean({condition})"):
            assert time.monotonic() < deadline, f"not in {seconds:g} s: {condition}"
            self.page.wait_for_timeout(20)

    def first_frame(self, seconds: float = 15) -> str:
        """Wait for a picture; return the kind of source it came from."""
        self.wait(f"({_FIRST_FRAME})().length > 0", seconds)
        return str(self.page.evaluate(_FIRST_FRAME)[0])

    def video(self, member: str) -> float:
        """Return a number of the video that is seen."""
        return float(self.page.evaluate(f"{VIDEO}.{member}"))

    def wait_video(self, condition: str, seconds: float = 15) -> None:
        """Wait until something holds of the video that is seen, as ``v``."""
        self.wait(f"((v) => v && ({condition}))({VIDEO})", seconds)
