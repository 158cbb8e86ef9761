"""Both services behind one framework-independent request and reply, in every format of existing apps.

The formats of ``upload-protocol.md`` 6.1 are rows of one table: a path, the places of token and context in the request,
and the place of the signature in the reply.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from openvod_sdk._text import is_text
from openvod_sdk.integrations._events import EventReceiver
from openvod_sdk.integrations._refused import Refused
from openvod_sdk.integrations._signatures import IssuedSignature, SignatureService

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET,POST,OPTIONS",
    "Access-Control-Allow-Headers": "authorization,content-type",
    "Access-Control-Max-Age": "86400",
}


EVENTS_PATH = "/events"
_SIGNATURE_BODY = 64 << 10


@dataclass(frozen=True)
class Request:
    """A request from a framework; header names are lower-case.

    ``body`` has at most one byte more than :meth:`BackEnd.longest_body`, to limit memory.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """A response for a framework to send."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Shape:
    """The request and reply format of one family of apps."""

    success: Callable[[IssuedSignature], object]
    failure: Callable[[Refused], object]
    failure_status: Callable[[Refused], int] = lambda refused: refused.status


def _main(issued: IssuedSignature) -> object:
    data: dict[str, Any] = {"signature": issued.signature, "expiresAt": issued.expires_at}
    if issued.max_size:
        data["maxSize"] = issued.max_size
    return {"code": 0, "message": "ok", "data": data}


def _code_and_message(refused: Refused) -> object:
    return {"code": refused.code, "message": refused.message}


def _short_video(issued: IssuedSignature) -> object:
    ends = datetime.fromtimestamp(issued.expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    data = {"UploadSign": issued.signature, "ExpireTime": ends}
    return {"RequestId": str(uuid.uuid4()), "Code": 0, "Message": "OK", "Data": data}


def _short_video_failure(refused: Refused) -> object:
    return {"RequestId": str(uuid.uuid4()), "Code": refused.code, "Message": refused.message}


SHAPES: Mapping[str, Shape] = {
    # OpenVOD's, and the documentation's sample
    "/signature": Shape(_main, _code_and_message),
    # the Web SDK guide
    "/signature/web": Shape(lambda i: {"signature": i.signature}, _code_and_message),
    # the web demo page
    "/ugc-upload/": Shape(lambda i: {"data": {"sign": i.signature}}, _code_and_message),
    # the mini program's demo and the XiaoShiPin apps
    "/get_vod_sign": Shape(lambda i: {"code": 0, "message": "", "data": {"signature": i.signature}}, _code_and_message),
    # the cloud function ugc_upload_sign: bare text
    "/ugc_upload_sign": Shape(lambda i: i.signature, lambda refused: refused.message),
    # the short-video server
    "/GetUploadSign": Shape(_short_video, _short_video_failure, lambda refused: 200),
}


class BackEnd:
    """Signature distribution and event receiver of one app."""

    def __init__(self, signatures: SignatureService | None = None, events: EventReceiver | None = None) -> None:
        self._signatures = signatures
        self._events = events

    @property
    def paths(self) -> tuple[str, ...]:
        """The served paths."""
        return (*(SHAPES if self._signatures else ()), *((EVENTS_PATH,) if self._events else ()))

    def longest_body(self, path: str) -> int:
        """Return the most bytes of a body at ``path``; a framework reads at most one more."""
        return self._events.max_bytes if path == EVENTS_PATH and self._events else _SIGNATURE_BODY

    def handle(self, request: Request) -> Reply:
        """Serve one request; may block on disk I/O, so run it in a thread."""
        if request.method == "OPTIONS":
            return Reply(204, _CORS, b"")
        if request.path == EVENTS_PATH and self._events:
            return self._receive(request, self._events)
        if request.path in SHAPES and self._signatures:
            return self._issue(request, SHAPES[request.path], self._signatures)
        return _json(404, {"code": 40400, "message": f"nothing is served at {request.path}"})

    def _issue(self, request: Request, shape: Shape, signatures: SignatureService) -> Reply:
        try:
            fields = _fields(request)
            issued = signatures.issue(_token(request, fields), _context(fields), _size(fields))
        except Refused as refused:
            return _encoded(shape.failure_status(refused), shape.failure(refused))
        return _encoded(200, shape.success(issued))

    def _receive(self, request: Request, events: EventReceiver) -> Reply:
        if request.method != "POST":
            return _json(405, {"code": 40500, "message": "send events with POST"})
        try:
            events.receive(request.body, request.headers)
        except Refused as refused:
            return _json(refused.status, {"code": refused.code, "message": refused.message})
        return _json(200, {"code": 0})


def _fields(request: Request) -> Mapping[str, Any]:
    """Return the fields of the query, overridden by those of the body: JSON of any content type, or a form.

    Old clients send JSON with the content type of a form. Other bodies count as empty; raises ``Refused``.
    """
    if len(request.body) > _SIGNATURE_BODY:
        raise Refused(413, 41300, f"the body exceeds the limit of {_SIGNATURE_BODY} bytes")
    fields = {**request.query, **_body_fields(request.body)}
    for name, value in fields.items():
        if not is_text(name) or (isinstance(value, str) and not is_text(value)):
            raise Refused(400, 40001, f"{name.encode(errors='replace').decode()[:50]!r} is not valid Unicode text")
    return fields


def _body_fields(body: bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body) if body else None
    except (ValueError, RecursionError):
        return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=100))
    return parsed if isinstance(parsed, dict) else {}


def _size(fields: Mapping[str, Any]) -> int:
    """Return the announced size in bytes, 0 without one; accepts a number as text. Raises ``Refused``."""
    given = fields.get("size")
    if given is None or given == "":
        return 0
    text = str(int(given)) if isinstance(given, float) and given.is_integer() else str(given)
    if isinstance(given, bool) or not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Refused(400, 40001, "size must be the file's size in bytes, an integer")
    return int(text)


def _token(request: Request, fields: Mapping[str, Any]) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    given = fields.get("Token") or fields.get("token") or ""
    return given if isinstance(given, str) else ""


def _context(fields: Mapping[str, Any]) -> str:
    """Return the source context; like the official samples, ignores other types and truncates long text."""
    given = fields.get("sourceContext") or fields.get("SourceContext") or ""
    return given[:250] if isinstance(given, str) else ""


def _encoded(status: int, value: object) -> Reply:
    if isinstance(value, str):
        return Reply(status, _CORS | {"Content-Type": "text/plain; charset=utf-8"}, value.encode())
    return _json(status, value)


def _json(status: int, value: object) -> Reply:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Reply(status, _CORS | {"Content-Type": "application/json"}, body)
