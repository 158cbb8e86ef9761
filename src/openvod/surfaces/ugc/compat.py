"""``/compat/web.js``: lets a page use the unmodified web SDKs on one own domain (``upload-protocol.md`` 3.7)."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from openvod.base.errors import Invalid
from openvod.server.wire import Answer, WireRequest

SCRIPT_PATH = "/compat/web.js"


async def serve_script(request: WireRequest) -> Answer:
    """Serve the script; it is small and asked for once per page, so clients check it for changes each time."""
    if request.method not in ("GET", "HEAD"):
        raise Invalid("request.method", f"{request.method} is not accepted here; send GET")
    body, etag = _script()
    headers = {"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "no-cache", "ETag": etag}
    if request.headers.get("if-none-match") == etag:
        return Answer(304, headers)
    return Answer(200, headers, body)


@cache
def _script() -> tuple[bytes, str]:
    body = files("openvod.surfaces.ugc").joinpath("compat_web.js").read_bytes()
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'
