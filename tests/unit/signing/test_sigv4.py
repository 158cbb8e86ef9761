"""Request signatures of S3 (cos-storage.md 7.4), with the examples that the vendor publishes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from openvod.base.errors import Denied, Invalid
from openvod.signing import sigv4

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SCOPE = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
GET_HEADERS = {
    "host": "examplebucket.s3.amazonaws.com",
    "range": "bytes=0-9",
    "x-amz-content-sha256": EMPTY,
    "x-amz-date": "20130524T000000Z",
}
GET = (
    f"AWS4-HMAC-SHA256 Credential={SCOPE},SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
    "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
)
PUT_HEADERS = {
    "date": "Fri, 24 May 2013 00:00:00 GMT",
    "host": "examplebucket.s3.amazonaws.com",
    "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
    "x-amz-date": "20130524T000000Z",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
}
PUT = (
    f"AWS4-HMAC-SHA256 Credential={SCOPE}, "
    "SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, "
    "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
)
LIST_HEADERS = {k: v for k, v in GET_HEADERS.items() if k != "range"}
LIST = (
    f"AWS4-HMAC-SHA256 Credential={SCOPE},SignedHeaders=host;x-amz-content-sha256;x-amz-date,"
    "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
)


@pytest.mark.parametrize(
    ("value", "method", "path", "query", "headers"),
    [
        (GET, "GET", "/test.txt", [], GET_HEADERS),
        (PUT, "PUT", "/test$file.text", [], PUT_HEADERS),
        (LIST, "GET", "/", [("max-keys", "2"), ("prefix", "J")], LIST_HEADERS),
    ],
)
def test_published_examples_verify_and_nothing_else_does(
    value: str, method: str, path: str, query: list[tuple[str, str]], headers: dict[str, str]
) -> None:
    """Each example verifies; with another method, path, query, header or key it does not."""
    credential = sigv4.parse_authorization(value)

    def verify(secret: str = SECRET, **changes: object) -> bool:
        given = {"method": method, "path": path, "query": query, "headers": headers} | changes
        return sigv4.verify(credential, secret, **given)  # type: ignore[arg-type]  # arguments by name

    assert verify()
    assert not verify(secret=SECRET + "x")
    assert not verify(method="DELETE")
    assert not verify(path=path + "x")
    assert not verify(query=[*query, ("a", "b")])
    for name in headers:
        assert not verify(headers={**headers, name: "other"})
        assert not verify(headers={k: v for k, v in headers.items() if k != name})


def test_the_clock_may_differ_by_a_quarter_of_an_hour() -> None:
    """At 15 minutes it holds, past them it is refused, and the day must be that of the credential."""
    credential = sigv4.parse_authorization(GET)
    at = datetime(2013, 5, 24, tzinfo=UTC).timestamp()
    sigv4.check_clock(credential, GET_HEADERS, at + 900)
    for now in (at + 901, at - 901):
        with pytest.raises(Denied, match="15 minutes"):
            sigv4.check_clock(credential, GET_HEADERS, now)
    with pytest.raises(Denied):
        sigv4.check_clock(credential, {"x-amz-date": "20130525T000000Z"}, at + 86_400)
    with pytest.raises(Invalid):
        sigv4.check_clock(credential, {"x-amz-date": "yesterday"}, at)


@pytest.mark.parametrize("value", ["", "AWS4-HMAC-SHA256", GET.replace("/s3/", "/ec2/"), GET.replace("host;", "")])
def test_malformed_headers_are_named(value: str) -> None:
    """A header that is no S3 signature, or that leaves the host out, is an argument error."""
    with pytest.raises(Invalid) as caught:
        sigv4.parse_authorization(value)
    assert caught.value.code == "cos.authorization_malformed"


def _presigned(**changes: str) -> list[tuple[str, str]]:
    given = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": SCOPE,
        "X-Amz-Date": "20130524T000000Z",
        "X-Amz-Expires": "86400",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
    }
    return list((given | {name.replace("_", "-"): value for name, value in changes.items()}).items())


def test_the_published_presigned_query() -> None:
    """It verifies, changed in any signed part it does not, and it holds for as long as it says."""
    headers = {"host": "examplebucket.s3.amazonaws.com"}

    def verify(query: list[tuple[str, str]]) -> bool:
        credential = sigv4.parse_query(query)
        return sigv4.verify(credential, SECRET, method="GET", path="/test.txt", query=query, headers=headers)

    assert verify(_presigned())
    assert not verify(_presigned(X_Amz_Expires="86399"))
    assert not verify([*_presigned(), ("response-content-type", "text/html")])
    credential = sigv4.parse_query(_presigned())
    signed_at = datetime(2013, 5, 24, tzinfo=UTC).timestamp()
    sigv4.check_clock(credential, {}, signed_at + 86_400)
    for moment, code in ((signed_at + 86_401, "cos.request_expired"), (signed_at - 901, "cos.time_skewed")):
        with pytest.raises(Denied) as error:
            sigv4.check_clock(credential, {}, moment)
        assert error.value.code == code


@pytest.mark.parametrize(
    "changes",
    [
        {"X_Amz_Expires": "0"}, {"X_Amz_Expires": "604801"}, {"X_Amz_Expires": "long"}, {"X_Amz_Credential": "a/b"},
        {"X_Amz_SignedHeaders": "date"}, {"X_Amz_SignedHeaders": ""}, {"X_Amz_Signature": "ff"},
    ],
)  # fmt: skip
def test_malformed_presigned_queries(changes: dict[str, str]) -> None:
    """What a presigned query lacks or says wrongly is told."""
    with pytest.raises(Invalid):
        sigv4.parse_query(_presigned(**changes))
