"""Event delivery of a real server: delay to the first attempt, events per second, what a hanging receiver costs others.

Events are committed by this process through the unit of work, as workers do, and seen by the server in its database.
Delays count from the end of the commit to the arrival of the request at a receiver in a process of its own, on the
same clock. The hanging receiver takes connections and never answers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.raw_http import in_milliseconds, percentile
from openvod.adapters.filesystem.folder import DataFolder
from openvod.adapters.sql.database import Database, Transaction, open_database, sqlite_url
from openvod.app.cli.administration import with_access
from openvod.events.codec import UploadedFile, new_file_upload
from openvod.events.endpoints import EndpointOptions
from openvod.events.model import EventState, NewEvent
from support.events import add_endpoint, enable_endpoint
from support.server import PlatformServer

_RATE = 50
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n" + b'{"code":0}'
_END_SECONDS = 120.0
_BATCH = 500


class _Receiver(asyncio.Protocol):
    """Notes when each file's event arrived; answers at once, or never."""

    def __init__(self, arrivals: dict[str, float], *, hangs: bool) -> None:
        self._arrivals = arrivals
        self._hangs = hangs
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (head_end := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = int(self._buffer[:head_end].lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            end = head_end + 4 + length
            if len(self._buffer) < end:
                return
            now, body, self._buffer = time.time(), self._buffer[head_end + 4 : end], self._buffer[end:]
            self._arrivals.setdefault(json.loads(body)["FileUploadEvent"]["FileId"], now)
            if not self._hangs:
                self._transport.write(_OK)


def _receive(pipe: Connection, hangs: bool) -> None:
    """Run a receiver; each message on the pipe is answered with what arrived, an empty one ends it."""

    async def work() -> None:
        arrivals: dict[str, float] = {}
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Receiver(arrivals, hangs=hangs), "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        while await loop.run_in_executor(None, pipe.recv):
            pipe.send(dict(arrivals))
        os._exit(0)

    asyncio.run(work())


@dataclass
class Receiver:
    """A receiver in a process of its own."""

    pipe: Connection
    port: int

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/events"

    def arrivals(self) -> dict[str, float]:
        """Return the moment at which each file's event arrived first."""
        self.pipe.send(True)
        found: dict[str, float] = self.pipe.recv()
        return found


@contextmanager
def _receiver(*, hangs: bool = False) -> Iterator[Receiver]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_receive, args=(there, hangs), daemon=True)
    process.start()
    yield Receiver(here, here.recv())
    here.send(False)
    process.join()


def _payload(file_id: str) -> str:
    file = UploadedFile(
        file_id, "holiday", "mp4", 0, "其他", "其他", "", "http://h/x.mp4", "r", "ctx", "Video", 0.0, ""
    )
    return new_file_upload(file)


def _add(events: Sequence[tuple[int, str]], tx: Transaction) -> None:
    for application, file_id in events:
        event = NewEvent(application, "NewFileUpload", file_id, _payload(file_id), EventState.PENDING, time.time())
        tx.events.add(event)


async def _at_rate(database: Database, applications: Sequence[int], run: int, seconds: float) -> dict[str, float]:
    """Commit an event of each application at the rate, open loop; return when each commit of the first one ended."""
    committed: dict[str, float] = {}

    async def one(number: int) -> None:
        names = [(application, f"{run}{application}{number:06d}") for application in applications]
        await asyncio.gather(*(database.write(partial(_add, [name])) for name in names))
        committed[names[0][1]] = time.time()

    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(_RATE * seconds)):
            await asyncio.sleep(max(0.0, start + number / _RATE - time.perf_counter()))
            group.create_task(one(number))
    return committed


def _delays(receiver: Receiver, committed: dict[str, float]) -> list[float]:
    _await(receiver, len(committed), set(committed))
    arrivals = receiver.arrivals()
    return [max(0.0, arrivals[name] - moment) for name, moment in committed.items()]


def _await(receiver: Receiver, count: int, names: set[str]) -> None:
    deadline = time.monotonic() + _END_SECONDS
    while time.monotonic() < deadline:
        if len(names & receiver.arrivals().keys()) >= count:
            return
        time.sleep(0.2)
    raise SystemExit("events did not arrive")


def _throughput(server: PlatformServer, database: Database, receiver: Receiver, application: int, count: int) -> float:
    """Return events per second from the first arrival of a backlog to its last."""
    enable_endpoint(server.data_dir, application, "bench", False)
    names = [f"9{number:09d}" for number in range(count)]
    for first in range(0, count, _BATCH):
        batch = [(application, name) for name in names[first : first + _BATCH]]
        asyncio.run(database.write(partial(_add, batch)))
    enable_endpoint(server.data_dir, application, "bench", True)
    _await(receiver, count, set(names))
    arrivals = receiver.arrivals()
    moments = sorted(arrivals[name] for name in names)
    return (count - 1) / (moments[-1] - moments[0])


def _load() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=20.0, help="for each of the two delays")
    parser.add_argument("--events", type=int, default=30_000, help="of the backlog")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="openvod-bench-") as folder,
        _receiver() as good,
        _receiver(hangs=True) as bad,
    ):
        server = PlatformServer(Path(folder) / "data", {"OPENVOD__TASKS__WORKERS": "0"})
        mine = with_access(server.data_dir, lambda access: access.application(0), create=True).sub_app_id
        other = with_access(server.data_dir, lambda access: access.create_application("other")).sub_app_id
        add_endpoint(server.data_dir, mine, "bench", good.url, EndpointOptions())
        add_endpoint(server.data_dir, other, "hanging", bad.url, EndpointOptions())
        database = open_database(sqlite_url(DataFolder(server.data_dir).database))
        try:
            with server:
                _measure(server, database, good, mine, other, options)
        finally:
            database.close()


def _measure(
    server: PlatformServer, database: Database, good: Receiver, mine: int, other: int, options: argparse.Namespace
) -> None:
    alone = _delays(good, asyncio.run(_at_rate(database, [mine], 1, options.seconds)))
    print(f"commit to first attempt at {_RATE} events/s: {in_milliseconds(alone)}; {_load()}", flush=True)
    rate = _throughput(server, database, good, mine, options.events)
    print(f"one healthy endpoint, backlog of {options.events} events: {rate:.0f} events/s; {_load()}", flush=True)
    server.stop()
    server.start()
    beside = _delays(good, asyncio.run(_at_rate(database, [mine, other], 2, options.seconds)))
    more = (percentile(beside, 0.99) - percentile(alone, 0.99)) * 1000
    usual = (statistics.median(beside) - statistics.median(alone)) * 1000
    print(
        f"the same beside another application whose receiver hangs: {in_milliseconds(beside)}; "
        f"p99 {more:+.1f} ms, median {usual:+.1f} ms; {_load()}",
        flush=True,
    )


if __name__ == "__main__":
    main()
