"""What ``openvod verify-signature`` finds (``upload-protocol.md`` 1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest

from openvod.signing import upload
from openvod.signing.diagnosis import diagnose

KEY = "aSecretKeyOfTheTest"
NOW = 1_700_000_100
PARAMETERS: dict[str, str | int] = {
    "secretId": "AKIDtest",
    "currentTimeStamp": 1_700_000_000,
    "expireTime": 1_700_086_400,
    "random": 7,
    "sourceContext": "a b/ü",
}
ORIGINAL = urlencode(PARAMETERS, quote_via=quote).encode()
RIGHT = upload.mint(PARAMETERS, KEY)


def signed(text: bytes, *, digest_of: bytes | None = None, key: str = KEY) -> str:
    """Sign as a maker of mistakes would: the digest of one text before another."""
    digest = hmac.new(key.encode(), text if digest_of is None else digest_of, hashlib.sha1).digest()
    return base64.b64encode(digest + text).decode()


def raw(digest: bytes, text: bytes = ORIGINAL) -> str:
    """Put any digest before the text."""
    return base64.b64encode(digest + text).decode()


def changed(**changes: str | int) -> str:
    """Sign other values, correctly."""
    return upload.mint(PARAMETERS | changes, KEY)


def test_right() -> None:
    """A right signature has no problem and shows its fields."""
    found = diagnose(RIGHT, KEY, NOW)
    assert (found.valid, found.problems) == (True, ())
    assert dict(found.fields)["sourceContext"] == "a b/ü"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (quote(RIGHT, safe=""), "percent-encoded"),
        (f'"{RIGHT}"', "quotes"),
        (base64.b64encode(RIGHT.encode()).decode(), "Base64 of Base64"),
        (base64.urlsafe_b64encode(b"\xff" * 20 + ORIGINAL).decode(), "URL-safe"),
        (raw(hmac.new(KEY.encode(), ORIGINAL, "sha1").hexdigest().encode()), "40 hexadecimal"),
        (raw(hmac.new(KEY.encode(), ORIGINAL, "sha256").digest()), "32 bytes"),
        (raw(b""), "no digest"),
        (base64.b64encode(ORIGINAL + b"\xff" * 20).decode(), "follows the parameters"),
        ("not a signature!", "not Base64"),
        ("", "too short"),
    ],
)
def test_wrong_form(text: str, words: str) -> None:
    """A mistake of encoding or of placing is named."""
    found = diagnose(text, KEY, NOW)
    assert not found.valid
    assert words in found.problems[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (signed(ORIGINAL, key=KEY + "\n"), "line break"),
        (signed(ORIGINAL, key="AKIDtest"), "secretId"),
        (signed(ORIGINAL, key=f'"{KEY}"'), "quotes"),
        (signed(ORIGINAL, key=""), "empty"),
        (signed(ORIGINAL, key="another"), "another key"),
        (raw(hashlib.sha1(ORIGINAL, usedforsecurity=False).digest()), "plain SHA-1"),
        (signed(ORIGINAL, digest_of="&".join(f"{k}={v}" for k, v in PARAMETERS.items()).encode()), "before percent-"),
        (signed(ORIGINAL, digest_of=urlencode(PARAMETERS, quote_via=quote_plus).encode()), "+ for a space"),
        (signed(ORIGINAL, digest_of=urlencode(sorted(PARAMETERS.items()), quote_via=quote).encode()), "alphabetical"),
        (signed(ORIGINAL + b"&procedure=", digest_of=ORIGINAL), "without the empty"),
        (signed(ORIGINAL, digest_of=ORIGINAL + b"\n"), "line break"),
    ],
)
def test_wrong_digest(text: str, words: str) -> None:
    """The key or the text under which the digest would be right is found; the first differing byte is told."""
    found = diagnose(text, KEY, NOW)
    assert not found.valid
    assert words in found.problems[0]
    assert KEY not in "".join(found.problems)
    if "digest is of" in found.problems[0]:
        assert "First difference at byte" in found.problems[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (changed(currentTimeStamp=1_700_000_000_000, expireTime=1_700_086_400_000), "milliseconds"),
        (changed(expireTime=3600), "not a duration"),
        (changed(expireTime=1_700_000_050), "expired"),
        (changed(random=1 << 32), "32 bits"),
        (changed(random="1.5"), "random must be a whole number"),
        (changed(oneTimeValid=2), "oneTimeValid"),
        (changed(sourcecontext="x"), "sourceContext may be meant"),
        (changed(maxVideoSize="10MB"), "maxVideoSize"),
        (changed(pageOrigins="app.example.com"), "pageOrigins"),
        (changed(random=""), "random is missing"),
    ],
)
def test_wrong_field(text: str, words: str) -> None:
    """A bad value is named by its field."""
    found = diagnose(text, KEY, NOW)
    assert not found.valid
    assert any(words in problem for problem in found.problems), found.problems


def test_first_difference_to_what_was_meant() -> None:
    """With the text that was meant, the place where the sent one parts from it is shown."""
    found = diagnose(RIGHT, KEY, NOW, expected=ORIGINAL.decode().replace("random=7", "random=8"))
    place = ORIGINAL.index(b"random=7") + len("random=")
    assert any(f"byte {place}:" in problem for problem in found.problems)


@pytest.mark.parametrize("change", [lambda s: s[:-4], lambda s: s + "AAAA", lambda s: "A" + s[1:]])
def test_never_raises(change: Callable[[str], str]) -> None:
    """Whatever is presented, there is an answer."""
    assert not diagnose(change(RIGHT), KEY, NOW).valid
