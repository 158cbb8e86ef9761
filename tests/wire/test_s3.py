"""The S3 dialect of the storage surface on the wire (cos-storage.md 7.4)."""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import anycrc
import httpx
import pytest

from openvod.signing import sigv4
from support.server.wire import Applied, Wire, error_code, signature


def _put(applied: Applied, body: bytes, *, signer: str = "", **headers: str) -> httpx.Response:
    """Put the media as an S3 client would; ``signer`` replaces the secret key."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    digest = {"x-amz-content-sha256": hashlib.sha256(body).hexdigest()}
    return _send(applied, "PUT", applied.media_key, body=body, headers=digest | named, signer=signer)


def _send(
    applied: Applied,
    method: str,
    key: str = "",
    query: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    signer: str = "",
) -> httpx.Response:
    """Send a request signed as S3's are, to the bucket's own host."""
    given, now = applied.data["tempCertificate"], datetime.now(UTC)
    signed = {
        "host": _host(applied),
        "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
        "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
        "x-amz-security-token": given["token"],
    } | dict(headers or {})
    date, names = now.strftime("%Y%m%d"), tuple(sorted(signed))
    signature = sigv4.sign(
        sigv4.S3Credential(given["secretId"], date, "ap-chongqing", names, ""), signer or given["secretKey"],
        method=method, path=f"/{key}", query=query, headers=signed,
    )  # fmt: skip
    authorization = (
        f"{sigv4.ALGORITHM} Credential={given['secretId']}/{date}/ap-chongqing/s3/aws4_request, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    sent = {name.title(): value for name, value in signed.items()} | {"Authorization": authorization}
    url = f"{applied.wire.url}/{quote(key)}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
    return applied.wire.http.request(method, url, content=body, headers=sent)


def _host(applied: Applied) -> str:
    return f"{applied.bucket}.cos.{applied.data['storageRegionV5']}.myqcloud.com"


def test_a_media_file_arrives(wire: Wire) -> None:
    """Signed with the credential of Apply, it is stored, committed and played back."""
    applied, body = wire.apply(), b"moving pictures"
    crc32 = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    answer = _put(applied, body, x_amz_checksum_crc32=crc32)
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == f'"{hashlib.md5(body).hexdigest()}"'
    url = wire.commit(applied)["data"]["video"]["url"]
    assert wire.http.get(url).content == body


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x_amz_content_sha256": hashlib.sha256(b"other").hexdigest()}, "BadDigest"),
        ({"x_amz_checksum_crc32": "AAAAAA=="}, "BadDigest"),
        ({"x_amz_content_sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, "MissingContentLength"),
        ({"x_amz_content_sha256": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}, "NotImplemented"),
        ({"x_amz_checksum_sha256": "AAAA"}, "BadDigest"),
        ({"x_amz_checksum_crc64nvme": "AAAAAAAAAAA="}, "BadDigest"),
        ({"x_amz_checksum_md5": "AAAA"}, "NotImplemented"),
        ({"x_amz_date": "20130524T000000Z"}, "RequestTimeTooSkewed"),
        ({"x_amz_security_token": "v1.e30.AA"}, "InvalidAccessKeyId"),
        ({"x_amz_security_token": ""}, "InvalidAccessKeyId"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_stored(wire: Wire, headers: dict[str, str], code: str) -> None:
    """Digests must be those of the body, the clock near, the token ours."""
    applied = wire.apply()
    assert error_code(_put(applied, b"moving pictures", **headers)) == code
    assert error_code(applied.call("GET", applied.media_key)) == "NoSuchKey"


def test_another_key_does_not_open_it(wire: Wire) -> None:
    """The secret key must be the token's, and the token must cover the key."""
    applied, other = wire.apply(), wire.apply()
    assert error_code(_put(applied, b"x", signer="somebody else's")) == "SignatureDoesNotMatch"
    other.data["video"] = applied.data["video"]
    assert error_code(_put(other, b"x")) == "AccessDenied"


def _crc64nvme(body: bytes) -> str:
    return base64.b64encode(anycrc.Model("CRC64-NVME").calc(body).to_bytes(8, "big")).decode()


@pytest.mark.parametrize("whole", [True, False])
def test_a_framed_body_with_its_checksum_behind_it(wire: Wire, whole: bool) -> None:
    """What SDKs send over https by default since 2025: frames, and the checksum of what was in them."""
    applied, body = wire.apply(), b"moving pictures" * 1000
    told = _crc64nvme(body if whole else body[1:])
    framed = b"2000\r\n%s\r\n%x\r\n%s\r\n0\r\nx-amz-checksum-crc64nvme:%s\r\n\r\n" % (
        body[:8192], len(body) - 8192, body[8192:], told.encode(),
    )  # fmt: skip
    headers = {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": str(len(body)),
        "x-amz-trailer": "x-amz-checksum-crc64nvme",
        "content-encoding": "aws-chunked",
        "x-amz-sdk-checksum-algorithm": "CRC64NVME",
        "x-amz-meta-colour": "red",
    }
    answer = _send(applied, "PUT", applied.media_key, body=framed, headers=headers)
    if not whole:
        assert error_code(answer) == "BadDigest"
        assert error_code(applied.call("GET", applied.media_key)) == "NoSuchKey"
        return
    assert (answer.status_code, answer.headers["x-amz-checksum-crc64nvme"]) == (200, told)
    stored = _send(applied, "GET", applied.media_key)
    assert (stored.content, stored.headers["x-amz-meta-colour"]) == (body, "red")
    assert "content-encoding" not in stored.headers, "how a body travels is no property of the object"


def _presigned(applied: Applied, method: str, **more: str) -> str:
    given, now = applied.data["tempCertificate"], datetime.now(UTC)
    scope = f"{given['secretId']}/{now:%Y%m%d}/ap-chongqing/s3/aws4_request"
    query = [
        ("X-Amz-Algorithm", sigv4.ALGORITHM), ("X-Amz-Credential", scope), ("X-Amz-Date", f"{now:%Y%m%dT%H%M%SZ}"),
        ("X-Amz-Expires", "60"), ("X-Amz-SignedHeaders", "host"), ("X-Amz-Security-Token", given["token"]),
        *((name.replace("_", "-"), value) for name, value in more.items()),
    ]  # fmt: skip
    credential = sigv4.parse_query([*query, ("X-Amz-Signature", "0" * 64)])
    host = httpx.URL(applied.wire.url).netloc.decode()
    path = f"/{applied.bucket}/{applied.media_key}"
    signature = sigv4.sign(
        credential, given["secretKey"], method=method, path=path, query=query, headers={"host": host}
    )
    return f"{applied.wire.url}{path}?{urlencode([*query, ('X-Amz-Signature', signature)], quote_via=quote)}"


def test_presigned_addresses(wire: Wire) -> None:
    """An address alone stores and reads; the checksum of an empty body, which some SDKs sign into it, is no promise."""
    applied = wire.apply()
    put = _presigned(applied, "PUT", x_amz_checksum_crc32="AAAAAA==", x_amz_sdk_checksum_algorithm="CRC32")
    assert wire.http.put(put, content=b"from a page").status_code == 200
    assert wire.http.get(_presigned(applied, "GET")).content == b"from a page"
    assert error_code(wire.http.get(put)) == "SignatureDoesNotMatch"
    wrong = _presigned(applied, "PUT", x_amz_checksum_crc32="AAAAAQ==")
    assert error_code(wire.http.put(wrong, content=b"x")) == "BadDigest"
    assert error_code(wire.http.put(_presigned(applied, "PUT", x_amz_acl="public-read"))) == "NotImplemented"


def _listed(answer: httpx.Response, tag: str = "Key") -> list[str]:
    assert answer.status_code == 200, answer.text
    return re.findall(f"<{tag}>(.*?)</{tag}>", answer.text)


def test_lists_of_objects(wire: Wire) -> None:
    """Both versions in both dialects, within what the credential covers: pages, groups, encoded keys."""
    applied = wire.apply()
    directory = applied.media_key.rpartition("/")[0] + "/"
    keys = [f"{directory}{name}" for name in ("a b&c.ts", "hls/1.ts", "hls/2.ts", "z.ts")]
    for key in keys:
        assert applied.put(b"x", key).status_code == 200
    raw = [key.replace("&", "&amp;") for key in keys]
    inside = [("prefix", directory)]
    assert _listed(applied.call("GET", "", inside)) == raw
    assert _listed(_send(applied, "GET", "", [*inside, ("list-type", "2")])) == raw
    encoded = _listed(applied.call("GET", "", [*inside, ("encoding-type", "url"), ("max-keys", "1")]))
    assert encoded == [quote(keys[0])]
    grouped = applied.call("GET", "", [*inside, ("delimiter", "/")])
    assert (_listed(grouped), _listed(grouped, "Prefix")) == ([raw[0], raw[3]], [directory, f"{directory}hls/"])
    seen, marker = [], ""
    while True:
        page = applied.call("GET", "", [*inside, ("max-keys", "2"), ("marker", marker)])
        seen += _listed(page)
        if _listed(page, "IsTruncated") == ["false"]:
            break
        [marker] = _listed(page, "NextMarker")
    first = _send(applied, "GET", "", [*inside, ("list-type", "2"), ("max-keys", "3")])
    token = ("continuation-token", _listed(first, "NextContinuationToken")[0])
    second = _send(applied, "GET", "", [*inside, ("list-type", "2"), token])
    assert seen == _listed(first) + _listed(second) == raw
    assert _listed(second, "KeyCount") == ["1"]


@pytest.mark.parametrize("query", [[], [("prefix", "")], [("prefix", "other/")], [("list-type", "2")]])
def test_no_list_beyond_the_credential(wire: Wire, query: list[tuple[str, str]]) -> None:
    """The whole bucket, and what others upload, is not shown; the refusal says what is."""
    applied = wire.apply()
    for answer in (applied.call("GET", "", query), _send(applied, "GET", "", query)):
        assert error_code(answer) == "AccessDenied"
        assert applied.media_key.split("/")[1] in answer.text
    bounded = wire.apply(sign=signature(wire.key, maxVideoSize=1000), videoSize=None)
    assert bounded.put(b"x").status_code == 200
    assert error_code(bounded.call("GET", "", query)) == "AccessDenied"
    assert _listed(bounded.call("GET", "", [("prefix", bounded.media_key)])) == [bounded.media_key]


def test_what_tools_ask_of_a_bucket(wire: Wire) -> None:
    """It is there, it has a region, and it is not made: the platform did that."""
    applied = wire.apply()
    head = _send(applied, "HEAD")
    assert (head.status_code, head.headers["x-amz-bucket-region"]) == (200, "ap-chongqing")
    assert applied.call("HEAD", "").status_code == 200
    assert _listed(_send(applied, "GET", "", [("location", "")]), "LocationConstraint") == ["ap-chongqing"]
    made = _send(applied, "PUT")
    assert (made.status_code, error_code(made)) == (409, "BucketAlreadyOwnedByYou")
    assert "by the platform" in made.text
    assert made.headers["x-amz-request-id"] == made.headers["x-cos-request-id"]
    tus = applied.call("PUT", applied.media_key, (), b"", {"Tus-Resumable": "1.0.0"})
    assert (error_code(tus), "tus is not spoken here" in tus.text) == ("NotImplemented", True)
