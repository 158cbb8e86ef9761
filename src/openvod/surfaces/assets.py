"""Pages and scripts built from TypeScript: ``/sdk/…``, the console's and the player page's files.

``make web`` builds them into ``openvod/surfaces/assets/<name>``; the wheel contains them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from mimetypes import guess_type
from pathlib import Path
from stat import S_ISREG

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

#: Names and suffixes of the copies that the build puts beside a file, the smaller one first.
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
#: Vite puts a digest into these files' names, so that they never change.
_FOREVER = "public, max-age=31536000, immutable"
_NOT_BUILT = "this part of OpenVOD was not built: run 'make web' in a checkout, or install the wheel\n"


@dataclass(frozen=True)
class BuiltAssets:
    """ASGI application of one folder of built files, below ``prefix``.

    ``fallback`` names the file that answers for every address of a single-page application. Whoever may embed its
    pages, and what they may load, is said by ``headers``.
    """

    prefix: str
    folder: Path
    headers: Mapping[str, str] = field(default_factory=dict)
    fallback: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        answer = self._answer(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name.lower().encode(), value.encode()) for name, value in self._headers(scope).items()]
                message["headers"] = [*message["headers"], *own]
            await send(message)

        await answer(scope, receive, send_with_headers)

    def _answer(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("send GET\n", 405, {"Allow": "GET, HEAD"})
        if not self.folder.is_dir():
            return PlainTextResponse(_NOT_BUILT, 503)
        static = StaticFiles(directory=self.folder)
        path = scope["path"].removeprefix(self.prefix).strip("/")
        for name in (path, self.fallback):
            if found := _find(static, name):
                return _file_answer(static, _smaller_copy(static, name, scope) or found, scope)
        return PlainTextResponse("there is no such file\n", 404)

    def _headers(self, scope: Scope) -> dict[str, str]:
        hashed = "/assets/" in scope["path"]
        cache = {"Cache-Control": _FOREVER if hashed else "no-cache"}
        return {"X-Content-Type-Options": "nosniff", **cache, **self.headers}


def _find(static: StaticFiles, name: str) -> tuple[str, os.stat_result] | None:
    """Return place and facts of a file; ``None`` for what is none, or no possible name of one."""
    try:
        path, stat = static.lookup_path(name) if name else ("", None)
    except (ValueError, OSError):
        return None
    return (path, stat) if stat is not None and S_ISREG(stat.st_mode) else None


def _smaller_copy(static: StaticFiles, name: str, scope: Scope) -> tuple[str, os.stat_result] | None:
    """Return the compressed copy that the client takes; ranges are of the file itself."""
    headers = Headers(scope=scope)
    accepted = [] if "range" in headers else _accepted(headers.get("accept-encoding", ""))
    copies = (_find(static, name + suffix) for encoding, suffix in _ENCODINGS.items() if encoding in accepted)
    return next(filter(None, copies), None)


def _file_answer(static: StaticFiles, found: tuple[str, os.stat_result], scope: Scope) -> Response:
    answer = static.file_response(*found, scope)
    answer.headers["Vary"] = "Accept-Encoding"
    if encoding := guess_type(found[0])[1]:
        answer.headers["Content-Encoding"] = encoding
    return answer


def _accepted(header: str) -> list[str]:
    """Return the names in ``Accept-Encoding`` that are not ruled out by a weight of 0 (RFC 9110 12.5.3)."""
    offers = [offer.replace(" ", "").lower().partition(";q=") for offer in header.split(",")]
    return [name for name, _, weight in offers if not re.fullmatch(r"0(\.0*)?", weight)]


def built(name: str) -> Path:
    """Return the folder of built files, which need not be there."""
    return Path(str(files("openvod.surfaces"))) / "assets" / name


def sdk_assets(folder: Path | None = None) -> BuiltAssets:
    """``/sdk/``: the upload SDK, which pages of any origin load."""
    headers = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
    return BuiltAssets("/sdk/", folder or built("sdk"), headers)


def console_assets(media_origins: Sequence[str], folder: Path | None = None) -> BuiltAssets:
    """``/console/``: its CSP allows its own files, this server's API and its media, and no frames."""
    media = " ".join(("'self'", "blob:", "data:", *media_origins))
    policy = {
        "default-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": media,
        "media-src": media,
        # Players of adaptive streams fetch media by scripts, and decode it in workers of their own making.
        "connect-src": " ".join(("'self'", *media_origins)),
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return BuiltAssets("/console/", folder or built("console"), headers, "index.html")


async def to_console(scope: Scope, receive: Receive, send: Send) -> None:
    """Redirect ``/console`` to ``/console/``; other paths with this beginning are 404."""
    known = scope["path"] == "/console"
    answer = RedirectResponse("/console/", 308) if known else PlainTextResponse("there is no such page\n", 404)
    await answer(scope, receive, send)
