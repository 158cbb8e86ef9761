"""Bodies of the UGC control plane (``upload-protocol.md`` 2.2 to 2.4), with their strict JSON types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openvod.access.model import STORAGE_APP_ID
from openvod.base.errors import Invalid
from openvod.base.text import json_object
from openvod.signing.storage_token import TemporaryCredential
from openvod.upload.model import ApplyRequest, ClientChecksums, FileRequest, UploadSession


@dataclass(frozen=True)
class ClientHosts:
    """Hosts that responses name. Empty ones are left out: iOS takes ``""`` for a host (2.3)."""

    control_plane: str
    storage_upload_domain: str = ""
    mini_program_accelerate_host: str = ""
    cos_acc_domain: str = ""


def parse_body(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a request body, whatever its Content-Type says."""
    try:
        return json_object(body)
    except ValueError as error:
        raise Invalid("upload.body", "the request body is no JSON object; send one in UTF-8") from error


#: Characters of texts that name something: keys, ids, regions, moments.
_LONGEST_NAME = 1024


def text_field(body: Mapping[str, Any], name: str, *, required: bool = False, longest: int = 0) -> str:
    """Return a string member of at most ``longest`` characters (0: any).

    Absent and null mean empty unless ``required``.
    """
    value = body.get(name)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise Invalid("upload.type", f"{name} must be a JSON string")
    if longest and len(value) > longest:
        raise Invalid("upload.type", f"{name} has {len(value)} characters; at most {longest} are accepted")
    if required and not value:
        raise Invalid("upload.missing", f"{name} is missing or empty; send it as a JSON string")
    return value


def _size_field(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    # bool is an int to Python, not to JSON.
    if not isinstance(value, int) or isinstance(value, bool):
        raise Invalid("upload.type", f"{name} must be a JSON integer (bytes)")
    return value


def parse_checksums(body: Mapping[str, Any]) -> ClientChecksums:
    """Read the checksums of a Commit: decimal texts, because JSON numbers of JavaScript end at 53 bits."""
    return ClientChecksums(_crc64_field(body, "videoCrc64"), _crc64_field(body, "coverCrc64"))


def _crc64_field(body: Mapping[str, Any], name: str) -> int | None:
    text = text_field(body, name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and int(text) < 1 << 64):
        raise Invalid("upload.type", f"{name} must be a JSON string with a decimal number of 64 bits")
    return int(text)


def parse_apply(body: Mapping[str, Any]) -> ApplyRequest:
    """Read the Apply fields; names and types stay as sent; :mod:`openvod.upload.model` checks them."""
    video = cover = None
    if body.get("videoType") is not None or body.get("videoName") is not None:
        video = FileRequest(
            text_field(body, "videoName"), text_field(body, "videoType"), _size_field(body, "videoSize")
        )
    if body.get("coverType") is not None or body.get("coverName") is not None:
        cover = FileRequest(
            text_field(body, "coverName"), text_field(body, "coverType"), _size_field(body, "coverSize")
        )
    return ApplyRequest(
        video=video,
        cover=cover,
        session_key=text_field(body, "vodSessionKey", longest=_LONGEST_NAME),
        file_id=text_field(body, "fileId", longest=_LONGEST_NAME),
        storage_region=text_field(body, "storageRegion", longest=_LONGEST_NAME),
        expire_time=text_field(body, "ExpireTime", longest=_LONGEST_NAME),
    )


def apply_data(
    session: UploadSession, credential: TemporaryCredential, hosts: ClientHosts, region_short_name: str, now: float
) -> dict[str, Any]:
    """Build ``data`` of the Apply response: every member that any SDK needs, in its JSON type (2.3)."""
    data: dict[str, Any] = {}
    for member, key in (("video", session.video_key), ("cover", session.cover_key)):
        if key:
            data[member] = {"storageSignature": "", "storagePath": f"/{key}"}
    data |= {
        "storageAppId": STORAGE_APP_ID,
        "storageBucket": session.bucket.rpartition("-")[0],
        "storageRegion": region_short_name,
        "storageRegionV5": session.region,
        "StorageRegionV5": session.region,
        "domain": hosts.control_plane,
        "vodSessionKey": session.session_key,
        "tempCertificate": {
            "secretId": credential.secret_id,
            "secretKey": credential.secret_key,
            "token": credential.token,
            "expiredTime": credential.expires_at,
        },
        "appId": session.sub_app_id,
        "timestamp": int(now),
    }
    if hosts.storage_upload_domain:
        data["storageUploadDomain"] = hosts.storage_upload_domain.replace("{bucket}", session.bucket)
    if hosts.mini_program_accelerate_host:
        data["MiniProgramAccelerateHost"] = hosts.mini_program_accelerate_host
    if hosts.cos_acc_domain:
        data["cosAcc"] = {"isOpen": 1, "domain": hosts.cos_acc_domain.replace("{bucket}", session.bucket)}
    return data


def success(data: Mapping[str, Any]) -> dict[str, Any]:
    """Wrap ``data`` as the UGC success envelope (2.1)."""
    return {"code": 0, "message": "ok", "data": data}
