"""Who calls API 3.0: TC3 in the header, or the older signature among the parameters."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from openvod.access.model import KeyPair
from openvod.access.ports import AccessTx, SecretBox
from openvod.access.service import signer
from openvod.base.errors import Denied, Exhausted, Invalid
from openvod.base.ports import Clock, UnitOfWork
from openvod.base.sizes import KIB, MIB
from openvod.base.text import query_pairs
from openvod.server.unproven import UnprovenBodies
from openvod.server.wire import WireRequest, apart
from openvod.signing import tc3, v1
from openvod.surfaces.api.parameters import from_json, from_pairs
from openvod.surfaces.api.replays import TC3_AGAIN_SECONDS

_TC3_LIMIT, _V1_LIMIT, _GET_LIMIT = 10 * MIB, MIB, 32 * KIB
#: A form's key is inside, so all of it is taken apart to find who sent it: of larger ones, one at a time.
_LARGE_FORM = 8 * KIB
#: Parameters of the older form that are the envelope's, not the action's.
_ENVELOPE = frozenset(
    ("Action", "Version", "Nonce", "Timestamp", "SecretId", "Region", "SignatureMethod", "RequestClient", "Language",
     "Token", "Signature")
)  # fmt: skip


@dataclass(frozen=True)
class Call:
    """An authenticated call.

    ``as_text``: parameters came as texts and are converted by their declared type. ``again_seconds``: how long after
    its first use ``signature`` may come again.
    """

    key: KeyPair
    action: str
    version: str
    parameters: dict[str, Any]
    as_text: bool
    signature: str
    again_seconds: float


class Authentication:
    """Turns requests into calls of known keys; a body is kept in memory only once its sender is proven."""

    def __init__(self, uow: UnitOfWork[AccessTx], box: SecretBox, clock: Clock, bodies: UnprovenBodies) -> None:
        self._uow = uow
        self._box = box
        self._clock = clock
        self._bodies = bodies
        self._large_form = asyncio.Lock()

    async def call(self, request: WireRequest) -> Call:
        """Authenticate; raises ``Denied`` and ``Invalid`` with ``tc3.…``, ``api.…`` or ``key.…``."""
        if request.method not in ("GET", "POST"):
            raise Invalid("api.method", f"{request.method} is not accepted here; send GET or POST")
        if len(request.scope["query_string"]) > _GET_LIMIT:
            raise Exhausted("request.too_large", f"the query exceeds {_GET_LIMIT} bytes; send a POST")
        if request.headers.get("authorization"):
            return await self._by_header(request)
        return await self._by_parameters(request)

    async def _by_header(self, request: WireRequest) -> Call:
        credential, key, secret = await self._named(request)
        query = request.scope["query_string"].decode("latin-1")
        async with self._bodies.received(request, _TC3_LIMIT) as received:
            matches = tc3.verify(
                credential, secret, method=request.method, raw_query=query, headers=request.headers, host=request.host,
                body_sha256=received.sha256,
            )  # fmt: skip
            if not matches:
                raise Denied(
                    "api.signature_mismatch", "the TC3 signature is wrong; check SecretKey and the signed headers"
                )
            body = await received.content()
        action, version = request.headers.get("x-tc-action", ""), request.headers.get("x-tc-version", "")
        as_text = request.method == "GET"
        parameters = from_pairs(request.query) if as_text else await apart(len(body), lambda: from_json(body))
        return Call(key, action, version, parameters, as_text, credential.signature, TC3_AGAIN_SECONDS)

    async def _named(self, request: WireRequest) -> tuple[tc3.Tc3Credential, KeyPair, str]:
        """Return the key that the request head names; refuses what the head alone shows to be wrong."""
        credential = tc3.parse_authorization(request.headers.get("authorization", ""))
        key, secret = await self._secret(credential.secret_id)
        tc3.check_clock(request.headers, self._clock.now())
        tc3.check_scope(credential, request.headers, request.host)
        return credential, key, secret

    async def _by_parameters(self, request: WireRequest) -> Call:
        if request.method == "GET":
            return await self._by_pairs(request, request.query)
        async with self._bodies.received(request, _V1_LIMIT) as received:
            turn = self._large_form if received.size > _LARGE_FORM else nullcontext()
            async with turn:
                body = await received.content()
                return await self._by_pairs(request, await apart(len(body), lambda: query_pairs(body)))

    async def _by_pairs(self, request: WireRequest, pairs: Sequence[tuple[str, str]]) -> Call:
        given = dict(pairs)
        if not v1.is_known_method(given.get("SignatureMethod", "")):
            raise Invalid(
                "tc3.malformed", f"SignatureMethod {given['SignatureMethod'][:30]!r} is unknown; use HmacSHA256"
            )
        if not given.get("SecretId") or not given.get("Signature"):
            raise Invalid("tc3.malformed", "the call is not signed; send Authorization (TC3-HMAC-SHA256)")
        key, secret = await self._secret(given["SecretId"])
        if not v1.verify(secret, method=request.method, host=request.host, pairs=pairs):
            raise Denied("api.signature_mismatch", "the signature is wrong; check SecretKey, host and parameters")
        tc3.check_clock({"x-tc-timestamp": given.get("Timestamp", "")}, self._clock.now())
        parameters = from_pairs([(name, value) for name, value in pairs if name not in _ENVELOPE])
        # A nonce makes each call's signature one of its own.
        action, version = given.get("Action", ""), given.get("Version", "")
        return Call(key, action, version, parameters, as_text=True, signature=given["Signature"], again_seconds=0.0)

    async def _secret(self, secret_id: str) -> tuple[KeyPair, str]:
        key = await self._uow.read(lambda tx: signer(tx.access, secret_id))
        return key, self._box.open(key.sealed_secret, key.secret_id)
