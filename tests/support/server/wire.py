"""A client at the level of single requests, on the server's own signing code checked by vectors elsewhere."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from openvod.access.service import IssuedKey
from openvod.signing import cos, upload
from openvod.storage.model import CompletedPart

MIB = 1024 * 1024


def signature(key: IssuedKey, **changes: object) -> str:
    """Mint an upload signature; ``changes`` are wire parameters, ``None`` leaves one out."""
    now = int(time.time())
    parameters: dict[str, Any] = {
        "secretId": key.secret_id,
        "currentTimeStamp": now,
        "expireTime": now + 3600,
        "random": secrets.randbits(32),
    } | changes
    return upload.mint({k: v for k, v in parameters.items() if v is not None}, key.secret_key)


@dataclass
class Wire:
    """Speaks to one platform with one key pair."""

    url: str
    key: IssuedKey
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30, verify=False))

    def ugc(self, action: str, body: object = None, **options: Any) -> dict[str, Any]:
        """Call the control plane; every answer must be HTTP 200 with exactly application/json."""
        if body is not None:
            options["json"] = body
        answer = self.http.post(f"{self.url}/v3/index.php?Action={action}", **options)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        parsed: dict[str, Any] = answer.json()
        return parsed

    def apply(self, *, sign: str | None = None, **body: object) -> Applied:
        """Apply for a new upload and return what came back; asserts success."""
        sign = sign or signature(self.key)
        fields = {"videoName": "clip", "videoType": "mp4"} | body
        answer = self.ugc("ApplyUploadUGC", {"signature": sign} | {k: v for k, v in fields.items() if v is not None})
        assert answer["code"] == 0, answer
        return Applied(self, sign, answer["data"])

    def commit(self, applied: Applied, sign: str | None = None) -> dict[str, Any]:
        """Commit; returns the whole answer."""
        session = applied.data["vodSessionKey"]
        return self.ugc("CommitUploadUGC", {"signature": sign or applied.signature, "vodSessionKey": session})


@dataclass
class Applied:
    """An opened session."""

    wire: Wire
    signature: str
    data: dict[str, Any]

    @property
    def bucket(self) -> str:
        """The full bucket name."""
        return f"{self.data['storageBucket']}-{self.data['storageAppId']}"

    @property
    def media_key(self) -> str:
        """The media's key."""
        return str(self.data["video"]["storagePath"])[1:]

    @property
    def cover_key(self) -> str:
        """The cover's key."""
        return str(self.data["cover"]["storagePath"])[1:]

    def call(
        self,
        method: str,
        key: str,
        query: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        credential: Mapping[str, Any] | None = None,
        window: tuple[int, int] | None = None,
        sign_path: str | None = None,
        bucket: str | None = None,
    ) -> httpx.Response:
        """Send one signed storage request, path style; the keywords bend it for tests."""
        given = credential or self.data["tempCertificate"]
        start, end = window or (self.data["timestamp"], given["expiredTime"])
        path = f"/{bucket or self.bucket}/{key}"
        host = httpx.URL(self.wire.url).netloc.decode()
        signed = {"host": host, "content-length": str(len(body))}
        authorization = cos.sign(
            given["secretId"], given["secretKey"], method=method, path=sign_path or path, query=query, headers=signed,
            start=start, end=end,
        )  # fmt: skip
        sent = {
            "Content-Length": str(len(body)),
            "Authorization": authorization,
            "x-cos-security-token": given["token"],
            **(headers or {}),
        }
        url = self.wire.url + quote(path) + (f"?{urlencode(query)}" if query else "")
        return self.wire.http.request(method, url, content=body, headers=sent)

    def initiate(self, key: str | None = None) -> str:
        """Open a multipart upload and return its id."""
        answer = self.call("POST", key or self.media_key, [("uploads", "")])
        assert answer.status_code == 200, answer.text
        found = re.search("<UploadId>([0-9a-f]{74})</UploadId>", answer.text)
        assert found
        return found[1]

    def put_part(self, upload_id: str, number: int, body: bytes, **options: Any) -> httpx.Response:
        """Upload one part."""
        query = [("partNumber", str(number)), ("uploadId", upload_id)]
        return self.call("PUT", self.media_key, query, body, **options)

    def complete(self, upload_id: str, parts: Sequence[CompletedPart], key: str | None = None) -> httpx.Response:
        """Complete a multipart upload."""
        return self.call("POST", key or self.media_key, [("uploadId", upload_id)], complete_xml(parts))

    def put(self, body: bytes, key: str | None = None, **options: Any) -> httpx.Response:
        """Put a whole object."""
        return self.call("PUT", key or self.media_key, [], body, **options)


def complete_xml(parts: Sequence[CompletedPart]) -> bytes:
    """Render a Complete request."""
    rows = "".join(f'<Part><PartNumber>{p.number}</PartNumber><ETag>"{p.etag}"</ETag></Part>' for p in parts)
    return f"<CompleteMultipartUpload>{rows}</CompleteMultipartUpload>".encode()


def error_code(answer: httpx.Response) -> str:
    """Return the Code of a storage error; asserts that the document is one every SDK can read."""
    for name in ("Code", "Message", "Resource", "RequestId", "TraceId"):
        found = re.search(f"<{name}>(.+?)</{name}>", answer.text, re.DOTALL)
        assert found, f"{name} is missing in {answer.text!r}"
    assert answer.headers["content-type"] == "application/xml"
    assert answer.headers["x-cos-request-id"]
    code = re.search("<Code>(.+?)</Code>", answer.text)
    assert code
    return code[1]
