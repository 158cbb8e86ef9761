"""Files on their way to sockets, and those that stay open for the next request."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from openvod.base.sizes import KIB, MIB
from openvod.server import file_sending
from openvod.server.file_sending import FilePart, FileSending, OpenFile, OpenFiles

_BODY = os.urandom(3 * MIB)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection as the event loop has it, and its other end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        far, _ = listener.accept()
    near.setblocking(False)
    far.settimeout(10)
    with near, far:
        yield near, far


@pytest.fixture
def blob(tmp_path: Path) -> str:
    """A file that was just written, hence in memory."""
    path = tmp_path / "blob"
    path.write_bytes(_BODY)
    return str(path)


def test_sent_at_once(pair: tuple[socket.socket, socket.socket], blob: str) -> None:
    """What is open and in memory goes out without an event loop, its head first."""
    near, far = pair
    sending = FileSending(near.fileno(), FilePart(blob, 5, 100 * KIB), b"head ", OpenFile(blob))
    assert sending.begin()
    expected = b"head " + _BODY[5 : 5 + 100 * KIB]
    assert _read(far, len(expected)) == expected


def test_nothing_is_opened_on_the_event_loop(pair: tuple[socket.socket, socket.socket], blob: str) -> None:
    """A file that is not open yet waits for a thread; nothing of the answer is out by then."""
    near, far = pair
    sending = FileSending(near.fileno(), FilePart(blob, 0, 10), b"head ")
    assert not sending.begin()
    far.setblocking(False)
    with pytest.raises(BlockingIOError):
        far.recv(1)
    asyncio.run(sending.finish())
    far.settimeout(10)
    assert _read(far, 15) == b"head " + _BODY[:10]


def test_the_event_loop_does_not_wait_for_the_disk(pair: tuple[socket.socket, socket.socket], blob: str) -> None:
    """A piece of a file with a hole in memory is left to a thread."""
    file = OpenFile(blob)
    os.fsync(file.descriptor)
    os.posix_fadvise(file.descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.posix_fadvise(file.descriptor, 0, 0, os.POSIX_FADV_RANDOM)
    for end in (0, 600 * KIB - 1):
        os.pread(file.descriptor, 1, end)
    near, far = pair
    sending = FileSending(near.fileno(), FilePart(blob, 0, 600 * KIB), b"head ", file)
    assert not sending.begin()
    far.setblocking(False)
    with pytest.raises(BlockingIOError):
        far.recv(1)


def test_a_client_that_does_not_read(pair: tuple[socket.socket, socket.socket], blob: str) -> None:
    """The rest follows as the client reads."""
    near, far = pair
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * KIB)
    sending = FileSending(near.fileno(), FilePart(blob, 0, len(_BODY)), b"head ", OpenFile(blob))
    assert not sending.begin()

    async def both() -> bytes:
        rest = asyncio.create_task(sending.finish())
        received = await asyncio.to_thread(_read, far, 5 + len(_BODY))
        await rest
        return received

    assert asyncio.run(both()) == b"head " + _BODY


def test_a_file_that_is_too_short(pair: tuple[socket.socket, socket.socket], blob: str) -> None:
    """It ends the answer with an error instead of an endless wait."""
    with pytest.raises(OSError, match="early"):
        asyncio.run(FileSending(pair[0].fileno(), FilePart(blob, len(_BODY) - 5, 10)).finish())


def test_files_stay_open_while_they_are_used(blob: str, tmp_path: Path) -> None:
    """A file that nobody asks for between two sweeps is closed; one that is being asked for is not."""
    other = str(tmp_path / "other")
    Path(other).touch()

    async def scenario() -> None:
        files = OpenFiles()
        for path in (blob, other):
            files.keep(path, OpenFile(path))
        for _ in range(3):
            files.sweep()
            assert files.find(blob)
        assert (_is_open(blob), _is_open(other)) == (True, False)

    asyncio.run(scenario())


def test_sweeps_come_by_themselves(blob: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody asks for any more is closed, and its space is free if it was deleted."""
    monkeypatch.setattr(file_sending, "_SWEEP_SECONDS", 0.001)

    async def scenario() -> None:
        files = OpenFiles()
        files.keep(blob, OpenFile(blob))
        for _ in range(5000):
            if not _is_open(blob):
                return
            await asyncio.sleep(0.001)
        raise AssertionError("the file stayed open")

    asyncio.run(scenario())


def test_few_files_stay_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest gives way; who sends from it still can."""
    monkeypatch.setattr(file_sending, "_MOST_OPEN", 2)
    paths = [str(tmp_path / name) for name in "abc"]
    for path in paths:
        Path(path).write_text(path)

    async def scenario() -> None:
        files = OpenFiles()
        for path in paths:
            files.keep(path, OpenFile(path))
            files.keep(path, OpenFile(path))
        assert [_is_open(path) for path in paths] == [False, True, True]
        sender = files.find(paths[1])
        files.keep(paths[0], OpenFile(paths[0]))
        assert sender
        assert os.pread(sender.descriptor, 1000, 0).decode() == paths[1]
        del sender
        assert not _is_open(paths[1])

    asyncio.run(scenario())


def _read(connection: socket.socket, size: int) -> bytes:
    with connection.makefile("rb") as stream:
        return stream.read(size)


def _is_open(path: str) -> bool:
    links = []
    for name in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{name}"))
        except FileNotFoundError:
            continue
    return path in links
