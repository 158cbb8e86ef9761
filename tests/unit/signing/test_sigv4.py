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
        return sigv4.verify(credential, secret, **given)  # type: ignore[arg-type]

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
