"""Play tokens: permission to play one file or directory, with no second reading (decision record 23).

``pt=<fields>.<mac>``, both base64url without padding. The fields stand one after the other, each behind its length in
four bytes; the MAC is HMAC-SHA256 over exactly those bytes.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from openvod.base.errors import Denied
from openvod.signing import base64url
from openvod.signing.addresses import is_inside
from openvod.signing.hotlink import is_host_of

PARAMETER = "pt"
#: The cookie that must repeat the token's session.
SESSION_COOKIE = "openvod-session"
_VERSION = b"openvod-play-2"
_LENGTH_BYTES = 4
_LONGEST = 4096
_MOST_SECONDS = 10**12


@dataclass(frozen=True)
class PlayToken:
    """What a token opens.

    ``path``: percent-encoded as in the URL; one that ends with a slash opens everything below it. ``expires``: Unix
    seconds. ``preview``: seconds that may be played, 0 for all. ``address`` (or network), ``session`` and ``referer``
    (a host; those below it count) bind the token when they are not empty.
    """

    path: str
    expires: int
    preview: int = 0
    address: str = ""
    session: str = ""
    referer: str = ""

    def opens(self, path: str) -> bool:
        """Return whether a path is the token's, or below it."""
        return path.startswith(self.path) if self.path.endswith("/") else path == self.path


@dataclass(frozen=True)
class Presented:
    """What a request shows besides its token."""

    path: str
    address: str
    session: str
    referer: str


def play_token(key: str, token: PlayToken) -> str:
    """Return the value of ``pt``."""
    fields = (token.path, str(token.expires), str(token.preview), token.address, token.session, token.referer)
    body = b"".join(_with_length(each.encode()) for each in fields)
    return f"{base64url.encode(body)}.{base64url.encode(_mac(key, body))}"


def check_play_token(keys: Sequence[str], text: str, presented: Presented, now: float) -> tuple[PlayToken, str]:
    """Return the token and the key that made it.

    Raises ``Denied`` with ``hotlink.token`` (not ours, or altered), ``hotlink.path``, ``hotlink.expired``,
    ``hotlink.address``, ``hotlink.session`` or ``hotlink.referer``.
    """
    body, mac = _parts(text)
    key = next((each for each in keys if hmac.compare_digest(_mac(each, body), mac)), None)
    if key is None:
        raise Denied("hotlink.token", "the play token was not made with this domain's key; ask the app for a new one")
    token = _read(body)
    if not token.opens(presented.path):
        raise Denied("hotlink.path", "the play token is for another file; ask the app for one for this address")
    if token.expires < now:
        raise Denied("hotlink.expired", "the play token has expired; ask the app for a new one")
    if token.address and not _within(presented.address, token.address):
        raise Denied("hotlink.address", "the play token is for another address; ask the app for one from here")
    if token.session and not hmac.compare_digest(token.session.encode(), presented.session.encode()):
        raise Denied("hotlink.session", f"the play token belongs to a session that cookie {SESSION_COOKIE} must name")
    if token.referer and not is_host_of(presented.referer, token.referer):
        raise Denied("hotlink.referer", "the play token is for another site; open the video there")
    return token, key


def _parts(text: str) -> tuple[bytes, bytes]:
    body, dot, mac = text.partition(".")
    try:
        if not dot or len(text) > _LONGEST:
            raise ValueError
        parts = base64url.decode(body), base64url.decode(mac)
    except ValueError:
        raise Denied("hotlink.token", "the play token is cut or garbled; ask the app for a new one") from None
    # One text for one token: base64 with idle bits set would be a second.
    if (base64url.encode(parts[0]), base64url.encode(parts[1])) != (body, mac):
        raise Denied("hotlink.token", "the play token is cut or garbled; ask the app for a new one")
    return parts


def _read(body: bytes) -> PlayToken:
    """Read fields whose MAC was right; a signer of ours wrote them, in this or another release."""
    fields = []
    while body:
        length = int.from_bytes(body[:_LENGTH_BYTES], "big")
        fields.append(body[_LENGTH_BYTES : _LENGTH_BYTES + length])
        if len(fields[-1]) != length:
            raise Denied("hotlink.token", "the play token's fields are cut; make it with this release's signer")
        body = body[_LENGTH_BYTES + length :]
    try:
        path, expires, preview, address, session, referer = (each.decode() for each in fields)
        return PlayToken(path, _seconds(expires), _seconds(preview), address, session, referer)
    except ValueError:
        raise Denied("hotlink.token", "the play token has other fields; make it with this release's signer") from None


def _seconds(text: str) -> int:
    value = int(text)
    if not 0 <= value <= _MOST_SECONDS:
        raise ValueError(text)
    return value


def _within(address: str, network: str) -> bool:
    """Return whether an address lies in a token's network; the network's text is not validated when signed."""
    try:
        return is_inside(address, [network])
    except ValueError:
        return False


def _mac(key: str, body: bytes) -> bytes:
    return hmac.new(key.encode(), _with_length(_VERSION) + body, hashlib.sha256).digest()


def _with_length(field: bytes) -> bytes:
    return len(field).to_bytes(_LENGTH_BYTES, "big") + field
