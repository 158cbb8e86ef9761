"""The S3 dialect of the storage surface on the wire (cos-storage.md 7.4)."""

from __future__ import annotations

import base64
import hashlib
import zlib
from datetime import UTC, datetime

import httpx
import pytest

from openvod.signing import sigv4
from support.wire import Applied, Wire, error_code


def _put(applied: Applied, body: bytes, *, signer: str = "", **headers: str) -> httpx.Response:
    """Put the media as an S3 client would; ``signer`` replaces the secret key."""
    given, now = applied.data["tempCertificate"], datetime.now(UTC)
    bucket = f"{applied.bucket}.cos.{applied.data['storageRegionV5']}.myqcloud.com"
    signed = {
        "host": bucket,
        "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
        "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
        "x-amz-security-token": given["token"],
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    path = f"/{applied.media_key}"
    date, names = now.strftime("%Y%m%d"), tuple(sorted(signed))
    signature = sigv4.sign(
        sigv4.S3Credential(given["secretId"], date, "ap-chongqing", names, ""), signer or given["secretKey"],
        method="PUT", path=path, query=[], headers=signed,
    )  # fmt: skip
    authorization = (
        f"{sigv4.ALGORITHM} Credential={given['secretId']}/{date}/ap-chongqing/s3/aws4_request, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    sent = {name.title(): value for name, value in signed.items()} | {"Authorization": authorization}
    return applied.wire.http.put(applied.wire.url + path, content=body, headers=sent)


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
        ({"x_amz_content_sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, "NotImplemented"),
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
