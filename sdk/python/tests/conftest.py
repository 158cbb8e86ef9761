"""Fixtures: the conformance vectors, and a loopback platform whose faults a test chooses."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anycrc
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from openvod_sdk import Client, FileResumeStore, RetryPolicy

CONFORMANCE = Path(__file__).parents[3] / "conformance"
CRC64 = anycrc.Model("CRC64-XZ")
BUCKET = "abcdvodcq1-1250000000"


@pytest.fixture
def vectors(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """Vectors of the file that a test names with ``indirect`` parametrisation."""
    document = json.loads((CONFORMANCE / request.param).read_text("utf-8"))
    return list(document["vectors"])


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


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    """A running loopback platform on a free port."""
    state = Loopback()
    methods = ["GET", "PUT", "POST", "HEAD", "DELETE"]
    app = Starlette(
        routes=[
            Route("/v3/index.php", state.control, methods=["POST"]),
            Route(f"/{BUCKET}/{{key:path}}", state.storage, methods=methods),
        ]
    )
    listener = socket.create_server(("127.0.0.1", 0))
    state.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A file of three parts: two of 1 MiB and a shorter one, all different."""
    path = tmp_path / "Holiday.MP4"
    path.write_bytes(b"".join(bytes([n]) * size for n, size in ((1, 1 << 20), (2, 1 << 20), (3, 1000))))
    return path


@pytest.fixture
def store(tmp_path: Path) -> FileResumeStore:
    """A resume store of this test alone."""
    return FileResumeStore(tmp_path / "state")


@pytest.fixture
def client(loopback: Loopback, store: FileResumeStore) -> Client:
    """A client of the loopback platform, with parts of 1 MiB and short delays."""
    return Client(
        loopback.url,
        "signature",
        part_size=1 << 20,
        concurrency=2,
        retry=RetryPolicy(attempts=3, first_delay=0.001, longest_delay=0.002),
        resume_store=store,
    )
