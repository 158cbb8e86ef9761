"""Requests to storage: signature and XML bodies (cos-storage.md 2, 4.3)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree import ElementTree

from openvod_sdk._errors import StorageError

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Credential:
    """A temporary credential; times are Unix seconds of the server's clock."""

    secret_id: str
    secret_key: str
    token: str
    start: int
    end: int


@dataclass(frozen=True)
class RemotePart:
    """A part that storage acknowledged; ``etag`` is its MD5 in hexadecimal."""

    number: int
    size: int
    etag: str


def authorization(credential: Credential, method: str, path: str, query: Pairs, headers: Mapping[str, str]) -> str:
    """Return the Authorization value over every query parameter and header given (2.2)."""
    key_time = f"{credential.start};{credential.end}"
    parameters = sorted((_encode(k).lower(), _encode(v)) for k, v in query)
    signed = sorted((_encode(k).lower(), _encode(v.strip())) for k, v in headers.items())
    text = f"{method.lower()}\n{path}\n{_join(parameters)}\n{_join(signed)}\n"
    sign_key = _hmac(credential.secret_key, key_time)
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    signature = _hmac(sign_key, f"sha1\n{key_time}\n{digest}\n")
    names, keys = ";".join(k for k, _ in signed), ";".join(k for k, _ in parameters)
    return (
        f"q-sign-algorithm=sha1&q-ak={credential.secret_id}&q-sign-time={key_time}&q-key-time={key_time}"
        f"&q-header-list={names}&q-url-param-list={keys}&q-signature={signature}"
    )


def parse_upload_id(body: bytes) -> str:
    """Read InitiateMultipartUploadResult."""
    return _parse(body).findtext("UploadId") or ""


def parse_parts(body: bytes) -> tuple[list[RemotePart], int | None]:
    """Read ListPartsResult; the second value is the marker of the next page, ``None`` on the last."""
    root = _parse(body)
    parts = [
        RemotePart(int(_text(p, "PartNumber")), int(_text(p, "Size")), _text(p, "ETag").strip('"').lower())
        for p in root.findall("Part")
    ]
    more = root.findtext("IsTruncated") == "true"
    return parts, int(root.findtext("NextPartNumberMarker") or 0) if more else None


def complete_body(parts: Sequence[RemotePart]) -> bytes:
    """Render CompleteMultipartUpload."""
    rows = "".join(f'<Part><PartNumber>{p.number}</PartNumber><ETag>"{p.etag}"</ETag></Part>' for p in parts)
    return f"<CompleteMultipartUpload>{rows}</CompleteMultipartUpload>".encode()


def storage_error(status: int, body: bytes, headers: Mapping[str, str]) -> StorageError:
    """Build the error of a response of storage."""
    request_id = headers.get("x-cos-request-id", "")
    try:
        root = _parse(body)
    except ElementTree.ParseError:
        text = re.sub(r"\s+", " ", body[:200].decode("utf-8", "replace"))
        return StorageError(status, f"HTTP{status}", text or "storage returned no error message", request_id)
    return StorageError(status, root.findtext("Code") or "", root.findtext("Message") or "", request_id)


def _parse(body: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(body)  # noqa: S314 - answers of the server that the caller chose to trust


def _text(element: ElementTree.Element, name: str) -> str:
    return element.findtext(name) or ""


def _join(pairs: Pairs) -> str:
    return "&".join(f"{k}={v}" for k, v in pairs)


def _encode(text: str) -> str:
    return quote(text, safe="-_.~")


def _hmac(key: str, message: str) -> str:
    return hmac.new(key.encode(), message.encode(), hashlib.sha1).hexdigest()
