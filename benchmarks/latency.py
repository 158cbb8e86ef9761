"""Latency of Apply (open loop), Complete of 10,000 parts and Commit, each durable, on a real server.

Apply is scheduled at a fixed rate whether or not earlier answers came; its latency counts from the scheduled moment.
Complete and Commit run over sparse uploads of 10,000 parts (9.8 GiB): their rows are written by the storage adapter and
their blob is a hole, so that only the metadata path is measured.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import httpx

from benchmarks.raw_http import Connection, in_milliseconds
from openvod.adapters.filesystem.folder import DataFolder
from openvod.adapters.sql.database import Database, Transaction, open_database, sqlite_url
from openvod.storage.crc64 import CRC64
from openvod.storage.model import CompletedPart, Part
from support.server import PlatformServer
from support.server.wire import MIB, Applied, Wire, complete_xml, signature

_RATE, _SECONDS, _PARTS, _UPLOADS = 200, 30, 10_000, 100
_QUIET_SECONDS = 0.5
_HOLE = bytes(MIB)
_ETAG, _CRC = hashlib.md5(_HOLE).hexdigest(), CRC64.calc(_HOLE)


async def measure_apply(
    server: PlatformServer, wire: Wire, *, rate: int = _RATE, seconds: int = _SECONDS
) -> list[float]:
    """Return the latency of each scheduled Apply in seconds."""
    bodies = [
        json.dumps({"signature": signature(wire.key), "videoName": "n", "videoType": "mp4", "videoSize": 1}).encode()
        for _ in range(rate * seconds)
    ]
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(64):
        free.put_nowait(Connection(server.port))
    latencies: list[float] = []

    async def one(scheduled: float, body: bytes) -> None:
        connection = await free.get()
        answer = await connection.request("POST", "/v3/index.php?Action=ApplyUploadUGC", body)
        latencies.append(time.perf_counter() - scheduled)
        assert answer.startswith(b'{"code":0'), answer
        free.put_nowait(connection)

    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, body in enumerate(bodies):
            scheduled = start + number / rate
            await asyncio.sleep(max(0.0, scheduled - time.perf_counter()))
            group.create_task(one(scheduled, body))
    while not free.empty():
        free.get_nowait().close()
    return latencies


def measure_complete_and_commit(server: PlatformServer, wire: Wire) -> tuple[list[float], list[float]]:
    """Return the latencies of Complete and of Commit in seconds."""
    database = open_database(sqlite_url(DataFolder(server.data_dir).database))
    completes: list[float] = []
    commits: list[float] = []
    listed = complete_xml([CompletedPart(n, _ETAG) for n in range(1, _PARTS + 1)])
    try:
        for _ in range(_UPLOADS):
            applied = wire.apply(videoSize=_PARTS * MIB)
            upload_id = applied.initiate()
            asyncio.run(_fill(database, server, upload_id))
            # Let the probe of the file before end: two cores hold one request's worth of work at a time.
            time.sleep(_QUIET_SECONDS)
            completes.append(_timed_complete(applied, upload_id, listed))
            started = time.perf_counter()
            answer = wire.commit(applied)
            commits.append(time.perf_counter() - started)
            assert answer["code"] == 0, answer
    finally:
        database.close()
    return completes, commits


def _timed_complete(applied: Applied, upload_id: str, listed: bytes) -> float:
    started = time.perf_counter()
    answer = applied.call("POST", applied.media_key, [("uploadId", upload_id)], listed)
    elapsed = time.perf_counter() - started
    assert answer.status_code == 200, answer.text
    return elapsed


async def _fill(database: Database, server: PlatformServer, upload_id: str) -> None:
    """Give an upload 10,000 acknowledged parts of holes."""

    def work(tx: Transaction) -> str:
        upload = tx.storage.upload(upload_id)
        assert upload is not None
        for n in range(1, _PARTS + 1):
            tx.storage.put_part(Part(upload_id, n, MIB, _ETAG, _CRC, upload.blob_id, (n - 1) * MIB, 0.0))
        tx.storage.put_upload(replace(upload, stride=MIB))
        return upload.blob_id

    blob_id = await database.write(work)
    path = server.data_dir / "blobs" / blob_id[:2] / blob_id
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.truncate(_PARTS * MIB)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder, PlatformServer(Path(folder) / "data") as server:
        with httpx.Client(timeout=60) as http:
            wire = Wire(server.url, server.create_key(), http)
            applies = asyncio.run(measure_apply(server, wire))
            print(f"Apply, {_RATE}/s open loop for {_SECONDS} s: {in_milliseconds(applies)}", flush=True)
            completes, commits = measure_complete_and_commit(server, wire)
        print(f"Complete of {_PARTS} parts ({_UPLOADS} times): {in_milliseconds(completes)}")
        print(f"Commit of 9.8 GiB ({_UPLOADS} times): {in_milliseconds(commits)}")


if __name__ == "__main__":
    main()
