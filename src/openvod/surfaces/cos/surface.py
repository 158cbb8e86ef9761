"""COS-compatible storage (``cos-storage.md``): addressing, authentication and routing of operations."""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

from openvod.base.errors import ClientDisconnected, Conflict, Denied, Invalid, OpenVodError
from openvod.base.ports import Clock
from openvod.server.ranges import http_date
from openvod.server.wire import Answer, WireRequest, apart, unavailable, xml_answer
from openvod.signing import cos as cos_signature
from openvod.signing import storage_token
from openvod.signing.cos import SignedRequest
from openvod.signing.limits import check_caller
from openvod.signing.sigv4 import ChunkSigner
from openvod.signing.storage_token import StorageGrant
from openvod.storage.model import MAX_PART_SIZE, CompletedPart, Received
from openvod.storage.multipart import MultipartService
from openvod.storage.service import StorageService
from openvod.storage.writing import Incoming
from openvod.surfaces.cos import codec, s3
from openvod.surfaces.cos.addressing import Address, Addressing
from openvod.surfaces.cos.call import Call
from openvod.surfaces.cos.complete_body import limit_for, parse_complete
from openvod.surfaces.cos.lists import StorageLists
from openvod.surfaces.cos.operations import Operation, wanted
from openvod.surfaces.cos.pacing import paced, paced_body
from openvod.surfaces.cos.payload import Payload
from openvod.surfaces.cos.post_object import PostObject, is_form
from openvod.surfaces.cos.s3 import speaks_s3
from openvod.surfaces.errors import cos_code
from openvod.surfaces.objects import serve_object

_log = logging.getLogger("openvod.web.cos")


class CosSurface:
    """The operations that upload clients issue (4.1)."""

    def __init__(
        self,
        storage: StorageService,
        multipart: MultipartService,
        addressing: Addressing,
        clock: Clock,
        root_keys: Mapping[str, bytes],
    ) -> None:
        self._storage = storage
        self._multipart = multipart
        self._addressing = addressing
        self._clock = clock
        self._root_keys = root_keys
        self._post = PostObject(storage, addressing, clock, root_keys)
        lists = StorageLists(storage, multipart)
        self._operations: Mapping[Operation, Callable[[Call], Awaitable[Answer]]] = {
            Operation.PUT_OBJECT: self._put_object,
            Operation.INITIATE: self._initiate,
            Operation.UPLOAD_PART: self._upload_part,
            Operation.COMPLETE: self._complete,
            Operation.ABORT: self._abort,
            Operation.LIST_UPLOADS: lists.uploads,
            Operation.LIST_PARTS: lists.parts,
            Operation.LIST_OBJECTS: lists.objects,
            Operation.LIST_OBJECTS_V2: lists.objects_v2,
            Operation.READ_OBJECT: self._get,
            Operation.DELETE_OBJECT: self._delete,
            Operation.HEAD_BUCKET: self._head_bucket,
            Operation.CREATE_BUCKET: self._create_bucket,
            Operation.LOCATE_BUCKET: self._locate_bucket,
        }

    async def __call__(self, request: WireRequest) -> Answer:
        """Serve one request."""
        try:
            answer = await self._serve(request)
        except OpenVodError as error:
            answer = self._failure(request, error)
        except ClientDisconnected:
            raise
        except Exception as error:
            _log.exception("storage request %s failed", request.request_id)
            answer = self._failure(request, unavailable(error))
        if speaks_s3(request):
            answer.headers["x-amz-request-id"] = request.request_id
        return answer

    async def _serve(self, request: WireRequest) -> Answer:
        if is_form(request):
            return await self._post(request)
        headers = request.headers
        token = headers.get("x-cos-security-token") or request.argument("x-cos-security-token") or ""
        if speaks_s3(request):
            token = s3.token_of(request)
        address = await self._addressing.resolve(request, token)
        call = self._authenticated(request, address, token)
        return await self._operations[call.wanted.operation](call)

    def _authenticated(self, request: WireRequest, address: Address, token: str) -> Call:
        signer: ChunkSigner | None = None
        if speaks_s3(request):
            grant, signer = self._s3_grant(request, address, token)
        else:
            grant = self._grant(request, address, token)
        check_caller(grant.networks, grant.origins, request.caller)
        if address.bucket != grant.bucket:
            raise Denied("cos.AccessDenied", f"the credential does not cover the bucket {address.bucket!r}")
        asked = wanted(request.method, address.key, request.query, request.headers)
        return Call(request, address.bucket, address.key, grant, asked, signer)

    def _grant(self, request: WireRequest, address: Address, token: str) -> StorageGrant:
        credential = cos_signature.find_credential(request.headers, request.query)
        if credential is None:
            raise Denied("cos.AccessDenied", "the request is not signed; send Authorization and x-cos-security-token")
        if not token:
            raise Denied("storage_token.invalid", "x-cos-security-token is missing; send the token of tempCertificate")
        now = self._clock.now()
        grant, secret_key = storage_token.open_token(token, credential.access_key, self._root_keys, now)
        signed = SignedRequest(request.method, address.paths, request.query, request.headers, address.hosts)
        if not cos_signature.verify(credential, secret_key, signed):
            raise Denied("cos.SignatureDoesNotMatch", "the request's signature is wrong; check key, path and headers")
        cos_signature.check_window(credential, now)
        return grant

    def _s3_grant(self, request: WireRequest, address: Address, token: str) -> tuple[StorageGrant, ChunkSigner]:
        if not token:
            raise Denied("storage_token.invalid", "x-amz-security-token is missing; send the token of tempCertificate")
        now = self._clock.now()
        credential = s3.credential_of(request)
        grant, secret_key = storage_token.open_token(token, credential.access_key, self._root_keys, now)
        return grant, s3.check_signature(credential, request, address, secret_key, now)

    async def _put_object(self, call: Call) -> Answer:
        key = call.require_key()
        incoming, payload = _incoming(call)
        with _in_terms_of(call):
            stored = await self._storage.put_object(
                call.session, call.bucket, key, call.stored_headers, incoming, overwrite=call.may_overwrite
            )
        return _stored(stored.etag, stored.crc64, payload)

    async def _initiate(self, call: Call) -> Answer:
        key = call.require_key()
        storage_class = call.wanted.options.get("storage-class", "STANDARD").upper()
        upload = await self._multipart.initiate(
            call.session, call.bucket, key, call.stored_headers, storage_class, overwrite=call.may_overwrite
        )
        return xml_answer(codec.initiate_result(upload))

    async def _upload_part(self, call: Call) -> Answer:
        key = call.require_key()
        number = call.number("partNumber")
        incoming, payload = _incoming(call)
        part = await self._multipart.upload_part(call.bucket, key, call.upload_id, number, incoming)
        return _stored(part.etag, part.crc64, payload)

    async def _complete(self, call: Call) -> Answer:
        key = call.require_key()
        count = await self._multipart.parts_count(call.bucket, key, call.upload_id)
        body = await call.request.body(limit_for(count))
        parts = await apart(len(body), lambda: _listed(call, body, count))
        with _in_terms_of(call):
            upload = await self._multipart.complete(
                call.session, call.bucket, key, call.upload_id, parts, overwrite=call.may_overwrite
            )
        location = f"http://{call.request.headers.get('vod-forward-cos') or call.request.host}/{key}"
        return xml_answer(
            codec.complete_result(upload, location),
            headers={"x-cos-hash-crc64ecma": str(upload.crc64), "ETag": f'"{upload.etag}"'},
        )

    async def _abort(self, call: Call) -> Answer:
        await self._multipart.abort(call.bucket, call.require_key(), call.upload_id)
        return Answer(204)

    async def _delete(self, call: Call) -> Answer:
        raise Denied("cos.AccessDenied", "an upload credential cannot delete objects; delete the media instead")

    async def _head_bucket(self, call: Call) -> Answer:
        region = (await self._storage.bucket(call.bucket)).region
        return Answer(200, {"x-cos-bucket-region": region, "x-amz-bucket-region": region})

    async def _create_bucket(self, call: Call) -> Answer:
        raise Conflict(
            "cos.BucketAlreadyOwnedByYou", "buckets are made by the platform; this one is there: upload into it"
        )

    async def _locate_bucket(self, call: Call) -> Answer:
        return xml_answer(codec.location_result((await self._storage.bucket(call.bucket)).region))

    async def _get(self, call: Call) -> Answer:
        stored = await self._storage.head(call.bucket, call.require_key())
        answer = serve_object(call.request, stored, self._storage)
        if speaks_s3(call.request):
            answer.headers = s3.headers_for(answer.headers)
        if answer.stream and call.wanted.traffic_limit:
            answer.stream, answer.file = paced(answer.stream, call.wanted.traffic_limit), None
        return answer

    def _failure(self, request: WireRequest, error: OpenVodError) -> Answer:
        code, status = cos_code(error)
        clock_matters = error.code in ("cos.request_expired", "cos.time_skewed")
        document = codec.error_document(
            code,
            error.message,
            resource=f"{request.host}{request.shown_path}",
            request_id=request.request_id,
            trace_id=secrets.token_hex(16),
            server_time=http_date(self._clock.now()) if clock_matters else "",
        )
        headers = {"x-cos-trace-id": request.request_id}
        if request.method == "HEAD":
            return Answer(status, headers)
        return xml_answer(document, status, headers)


@contextmanager
def _in_terms_of(call: Call) -> Iterator[None]:
    """Report a taken key in the caller's dialect: HTTP's condition has a status of its own."""
    try:
        yield
    except Conflict as error:
        if error.code == "storage.object_exists" and call.wants_absence:
            raise Conflict("cos.PreconditionFailed", error.message) from error
        raise


def _listed(call: Call, body: bytes, count: int) -> list[CompletedPart]:
    """Check a Complete's body against what the request promises of it, and read it."""
    _check_md5(call.request, lambda: _md5_of(body))
    payload = Payload(call.request, call.wanted, None)
    if payload.is_framed:
        raise Invalid("cos.NotImplemented", "Complete is not read in frames; send the body as it is")
    payload.take(body)
    payload.check()
    return parse_complete(body, count)


def _incoming(call: Call) -> tuple[Incoming, Payload]:
    """Return the body on its way in, and what was promised of it."""
    request, payload = call.request, Payload(call.request, call.wanted, call.signer)
    length = payload.length
    is_chunked = "chunked" in request.headers.get("transfer-encoding", "").lower()
    if length is None and (payload.is_framed or not is_chunked):
        wanted_header = "x-amz-decoded-content-length" if payload.is_framed else "Content-Length"
        raise Invalid("cos.MissingContentLength", f"send {wanted_header}, or Transfer-Encoding: chunked")
    expected = _announced_md5(request)

    def check(received: Received) -> None:
        payload.check()
        if expected is not None and bytes.fromhex(received.md5) != expected:
            raise Invalid("cos.BadDigest", "Content-MD5 differs from the received bytes; send them again")

    body = payload.body()
    if call.wanted.traffic_limit:
        body = paced_body(body, call.wanted.traffic_limit)
    return Incoming(body, length, MAX_PART_SIZE, check, call.grant.max_bytes.get(call.key)), payload


def _stored(etag: str, crc64: int, payload: Payload) -> Answer:
    return Answer(200, {"ETag": f'"{etag}"', "x-cos-hash-crc64ecma": str(crc64), **payload.sums})


def _announced_md5(request: WireRequest) -> bytes | None:
    text = request.headers.get("content-md5", "").strip()
    if not text:
        return None
    try:
        digest = base64.b64decode(text, validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != 16:
        raise Invalid("cos.InvalidDigest", "Content-MD5 must be the Base64 of 16 bytes")
    return digest


def _check_md5(request: WireRequest, actual: Callable[[], bytes]) -> None:
    expected = _announced_md5(request)
    if expected is not None and actual() != expected:
        raise Invalid("cos.BadDigest", "Content-MD5 differs from the received bytes; send them again")


def _md5_of(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()
