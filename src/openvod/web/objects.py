"""GET and HEAD of a stored object: ranges, preconditions, headers (``cos-storage.md`` 4.5)."""

from __future__ import annotations

from openvod.storage.model import StoredObject
from openvod.storage.ranges import http_date, precondition_status, select_range
from openvod.storage.service import StorageService
from openvod.web.wire import Answer, WireRequest

_OVERRIDES = {
    "response-content-type": "Content-Type",
    "response-content-language": "Content-Language",
    "response-content-encoding": "Content-Encoding",
    "response-content-disposition": "Content-Disposition",
    "response-expires": "Expires",
    "response-cache-control": "Cache-Control",
}


def serve_object(request: WireRequest, stored: StoredObject, storage: StorageService) -> Answer:
    """Answer with the object, a range of it, 304 or 412; ``Invalid("cos.InvalidRange")`` for an impossible range."""
    headers = object_headers(stored) | _overridden(request)
    status = precondition_status(request.headers, stored.etag, stored.created_at)
    if status is not None:
        del headers["Content-Length"]
        return Answer(status, headers)
    wanted = select_range(range_header(request, stored.etag, stored.created_at), stored.size)
    headers["Content-Length"] = str(wanted.length)
    if wanted.partial:
        headers["Content-Range"] = f"bytes {wanted.start}-{wanted.start + wanted.length - 1}/{stored.size}"
    answer = Answer(206 if wanted.partial else 200, headers)
    if request.method != "HEAD":
        answer.stream = storage.read(stored, wanted.start, wanted.length)
        answer.file = storage.file_of(stored, wanted.start, wanted.length)
    return answer


def object_headers(stored: StoredObject) -> dict[str, str]:
    """The headers that describe a whole object."""
    return {
        "Content-Length": str(stored.size),
        **stored.headers,
        "ETag": f'"{stored.etag}"',
        "Last-Modified": http_date(stored.created_at),
        "Accept-Ranges": "bytes",
        "x-cos-hash-crc64ecma": str(stored.crc64),
        "x-cos-object-type": "normal",
    }


def _overridden(request: WireRequest) -> dict[str, str]:
    wanted = {_OVERRIDES[name]: value for name, value in request.query if name in _OVERRIDES and value}
    return {name: value for name, value in wanted.items() if value.isprintable()}


def range_header(request: WireRequest, etag: str, modified_at: float) -> str:
    """Return ``Range``; an ``If-Range`` that names another version makes the request a whole one (RFC 9110 13.1.5)."""
    condition = request.headers.get("if-range", "").strip()
    current = ("", f'"{etag}"', http_date(modified_at))
    return request.headers.get("range", "") if condition in current else ""
