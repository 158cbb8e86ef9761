"""Resident memory of the server tree under 200 concurrent slow uploads, beyond idle."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import httpx
import psutil

from openvod.signing import cos
from support.server import PlatformServer
from support.server.wire import MIB, Applied, Wire

_CLIENTS, _SECONDS, _CHUNK, _PAUSE = 200, 20.0, 32 * 1024, 0.1


def resident(process: psutil.Process) -> int:
    """Return the resident bytes of a process and its children."""
    return sum(p.memory_info().rss for p in [process, *process.children(recursive=True)])


async def slow_client(server: PlatformServer, applied: Applied, upload_id: str, until: float) -> None:
    """Send parts of 8 MiB at about 320 KiB/s until the time is over, then go away."""
    certificate, path = applied.data["tempCertificate"], f"/{applied.bucket}/{applied.media_key}"
    query = [("partNumber", "1"), ("uploadId", upload_id)]
    authorization = cos.sign(
        certificate["secretId"], certificate["secretKey"], method="PUT", path=path, query=query, headers={},
        start=applied.data["timestamp"], end=certificate["expiredTime"],
    )  # fmt: skip
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(
        f"PUT {path}?partNumber=1&uploadId={upload_id} HTTP/1.1\r\nHost: h\r\nContent-Length: {64 * MIB}\r\n"
        f"Authorization: {authorization}\r\nx-cos-security-token: {certificate['token']}\r\n\r\n".encode()
    )
    while time.monotonic() < until:
        writer.write(bytes(_CHUNK))
        await writer.drain()
        await asyncio.sleep(_PAUSE)
    writer.close()


async def peak_under_load(server: PlatformServer, process: psutil.Process, sessions: list[tuple[Applied, str]]) -> int:
    """Return the largest resident size seen while all clients send."""
    until = time.monotonic() + _SECONDS
    clients = [asyncio.create_task(slow_client(server, a, upload_id, until)) for a, upload_id in sessions]
    peak = 0
    while not all(client.done() for client in clients):
        peak = max(peak, resident(process))
        await asyncio.sleep(0.2)
    await asyncio.gather(*clients)
    return peak


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder, PlatformServer(Path(folder) / "data") as server:
        assert server.process is not None
        process = psutil.Process(server.process.pid)
        with httpx.Client(timeout=60) as http:
            wire = Wire(server.url, server.create_key(), http)
            sessions = [(applied, applied.initiate()) for applied in (wire.apply() for _ in range(_CLIENTS))]
        idle = resident(process)
        peak = asyncio.run(peak_under_load(server, process, sessions))
    beyond = (peak - idle) / MIB
    print(f"{_CLIENTS} slow uploads: idle {idle / MIB:.0f} MiB, peak {peak / MIB:.0f} MiB, beyond {beyond:.0f} MiB")


if __name__ == "__main__":
    main()
