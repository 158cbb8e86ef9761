"""An upload session as Apply describes it (upload-protocol.md 2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openvod_sdk._cos import Credential


@dataclass(frozen=True)
class Session:
    """The storage keys of the files, and the credential; keys have no leading slash."""

    session_key: str
    bucket: str
    media_key: str
    cover_key: str
    credential: Credential

    @classmethod
    def from_apply(cls, data: Mapping[str, Any]) -> Session:
        """Read ``data`` of an Apply answer."""
        certificate = data["tempCertificate"]
        return cls(
            session_key=data["vodSessionKey"],
            bucket=f"{data['storageBucket']}-{data['storageAppId']}",
            media_key=data.get("video", {}).get("storagePath", "").removeprefix("/"),
            cover_key=data.get("cover", {}).get("storagePath", "").removeprefix("/"),
            # Times of the server's clock, so that this machine's clock does not matter.
            credential=Credential(
                certificate["secretId"],
                certificate["secretKey"],
                certificate["token"],
                data["timestamp"],
                certificate["expiredTime"],
            ),
        )
