"""Shifts the wall clock of a Python process by what a file says; see :class:`support.shifted_clock.ShiftedClock`."""

from __future__ import annotations

import mmap
import os
import struct
import time

if _path := os.environ.get("OPENVOD_TEST_CLOCK"):
    with open(_path, "rb") as _file:
        _memory = mmap.mmap(_file.fileno(), 8, access=mmap.ACCESS_READ)
    _real = time.time
    time.time = lambda: _real() + struct.unpack("d", _memory[:8])[0]
