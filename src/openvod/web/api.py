"""Server API 3.0: ``/`` with ``X-TC-Action`` (``procedures-and-api.md`` 2, ``upload-protocol.md`` 5).

One declarative row per action holds its fields; validation reads the row. Every answer is HTTP 200 with exactly
``application/json``, errors included: the SDKs read nothing else.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from openvod.access.ports import AccessTx, SecretBox
from openvod.access.service import signer
from openvod.base.errors import ClientDisconnected, Denied, Invalid, OpenVodError
from openvod.base.ports import Clock, UnitOfWork
from openvod.base.sizes import MIB
from openvod.signing import tc3
from openvod.upload.manifests import files_of_manifest
from openvod.upload.model import ApplyRequest, FileRequest, Permission
from openvod.upload.service import Applied, Committed, ServerPermission, UploadService
from openvod.web.errors import api_code
from openvod.web.wire import Answer, WireRequest, json_answer, unavailable

API_VERSION = "2018-07-17"
_BODY_LIMIT = 10 * MIB
_log = logging.getLogger("openvod.web.api")
Fields = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One declared field: its JSON type, and whether it must be there."""

    type: type
    required: bool = False
    longest: int = 0


@dataclass(frozen=True)
class Action:
    """One action: its declared fields and what carries it out."""

    fields: Mapping[str, Field]
    run: Callable[[str, Fields], Awaitable[Fields]]


_TEXT = Field(str)
_APPLICATION = {"SubAppId": Field(int)}


class ApiSurface:
    """Authenticates, validates and dispatches API 3.0 calls."""

    def __init__(self, uow: UnitOfWork[AccessTx], uploads: UploadService, box: SecretBox, clock: Clock) -> None:
        self._uow = uow
        self._uploads = uploads
        self._box = box
        self._clock = clock
        self._actions = {
            "ApplyUpload": Action(
                {
                    "MediaType": Field(str, required=True),
                    "MediaName": _TEXT,
                    "CoverType": _TEXT,
                    "Procedure": _TEXT,
                    "ExpireTime": _TEXT,
                    "StorageRegion": _TEXT,
                    "ClassId": Field(int),
                    "SourceContext": Field(str, longest=250),
                    "SessionContext": Field(str, longest=1000),
                    "ExtInfo": _TEXT,
                    "MediaStoragePath": _TEXT,
                }
                | _APPLICATION,
                self._apply,
            ),
            "CommitUpload": Action({"VodSessionKey": Field(str, required=True)} | _APPLICATION, self._commit),
            "ParseStreamingManifest": Action(
                {"MediaManifestContent": Field(str, required=True), "ManifestType": _TEXT} | _APPLICATION, self._parse
            ),
        }

    async def __call__(self, request: WireRequest) -> Answer:
        """Serve one request."""
        try:
            response = await self._response(request)
        except OpenVodError as error:
            response = {"Error": {"Code": api_code(error), "Message": error.message}}
        except ClientDisconnected:
            raise
        except Exception as error:
            _log.exception("API request %s failed", request.request_id)
            response = {"Error": {"Code": "InternalError", "Message": unavailable(error).message}}
        return json_answer({"Response": response | {"RequestId": request.request_id}})

    async def _response(self, request: WireRequest) -> Fields:
        body = await request.body(_BODY_LIMIT)
        secret_id = await self._authenticated(request, body)
        version = request.headers.get("x-tc-version", "")
        if version != API_VERSION:
            raise Invalid("api.version", f"X-TC-Version {version[:20]!r} is unknown; send {API_VERSION}")
        name = request.headers.get("x-tc-action", "")
        action = self._actions.get(name)
        if action is None:
            raise Invalid("api.action", f"X-TC-Action {name[:60]!r} is unknown; known: {', '.join(self._actions)}")
        return await action.run(secret_id, validated(action.fields, _parameters(body)))

    async def _authenticated(self, request: WireRequest, body: bytes) -> str:
        """Check the TC3 signature; return the secretId."""
        credential = tc3.parse_authorization(request.headers.get("authorization", ""))
        key = await self._uow.read(lambda tx: signer(tx.access, credential.secret_id))
        secret_key = self._box.open(key.sealed_secret, key.secret_id)
        matches = tc3.verify(
            credential,
            secret_key,
            method=request.method,
            raw_query=request.scope["query_string"].decode("latin-1"),
            headers=request.headers,
            host=request.host,
            body=body,
        )
        if not matches:
            raise Denied("api.signature_mismatch", "the TC3 signature is wrong; check SecretKey and the signed headers")
        tc3.check_clock(request.headers, self._clock.now())
        return key.secret_id

    async def _apply(self, secret_id: str, fields: Fields) -> Fields:
        if fields.get("MediaStoragePath"):
            raise Invalid("api.unsupported", "MediaStoragePath is not offered; leave it out and use the path returned")
        cover = FileRequest("", fields["CoverType"], None) if fields.get("CoverType") else None
        request = ApplyRequest(
            video=FileRequest(fields.get("MediaName", ""), fields["MediaType"], None),
            cover=cover,
            storage_region=fields.get("StorageRegion", ""),
            expire_time=fields.get("ExpireTime", ""),
        )
        permission = Permission(
            class_id=fields.get("ClassId", 0),
            source_context=fields.get("SourceContext", ""),
            session_context=fields.get("SessionContext", ""),
            procedure=fields.get("Procedure", ""),
            name=fields.get("MediaName", ""),
        )
        caller = ServerPermission(secret_id, fields.get("SubAppId", 0), permission)
        return _apply_response(await self._uploads.apply_for_server(caller, request))

    async def _commit(self, secret_id: str, fields: Fields) -> Fields:
        caller = ServerPermission(secret_id, fields.get("SubAppId", 0), Permission())
        return _commit_response(await self._uploads.commit_for_server(caller, fields["VodSessionKey"]))

    async def _parse(self, _: str, fields: Fields) -> Fields:
        names = files_of_manifest(fields["MediaManifestContent"], fields.get("ManifestType") or "m3u8")
        return {"MediaSegmentSet": list(names)}


def _apply_response(applied: Applied) -> Fields:
    session, credential = applied.session, applied.credential
    return {
        "StorageBucket": session.bucket,
        "StorageRegion": session.region,
        "VodSessionKey": session.session_key,
        "MediaStoragePath": f"/{session.video_key}",
        "CoverStoragePath": f"/{session.cover_key}" if session.cover_key else None,
        "TempCertificate": {
            "SecretId": credential.secret_id,
            "SecretKey": credential.secret_key,
            "Token": credential.token,
            "ExpiredTime": credential.expires_at,
        },
    }


def _commit_response(committed: Committed) -> Fields:
    return {"FileId": committed.file_id, "MediaUrl": committed.media_url, "CoverUrl": committed.cover_url}


def _parameters(body: bytes) -> Fields:
    try:
        parsed = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Invalid("api.type", "the request body is not JSON; send a JSON object") from error
    if not isinstance(parsed, dict):
        raise Invalid("api.type", "the request body must be a JSON object")
    return parsed


def validated(declared: Mapping[str, Field], given: Fields) -> Fields:
    """Check parameters against their declaration; null means absent."""
    present = {name: value for name, value in given.items() if value is not None}
    for name in present:
        if name not in declared:
            raise Invalid("api.unknown", f"parameter {name[:60]!r} is not declared for this action")
    for name, field in declared.items():
        if name not in present:
            if field.required:
                raise Invalid("api.missing", f"parameter {name} is missing")
            continue
        _check_value(name, field, present[name])
    return present


def _check_value(name: str, field: Field, value: object) -> None:
    if not isinstance(value, field.type) or (field.type is int and isinstance(value, bool)):
        raise Invalid("api.type", f"parameter {name} must be a JSON {'integer' if field.type is int else 'string'}")
    if field.longest and len(str(value)) > field.longest:
        raise Invalid("api.value", f"parameter {name} is longer than {field.longest} characters")
