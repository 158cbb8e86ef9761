"""A proxy on loopback between clients and one platform: it sees every call and harms those that a test names.

Clients reach it as the official hosts over TLS, over plain HTTP, or as an HTTP proxy (``CONNECT`` and absolute
addresses). Requests travel on unchanged, so that signatures stay what they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from support.faults.calls import Call, Fault, Harm, Seen, classify
from support.server.certificates import Certificates

_CHUNK = 256 * 1024
_LIMIT = 1024 * 1024


@dataclass
class _Head:
    """A request's or an answer's head: its bytes and what the relay needs of them."""

    raw: bytes
    first: str
    headers: dict[str, str]

    @property
    def length(self) -> int | None:
        text = self.headers.get("content-length")
        return int(text) if text is not None else None

    @property
    def chunked(self) -> bool:
        return "chunked" in self.headers.get("transfer-encoding", "").lower()

    @property
    def closes(self) -> bool:
        return self.headers.get("connection", "").lower() == "close"


@dataclass
class _Script:
    """What shall happen, and what has happened so far."""

    faults: list[Fault] = field(default_factory=list)
    bytes_per_second: float = 0
    counts: Counter[Call] = field(default_factory=Counter)
    seen: list[Seen] = field(default_factory=list)
    held: queue.Queue[Call] = field(default_factory=queue.Queue)
    gates: dict[Call, asyncio.Event] = field(default_factory=dict)

    def harms(self, call: Call) -> set[Harm]:
        self.counts[call] += 1
        number = self.counts[call]
        return {
            fault.harm
            for fault in self.faults
            if fault.call is call and (fault.nth == number or (fault.harm is Harm.HOLD and fault.nth <= number))
        }


class FaultProxy:
    """Runs in a thread of its own; ``tls_port`` and ``plain_port`` lead to ``upstream`` on loopback."""

    def __init__(self, upstream: int, certificates: Certificates) -> None:
        self._upstream = upstream
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificates.certificate, certificates.key)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy")
        self._script = _Script()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._clients: dict[asyncio.StreamWriter, bool] = {}
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.tls_port = self.plain_port = 0

    def __enter__(self) -> FaultProxy:
        """Listen."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        """Close every connection and end the thread."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def play(self, faults: Sequence[Fault] = (), bytes_per_second: float = 0) -> None:
        """Begin anew: drop connections and notes of before, harm what ``faults`` name from now on."""

        def begin() -> None:
            for gate in self._script.gates.values():
                gate.set()
            self._flowing.set()
            self._cut(idle_only=False)
            self._script = _Script(list(faults), bytes_per_second)

        self._do(begin)

    def wait_held(self, timeout: float) -> Call:
        """Wait until a call is held, and tell of which kind; raises ``TimeoutError``."""
        try:
            return self._script.held.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"no call came to be held; seen: {self.summary()}") from None

    def release(self) -> None:
        """Let go what is held, and let later calls of its kind pass."""

        def go() -> None:
            script = self._script
            script.faults = [f for f in script.faults if f.harm is not Harm.HOLD or f.call not in script.gates]
            for gate in script.gates.values():
                gate.set()
            script.gates.clear()

        self._do(go)

    def suspend(self) -> None:
        """Let calls that come from now on wait until :meth:`proceed`, as behind a balancer whose server restarts."""
        self._do(self._flowing.clear)

    def proceed(self) -> None:
        """End :meth:`suspend`."""
        self._do(self._flowing.set)

    def cut(self, *, idle_only: bool = False) -> None:
        """Reset the clients' connections, as a server that went away does; or only those that carry no call now."""
        self._do(lambda: self._cut(idle_only=idle_only))

    @property
    def seen(self) -> list[Seen]:
        """Every call since :meth:`play`, in order."""
        return list(self._script.seen)

    def count(self, call: Call) -> int:
        """Return how many calls of a kind came."""
        return sum(seen.call is call for seen in self.seen)

    def summary(self) -> str:
        """All calls in one line, for messages of failed tests."""
        return ", ".join(f"{s.call}:{s.status or '-'}{'' if s.delivered else '!'}" for s in self.seen[-60:])

    def _do(self, action: Callable[[], None]) -> None:
        async def run() -> None:
            action()

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    async def _open(self) -> None:
        for context in (self._tls, None):
            server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=context, limit=_LIMIT, backlog=256)
            self._servers.append(server)
        self.tls_port, self.plain_port = (server.sockets[0].getsockname()[1] for server in self._servers)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for gate in self._script.gates.values():
            gate.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _cut(self, *, idle_only: bool) -> None:
        for writer, busy in list(self._clients.items()):
            if not (idle_only and busy):
                _reset(writer)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._clients[writer] = False
        try:
            while await self._serve(reader, writer):
                self._clients[writer] = False
        except (OSError, asyncio.IncompleteReadError, ssl.SSLError):
            _reset(writer)
        except asyncio.CancelledError:
            _reset(writer)
        finally:
            self._clients.pop(writer, None)
            self._tasks.discard(task)
            with contextlib.suppress(OSError, ssl.SSLError):
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Relay one call; false when the connection ends with it."""
        head = await _read_head(reader)
        if head is None:
            return False
        self._clients[writer] = True
        method, target, _ = head.first.split(" ", 2)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            await writer.start_tls(self._tls)
            return True
        if target.startswith("http://"):
            origin_form = target[target.index("/", 7) :] if "/" in target[7:] else "/"
            head.raw = head.raw.replace(target.encode("latin-1"), origin_form.encode("latin-1"), 1)
            target = origin_form
        call = classify(method, target, head.headers)
        secure = writer.get_extra_info("ssl_object") is not None
        seen = Seen(call, method, target, head.headers.get("host", ""), secure=secure)
        script = self._script
        script.seen.append(seen)
        harms = script.harms(call)
        if Harm.HOLD in harms:
            gate = script.gates.get(call)
            if gate is None:
                gate = script.gates[call] = asyncio.Event()
                script.held.put(call)
            await gate.wait()
        await self._flowing.wait()
        return await self._relay(_Relay(head, reader, writer, seen, script), harms)

    async def _relay(self, relay: _Relay, harms: set[Harm]) -> bool:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream, limit=_LIMIT)
        twin: asyncio.Task[None] | None = None
        try:
            up_writer.write(relay.head.raw)
            if Harm.TWICE in harms:
                body = await relay.reader.readexactly(relay.head.length or 0)
                twin = asyncio.ensure_future(self._send_again(relay.head.raw + body))
                up_writer.write(body)
                pump = asyncio.ensure_future(up_writer.drain())
            else:
                stop = (relay.head.length or 0) // 2 if harms & {Harm.RESET, Harm.TRUNCATE} else None
                pump = asyncio.ensure_future(relay.pump_body(up_writer, stop))
            if harms & {Harm.RESET, Harm.TRUNCATE}:
                await pump
                if Harm.RESET in harms:
                    _reset(up_writer)
                    _reset(relay.writer)
                return False
            try:
                return await relay.bring_answer(up_reader, lose=Harm.LOSE_ANSWER in harms, pump=pump)
            finally:
                pump.cancel()
                await asyncio.gather(pump, return_exceptions=True)
        finally:
            if twin is not None:
                await asyncio.gather(twin, return_exceptions=True)
            with contextlib.suppress(OSError):
                up_writer.close()

    async def _send_again(self, request: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream, limit=_LIMIT)
        writer.write(request)
        answer = await _read_head(reader)
        if answer is not None:
            await reader.readexactly(answer.length or 0)
        writer.close()


@dataclass
class _Relay:
    """One call on its way."""

    head: _Head
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    seen: Seen
    script: _Script

    async def pump_body(self, up_writer: asyncio.StreamWriter, stop: int | None) -> None:
        """Carry the body to the server; only ``stop`` bytes of it when given."""
        if self.head.chunked:
            await self._pump_chunks(up_writer)
            return
        left = self.head.length or 0
        if stop is not None:
            left = stop
        while left:
            chunk = await self.reader.read(min(left, _CHUNK))
            if not chunk:
                up_writer.close()
                raise ConnectionResetError
            left -= len(chunk)
            up_writer.write(chunk)
            await up_writer.drain()
            if self.script.bytes_per_second:
                await asyncio.sleep(len(chunk) / self.script.bytes_per_second)

    async def _pump_chunks(self, up_writer: asyncio.StreamWriter) -> None:
        while True:
            line = await self.reader.readuntil(b"\r\n")
            size = int(line.split(b";")[0], 16)
            up_writer.write(line + await self.reader.readexactly(size + 2))
            await up_writer.drain()
            if not size:
                return

    async def bring_answer(self, up_reader: asyncio.StreamReader, *, lose: bool, pump: asyncio.Future[None]) -> bool:
        """Carry the answer back; false when the connection ends with it."""
        while True:
            answer = await _read_head(up_reader)
            if answer is None:
                raise ConnectionResetError
            status = int(answer.first.split(" ")[1])
            if status >= 200:
                break
            self.writer.write(answer.raw)
        self.seen.status = status
        self.seen.etag = answer.headers.get("etag", "").strip('"')
        bodiless = self.seen.method == "HEAD" or status in (204, 304)
        left = 0 if bodiless else answer.length
        if lose:
            await up_reader.read() if left is None else await up_reader.readexactly(left)
            _reset(self.writer)
            return False
        self.writer.write(answer.raw)
        while left is None or left:
            chunk = await up_reader.read(_CHUNK if left is None else min(left, _CHUNK))
            if not chunk:
                break
            left = None if left is None else left - len(chunk)
            self.writer.write(chunk)
            await self.writer.drain()
        await self.writer.drain()
        self.seen.delivered = True
        if answer.closes or left is None or self.head.closes:
            return False
        await pump
        return True


async def _read_head(reader: asyncio.StreamReader) -> _Head | None:
    """Read up to the empty line; ``None`` when the other side has ended."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    lines = raw.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines[1:] if line)
    return _Head(raw, lines[0], {name.lower(): value.strip() for name, _, value in pairs})


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the other side sees a reset, not an orderly end."""
    with contextlib.suppress(OSError):
        connection = writer.get_extra_info("socket")
        # None once the connection is gone.
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
