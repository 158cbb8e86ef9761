"""The truth about delivery: thousands of events, receivers that misbehave in every way, a platform that is killed.

Events are written through the unit of work into the data folder of a real server. Receivers on loopback hang, answer
late, answer 500 or a redirect, reset connections and restart; the server is killed at seeded moments. Judged is what
arrived: every event was accepted by every endpoint (nothing lost); of each file, at each endpoint, no event arrived
after a later one had been offered (order); every event came under one id.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from openvod.adapters.filesystem.folder import DataFolder
from openvod.adapters.sql.database import Database, Transaction, open_database, sqlite_url
from openvod.events.codec import event_body
from openvod.events.endpoints import EndpointOptions
from openvod.events.model import EventState, NewEvent
from openvod.events.types import EventType
from support.events import add_endpoint
from support.server import PlatformServer

_TIMEOUT_SECONDS = 0.5
_DELAYS = (0.05, 0.2, *([0.5] * 40))
_EVENTS_PER_FILE = 5
_BATCH = 40
_END_SECONDS = 240.0
_QUIET_SECONDS = 1.0
_LATE_SECONDS = _TIMEOUT_SECONDS + 0.2
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + b'{"code":0}'
_REFUSED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
_MOVED = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"

#: One arrival: the file, the event's place in it, its id, and a digest of what the event says.
Arrival = tuple[str, int, str, str]


@dataclass
class Truth:
    """What was counted; the last three must be 0. An event counts once for each endpoint that misses it."""

    events: int
    lost: int = 0
    out_of_order: int = 0
    under_two_ids: int = 0
    kills: int = 0
    arrivals: int = 0
    seconds: float = 0.0
    remarks: list[str] = field(default_factory=list)

    def line(self) -> str:
        """The summary line."""
        return (
            f"events {self.events}, lost {self.lost}, out of order {self.out_of_order}, "
            f"under two ids {self.under_two_ids}"
        )

    @property
    def clean(self) -> bool:
        """True when nothing was lost, out of order or under two ids."""
        return not (self.lost or self.out_of_order or self.under_two_ids)


class Receiver:
    """An HTTP receiver in a thread of its own that misbehaves by chance: ``faults`` is the share of bad answers."""

    def __init__(self, seed: int, faults: float, *, restarts: bool = False) -> None:
        self.arrivals: list[Arrival] = []
        self.accepted: set[tuple[str, int]] = set()
        self.port = 0
        self._chance = random.Random(seed)
        self._faults = faults
        self._restarts = restarts
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/events"

    def __enter__(self) -> Receiver:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    async def _main(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        self._open: set[asyncio.Transport] = set()
        server = await self._listen()
        self._ready.set()
        while not self._ended.is_set():
            try:
                await asyncio.wait_for(self._ended.wait(), self._chance.uniform(1.0, 3.0) if self._restarts else None)
            except TimeoutError:
                server = await self._restart(server)
        self._hang_up()
        server.close()

    async def _listen(self) -> asyncio.Server:
        server = await self._loop.create_server(lambda: _Exchange(self), "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _restart(self, server: asyncio.Server) -> asyncio.Server:
        server.close()
        self._hang_up()
        await asyncio.sleep(self._chance.uniform(0.1, 0.6))
        return await self._listen()

    def _hang_up(self) -> None:
        for transport in list(self._open):
            transport.abort()

    def opened(self, transport: asyncio.Transport) -> None:
        """Note a connection."""
        self._open.add(transport)

    def closed(self, transport: asyncio.Transport) -> None:
        """Forget a connection."""
        self._open.discard(transport)

    def take(self, transport: asyncio.Transport, head: bytes, body: bytes) -> None:
        """Note an arrival, then answer it in one of many ways."""
        said = json.loads(body)["FileUploadEvent"]
        key = (said["FileId"], int(said["Number"]))
        self.arrivals.append((*key, _header(head, b"webhook-id"), hashlib.sha256(body).hexdigest()))
        if self._chance.random() >= self._faults:
            self._accept(transport, key)
            return
        match self._chance.choice(("hang", "late", "500", "redirect", "reset", "cut")):
            case "late":
                self._loop.call_later(_LATE_SECONDS, self._accept, transport, key)
            case "500":
                transport.write(_REFUSED)
            case "redirect":
                transport.write(_MOVED)
            case "reset":
                transport.abort()
            case "cut":
                transport.write(_OK[:12])
                transport.close()

    def _accept(self, transport: asyncio.Transport, key: tuple[str, int]) -> None:
        self.accepted.add(key)
        if not transport.is_closing():
            transport.write(_OK)


class _Exchange(asyncio.Protocol):
    """A connection: whole requests go to the receiver."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._receiver.opened(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._receiver.closed(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (head_end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:head_end]
            end = head_end + 4 + int(_header(head, b"content-length"))
            if len(self._buffer) < end:
                return
            body, self._buffer = self._buffer[head_end + 4 : end], self._buffer[end:]
            self._receiver.take(self._transport, head, body)


def _header(head: bytes, name: bytes) -> str:
    lines = (line.partition(b":") for line in head.split(b"\r\n"))
    return next(value.strip().decode() for key, _, value in lines if key.lower() == name)


def run_truth(folder: Path, *, events: int, kills: int, seed: int) -> Truth:
    """Run it in ``folder``; the same seed misbehaves and kills alike, as far as threads allow."""
    chance = random.Random(seed)
    truth = Truth(events)
    began = time.monotonic()
    server = PlatformServer(folder / "data", {"OPENVOD__TASKS__WORKERS": "0"})
    server.create_key()
    receivers = [
        Receiver(chance.getrandbits(32), 0.0),
        Receiver(chance.getrandbits(32), 0.04),
        Receiver(chance.getrandbits(32), 0.02, restarts=True),
    ]
    with receivers[0], receivers[1], receivers[2]:
        for number, each in enumerate(receivers):
            _add_endpoint(server, f"receiver-{number}", each.url)
        server.start()
        expected = _write_and_kill(server, truth, chance, kills)
        _await_all(receivers, expected)
        server.stop()
        time.sleep(_QUIET_SECONDS)
    for number, each in enumerate(receivers):
        _judge(truth, f"receiver-{number}", each, expected)
    truth.seconds = time.monotonic() - began
    return truth


def _add_endpoint(server: PlatformServer, name: str, url: str) -> None:
    options = EndpointOptions(timeout_seconds=_TIMEOUT_SECONDS, retry_delays=_DELAYS)
    add_endpoint(server.data_dir, 0, name, url, options)


def _write_and_kill(server: PlatformServer, truth: Truth, chance: random.Random, kills: int) -> set[tuple[str, int]]:
    """Write events while the server runs, dies and starts again; return all (file, place) pairs."""
    names = [f"5{chance.randrange(10**18):018d}" for _ in range(truth.events // _EVENTS_PER_FILE)]
    batches = list(_batches(names))
    moments = set(chance.sample(range(len(batches)), min(kills, len(batches))))
    written: set[tuple[str, int]] = set()
    with _opened(server.data_dir) as database:
        for step, batch in enumerate(batches):
            asyncio.run(_write(database, batch, chance))
            written.update(batch)
            if step in moments:
                server.kill()
                truth.kills += 1
                server.start()
        while truth.kills < kills:
            time.sleep(chance.uniform(0.1, 0.5))
            server.kill()
            truth.kills += 1
            server.start()
    return written


def _batches(names: Sequence[str]) -> Iterator[list[tuple[str, int]]]:
    """Yield batches in which several files' events mix; a file's come in order."""
    for first in range(0, len(names), _BATCH):
        group = names[first : first + _BATCH]
        for number in range(_EVENTS_PER_FILE):
            yield [(name, number) for name in group]


@contextmanager
def _opened(data_dir: Path) -> Iterator[Database]:
    database = open_database(sqlite_url(DataFolder(data_dir).database))
    try:
        yield database
    finally:
        database.close()


async def _write(database: Database, batch: Sequence[tuple[str, int]], chance: random.Random) -> None:
    """Commit a batch; a file's first event is held for a moment at times, as a commit's is until its probe."""
    held = {key for key in batch if key[1] == 0 and chance.random() < 0.2}

    def work(tx: Transaction) -> None:
        application = tx.endpoints.endpoints()[0].sub_app_id
        for key in batch:
            state = EventState.HELD if key in held else EventState.PENDING
            tx.events.add(NewEvent(application, "NewFileUpload", key[0], _payload(key), state, time.time()))

    def release(tx: Transaction) -> None:
        for key in sorted(held):
            for event in tx.events.held(key[0]):
                tx.events.release(event.event_id, event.payload)

    await database.write(work)
    await database.write(release)


def _payload(key: tuple[str, int]) -> str:
    return event_body(EventType.NEW_FILE_UPLOAD, {"FileId": key[0], "Number": key[1]})


def _await_all(receivers: Sequence[Receiver], expected: set[tuple[str, int]]) -> None:
    deadline = time.monotonic() + _END_SECONDS
    while time.monotonic() < deadline and any(len(each.accepted) < len(expected) for each in receivers):
        time.sleep(0.2)


def _judge(truth: Truth, name: str, receiver: Receiver, expected: set[tuple[str, int]]) -> None:
    """Count what is missing, what came after a later one of its file, and what came under two ids."""
    missing = expected - receiver.accepted
    truth.lost += len(missing)
    truth.remarks += [f"{name}: {key} is lost" for key in sorted(missing)[:5]]
    latest: dict[str, int] = {}
    ids: dict[tuple[str, int], set[tuple[str, str]]] = {}
    for file_id, number, event_id, digest in receiver.arrivals:
        ids.setdefault((file_id, number), set()).add((event_id, digest))
        if number < latest.get(file_id, 0) or number > latest.get(file_id, -1) + 1:
            truth.out_of_order += 1
            truth.remarks.append(f"{name}: {file_id} {number} came after {latest.get(file_id)}")
        latest[file_id] = max(number, latest.get(file_id, 0))
    truth.under_two_ids += sum(len(seen) > 1 for seen in ids.values())
    owners: dict[str, set[tuple[str, int]]] = {}
    for key, seen in ids.items():
        for event_id, _ in seen:
            owners.setdefault(event_id, set()).add(key)
    truth.under_two_ids += sum(len(keys) > 1 for keys in owners.values())
    truth.arrivals += len(receiver.arrivals)


def main() -> int:
    """Print the line; 0 when it is clean."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="openvod-truth-") as folder:
        truth = run_truth(Path(folder), events=options.events, kills=options.kills, seed=options.seed)
    for remark in truth.remarks[:20]:
        print(remark, file=sys.stderr)
    details = f"kills {truth.kills}, arrivals {truth.arrivals} at 3 endpoints, {truth.seconds:.0f} s"
    print(details, file=sys.stderr)
    print(truth.line())
    return 0 if truth.clean else 1


if __name__ == "__main__":
    raise SystemExit(main())
