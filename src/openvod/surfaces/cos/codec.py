"""The XML dialect of COS (``cos-storage.md`` 4.3, 4.6) and header rules (4.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

from openvod.base.errors import Invalid
from openvod.storage.listing import Listing, ListQuery
from openvod.storage.media_types import media_type_of
from openvod.storage.model import MAX_KEY_BYTES, MultipartUpload, Part, StoredObject

_STORED_HEADERS = {
    name.lower(): name
    for name in (
        "Content-Type",
        "Cache-Control",
        "Content-Disposition",
        "Content-Encoding",
        "Content-Language",
        "Expires",
    )
}
_META_PREFIX = "x-cos-meta-"


def stored_headers(key: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Pick the request headers that become object metadata; empty ones are absent (``cos-storage.md`` 2.2, 4.2)."""
    kept = {wire: headers[low].strip() for low, wire in _STORED_HEADERS.items() if headers.get(low, "").strip()}
    kept.setdefault("Content-Type", media_type_of(key))
    meta = {name: value for name, value in headers.items() if name.startswith(_META_PREFIX)}
    if sum(len(n) + len(v) for n, v in meta.items()) > 4096:
        raise Invalid("cos.InvalidArgument", "x-cos-meta-* headers exceed 4 KiB in total; shorten them")
    return kept | meta


def check_key(key: str) -> str:
    """Return ``key``, or raise ``cos.KeyTooLong`` / ``cos.InvalidObjectName``."""
    if not key:
        raise Invalid("cos.InvalidObjectName", "the request names no key; put it behind the bucket in the path")
    if len(key.encode()) > MAX_KEY_BYTES:
        raise Invalid("cos.KeyTooLong", f"the key exceeds {MAX_KEY_BYTES} bytes of UTF-8; use a shorter one")
    return key


def initiate_result(upload: MultipartUpload) -> str:
    """Render InitiateMultipartUploadResult."""
    return _document(
        "InitiateMultipartUploadResult",
        _tag("Bucket", upload.bucket) + _tag("Key", upload.key) + _tag("UploadId", upload.upload_id),
    )


def complete_result(upload: MultipartUpload, location: str) -> str:
    """Render CompleteMultipartUploadResult; ``location`` is host and path with a scheme."""
    return _document(
        "CompleteMultipartUploadResult",
        _tag("Location", location)
        + _tag("Bucket", upload.bucket)
        + _tag("Key", upload.key)
        + _tag("ETag", f'"{upload.etag}"'),
    )


def list_parts_result(
    upload: MultipartUpload, parts: Sequence[Part], *, marker: int, limit: int, truncated: bool, url_encoded: bool
) -> str:
    """Render ListPartsResult."""
    rows = "".join(
        "<Part>"
        + _tag("PartNumber", p.number)
        + _tag("LastModified", _iso(p.modified_at))
        + _tag("ETag", f'"{p.etag}"')
        + _tag("Size", p.size)
        + "</Part>"
        for p in parts
    )
    return _document(
        "ListPartsResult",
        _tag("Bucket", upload.bucket)
        + _tag("Encoding-Type", "url" if url_encoded else "")
        + _tag("Key", _text(upload.key, url_encoded))
        + _tag("UploadId", upload.upload_id)
        + _people()
        + _tag("PartNumberMarker", marker)
        + rows
        + (_tag("NextPartNumberMarker", parts[-1].number) if parts else "")
        + _tag("StorageClass", upload.storage_class)
        + _tag("MaxParts", limit)
        + _tag("IsTruncated", "true" if truncated else "false"),
    )


def list_uploads_result(
    bucket: str,
    uploads: Sequence[MultipartUpload],
    *,
    prefix: str,
    key_marker: str,
    id_marker: str,
    limit: int,
    truncated: bool,
    url_encoded: bool,
) -> str:
    """Render ListMultipartUploadsResult. Each Upload names its StorageClass: an old JS SDK needs it."""
    rows = "".join(
        "<Upload>"
        + _tag("Key", _text(u.key, url_encoded))
        + _tag("UploadId", u.upload_id)
        + _tag("StorageClass", u.storage_class)
        + _people()
        + _tag("Initiated", _iso(u.created_at))
        + "</Upload>"
        for u in uploads
    )
    following = ""
    if truncated:
        following = _tag("NextKeyMarker", _text(uploads[-1].key, url_encoded)) + _tag(
            "NextUploadIdMarker", uploads[-1].upload_id
        )
    return _document(
        "ListMultipartUploadsResult",
        _tag("Bucket", bucket)
        + _tag("Encoding-Type", "url" if url_encoded else "")
        + _tag("KeyMarker", _text(key_marker, url_encoded))
        + _tag("UploadIdMarker", id_marker)
        + following
        + _tag("MaxUploads", limit)
        + _tag("Prefix", _text(prefix, url_encoded))
        + _tag("Delimiter", "")
        + _tag("IsTruncated", "true" if truncated else "false")
        + rows,
    )


def list_objects_result(
    bucket: str, query: ListQuery, listing: Listing, *, pages: Mapping[str, str], url_encoded: bool
) -> str:
    """Render ListBucketResult; ``pages`` are the markers of its version, by their names."""
    rows = "".join(
        "<Contents>"
        + _tag("Key", _text(each.key, url_encoded))
        + _tag("LastModified", _iso(each.created_at))
        + _tag("ETag", f'"{each.etag}"')
        + _tag("Size", each.size)
        + "<Owner><ID>openvod</ID><DisplayName>openvod</DisplayName></Owner>"
        + _tag("StorageClass", "STANDARD")
        + "</Contents>"
        for each in listing.objects
    )
    groups = "".join(
        "<CommonPrefixes>" + _tag("Prefix", _text(each, url_encoded)) + "</CommonPrefixes>" for each in listing.prefixes
    )
    encoding = _tag("EncodingType", "url") + _tag("Encoding-Type", "url") if url_encoded else ""
    return _document(
        "ListBucketResult",
        _tag("Name", bucket)
        + _tag("Prefix", _text(query.prefix, url_encoded))
        + "".join(_tag(name, value) for name, value in pages.items())
        + _tag("MaxKeys", query.limit)
        + _tag("Delimiter", _text(query.delimiter, url_encoded))
        + encoding
        + _tag("IsTruncated", "true" if listing.following else "false")
        + rows
        + groups,
    )


def post_result(stored: StoredObject, location: str) -> str:
    """Render PostResponse."""
    return _document(
        "PostResponse",
        _tag("Location", location)
        + _tag("Bucket", stored.bucket)
        + _tag("Key", stored.key)
        + _tag("ETag", f'"{stored.etag}"'),
    )


def location_result(region: str) -> str:
    """Render LocationConstraint."""
    return _document("LocationConstraint", escape(region))


def url_text(value: str, url_encoded: bool) -> str:
    """Return a key or marker as ``encoding-type`` asks for it."""
    return _text(value, url_encoded)


def error_document(
    code: str, message: str, *, resource: str, request_id: str, trace_id: str, server_time: str = ""
) -> str:
    """Render an error; Resource and RequestId are never empty, or Python's SDK drops the message (4.6)."""
    return (
        "<?xml version='1.0' encoding='utf-8' ?>\n<Error>"
        + _tag("Code", code)
        + _tag("Message", message)
        + _tag("Resource", resource or "/")
        + _tag("RequestId", request_id)
        + _tag("TraceId", trace_id)
        + (_tag("ServerTime", server_time) if server_time else "")
        + "</Error>"
    )


def _document(root: str, inner: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>{inner}</{root}>'


def _tag(name: str, value: object) -> str:
    return f"<{name}>{escape(str(value))}</{name}>"


def _people() -> str:
    person = "<ID>openvod</ID><DisplayName>openvod</DisplayName>"
    return f"<Initiator>{person}</Initiator><Owner>{person}</Owner>"


def _text(value: str, url_encoded: bool) -> str:
    return quote(value, safe="/-_.~") if url_encoded else value


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
