"""A trap beside the corpus: a valid film and a listening address that hostile files point to."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.corpus.build import FILM, Lure, ffmpeg

_IN_OPEN = 0x20
_EVENT_BYTES = 16  # an event about a file itself carries no name


class Trap:
    """Counts who opened the film or connected to the address since the last look."""

    def __init__(self, lure: Lure, listener: socket.socket, events: int) -> None:
        self.lure = lure
        self._listener = listener
        self._events = events

    def sprung(self) -> list[str]:
        """Return what happened since the last call, in words; an untouched trap returns nothing."""
        return ["the film was opened"] * self._opened() + ["the address was called"] * self._called()

    def _opened(self) -> int:
        with contextlib.suppress(BlockingIOError):
            return len(os.read(self._events, 256 * _EVENT_BYTES)) // _EVENT_BYTES
        return 0

    def _called(self) -> int:
        calls = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                self._listener.accept()[0].close()
                calls += 1
        return calls


@contextmanager
def set_trap(folder: Path) -> Iterator[Trap]:
    """Set a trap in a folder."""
    path = folder / "lure.ts"
    ffmpeg(*FILM.arguments, str(path))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        events = _watch(path)
        try:
            yield Trap(Lure(path, listener.getsockname()[1]), listener, events)
        finally:
            os.close(events)


def _watch(path: Path) -> int:
    """Return a descriptor from which Linux tells of every opening of a file."""
    libc = ctypes.CDLL(None, use_errno=True)
    events: int = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    assert events >= 0, os.strerror(ctypes.get_errno())
    assert libc.inotify_add_watch(events, os.fsencode(path), _IN_OPEN) >= 0, os.strerror(ctypes.get_errno())
    return events
