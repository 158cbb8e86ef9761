"""GET and HEAD of a stored object: ranges, preconditions, headers (``cos-storage.md`` 4.5)."""

from __future__ import annotations

from collections.abc import Mapping

from openvod.base.errors import Invalid
from openvod.server.file_sending import FilePart
from openvod.server.header_text import disposition
from openvod.server.ranges import ByteRange, http_date, precondition_status, select_range
from openvod.server.wire import Answer, WireRequest
from openvod.storage.model import StoredObject, run_of
from openvod.storage.service import StorageService

_OVERRIDES = {
    "response-content-type": "Content-Type",
    "response-content-language": "Content-Language",
    "response-content-encoding": "Content-Encoding",
    "response-content-disposition": "Content-Disposition",
    "response-expires": "Expires",
    "response-cache-control": "Cache-Control",
}
_SELECTING = frozenset(("range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"))


def serve_object(request: WireRequest, stored: StoredObject, storage: StorageService) -> Answer:
    """Answer with the object, a range of it, 304 or 412; ``Invalid("request.range")`` for an impossible range."""
    own = {"x-cos-hash-crc64ecma": str(stored.crc64), "x-cos-object-type": "normal"}
    headers = {**stored.headers, **own, **_overridden(request)}
    answer, wanted = answer_to(request, headers, stored.etag, stored.created_at, stored.size)
    if wanted:
        answer.stream = storage.read(stored, wanted.start, wanted.length)
        answer.file = file_of(stored, storage, wanted.start, wanted.length)
    return answer


def file_of(stored: StoredObject, storage: StorageService, start: int, length: int) -> FilePart | None:
    """Return the part of a local file that holds a range of an object; None when no single file holds it."""
    run = run_of(stored.extents, start, length)
    path = storage.locate(run.blob_id) if run else None
    return FilePart(path, run.offset, run.length) if run and path else None


def asks_for_whole(request: WireRequest) -> bool:
    """Return whether a GET asks for the whole object with its own headers."""
    return not _overridden(request) and _SELECTING.isdisjoint(request.headers)


def answer_to(
    request: WireRequest, headers: Mapping[str, str], etag: str, modified_at: float, size: int
) -> tuple[Answer, ByteRange | None]:
    """Return the head of the answer that preconditions and ``Range`` ask for, and which bytes go with it, if any do."""
    headers = dict(headers) | {"ETag": f'"{etag}"', "Last-Modified": http_date(modified_at), "Accept-Ranges": "bytes"}
    status = precondition_status(request.headers, etag, modified_at)
    if status is not None:
        return Answer(status, headers), None
    wanted = select_range(_range_header(request, etag, modified_at), size)
    headers["Content-Length"] = str(wanted.length)
    if wanted.partial:
        headers["Content-Range"] = f"bytes {wanted.start}-{wanted.start + wanted.length - 1}/{size}"
    return Answer(206 if wanted.partial else 200, headers), None if request.method == "HEAD" else wanted


def _overridden(request: WireRequest) -> dict[str, str]:
    if not request.query:
        return {}
    return {_OVERRIDES[name]: _checked(name, value) for name, value in request.query if name in _OVERRIDES and value}


def _checked(name: str, value: str) -> str:
    """Return a value that may stand in a head: visible, and in ASCII as far as readers of heads need it."""
    if not value.isprintable():
        raise Invalid("header.malformed", f"{name} contains control characters; remove them")
    if name == "response-content-disposition":
        return disposition(value, name)
    if not value.isascii():
        raise Invalid("header.malformed", f"{name} has other letters than ASCII; this header knows no others")
    return value


def _range_header(request: WireRequest, etag: str, modified_at: float) -> str:
    """Return ``Range``; an ``If-Range`` that names another version makes the request a whole one (RFC 9110 13.1.5)."""
    condition = request.headers.get("if-range", "").strip()
    current = ("", f'"{etag}"', http_date(modified_at))
    return request.headers.get("range", "") if condition in current else ""
