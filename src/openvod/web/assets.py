"""Pages and scripts built from TypeScript: ``/sdk/…``, the console's and the player page's files.

``make web`` builds them into ``openvod/web/assets/<name>``; the wheel contains them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

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
            place = static.lookup_path(name) if name else ("", None)
            if place[1] is not None and Path(place[0]).is_file():
                return static.file_response(place[0], place[1], scope)
        return PlainTextResponse("there is no such file\n", 404)

    def _headers(self, scope: Scope) -> dict[str, str]:
        hashed = "/assets/" in scope["path"]
        cache = {"Cache-Control": _FOREVER if hashed else "no-cache"}
        return {"X-Content-Type-Options": "nosniff", **cache, **self.headers}


def built(name: str) -> Path:
    """Return the folder of built files, which need not be there."""
    return Path(str(files("openvod.web"))) / "assets" / name


def sdk_assets(folder: Path | None = None) -> BuiltAssets:
    """``/sdk/``: the upload SDK, which pages of any origin load."""
    headers = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
    return BuiltAssets("/sdk/", folder or built("sdk"), headers)


def console_assets(media_origins: Sequence[str], folder: Path | None = None) -> BuiltAssets:
    """``/console/``: loads nothing but its own files, talks to nobody but us, shows media of ours, is in no frame."""
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
    """Lead ``/console`` to ``/console/``; anything else that begins so is no page."""
    known = scope["path"] == "/console"
    answer = RedirectResponse("/console/", 308) if known else PlainTextResponse("there is no such page\n", 404)
    await answer(scope, receive, send)
