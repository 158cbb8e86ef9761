"""What is wrong with an upload signature, for the owner of its key (``upload-protocol.md`` 1).

A server must not say to an unauthenticated caller why a digest differs; the owner of the key may know.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus, urlencode

from openvod.base.errors import OpenVodError
from openvod.signing import upload

_REQUIRED = ("secretId", "currentTimeStamp", "expireTime", "random")
_KNOWN = (
    *_REQUIRED, "classId", "procedure", "taskPriority", "taskNotifyMode", "sourceContext", "sessionContext",
    "oneTimeValid", "vodSubAppId", "storageRegion", "maxVideoSize", "maxCoverSize", "videoTypes", "coverTypes",
    "maxUploads", "userId", "clientNetworks", "pageOrigins",
)  # fmt: skip
_MILLISECONDS = 100_000_000_000
_CONTEXT = 12


@dataclass(frozen=True)
class Diagnosis:
    """``valid``: a server would accept it now. ``problems`` say what to change, the cause first."""

    valid: bool
    problems: tuple[str, ...]
    fields: tuple[tuple[str, str], ...] = ()
    original: str = ""


def diagnose(text: str, secret_key: str, now: float, *, expected: str = "") -> Diagnosis:
    """Examine a signature. ``expected`` is the parameter text that its maker meant to sign, when known."""
    try:
        presented = upload.decode(text)
    except OpenVodError as error:
        return Diagnosis(False, (_why_undecodable(text) or error.message,))
    problems = [*_field_problems(presented), *_difference(presented.original, expected)]
    try:
        upload.verify(presented, secret_key, now)
    except OpenVodError as error:
        cause = _why_mismatch(presented, secret_key) if error.code == "signature.mismatch" else ""
        problems.insert(0, cause or error.message)
    shown = presented.original.decode("utf-8", "replace")
    fields = tuple(parse_qsl(shown, keep_blank_values=True))
    return Diagnosis(not problems, tuple(dict.fromkeys(problems)), fields, shown)


def _why_undecodable(text: str) -> str:
    """Try what encoders get wrong; return words for the first that helps."""
    attempts: tuple[tuple[str, Callable[[], str]], ...] = (
        ("is percent-encoded; send it as it is, in a JSON string", lambda: unquote(text)),
        ("uses the URL-safe Base64 alphabet; use the standard one (+ and /)", lambda: text.translate(_URL_SAFE)),
        ("is wrapped in quotes; send the bare text", lambda: text.strip().strip("\"'")),
        ("is Base64 of Base64; encode once", lambda: base64.b64decode(text, validate=True).decode("ascii")),
    )
    for words, repaired in attempts:
        try:
            upload.decode(repaired())
        except (OpenVodError, ValueError):
            continue
        return f"the signature {words}"
    return _why_misplaced(text)


_URL_SAFE = str.maketrans("-_", "+/")


def _why_misplaced(text: str) -> str:
    """A digest of another form before the parameters makes them unreadable; find where they begin."""
    try:
        raw = base64.b64decode(text.strip() + "=" * (-len(text.strip()) % 4))
    except (binascii.Error, ValueError):
        return ""
    for length, words in _OTHER_DIGESTS:
        if b"=" in raw[length : length + 40] and _looks_like_parameters(raw[length:]):
            return f"the digest before the parameters {words}; use the 20 raw bytes of HMAC-SHA1"
    if _looks_like_parameters(raw):
        return "there is no digest before the parameters; put the 20 raw bytes of HMAC-SHA1 there, then encode both"
    if _looks_like_parameters(raw[: -upload.DIGEST_BYTES]):
        return "the digest follows the parameters; it must stand before them"
    return ""


_OTHER_DIGESTS = (
    (40, "is 40 hexadecimal digits"),
    (32, "has 32 bytes, as of SHA-256 or a hexadecimal MD5"),
    (64, "is 64 hexadecimal digits, as of SHA-256"),
    (16, "has 16 bytes, as of MD5"),
    (28, "is Base64 itself"),
)


def _looks_like_parameters(raw: bytes) -> bool:
    try:
        return "secretId" in dict(parse_qsl(raw.decode("utf-8"), keep_blank_values=True))
    except (UnicodeDecodeError, ValueError):
        return False


def _why_mismatch(presented: upload.PresentedSignature, secret_key: str) -> str:
    """Find the input under which the digest is right: another key, or another text than the one sent."""

    def fits(key: str, text: bytes) -> bool:
        return hmac.compare_digest(hmac.new(key.encode(), text, hashlib.sha1).digest(), presented.digest)

    for key, words in _other_keys(presented, secret_key):
        if fits(key, presented.original):
            return f"the SecretKey used for signing {words}"
    for text, words in _other_texts(presented.original):
        if fits(secret_key, text):
            where = _first_difference(text, presented.original)
            return f"{words}; sign exactly the text that follows the digest. {where}"
    plain = hashlib.sha1(presented.original, usedforsecurity=False).digest()
    if plain == presented.digest:
        return "the digest is a plain SHA-1; it must be an HMAC-SHA1 keyed with the SecretKey"
    return (
        f"the digest is wrong for secretId {presented.secret_id!r} with this SecretKey: either another key signed, "
        "or the text was changed after signing; compare with the text you signed (--expected)"
    )


def _other_keys(presented: upload.PresentedSignature, secret_key: str) -> Iterator[tuple[str, str]]:
    yield secret_key + "\n", "ends in a line break; strip what you read from a file"
    yield secret_key + "\r\n", "ends in a line break; strip what you read from a file"
    yield f'"{secret_key}"', "has quotes around it"
    yield secret_key + " ", "ends in a space"
    yield presented.secret_id, "is the secretId; sign with the SecretKey"
    yield "", "is empty; check the setting it is read from"
    yield secret_key.strip(), "is the given one without white space; the given one has some around it"
    yield hashlib.md5(secret_key.encode(), usedforsecurity=False).hexdigest(), "is an MD5 of it; use the key itself"


def _other_texts(original: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield texts that a signer may have digested instead of the one it sent."""
    text = original.decode("utf-8", "replace")
    pairs = parse_qsl(text, keep_blank_values=True)
    filled = [(name, value) for name, value in pairs if value]
    yield unquote(text).encode(), "the digest is of the values before percent-encoding"
    yield unquote_plus(text).encode(), "the digest is of the values before percent-encoding"
    for escape, words in ((quote, "%20 for a space"), (quote_plus, "+ for a space")):
        yield (
            urlencode(pairs, quote_via=escape).encode(),
            f"the digest is of values that were encoded otherwise ({words})",
        )
        yield (
            urlencode(sorted(pairs), quote_via=escape).encode(),
            "the digest is of the parameters in alphabetical order",
        )
        yield urlencode(filled, quote_via=escape).encode(), "the digest is of the parameters without the empty ones"
    yield original + b"\n", "the digest is of the text and a line break"
    yield b"&" + original, "the digest is of the text after a leading &"
    yield base64.b64encode(original), "the digest is of the Base64 of the text"


def _field_problems(presented: upload.PresentedSignature) -> Iterator[str]:
    parameters = presented.parameters
    for name in _REQUIRED:
        if not parameters.get(name):
            yield f"{name} is missing or empty"
    for name in parameters:
        near = difflib.get_close_matches(name, _KNOWN, 1, 0.8)
        if name not in _KNOWN and near:
            yield f"{name} is not a known name and is ignored; {near[0]} may be meant"
    for name in ("currentTimeStamp", "expireTime"):
        value = parameters.get(name, "")
        if value.isdigit() and int(value) > _MILLISECONDS:
            yield f"{name} {value} looks like milliseconds; sign whole seconds"
    if _is_digits(parameters, "currentTimeStamp") and _is_digits(parameters, "expireTime"):
        lasts = int(parameters["expireTime"]) - int(parameters["currentTimeStamp"])
        if lasts <= 0:
            yield "expireTime lies before currentTimeStamp; it is a moment (Unix seconds), not a duration"
    if _is_digits(parameters, "random") and int(parameters["random"]) >= 1 << 32:
        yield f"random {parameters['random']} exceeds 32 bits"


def _is_digits(parameters: Mapping[str, str], name: str) -> bool:
    value = parameters.get(name, "")
    return value.isascii() and value.isdigit() and len(value) <= 18


def _difference(original: bytes, expected: str) -> Iterator[str]:
    if expected and (found := _first_difference(expected.encode(), original)):
        yield found


def _first_difference(wanted: bytes, sent: bytes) -> str:
    """Return words for the first byte at which two texts part, empty when they are equal."""
    place = next((n for n, (a, b) in enumerate(zip(wanted, sent, strict=False)) if a != b), min(len(wanted), len(sent)))
    if place == len(wanted) == len(sent):
        return ""
    signed, given = (_around(text, place) for text in (wanted, sent))
    return f"First difference at byte {place}: signed {signed}, sent {given}"


def _around(text: bytes, place: int) -> str:
    if place >= len(text):
        return "nothing more"
    return repr(text[max(0, place - _CONTEXT) : place + _CONTEXT].decode("utf-8", "replace"))
