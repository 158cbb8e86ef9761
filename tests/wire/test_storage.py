"""COS operations: request → exact answer (cos-storage.md 2 to 4)."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from typing import Any

import httpx
import pytest

from openvod.storage.crc64 import CRC64
from openvod.storage.model import CompletedPart
from support.server.wire import MIB, Applied, Wire, complete_xml, error_code


def _md5(body: bytes) -> str:
    return hashlib.md5(body).hexdigest()


def test_put_object_answers_md5_and_crc(applied: Applied) -> None:
    """A put answers the quoted MD5 and the decimal CRC-64/XZ."""
    answer = applied.put(b"123456789")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"] == f'"{_md5(b"123456789")}"'
    assert answer.headers["x-cos-hash-crc64ecma"] == "11051210869376104954"


def test_empty_object(applied: Applied) -> None:
    """A file of zero bytes is an object like any other."""
    assert applied.put(b"").headers["x-cos-hash-crc64ecma"] == "0"
    head = applied.call("HEAD", applied.media_key)
    assert (head.status_code, head.headers["content-length"]) == (200, "0")


def test_multipart_out_of_order_with_odd_sizes(applied: Applied) -> None:
    """Parts of unequal sizes in any order make the object that their numbers say."""
    bodies = {3: b"c" * 777, 1: b"a" * (MIB + 5), 2: b"b" * (2 * MIB)}
    upload_id = applied.initiate()
    for number, body in bodies.items():
        assert applied.put_part(upload_id, number, body).status_code == 200
    parts = [CompletedPart(n, _md5(bodies[n])) for n in (1, 2, 3)]
    done = applied.complete(upload_id, parts)
    whole = bodies[1] + bodies[2] + bodies[3]
    assert done.status_code == 200
    assert done.headers["x-cos-hash-crc64ecma"] == str(CRC64.calc(whole))
    assert re.search(r'<ETag>"[0-9a-f]{32}-3"</ETag>', done.text)
    assert applied.call("GET", applied.media_key).content == whole


def test_complete_is_idempotent_and_final(applied: Applied) -> None:
    """The same list again gets the same answer; another list, another part or an abort is too late."""
    upload_id = applied.initiate()
    applied.put_part(upload_id, 1, b"z" * 100)
    parts = [CompletedPart(1, _md5(b"z" * 100))]
    first, second = applied.complete(upload_id, parts), applied.complete(upload_id, parts)
    assert first.status_code == second.status_code == 200
    assert first.text == second.text
    assert error_code(applied.complete(upload_id, [CompletedPart(1, "0" * 32)])) == "NoSuchUpload"
    assert error_code(applied.put_part(upload_id, 2, b"late")) == "NoSuchUpload"
    assert error_code(applied.call("DELETE", applied.media_key, [("uploadId", upload_id)])) == "NoSuchUpload"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([(1, "first"), (3, "third")], "InvalidPart"),
        ([(2, "second"), (1, "first")], "InvalidPart"),
        ([(1, "first"), (1, "first")], "InvalidPartOrder"),
        ([(1, "wrong")], "InvalidPart"),
        ([(1, "")], "InvalidPart"),
        ([(1, "first"), (2, "second"), (3, "third")], "EntityTooSmall"),
    ],
)
def test_complete_refuses_wrong_lists(applied: Applied, parts: list[tuple[int, str]], code: str) -> None:
    """Missing, repeated, disordered, foreign and too small parts are named; nothing is made of them."""
    bodies = {"first": b"1" * MIB, "second": b"2" * 1000, "third": b"3" * MIB}
    upload_id = applied.initiate()
    for number, body in enumerate(bodies.values(), start=1):
        applied.put_part(upload_id, number, body)
    listed = [CompletedPart(n, _md5(bodies[name]) if name in bodies else name) for n, name in parts]
    answer = applied.complete(upload_id, listed)
    assert (answer.status_code, error_code(answer)) == (400, code)
    assert error_code(applied.call("GET", applied.media_key)) == "NoSuchKey"


@pytest.mark.parametrize("body", [b"", b"<x", b"<a/>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"\xff" * 9])
def test_complete_refuses_what_is_no_list(applied: Applied, body: bytes) -> None:
    """Anything but a list of parts is MalformedXML; entities are never expanded."""
    answer = applied.call("POST", applied.media_key, [("uploadId", applied.initiate())], body)
    assert (answer.status_code, error_code(answer)) == (400, "MalformedXML")


def test_complete_accepts_any_shape_of_xml(applied: Applied) -> None:
    """Name space, declaration, white space and element order do not matter (4.0)."""
    upload_id = applied.initiate()
    applied.put_part(upload_id, 1, b"q")
    body = (
        '<?xml version="1.0"?>\n<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n <Part>'
        f"<ETag>&quot;{_md5(b'q').upper()}&quot;</ETag> <PartNumber>1</PartNumber></Part></CompleteMultipartUpload>"
    )
    answer = applied.call("POST", applied.media_key, [("uploadId", upload_id)], body.encode())
    assert answer.status_code == 200


@pytest.mark.parametrize("number", ["0", "10001", "-1", "x", "", "9" * 30])
def test_part_numbers_out_of_range(applied: Applied, number: str) -> None:
    """Part numbers outside 1 to 10,000 are InvalidArgument."""
    query = [("partNumber", number), ("uploadId", applied.initiate())]
    answer = applied.call("PUT", applied.media_key, query, b"x")
    assert (answer.status_code, error_code(answer)) == (400, "InvalidArgument")


def test_replaced_part_counts_and_the_old_one_leaves_nothing(applied: Applied) -> None:
    """A part sent again replaces the first; the object has the new bytes."""
    upload_id = applied.initiate()
    applied.put_part(upload_id, 1, b"old" * 1000)
    applied.put_part(upload_id, 1, b"new")
    listed = applied.call("GET", applied.media_key, [("uploadId", upload_id)])
    assert listed.text.count("<Part>") == 1
    assert "<Size>3</Size>" in listed.text
    assert applied.complete(upload_id, [CompletedPart(1, _md5(b"new"))]).status_code == 200
    assert applied.call("GET", applied.media_key).content == b"new"


def test_content_md5(applied: Applied) -> None:
    """A wrong digest is BadDigest, a malformed one InvalidDigest; neither stores anything."""
    good = base64.b64encode(hashlib.md5(b"body").digest()).decode()
    assert error_code(applied.put(b"BODY", headers={"Content-MD5": good})) == "BadDigest"
    assert error_code(applied.put(b"body", headers={"Content-MD5": "zzz"})) == "InvalidDigest"
    assert error_code(applied.call("GET", applied.media_key)) == "NoSuchKey"
    assert applied.put(b"body", headers={"Content-MD5": good}).status_code == 200


def test_who_may_not(applied: Applied, wire: Wire) -> None:
    """No, foreign, forged, expired and widened credentials, wrong signatures and windows: each its own code."""
    url = f"{wire.url}/{applied.bucket}/{applied.media_key}"
    certificate = applied.data["tempCertificate"]
    other = wire.apply()
    payload = certificate["token"].split(".")
    widened = ".".join(
        [payload[0], base64.urlsafe_b64encode(b'{"kid":"1","sid":"x"}').decode().rstrip("="), payload[2]]
    )
    now = int(time.time())
    table: list[tuple[httpx.Response, int, str]] = [
        (wire.http.put(url, content=b"x"), 403, "AccessDenied"),
        (applied.put(b"x", credential=other.data["tempCertificate"]), 403, "AccessDenied"),
        (applied.put(b"x", credential=certificate | {"token": widened}), 403, "InvalidAccessKeyId"),
        (applied.put(b"x", credential=certificate | {"token": "v1.a.b"}), 403, "InvalidAccessKeyId"),
        (applied.put(b"x", credential=certificate | {"token": ""}), 403, "InvalidAccessKeyId"),
        (applied.put(b"x", credential=certificate | {"secretId": "AKIDother"}), 403, "InvalidAccessKeyId"),
        (applied.put(b"x", credential=certificate | {"secretKey": "wrong"}), 403, "SignatureDoesNotMatch"),
        (applied.put(b"x", window=(now - 900, now - 10)), 403, "AccessDenied"),
        (applied.put(b"x", window=(now + 3600, now + 7200)), 403, "RequestTimeTooSkewed"),
        (applied.put(b"x", key="elsewhere/x.mp4"), 403, "AccessDenied"),
        (applied.put(b"x", bucket="nobody-1250000000"), 404, "NoSuchBucket"),
        (applied.call("GET", "", [("uploads", ""), ("prefix", "")]), 403, "AccessDenied"),
        (applied.call("DELETE", applied.media_key), 403, "AccessDenied"),
    ]
    for answer, status, code in table:
        assert (answer.status_code, error_code(answer)) == (status, code), answer.text
    expired = applied.put(b"x", window=(now - 900, now - 10))
    assert "<Message>Request has expired</Message>" in expired.text
    assert "<ServerTime>" in expired.text
    assert error_code(applied.call("GET", applied.media_key)) == "NoSuchKey"


def test_unsigned_host_port_and_bucket_forms(applied: Applied, wire: Wire) -> None:
    """All forms that SDKs sign are accepted: path without bucket, virtual host, Vod-Forward-Cos (1.2, 2.3)."""
    assert applied.put(b"1", sign_path=f"/{applied.media_key}").status_code == 200
    from openvod.signing import cos

    certificate = applied.data["tempCertificate"]
    host = f"{applied.bucket}.cos.ap-chongqing.myqcloud.com"
    for signed, sent in (
        ({"host": host}, {"Host": host}),
        ({"host": host}, {"Vod-Forward-Cos": host}),
        ({}, {"Host": host}),
    ):
        authorization = cos.sign(
            certificate["secretId"], certificate["secretKey"], method="PUT", path=f"/{applied.media_key}", query=[],
            headers=signed, start=applied.data["timestamp"], end=certificate["expiredTime"],
        )  # fmt: skip
        headers = {"Authorization": authorization, "x-cos-security-token": certificate["token"], **sent}
        answer = wire.http.put(f"{wire.url}/{applied.media_key}", content=b"22", headers=headers)
        assert answer.status_code == 200, answer.text
    foreign = {"Vod-Forward-Cos": "evil.example.com", "Authorization": "q-sign-algorithm=sha1"}
    assert error_code(wire.http.put(f"{wire.url}/x", content=b"1", headers=foreign)) == "NoSuchBucket"


def test_listing_for_resume(applied: Applied) -> None:
    """Uploads and parts are listed with everything that resuming clients compare (5.2)."""
    upload_id = applied.initiate()
    for number in (2, 1, 3):
        applied.put_part(upload_id, number, bytes([number]) * MIB)
    uploads = applied.call("GET", "", [("uploads", ""), ("prefix", applied.media_key)])
    assert f"<Key>{applied.media_key}</Key><UploadId>{upload_id}</UploadId><StorageClass>STANDARD" in uploads.text
    assert "<IsTruncated>false</IsTruncated>" in uploads.text
    page = applied.call("GET", applied.media_key, [("uploadId", upload_id), ("max-parts", "2")])
    assert re.findall("<PartNumber>(.)</PartNumber>", page.text) == ["1", "2"]
    assert "<NextPartNumberMarker>2</NextPartNumberMarker>" in page.text
    assert "<IsTruncated>true</IsTruncated>" in page.text
    rest = applied.call("GET", applied.media_key, [("uploadId", upload_id), ("part-number-marker", "2")])
    assert f'<ETag>"{_md5(bytes([3]) * MIB)}"</ETag>' in rest.text
    applied.call("DELETE", applied.media_key, [("uploadId", upload_id)])
    assert error_code(applied.call("GET", applied.media_key, [("uploadId", upload_id)])) == "NoSuchUpload"


def test_ranges_and_preconditions(applied: Applied) -> None:
    """GET honours one range, preconditions and response overrides (4.5)."""
    body = bytes(range(256)) * 8
    etag = applied.put(body).headers["etag"]

    def get(**headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return applied.call("GET", applied.media_key, headers=named)

    part = get(Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, body[10:20])
    assert part.headers["content-range"] == "bytes 10-19/2048"
    assert get(Range="bytes=-5").content == body[-5:]
    assert get(Range="bytes=2040-9999").content == body[2040:]
    assert get(Range="bytes=0-1,4-5").status_code == 200
    assert get(Range="bytes=9-1").status_code == 200
    assert error_code(get(Range="bytes=2048-")) == "InvalidRange"
    assert get(If_None_Match=etag).status_code == 304
    assert get(If_Match='"other"').status_code == 412
    assert get(If_Modified_Since="Thu, 01 Jan 2015 00:00:00 GMT").status_code == 200
    assert get(If_Unmodified_Since="Thu, 01 Jan 2015 00:00:00 GMT").status_code == 412
    override = applied.call("GET", applied.media_key, [("response-content-type", "text/x")])
    assert override.headers["content-type"] == "text/x"


@pytest.mark.parametrize(
    ("name", "sent", "stored"),
    [("a.mp4", None, "video/mp4"), ("a", None, "application/octet-stream"), ("a.zip", "", "application/zip"),
     ("a.mp4", "video/custom", "video/custom"), ("a.m3u8", None, "application/vnd.apple.mpegurl")],
)  # fmt: skip
def test_content_type_inference(applied: Applied, name: str, sent: str | None, stored: str) -> None:
    """Absent and empty types come from the extension (4.2); keys beside the media are granted for HLS."""
    key = f"{applied.media_key.rpartition('/')[0]}/{name}"
    headers: dict[str, Any] = {} if sent is None else {"Content-Type": sent}
    assert applied.put(b"x", key, headers=headers).status_code == 200
    assert applied.call("HEAD", key).headers["content-type"] == stored


def test_strange_keys(applied: Applied) -> None:
    """Chinese, emoji, spaces, pluses and dot segments are plain characters of a key."""
    directory = applied.media_key.rpartition("/")[0]
    for name in ("中文 文件.mp4", "😀.mp4", "a+b c&d=(x)!'*~%.txt", "a//b"):
        assert applied.put(name.encode(), f"{directory}/{name}").status_code == 200, name
        assert applied.call("GET", f"{directory}/{name}").content == name.encode()
    long = applied.put(b"x", f"{directory}/{'k' * 900}")
    assert error_code(long) == "KeyTooLong"


def test_response_overrides(applied: Applied) -> None:
    """A name in any letters arrives at whoever saves the file; what cannot stand in a head is refused by its name."""
    applied.put(b"x")
    wanted = [("response-content-disposition", 'attachment; filename="片 1.mp4"'), ("response-content-type", "a/b")]
    answer = applied.call("GET", applied.media_key, wanted)
    assert answer.headers["content-type"] == "a/b"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"_ 1.mp4\"; filename*=UTF-8''%E7%89%87%201.mp4"
    )
    for name, value in (
        ("response-expires", "明日"),
        ("response-content-type", "a/b\x01"),
        ("response-cache-control", "\u2028"),
    ):
        refused = applied.call("GET", applied.media_key, [(name, value)])
        assert (error_code(refused), name in refused.text) == ("InvalidArgument", True)


@pytest.mark.parametrize(
    ("method", "query", "headers"),
    [
        ("PUT", [("acl", "")], {}),
        ("PUT", [("tagging", "")], {}),
        ("PUT", [("append", ""), ("position", "0")], {}),
        ("PUT", [("x-cos-copy-source", "a/b")], {}),
        ("PUT", [], {"x-cos-copy-source": "a/b"}),
        ("PUT", [], {"x-amz-copy-source": "a/b"}),
        ("PUT", [], {"x-cos-server-side-encryption-customer-algorithm": "AES256"}),
        ("PUT", [], {"Pic-Operations": "{}"}),
        ("PUT", [], {"x-cos-return-body": "eyJ9"}),
        ("POST", [("restore", "")], {}),
        ("DELETE", [("tagging", "")], {}),
        ("GET", [("torrent", "")], {}),
    ],
)
def test_operations_that_are_not_offered(
    applied: Applied, method: str, query: list[tuple[str, str]], headers: dict[str, str]
) -> None:
    """What is not done is NotImplemented by its name, and the object is what it was."""
    assert applied.put(b"as it was").status_code == 200
    refused = applied.call(method, applied.media_key, query, b"instead", headers)
    assert (refused.status_code, error_code(refused)) == (501, "NotImplemented")
    name = (query or [*headers.items()])[0][0]
    assert name.lower() in refused.text.lower()
    assert applied.call("GET", applied.media_key).content == b"as it was"


def test_a_traffic_limit_is_kept(applied: Applied) -> None:
    """Who asks for a slower transfer gets one, in both directions; an impossible limit is refused."""
    body, limit = b"x" * 307_200, {"x-cos-traffic-limit": "4915200"}
    for method in ("PUT", "GET"):
        begun = time.monotonic()
        answer = applied.call(method, applied.media_key, (), body if method == "PUT" else b"", limit)
        assert answer.status_code == 200
        assert 0.2 < time.monotonic() - begun < 5
    for impossible in ("1", "many", "838860801"):
        refused = applied.put(body, headers={"x-cos-traffic-limit": impossible})
        assert (refused.status_code, error_code(refused)) == (400, "InvalidArgument")


def test_a_taken_key_is_not_overwritten_when_asked(applied: Applied) -> None:
    """Forbidden by COS's header or HTTP's condition, whole or in parts; each answers in its own terms."""
    assert applied.put(b"first", headers={"If-None-Match": "*"}).status_code == 200
    condition, forbidden = {"If-None-Match": "*"}, {"x-cos-forbid-overwrite": "true"}
    assert error_code(applied.put(b"second", headers=condition)) == "PreconditionFailed"
    assert error_code(applied.put(b"second", headers=forbidden)) == "FileAlreadyExists"
    initiated = applied.call("POST", applied.media_key, [("uploads", "")], b"", forbidden)
    assert error_code(initiated) == "FileAlreadyExists"
    upload_id = applied.initiate()
    applied.put_part(upload_id, 1, b"second")
    parts = complete_xml([CompletedPart(1, _md5(b"second"))])
    for headers, code in ((condition, "PreconditionFailed"), (forbidden, "FileAlreadyExists")):
        refused = applied.call("POST", applied.media_key, [("uploadId", upload_id)], parts, headers)
        assert error_code(refused) == code
    assert applied.call("GET", applied.media_key).content == b"first"


def test_too_large_complete_body(applied: Applied) -> None:
    """A Complete has the bound of its upload's parts, and stalls nobody else before it is refused."""
    unknown = applied.call("POST", applied.media_key, [("uploadId", "u")], complete_xml([]) + bytes(5 * MIB))
    assert error_code(unknown) == "NoSuchUpload"
    upload_id = applied.initiate()
    applied.put_part(upload_id, 1, b"x")
    attributes = " ".join(f"a{number}=''" for number in range(300_000))
    for body, code in (
        (f"<CompleteMultipartUpload {attributes}/>".encode(), "EntityTooLarge"),
        (f"<CompleteMultipartUpload {attributes[:60_000]}'/>".encode(), "XMLSizeLimit"),
    ):
        assert error_code(applied.call("POST", applied.media_key, [("uploadId", upload_id)], body)) == code
    assert applied.complete(upload_id, [CompletedPart(1, _md5(b"x"))]).status_code == 200
