"""Servers that take uploads, each started for a run: ours, and others beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from benchmarks.raw_http import answer_of
from openvod.signing import cos
from support.server import PlatformServer, free_port
from support.server.nginx import Nginx
from support.server.wire import Applied, Wire

_PEERS = Path(__file__).parent / "peers"
_TUS = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True)
class Request:
    """The head of one request with a body of ``length`` bytes."""

    method: str
    target: str
    headers: Mapping[str, str]
    length: int

    def head(self, port: int) -> bytes:
        """Return the bytes before the body."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return (
            f"{self.method} {self.target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {self.length}\r\n"
            f"{lines}\r\n"
        ).encode()


class Peer(Protocol):
    """A running server. ``durability`` says what its answer promises; ``pid`` is the root of its processes."""

    name: str
    durability: str
    port: int
    pid: int

    def requests(self, connections: int, parts: int, size: int) -> Sequence[Sequence[Request]]:
        """Prepare an upload of ``parts`` parts of ``size`` bytes; return each connection's requests, in their order."""
        ...

    def forget(self) -> None:
        """Remove what was uploaded."""
        ...


class Ours:
    """OpenVOD: signed parts of one multipart upload; MD5, CRC-64, fdatasync and a row before each answer."""

    def __init__(self, server: PlatformServer, name: str, durability: str = "MD5, CRC-64, fdatasync, row") -> None:
        self.name = name
        self.durability = durability
        self.port = server.port
        assert server.process is not None
        self.pid = server.process.pid
        self._wire = Wire(server.url, server.create_key())
        self._blobs = server.data_dir / "blobs"
        self._upload: tuple[Applied, str] | None = None

    def requests(self, connections: int, parts: int, size: int) -> Sequence[Sequence[Request]]:
        """See :class:`Peer`."""
        applied = self._wire.apply()
        upload_id = applied.initiate()
        self._upload = applied, upload_id
        return _dealt([_part(applied, upload_id, number + 1, size) for number in range(parts)], connections)

    def forget(self) -> None:
        """Abort the upload, and empty the folder as with the others: the collector would do it a minute later."""
        assert self._upload is not None
        applied, upload_id = self._upload
        assert applied.call("DELETE", applied.media_key, [("uploadId", upload_id)]).status_code == 204
        for path in self._blobs.rglob("*"):
            if path.is_file():
                path.unlink()


def _part(applied: Applied, upload_id: str, number: int, size: int) -> Request:
    certificate, path = applied.data["tempCertificate"], f"/{applied.bucket}/{applied.media_key}"
    query = [("partNumber", str(number)), ("uploadId", upload_id)]
    authorization = cos.sign(
        certificate["secretId"], certificate["secretKey"], method="PUT", path=path, query=query, headers={},
        start=applied.data["timestamp"], end=certificate["expiredTime"],
    )  # fmt: skip
    headers = {"Authorization": authorization, "x-cos-security-token": certificate["token"]}
    return Request("PUT", f"{path}?partNumber={number}&uploadId={upload_id}", headers, size)


class Tus:
    """A server of the tus protocol: an upload per connection, a PATCH per part."""

    def __init__(self, name: str, port: int, pid: int, path: str, folder: Path) -> None:
        self.name, self.port, self.pid = name, port, pid
        self.durability = "none promised"
        self._url = f"http://127.0.0.1:{port}{path}"
        self._folder = folder

    def requests(self, connections: int, parts: int, size: int) -> Sequence[Sequence[Request]]:
        """See :class:`Peer`."""
        share = parts // connections
        return [self._upload(share, size) for _ in range(connections)]

    def _upload(self, parts: int, size: int) -> list[Request]:
        answer = httpx.post(self._url, headers=_TUS | {"Upload-Length": str(parts * size)})
        assert answer.status_code == 201, answer.text
        target = httpx.URL(answer.headers["location"]).raw_path.decode()
        kind = {"Content-Type": "application/offset+octet-stream"}
        return [Request("PATCH", target, _TUS | kind | {"Upload-Offset": str(n * size)}, size) for n in range(parts)]

    def forget(self) -> None:
        """Empty its folder."""
        _empty(self._folder)


class Dav:
    """nginx with its DAV module: a PUT per part, no hash, no fsync."""

    name = "nginx DAV"
    durability = "none (page cache), no hash"

    def __init__(self, nginx: Nginx, folder: Path) -> None:
        self.port = httpx.URL(nginx.url).port or 0
        self.pid = nginx.process.pid
        self._folder = folder

    def requests(self, connections: int, parts: int, size: int) -> Sequence[Sequence[Request]]:
        """See :class:`Peer`."""
        return _dealt([Request("PUT", f"/part-{number}", {}, size) for number in range(parts)], connections)

    def forget(self) -> None:
        """Empty its folder."""
        _empty(self._folder)


class Raw:
    """Python threads that receive, hash and write, without a protocol."""

    def __init__(self, kind: str, port: int, pid: int, folder: Path) -> None:
        self.name = "raw Python" if kind == "md5" else "raw Python, no hash"
        self.durability = "MD5, fdatasync" if kind == "md5" else "fdatasync"
        self.port, self.pid, self._folder = port, pid, folder

    def requests(self, connections: int, parts: int, size: int) -> Sequence[Sequence[Request]]:
        """See :class:`Peer`."""
        return _dealt([Request("PUT", "/", {}, size) for _ in range(parts)], connections)

    def forget(self) -> None:
        """Empty its folder."""
        _empty(self._folder)


def _dealt(requests: Sequence[Request], connections: int) -> list[Sequence[Request]]:
    return [requests[number::connections] for number in range(connections)]


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()


@contextmanager
def ours(folder: Path, *, hashless: bool = False) -> Iterator[Peer]:
    """Start OpenVOD; ``hashless`` leaves MD5 and CRC-64 out, to see what they cost."""
    environment = {"OPENVOD__TASKS__WORKERS": "0", "OPENVOD__STORAGE__THREADS": "4"}
    module = "benchmarks.hashless" if hashless else "openvod.app.cli"
    with PlatformServer(folder / "data", environment, module=module) as server:
        yield Ours(server, "openvod, no hash", "fdatasync, row") if hashless else Ours(server, "openvod")


@contextmanager
def tus_node(folder: Path) -> Iterator[Peer]:
    """Start @tus/server, installed on first use."""
    if not (_PEERS / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=_PEERS, check=True)
    port = free_port()
    with _program(["node", str(_PEERS / "tus.js"), str(folder), str(port)], port) as pid:
        yield Tus("@tus/server", port, pid, "/files", folder)


@contextmanager
def tusd(folder: Path) -> Iterator[Peer]:
    """Start tusd, built on first use (minutes)."""
    binary = _PEERS / "build" / "tusd"
    if not binary.exists():
        command = ["go", "install", "-tags", "tools", "github.com/tus/tusd/cmd/tusd"]
        environment = os.environ | {"GOBIN": str(binary.parent)}
        subprocess.run(command, cwd=_PEERS / "tusd", env=environment, check=True)
    port = free_port()
    options = ["-host", "127.0.0.1", "-port", str(port), "-upload-dir", str(folder), "-hooks-enabled-events", ""]
    with _program([str(binary), *options], port) as pid:
        yield Tus("tusd", port, pid, "/files/", folder)


@contextmanager
def dav(folder: Path) -> Iterator[Peer]:
    """Start nginx."""
    root = folder / "root"
    root.mkdir()
    # Connections of a whole upload: nginx closes one after 1000 requests otherwise.
    patience = "keepalive_requests 1000000;"
    location = f"root {root}; dav_methods PUT; client_max_body_size 0; client_body_buffer_size 1m; {patience}"
    with Nginx(folder, location) as nginx:
        yield Dav(nginx, root)


@contextmanager
def raw(folder: Path, kind: str) -> Iterator[Peer]:
    """Start the bare Python server."""
    port = free_port()
    with _program([sys.executable, str(_PEERS / "raw.py"), str(folder), str(port), kind], port) as pid:
        yield Raw(kind, port, pid, folder)


@contextmanager
def _program(command: list[str], port: int) -> Iterator[int]:
    if shutil.which(command[0]) is None:
        raise SystemExit(f"{command[0]} is not installed")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if answer_of(port):
            return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")
