"""Bodies into files: what bypasses the page cache, and that nothing else changes by it."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import mmap
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openvod.adapters.filesystem import incoming
from openvod.adapters.filesystem.incoming import BATCH, DirectoryEntries, Transfer, Writer
from openvod.base.errors import ClientDisconnected
from openvod.base.sizes import KIB, MIB
from openvod.storage.crc64 import CRC64
from openvod.storage.model import Received

PAGE = mmap.PAGESIZE
Written = list[tuple[bool, int, int]]


class Sender:
    """A connection that has its next bytes when asked after a pause: ``sizes`` of them, then all the rest at once."""

    def __init__(self, data: bytes, sizes: Sequence[int]) -> None:
        self._data = memoryview(data)
        self._sizes = iter(sizes)
        self._there = 0

    @property
    def left(self) -> int:
        """See :class:`openvod.storage.blobs.DirectBody`."""
        return len(self._data)

    def read_into(self, buffer: memoryview) -> int:
        """See :class:`openvod.storage.blobs.DirectBody`."""
        if not self._there:
            self._there = next(self._sizes, len(self._data))
            return 0
        size = min(len(buffer), self._there, len(self._data))
        buffer[:size] = self._data[:size]
        self._data = self._data[size:]
        self._there -= size
        return size

    async def readable(self) -> None:
        """See :class:`openvod.storage.blobs.DirectBody`."""


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    """Every write of a file: whether it bypassed the cache, where, and how much."""
    calls: Written = []

    def pwrite(fd: int, data: memoryview, position: int) -> int:
        calls.append((bool(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT), position, len(data)))
        return os.pwrite(fd, data, position)

    monkeypatch.setattr(incoming, "os", _With(pwrite))
    return calls


class _With:
    """The module ``os`` with another ``pwrite``."""

    def __init__(self, pwrite: object) -> None:
        self.pwrite = pwrite

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)


@pytest.fixture
def direct(tmp_path: Path) -> bool:
    """Whether this machine's folder for temporary files allows direct I/O; some file systems in memory do not."""
    with (tmp_path / "probe").open("wb") as file:
        flags = fcntl.fcntl(file, fcntl.F_GETFL)
        try:
            fcntl.fcntl(file, fcntl.F_SETFL, flags | os.O_DIRECT)
        except OSError:
            return False
        return True


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    """One thread to write in."""
    with ThreadPoolExecutor(1) as threads:
        yield threads


def opening(path: Path, length: int, offset: int = 0, *, direct_io: bool = True) -> Callable[[], Writer]:
    """Return what opens the file."""
    return partial(Writer.open, path, offset, length, 0, DirectoryEntries(), direct_io=direct_io)


def receive(path: Path, data: bytes, sizes: Sequence[int], offset: int = 0, *, direct_io: bool = True) -> Received:
    """Let a transfer take a body to its end."""
    with ThreadPoolExecutor(1) as writers:
        transfer = Transfer(Sender(data, sizes), opening(path, len(data), offset, direct_io=direct_io), writers)
        try:
            while (received := transfer.advance()) is None:
                pass
            return received
        finally:
            transfer.close()


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (2 * BATCH + 5, [(True, 0, BATCH), (True, BATCH, BATCH), (False, 2 * BATCH, 5)]),
        (MIB, [(True, 0, MIB)]),
        (64 * KIB, [(False, 0, 64 * KIB)]),
    ],
)
def test_fast_bodies_bypass_the_cache(
    tmp_path: Path, written: Written, direct: bool, size: int, expected: Written
) -> None:
    """All but what is little, or ends inside a page."""
    data = os.urandom(size)
    receive(tmp_path / "00" / "blob", data, [])
    assert (tmp_path / "00" / "blob").read_bytes() == data
    assert written == [(bypasses and direct, start, length) for bypasses, start, length in expected]


def test_slow_bodies_go_through_the_cache(tmp_path: Path, written: Written) -> None:
    """The disk does not see one small write after another."""
    data = os.urandom(64 * KIB)
    receive(tmp_path / "00" / "blob", data, [1500] * 50)
    assert written
    assert not any(direct for direct, _, _ in written)


def test_a_pause_does_not_end_it(tmp_path: Path, written: Written, direct: bool) -> None:
    """After an odd piece the position gets back to a page's beginning."""
    data = os.urandom(4 * BATCH)
    receive(tmp_path / "00" / "blob", data, [1001, 0, 0, 0])
    assert (tmp_path / "00" / "blob").read_bytes() == data
    assert written[:2] == [(False, 0, 1001), (False, 1001, BATCH - 1001)]
    assert written[2] == (direct, BATCH, BATCH)


def test_a_slow_sender_keeps_no_thread(
    tmp_path: Path, executor: ThreadPoolExecutor, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came is written, a moment is waited for more, and the thread is free."""
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    sender = Sender(os.urandom(MIB), [1001, 0, 0, 0, 0])
    transfer = Transfer(sender, opening(tmp_path / "00" / "blob", MIB), executor)
    assert transfer.advance() is None
    assert written == [(False, 0, 1001)]
    assert len(naps) <= 3
    transfer.close()


@pytest.mark.parametrize(("offset", "direct_io"), [(PAGE + 1, True), (0, False)])
def test_some_always_go_through_the_cache(tmp_path: Path, written: Written, offset: int, direct_io: bool) -> None:
    """Parts that share a page with a neighbour, and whoever switched it off."""
    receive(tmp_path / "00" / "blob", os.urandom(MIB), [], offset, direct_io=direct_io)
    assert not any(direct for direct, _, _ in written)


@pytest.mark.parametrize("refused_by", ["fcntl", "pwrite"])
def test_a_file_system_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused_by: str) -> None:
    """It is refused when switched on, or at the first write."""
    data, allowed = os.urandom(MIB), fcntl.fcntl

    def refuse(fd: int, command: int, flags: int = 0) -> int:
        if flags & os.O_DIRECT:
            raise OSError(errno.EINVAL, "Invalid argument")
        return allowed(fd, command, flags)

    def pwrite(fd: int, view: memoryview, position: int) -> int:
        if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT:
            raise OSError(errno.EINVAL, "Invalid argument")
        return os.pwrite(fd, view, position)

    if refused_by == "fcntl":
        monkeypatch.setattr(fcntl, "fcntl", refuse)
    else:
        monkeypatch.setattr(incoming, "os", _With(pwrite))
    receive(tmp_path / "00" / "blob", data, [])
    assert (tmp_path / "00" / "blob").read_bytes() == data


def test_what_is_given_up_leaves_no_blocks(tmp_path: Path, executor: ThreadPoolExecutor) -> None:
    """Whichever way it was written."""
    path = tmp_path / "00" / "blob"
    sender = Sender(os.urandom(2 * BATCH), [BATCH, 0, 0, 0])
    transfer = Transfer(sender, opening(path, 2 * BATCH), executor)
    assert transfer.advance() is None
    assert path.stat().st_blocks > 0
    transfer.discard()
    transfer.close()
    assert path.stat().st_blocks == 0


@pytest.mark.parametrize("failing", range(4))
def test_a_failed_write_is_told(
    tmp_path: Path, executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """Whichever it was; the body is not read much further, and all that was written goes."""
    calls: list[int] = []

    def pwrite(fd: int, view: memoryview, position: int) -> int:
        calls.append(position)
        if len(calls) > failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        return os.pwrite(fd, view, position)

    monkeypatch.setattr(incoming, "os", _With(pwrite))
    path = tmp_path / "00" / "blob"
    length = 4 * BATCH
    sender = Sender(os.urandom(length), [])
    transfer = Transfer(sender, opening(path, length), executor)
    with pytest.raises(OSError, match="No space left"):
        transfer.advance()
    assert calls == [n * BATCH for n in range(failing + 1)]
    transfer.discard()
    transfer.close()
    assert path.stat().st_blocks == 0


def test_a_client_that_leaves_waits_for_the_write(
    tmp_path: Path, executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written any more once the caller hears of it: the file may be closed, the buffer used again."""
    ended: list[int] = []

    def pwrite(fd: int, view: memoryview, position: int) -> int:
        time.sleep(0.1)
        ended.append(position)
        return os.pwrite(fd, view, position)

    class Leaving(Sender):
        def read_into(self, buffer: memoryview) -> int:
            if self.left <= BATCH:
                raise ClientDisconnected
            return super().read_into(buffer)

    monkeypatch.setattr(incoming, "os", _With(pwrite))
    leaving = Leaving(os.urandom(2 * BATCH), [])
    transfer = Transfer(leaving, opening(tmp_path / "00" / "blob", 2 * BATCH), executor)
    with pytest.raises(ClientDisconnected):
        transfer.advance()
    assert ended == [0]
    transfer.close()


def test_every_process_makes_a_name_durable_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that finds the file cannot know whether whoever made it got to that before it was killed."""
    synced: list[Path] = []
    monkeypatch.setattr(incoming, "sync_directory", synced.append)
    path = tmp_path / "00" / "blob"
    for _ in range(2):
        entries = DirectoryEntries()
        for offset in (0, PAGE):
            writer = Writer.open(path, offset, PAGE, 0, entries)
            writer.write([bytes(PAGE)])
            writer.finish()
            writer.close()
    assert synced == [tmp_path / "00", tmp_path] * 2


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    length=st.integers(0, 3 * BATCH),
    offset=st.sampled_from([0, 1, PAGE, 3 * PAGE, BATCH, BATCH + 512]),
    sizes=st.lists(st.sampled_from([0, 1, 511, PAGE, PAGE + 1, 100_000, BATCH, BATCH + PAGE]), max_size=12),
)
def test_every_byte_arrives(tmp_path: Path, length: int, offset: int, sizes: list[int]) -> None:
    """Whatever the pieces, what is there is what was sent, between what was there before."""
    path = tmp_path / "00" / "blob"
    path.parent.mkdir(exist_ok=True)
    before = os.urandom(offset + length + 2 * PAGE)
    path.write_bytes(before)
    data = os.urandom(length)
    received = receive(path, data, sizes, offset)
    assert path.read_bytes() == before[:offset] + data + before[offset + length :]
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert received == Received(length, digest, CRC64.calc(data) if data else 0)
