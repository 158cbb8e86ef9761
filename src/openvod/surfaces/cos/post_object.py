"""POST Object (``cos-storage.md`` 4.9): a form of a page stores a file; the credential travels in its fields."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from openvod.base.errors import Denied, Invalid
from openvod.base.ports import Clock
from openvod.server.wire import Answer, WireRequest, xml_answer
from openvod.signing import cos as cos_signature
from openvod.signing import storage_token
from openvod.signing.cos import SignedRequest
from openvod.signing.limits import check_caller
from openvod.signing.post_policy import PostPolicy, read_policy
from openvod.signing.storage_token import StorageGrant
from openvod.storage.blobs import Pieces
from openvod.storage.model import MAX_PART_SIZE, Received, StoredObject
from openvod.storage.service import StorageService
from openvod.storage.writing import Incoming
from openvod.surfaces.cos import codec
from openvod.surfaces.cos.addressing import Address, Addressing
from openvod.surfaces.cos.call import Call
from openvod.surfaces.cos.form_data import FormReader
from openvod.surfaces.cos.operations import wanted

_STATUSES = ("200", "201", "204")
#: What a form says besides the headers of its object.
_OWN = frozenset(
    ("key", "policy", "signature", "success_action_status", "q-sign-algorithm", "q-ak", "q-key-time", "q-sign-time",
     "q-signature", "q-header-list", "q-url-param-list", "x-cos-security-token", "acl")
)  # fmt: skip
_HEADERS = frozenset(
    ("cache-control", "content-type", "content-disposition", "content-encoding", "content-language", "expires")
)


def is_form(request: WireRequest) -> bool:
    """Return whether a request posts a form with a file."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return request.method == "POST" and kind == "multipart/form-data" and not request.loose_query


class _Signed(NamedTuple):
    """What a form's signature permits."""

    grant: StorageGrant
    policy: PostPolicy | None


class PostObject:
    """The operation."""

    def __init__(
        self, storage: StorageService, addressing: Addressing, clock: Clock, root_keys: Mapping[str, bytes]
    ) -> None:
        self._storage = storage
        self._addressing = addressing
        self._clock = clock
        self._root_keys = root_keys

    async def __call__(self, request: WireRequest) -> Answer:
        """Store the form's file."""
        reader = FormReader(request.stream(), request.headers.get("content-type", ""))
        fields = await reader.fields()
        token = fields.get("x-cos-security-token") or request.headers.get("x-cos-security-token", "")
        address = await self._addressing.resolve(request, token)
        if address.key:
            raise Invalid("cos.MalformedPOSTRequest", "the key is a field of the form; post to the bucket itself")
        if not fields.get("key"):
            raise Invalid("cos.MalformedPOSTRequest", "field key is missing; send it before the file")
        fields.setdefault("q-sign-time", fields.get("q-key-time", ""))
        fields["key"] = fields["key"].replace("${filename}", reader.file_name)
        signed = self._permitted(request, address, fields, token)
        check_caller(signed.grant.networks, signed.grant.origins, request.caller)
        if address.bucket != signed.grant.bucket:
            raise Denied("cos.AccessDenied", f"the credential does not cover the bucket {address.bucket!r}")
        return await self._stored(request, address, fields, signed, reader)

    def _permitted(self, request: WireRequest, address: Address, fields: Mapping[str, str], token: str) -> _Signed:
        now = self._clock.now()
        if "policy" in fields:
            return _Signed(*self._by_policy(fields, address, token, now))
        text = fields.get("signature") or request.headers.get("authorization", "")
        credential = cos_signature.find_credential({"authorization": text}, ())
        if credential is None or not token:
            raise Denied(
                "cos.AccessDenied", "the form is not signed; send policy or Signature, with x-cos-security-token"
            )
        grant, secret_key = storage_token.open_token(token, credential.access_key, self._root_keys, now)
        paths = tuple({*address.paths, "/"})
        if not cos_signature.verify(
            credential, secret_key, SignedRequest("POST", paths, (), request.headers, address.hosts)
        ):
            raise Denied("cos.SignatureDoesNotMatch", "the form's Signature is wrong; sign method post and path /")
        cos_signature.check_window(credential, now)
        return _Signed(grant, None)

    def _by_policy(
        self, fields: Mapping[str, str], address: Address, token: str, now: float
    ) -> tuple[StorageGrant, PostPolicy]:
        policy = read_policy(fields["policy"])
        if not token:
            raise Denied("storage_token.invalid", "field x-cos-security-token is missing; send that of tempCertificate")
        grant, secret_key = storage_token.open_token(token, fields.get("q-ak", ""), self._root_keys, now)
        expected = cos_signature.sign_policy(secret_key, fields.get("q-key-time", ""), policy.text)
        if not hmac.compare_digest(expected, fields.get("q-signature", "").lower().encode("ascii", "replace").decode()):
            raise Denied("cos.SignatureDoesNotMatch", "q-signature is not that of the policy; sign its text")
        cos_signature.check_key_time(fields.get("q-key-time", ""), now)
        policy.check({**fields, "bucket": address.bucket}, now)
        return grant, policy

    async def _stored(
        self, request: WireRequest, address: Address, fields: Mapping[str, str], signed: _Signed, reader: FormReader
    ) -> Answer:
        headers = _headers_of(fields)
        asked = wanted("PUT", fields["key"], (), headers)
        call = Call(request, address.bucket, fields["key"], signed.grant, asked)
        key, status = call.require_key(), _status_of(fields)
        stored = await self._storage.put_object(
            call.session,
            call.bucket,
            key,
            codec.stored_headers(key, {**headers, **asked.metadata}),
            _incoming(reader, signed, key),
            overwrite=call.may_overwrite,
        )
        await request.drain()
        return _answer(request, stored, status)


def _incoming(reader: FormReader, signed: _Signed, key: str) -> Incoming:
    """Return the file on its way in, within what policy and permission allow."""
    least, most = (signed.policy.size_range if signed.policy else None) or (0, MAX_PART_SIZE)

    def check(received: Received) -> None:
        if received.size < least:
            raise Invalid("cos.EntityTooSmall", f"the file has {received.size} bytes; the policy asks for {least}")

    return Incoming(Pieces(reader.file()), None, min(most, MAX_PART_SIZE), check, signed.grant.max_bytes.get(key))


def _headers_of(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that are headers of the object; a field that means nothing here is refused by its name."""
    headers = {name: value for name, value in fields.items() if name in _HEADERS or name.startswith("x-cos-")}
    for name in fields.keys() - headers.keys() - _OWN:
        raise Invalid("cos.NotImplemented", f"field {name[:60]!r} is not offered here: leave it out")
    return headers | ({"x-cos-acl": fields["acl"]} if fields.get("acl") else {})


def _status_of(fields: Mapping[str, str]) -> int:
    text = fields.get("success_action_status") or "204"
    if text not in _STATUSES:
        raise Invalid("cos.InvalidArgument", f"success_action_status must be {', '.join(_STATUSES)}")
    return int(text)


def _answer(request: WireRequest, stored: StoredObject, status: int) -> Answer:
    location = f"http://{request.host}/{quote(stored.key)}"
    headers = {"ETag": f'"{stored.etag}"', "Location": location, "x-cos-hash-crc64ecma": str(stored.crc64)}
    if status != 201:
        return Answer(status, headers)
    return xml_answer(codec.post_result(stored, location), status, headers)
