"""Request signatures of COS, ``q-sign-algorithm=sha1`` (``cos-storage.md`` 2)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from urllib.parse import quote, unquote_plus

from openvod.base.errors import Denied, Invalid

START_TOLERANCE_SECONDS = 900
_FIELDS = (
    "q-sign-algorithm",
    "q-ak",
    "q-sign-time",
    "q-key-time",
    "q-header-list",
    "q-url-param-list",
    "q-signature",
)
_UNRESERVED = "-_.~"
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class CosCredential:
    """The seven fields of a signature; times are Unix seconds, name lists lower-case and still percent-encoded."""

    access_key: str
    sign_start: int
    sign_end: int
    key_time: str
    sign_time: str
    header_names: tuple[str, ...]
    param_names: tuple[str, ...]
    signature: str


@dataclass(frozen=True)
class SignedRequest:
    """What was signed. ``paths`` and ``hosts`` hold every form that a client may have used (2.3)."""

    method: str
    paths: tuple[str, ...]
    query: Pairs
    headers: Mapping[str, str]
    hosts: tuple[str, ...]


def find_credential(headers: Mapping[str, str], query: Pairs) -> CosCredential | None:
    """Find the signature in the header, in seven query fields or in ``sign=``; ``None`` when there is none (2.1)."""
    header = headers.get("authorization", "")
    parameters = dict(reversed(query))
    if header.startswith("q-sign-algorithm"):
        return _credential(_authorization_fields(header))
    if "q-sign-algorithm" in parameters:
        return _credential(parameters)
    if parameters.get("sign", "").startswith("q-sign-algorithm"):
        return _credential(_authorization_fields(parameters["sign"]))
    return None


def verify(credential: CosCredential, secret_key: str, request: SignedRequest) -> bool:
    """Return whether any reading of the request carries this signature (2.3); each comparison takes constant time."""
    for path, host, by_encoded, sign_time in product(
        request.paths, request.hosts or ("",), (True, False), sorted({credential.sign_time, credential.key_time})
    ):
        parameters = _canonical(request.query, credential.param_names, by_encoded)
        headers = _canonical(_header_pairs(request.headers, host), credential.header_names, by_encoded)
        if parameters is None or headers is None:
            continue
        text = f"{request.method.lower()}\n{path}\n{parameters}\n{headers}\n"
        expected = _signature(secret_key, credential.key_time, sign_time, text)
        if hmac.compare_digest(expected, credential.signature):
            return True
    return False


def check_window(credential: CosCredential, now: float) -> None:
    """Check the validity window; the first message is exact because clients correct their clock on it (2.5)."""
    if now > credential.sign_end:
        raise Denied("cos.request_expired", "Request has expired")
    if credential.sign_start > now + START_TOLERANCE_SECONDS:
        raise Denied("cos.time_skewed", "q-sign-time starts in the future; set the clock or use the server's time")


def check_key_time(key_time: str, now: float) -> None:
    """Check the window of a policy's key, ``<start>;<end>``; as :func:`check_window`."""
    start, end = _window(key_time)
    if now > end:
        raise Denied("cos.request_expired", "Request has expired")
    if start > now + START_TOLERANCE_SECONDS:
        raise Denied("cos.time_skewed", "q-key-time starts in the future; set the clock or use the server's time")


def sign(
    secret_id: str,
    secret_key: str,
    *,
    method: str,
    path: str,
    query: Pairs,
    headers: Mapping[str, str],
    start: int,
    end: int,
) -> str:
    """Return the Authorization value that signs every given query parameter and header."""
    key_time = f"{start};{end}"
    param_names = sorted({_encode(name).lower() for name, _ in query})
    header_names = sorted({_encode(name).lower() for name in headers})
    lowered = [(name.lower(), value.strip()) for name, value in headers.items()]
    text = (
        f"{method.lower()}\n{path}\n{_canonical(query, param_names, True)}\n{_canonical(lowered, header_names, True)}\n"
    )
    signature = _signature(secret_key, key_time, key_time, text)
    values = ("sha1", secret_id, key_time, key_time, ";".join(header_names), ";".join(param_names), signature)
    return "&".join(f"{name}={value}" for name, value in zip(_FIELDS, values, strict=True))


def sign_policy(secret_key: str, key_time: str, policy_text: str) -> str:
    """Return ``q-signature`` of a POST policy (4.9)."""
    sign_key = _hmac_hex(secret_key, key_time)
    return _hmac_hex(sign_key, hashlib.sha1(policy_text.encode(), usedforsecurity=False).hexdigest())


def http_string_digest(request: SignedRequest, header_names: Sequence[str], param_names: Sequence[str]) -> str:
    """Return the SHA-1 of HttpString for the first path and host (the digests that the vendor publishes, 2.6)."""
    parameters = _canonical(request.query, param_names, True)
    headers = _canonical(_header_pairs(request.headers, request.hosts[0]), header_names, True)
    text = f"{request.method.lower()}\n{request.paths[0]}\n{parameters}\n{headers}\n"
    return hashlib.sha1(_bytes(text), usedforsecurity=False).hexdigest()


def _canonical(pairs: Iterable[tuple[str, str]], names: Sequence[str], by_encoded: bool) -> str | None:
    """Join the listed pairs in signing order; ``None`` when a listed name is absent."""
    wanted = {name.lower() for name in names if name}
    named = [(_encoded_name(name), name, value) for name, value in pairs]
    # Only what is signed is encoded: the authorization and the token among the headers are long.
    rows = [(encoded, name.lower(), _encode(value)) for encoded, name, value in named if encoded in wanted]
    if {row[0] for row in rows} != wanted:
        return None
    order: Callable[[tuple[str, str, str]], tuple[str, str]] = (
        (lambda row: (row[0], row[2])) if by_encoded else (lambda row: (row[1], row[2]))
    )
    return "&".join(f"{encoded}={value}" for encoded, _, value in sorted(rows, key=order))


def _header_pairs(headers: Mapping[str, str], host: str) -> list[tuple[str, str]]:
    """Header values are signed without the white space around them; parameters are not touched (2.2)."""
    return [(name, value.strip()) for name, value in {**headers, "host": host}.items()]


def _signature(secret_key: str, key_time: str, sign_time: str, text: str) -> str:
    digest = hashlib.sha1(_bytes(text), usedforsecurity=False).hexdigest()
    return _hmac_hex(_hmac_hex(secret_key, key_time), f"sha1\n{sign_time}\n{digest}\n")


def _hmac_hex(key: str, message: str) -> str:
    return hmac.new(key.encode(), _bytes(message), hashlib.sha1).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


@lru_cache(maxsize=1024)
def _encoded_name(name: str) -> str:
    return _encode(name).lower()


def _encode(text: str) -> str:
    return quote(_bytes(text), safe=_UNRESERVED)


def _authorization_fields(value: str) -> dict[str, str]:
    return dict(item.partition("=")[::2] for item in value.strip().split("&"))


def _credential(fields: Mapping[str, str]) -> CosCredential:
    missing = [name for name in _FIELDS if name not in fields]
    if missing or fields["q-sign-algorithm"] != "sha1":
        raise _malformed(f"the signature lacks {', '.join(missing) or 'q-sign-algorithm=sha1'}")
    signature = fields["q-signature"].lower()
    if not signature.isascii():
        raise _malformed("q-signature must be hexadecimal")
    start, end = _window(fields["q-sign-time"])
    _window(fields["q-key-time"])
    return CosCredential(
        access_key=fields["q-ak"],
        sign_start=start,
        sign_end=end,
        key_time=fields["q-key-time"],
        sign_time=fields["q-sign-time"],
        header_names=_names(fields["q-header-list"]),
        param_names=_names(fields["q-url-param-list"]),
        signature=signature,
    )


def _names(text: str) -> tuple[str, ...]:
    """Split a name list; a query carrier may have encoded it once more (2.1)."""
    return tuple(_encode(unquote_plus(name)).lower() for name in text.split(";") if name)


def _window(text: str) -> tuple[int, int]:
    start, _, end = text.partition(";")
    if not all(part.isascii() and part.isdigit() and len(part) <= 12 for part in (start, end)):
        raise _malformed("q-sign-time and q-key-time must be <start>;<end> in Unix seconds")
    return int(start), int(end)


def _malformed(message: str) -> Invalid:
    return Invalid("cos.authorization_malformed", message)
