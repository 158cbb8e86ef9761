"""What the storage surface does and what it refuses by name, in both dialects."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvod.base.errors import Invalid
from openvod.surfaces.cos.operations import Operation, wanted

_KEY = "short/dir/a.mp4"
Query = list[tuple[str, str]]


def _code(method: str, key: str, query: Query, headers: Mapping[str, str]) -> str:
    try:
        wanted(method, key, query, headers)
    except Invalid as error:
        return error.code
    return ""


@pytest.mark.parametrize(("method", "key", "query", "headers", "operation"), [
    ("PUT", _KEY, [], {"cache-control": "", "content-type": "video/mp4", "x-cos-meta-a": "b"}, Operation.PUT_OBJECT),
    ("PUT", _KEY, [("x-id", "PutObject")], {
        "x-amz-sdk-checksum-algorithm": "CRC32", "x-amz-checksum-crc32": "AAAAAA==", "x-amz-content-sha256": "0" * 64,
        "x-amz-date": "d", "x-amz-security-token": "t", "amz-sdk-invocation-id": "i", "x-amz-user-agent": "u",
        "x-amz-acl": "private",
    }, Operation.PUT_OBJECT),
    ("PUT", _KEY, [("partNumber", "1"), ("uploadId", "u")], {
        "x-cos-security-token": "t", "x-cos-sdk-retry": "true", "x-cos-sdk-log-debug": "on",
        "x-cos-traffic-limit": "819200",
    }, Operation.UPLOAD_PART),
    ("POST", _KEY, [("uploads", "")], {"x-cos-storage-class": "Standard"}, Operation.INITIATE),
    ("POST", _KEY, [("uploads", "")], {"x-amz-checksum-algorithm": "CRC32"}, Operation.INITIATE),
    ("POST", _KEY, [("uploadId", "u")], {"x-cos-meta-a": "b", "if-none-match": "*"}, Operation.COMPLETE),
    ("DELETE", _KEY, [("uploadId", "u"), ("x-id", "AbortMultipartUpload")], {}, Operation.ABORT),
    ("GET", "", [
        ("uploads", ""), ("prefix", "p"), ("delimiter", ""), ("key-marker", ""), ("upload-id-marker", ""),
        ("max-uploads", "1000"), ("encoding-type", "url"), ("x-cos-security-token", "t"),
    ], {}, Operation.LIST_UPLOADS),
    ("GET", _KEY, [("uploadId", "u"), ("max-parts", "9"), ("part-number-marker", "")], {}, Operation.LIST_PARTS),
    ("GET", _KEY, [("response-content-type", "a/b"), ("clientIP", "")], {"range": "bytes=0-"}, Operation.READ_OBJECT),
    ("HEAD", _KEY, [("X-Amz-Signature", "s"), ("X-Amz-Expires", "9")], {"if-match": "*"}, Operation.READ_OBJECT),
    ("HEAD", "", [], {}, Operation.HEAD_BUCKET),
    ("DELETE", _KEY, [], {}, Operation.DELETE_OBJECT),
    ("GET", "", [("prefix", "p"), ("delimiter", "/"), ("marker", ""), ("max-keys", "9")], {}, Operation.LIST_OBJECTS),
    ("GET", "", [
        ("list-type", "2"), ("prefix", "p"), ("continuation-token", "t"), ("start-after", "k"), ("fetch-owner", "true"),
        ("encoding-type", "url"),
    ], {}, Operation.LIST_OBJECTS_V2),
    ("GET", "", [("location", "")], {}, Operation.LOCATE_BUCKET),
    ("PUT", "", [], {"x-amz-acl": "private"}, Operation.CREATE_BUCKET),
    ("PUT", _KEY, [], {
        "x-amz-trailer": "x-amz-checksum-crc64nvme", "x-amz-decoded-content-length": "5",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-sdk-checksum-algorithm": "CRC64NVME",
    }, Operation.PUT_OBJECT),
])  # fmt: skip
def test_what_clients_ask_for(
    method: str, key: str, query: Query, headers: Mapping[str, str], operation: Operation
) -> None:
    """The requests of official clients, with everything that they carry, find their row."""
    assert wanted(method, key, query, headers).operation is operation


_PROMISES: dict[str, str] = {
    "copy-source": "a/b", "copy-source-range": "bytes=0-1", "server-side-encryption": "AES256",
    "server-side-encryption-customer-algorithm": "AES256", "server-side-encryption-customer-key": "k",
    "server-side-encryption-cos-kms-key-id": "k", "server-side-encryption-aws-kms-key-id": "k", "tagging": "a=b",
    "object-lock-mode": "GOVERNANCE", "object-lock-retain-until-date": "d", "object-lock-legal-hold": "ON",
    "callback": "c", "callback-var": "c", "return-body": "r", "mime-limit": "image/png", "grant-read": "id=1",
    "grant-full-control": "id=1", "acl": "public-read", "storage-class": "ARCHIVE", "request-payer": "requester",
    "website-redirect-location": "/x", "expected-bucket-owner": "1", "write-offset-bytes": "3",
    "image-process": "x", "no-such-thing": "1",
}  # fmt: skip


@pytest.mark.parametrize("prefix", ["x-cos-", "x-amz-"])
@pytest.mark.parametrize("promise", _PROMISES)
@pytest.mark.parametrize("query", [[], [("partNumber", "1"), ("uploadId", "u")]])
def test_promises_that_are_not_kept_are_refused(prefix: str, promise: str, query: Query) -> None:
    """A header that asks for more than is done is NotImplemented, in a presigned query as well as in the head."""
    name, value = prefix + promise, _PROMISES[promise]
    assert _code("PUT", _KEY, query, {name: value}) == "cos.NotImplemented"
    assert _code("PUT", _KEY, [*query, (name.title(), value)], {}) == "cos.NotImplemented"


@pytest.mark.parametrize(
    "header",
    ["pic-operations", "x-ci-process", "content-range", "range", "if-match", "if-none-match", "if-unmodified-since",
     "content-digest", "repr-digest", "digest", "tus-resumable", "upload-offset"],
)  # fmt: skip
def test_meaningful_headers_without_a_prefix(header: str) -> None:
    """What HTTP or a vendor gave a meaning is heeded or refused; what nobody did is not looked at."""
    assert _code("PUT", _KEY, [], {header: "1"}) == "cos.NotImplemented"
    assert _code("PUT", _KEY, [], {"x-my-own": "1", "user-agent": "u"}) == ""


@pytest.mark.parametrize(
    "name",
    ["acl", "append", "cors", "tagging", "versionId", "select", "restore", "torrent", "delete", "object-lock",
     "retention", "legal-hold", "attributes", "callback", "partNumber", "ci-process", "imageMogr2/thumbnail/1x",
     "position", "renameObject", "annotation", "x-anything"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_sub_resources_that_are_not_there(method: str, name: str) -> None:
    """What has no row is no object: the request neither stores, reads nor deletes one."""
    assert _code(method, _KEY, [(name, "")], {}) == "cos.NotImplemented"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("traffic-limit", "819199", "cos.InvalidArgument"),
        ("traffic-limit", "838860801", "cos.InvalidArgument"),
        ("traffic-limit", "fast", "cos.InvalidArgument"),
        ("traffic-limit", "838860800", ""),
        ("forbid-overwrite", "maybe", "cos.InvalidArgument"),
        ("forbid-overwrite", "TRUE", ""),
        ("storage-class", "COLDEST", "cos.InvalidArgument"),
        ("storage-class", "standard_ia", ""),
        ("acl", "mine", "cos.InvalidArgument"),
        ("acl", "", ""),
    ],
)
def test_values(name: str, value: str, code: str) -> None:
    """A wrong value of what is done is an argument that is wrong; an empty header is none."""
    assert _code("PUT", _KEY, [], {f"x-cos-{name}": value}) == code


def test_other_methods_and_targets() -> None:
    """Objects and buckets have their methods; the others are not allowed."""
    for method, key in (("PATCH", _KEY), ("POST", ""), ("DELETE", ""), ("TRACE", "")):
        assert _code(method, key, [], {}) == "cos.MethodNotAllowed"
    assert _code("POST", _KEY, [], {}) == "cos.NotImplemented"


_NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=20)


@given(_NAMES, st.sampled_from(["x-cos-", "x-amz-", "x-ci-"]), st.text(max_size=10))
def test_no_name_is_overlooked(name: str, prefix: str, value: str) -> None:
    """Whatever a vendor invents next is heeded with a check, or refused: a header with a value is never just taken."""
    known = {
        "acl", "storage-class", "traffic-limit", "forbid-overwrite", "checksum-crc32", "sdk-checksum-algorithm", "date",
        "checksum-crc32c", "checksum-crc64nvme", "checksum-sha1", "checksum-sha256", "trailer",
        "decoded-content-length",
        "security-token", "sdk-retry", "content-sha256", "user-agent", "algorithm", "credential", "expires",
        "signedheaders", "signature",
    }  # fmt: skip
    code = _code("PUT", _KEY, [], {prefix + name: value})
    if value.strip() and name not in known and not name.startswith(("meta-", "sdk-")):
        assert code == "cos.NotImplemented"
