"""The upload protocol over HTTP, in memory, whose faults a test of the Python SDK chooses."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import anycrc
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

CRC64 = anycrc.Model("CRC64-XZ")
BUCKET = "abcdvodcq1-1250000000"


@dataclass
class Loopback:
    """The upload protocol over HTTP, in memory; checks digests and answers the next planned fault of an operation.

    Faults are responses, or numbers for a plain HTTP status, taken once each from ``faults[operation]``.
    """

    url: str = ""
    faults: dict[str, deque[Response | int]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)
    parts: dict[int, bytes] = field(default_factory=dict)
    lifetime: int = 7200
    generation: int = 0

    def plan(self, operation: str, *faults: Response | int) -> None:
        """Answer the next calls of an operation with these."""
        self.faults.setdefault(operation, deque()).extend(faults)

    def count(self, operation: str) -> int:
        """Return how often an operation was called."""
        return self.calls.count(operation)

    def _fault(self, operation: str) -> Response | None:
        self.calls.append(operation)
        planned = self.faults.get(operation)
        if not planned:
            return None
        fault = planned.popleft()
        return fault if isinstance(fault, Response) else Response("fault", fault)

    async def control(self, request: Request) -> Response:
        """Serve Apply and Commit."""
        action = request.query_params["Action"]
        body = await request.json()
        self.bodies.append(body)
        if fault := self._fault(action):
            return fault
        data = self._applied(body) if action == "ApplyUploadUGC" else self._committed()
        return JSONResponse({"code": 0, "message": "ok", "data": data})

    def _applied(self, body: dict[str, Any]) -> dict[str, Any]:
        self.generation += 1
        now = int(time.time())
        return {
            "video": {"storagePath": "/dir/video.mp4"},
            **({"cover": {"storagePath": "/dir/cover.jpg"}} if "coverType" in body else {}),
            "storageBucket": BUCKET.rpartition("-")[0],
            "storageAppId": int(BUCKET.rpartition("-")[2]),
            "vodSessionKey": "session",
            "tempCertificate": {
                "secretId": "AKIDtemporary",
                "secretKey": "key",
                "token": f"token-{self.generation}",
                "expiredTime": now + self.lifetime,
            },
            "timestamp": now,
        }

    def _committed(self) -> dict[str, Any]:
        data: dict[str, Any] = {"fileId": "5285890700000000101", "video": {"url": "http://play/video.mp4"}}
        if "dir/cover.jpg" in self.objects:
            data["cover"] = {"url": "http://play/cover.jpg"}
        return data

    async def storage(self, request: Request) -> Response:
        """Serve the storage operations that an upload issues."""
        operation = _operation(request)
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response(status_code=400)
        if fault := self._fault(operation):
            return fault
        key = request.path_params["key"]
        if operation in ("put", "part"):
            return self._stored(request, key, body)
        if operation == "initiate":
            return _xml("<R><UploadId>upload-1</UploadId></R>")
        if operation == "list":
            return _xml(f"<R>{''.join(map(self._row, sorted(self.parts)))}<IsTruncated>false</IsTruncated></R>")
        if operation == "complete":
            return self._completed(key, body)
        if operation == "abort":
            self.parts.clear()
            return Response(status_code=204)
        found = self.objects.get(key)
        return Response(status_code=404) if found is None else Response(headers=_describe(found))

    def _stored(self, request: Request, key: str, body: bytes) -> Response:
        given = base64.b64decode(request.headers["content-md5"])
        if given != hashlib.md5(body).digest():
            return cos_error(400, "BadDigest")
        if number := request.query_params.get("partNumber"):
            self.parts[int(number)] = body
        else:
            self.objects[key] = body
        return Response(headers=_describe(body))

    def _row(self, number: int) -> str:
        data = self.parts[number]
        etag = hashlib.md5(data).hexdigest()
        return f'<Part><PartNumber>{number}</PartNumber><Size>{len(data)}</Size><ETag>"{etag}"</ETag></Part>'

    def _completed(self, key: str, body: bytes) -> Response:
        numbers = [int(n) for n in re.findall(rb"<PartNumber>(\d+)", body)]
        assert numbers == list(range(1, len(numbers) + 1))
        self.objects[key] = b"".join(self.parts[number] for number in numbers)
        return Response("<R><ETag>e</ETag></R>", headers=_describe(self.objects[key]))


def cos_error(status: int, code: str, message: str = "told to") -> Response:
    """Build a storage error (cos-storage.md 4.6)."""
    xml = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>r</RequestId></Error>"
    return Response(xml, status, headers={"x-cos-request-id": "request-7"})


def _operation(request: Request) -> str:
    names = request.query_params.keys()
    table = {
        ("PUT", False, False): "put",
        ("PUT", False, True): "part",
        ("POST", True, False): "initiate",
        ("POST", False, True): "complete",
        ("GET", False, True): "list",
        ("HEAD", False, False): "head",
        ("DELETE", False, True): "abort",
    }
    return table[request.method, "uploads" in names, "uploadId" in names]


def _describe(data: bytes) -> dict[str, str]:
    return {"ETag": f'"{hashlib.md5(data).hexdigest()}"', "x-cos-hash-crc64ecma": str(CRC64.calc(data))}


def _xml(text: str) -> Response:
    return Response(text, media_type="application/xml")
