"""Authentication of end users."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from openvod_sdk.integrations._refused import Refused

_ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "EdDSA")


@dataclass(frozen=True)
class Identity:
    """An authenticated end user."""

    user_id: str


class Authenticator(Protocol):
    """Maps a bearer token to an identity."""

    def authenticate(self, token: str) -> Identity:
        """Return the user of ``token``; raises ``Refused`` with status 401."""
        ...


class StaticTokenAuthenticator:
    """Fixed tokens for trials: ``{token: user id}``."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._tokens = dict(tokens)

    def authenticate(self, token: str) -> Identity:
        """See :class:`Authenticator`; every token is compared, in constant time."""
        found = ""
        for known, user_id in self._tokens.items():
            if hmac.compare_digest(known.encode(), token.encode()):
                found = user_id
        if not found:
            raise Refused(401, 40301, "the token is missing or unknown; sign in again")
        return Identity(found)


class JwtAuthenticator:
    """JSON Web Tokens, verified with a shared ``secret`` (HS256) or the keys at a ``jwks_url``.

    The user is the claim ``sub`` or, for tokens of older apps, ``UserId``. ``exp`` must be present and in the future.
    """

    def __init__(self, *, secret: str = "", jwks_url: str = "", audience: str = "", issuer: str = "") -> None:
        import jwt

        if bool(secret) == bool(jwks_url):
            raise ValueError("pass either secret or jwks_url to JwtAuthenticator")
        self._jwt = jwt
        self._secret = secret
        self._keys = jwt.PyJWKClient(jwks_url, cache_keys=True) if jwks_url else None
        self._audience = audience or None
        self._issuer = issuer or None

    def authenticate(self, token: str) -> Identity:
        """See :class:`Authenticator`."""
        try:
            key = self._keys.get_signing_key_from_jwt(token).key if self._keys else self._secret
            claims = self._jwt.decode(
                token,
                key,
                algorithms=list(_ALGORITHMS) if self._keys else ["HS256"],
                audience=self._audience,
                issuer=self._issuer,
                options={"require": ["exp"]},
            )
        except self._jwt.PyJWTError as error:
            raise Refused(401, 40301, f"the token is not valid ({error}); sign in again") from error
        user_id = claims.get("sub") or claims.get("UserId")
        if not user_id:
            raise Refused(401, 40301, "the token has no user; put the user id into the claim 'sub'")
        return Identity(str(user_id))
