"""Who the end user is."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from openvod_sdk.integrations import Identity, JwtAuthenticator, Refused, StaticTokenAuthenticator

SECRET = "a shared secret of at least 32 bytes"


def token(claims: dict[str, Any], key: Any = SECRET, algorithm: str = "HS256", **headers: str) -> str:
    """Sign claims; ``exp`` lies a minute ahead unless given."""
    return jwt.encode({"exp": int(time.time()) + 60} | claims, key, algorithm, headers=headers)


def test_static_tokens() -> None:
    """A known token names its user; anything else is refused with 401."""
    authenticator = StaticTokenAuthenticator({"one": "alice", "zwei-ü": "bob"})
    assert authenticator.authenticate("one") == Identity("alice")
    assert authenticator.authenticate("zwei-ü") == Identity("bob")
    for bad in ("", "One", "one ", "three"):
        with pytest.raises(Refused) as caught:
            authenticator.authenticate(bad)
        assert caught.value.status == 401


@pytest.mark.parametrize("claim", ["sub", "UserId"])
def test_shared_secret(claim: str) -> None:
    """The user is ``sub``, or ``UserId`` in tokens of the short-video server."""
    assert JwtAuthenticator(secret=SECRET).authenticate(token({claim: "alice"})) == Identity("alice")


def bad_tokens() -> dict[str, str]:
    """Tokens that must not pass."""
    good = token({"sub": "alice"})
    head, _, signature = good.split(".")
    payload = token({"sub": "root"}).split(".")[1]
    return {
        "empty": "",
        "no token": "abc",
        "expired": token({"sub": "alice", "exp": int(time.time()) - 1}),
        "without exp": jwt.encode({"sub": "alice"}, SECRET, "HS256"),
        "without user": token({}),
        "other secret": token({"sub": "alice"}, SECRET[::-1]),
        "other payload": f"{head}.{payload}.{signature}",
        "unsigned": jwt.encode({"sub": "alice", "exp": int(time.time()) + 60}, "", "none"),
        "not yet valid": token({"sub": "alice", "nbf": int(time.time()) + 600}),
        "another algorithm": token({"sub": "alice"}, SECRET * 2, "HS512"),
    }


@pytest.mark.parametrize("name", sorted(bad_tokens()))
def test_bad_tokens(name: str) -> None:
    """Each bad token is refused with 401, and the message shows no secret."""
    with pytest.raises(Refused) as caught:
        JwtAuthenticator(secret=SECRET).authenticate(bad_tokens()[name])
    assert caught.value.status == 401
    assert SECRET not in caught.value.message


def test_audience_and_issuer() -> None:
    """When they are set, both must match."""
    authenticator = JwtAuthenticator(secret=SECRET, audience="uploads", issuer="app")
    right = {"sub": "alice", "aud": "uploads", "iss": "app"}
    assert authenticator.authenticate(token(right)) == Identity("alice")
    for wrong in ({"aud": "other"}, {"iss": "other"}):
        with pytest.raises(Refused):
            authenticator.authenticate(token(right | wrong))


@pytest.mark.parametrize("options", [{}, {"secret": SECRET, "jwks_url": "http://127.0.0.1:9/keys"}])
def test_one_source_of_keys(options: dict[str, str]) -> None:
    """Neither and both are a mistake of the app, said at start."""
    with pytest.raises(ValueError, match="either secret or jwks_url"):
        JwtAuthenticator(**options)


RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def key_set() -> bytes:
    """Both public keys as a JSON Web Key Set."""
    rsa_key = jwt.algorithms.RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True)
    ec_key = jwt.algorithms.ECAlgorithm.to_jwk(EC_KEY.public_key(), as_dict=True)
    keys = [rsa_key | {"kid": "r", "use": "sig", "alg": "RS256"}, ec_key | {"kid": "e", "use": "sig", "alg": "ES256"}]
    return json.dumps({"keys": keys}).encode()


class _Keys(BaseHTTPRequestHandler):
    served = key_set()

    def do_GET(self) -> None:
        """Serve the key set."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.served)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def jwks_url() -> Iterator[str]:
    """A key set behind a real HTTP address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Keys) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/keys"
        server.shutdown()
        thread.join()


def test_key_set(jwks_url: str) -> None:
    """Tokens of any key in the set pass, by its id."""
    authenticator = JwtAuthenticator(jwks_url=jwks_url)
    assert authenticator.authenticate(token({"sub": "a"}, RSA_KEY, "RS256", kid="r")) == Identity("a")
    assert authenticator.authenticate(token({"sub": "b"}, EC_KEY, "ES256", kid="e")) == Identity("b")


def test_key_set_refuses(jwks_url: str) -> None:
    """Unknown keys, and a public key used as a shared secret, are refused."""
    authenticator = JwtAuthenticator(jwks_url=jwks_url)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    bad = [
        token({"sub": "a"}, RSA_KEY, "RS256", kid="unknown"),
        token({"sub": "a"}, stranger, "RS256", kid="r"),
        token({"sub": "a"}, SECRET, "HS256", kid="r"),
    ]
    for one in bad:
        with pytest.raises(Refused) as caught:
            authenticator.authenticate(one)
        assert caught.value.status == 401
