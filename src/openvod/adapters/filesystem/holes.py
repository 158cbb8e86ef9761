"""Frees blocks of a file without changing its length."""

from __future__ import annotations

import ctypes
import errno
import os

from openvod.base.sizes import MIB

_PUNCH_HOLE = 0x02 | 0x01  # FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
_libc = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]


def erase(fd: int, offset: int, length: int) -> None:
    """Free the blocks and keep the length, because another part may be extending the file concurrently."""
    if length <= 0:
        return
    if _libc.fallocate(fd, _PUNCH_HOLE, offset, length) != 0:
        code = ctypes.get_errno()
        if code not in (errno.EOPNOTSUPP, errno.ENOSYS):
            raise OSError(code, os.strerror(code))
        _overwrite_with_zeros(fd, offset, length)


def erase_data(fd: int, start: int, end: int) -> int:
    """Free the whole blocks in ``[start, end)``; return the number of bytes that were stored there."""
    found = data_bytes(fd, start, end)
    if found:
        start, end = _whole_blocks(fd, start, end)
        erase(fd, start, end - start)
    return found


def data_bytes(fd: int, start: int, end: int) -> int:
    """Return the stored bytes in the whole blocks of ``[start, end)``."""
    start, end = _whole_blocks(fd, start, end)
    found = 0
    position = start
    while position < end:
        try:
            data = os.lseek(fd, position, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                break
            raise
        if data >= end:
            break
        hole = min(os.lseek(fd, data, os.SEEK_HOLE), end)
        found += hole - data
        position = hole
    return found


def _whole_blocks(fd: int, start: int, end: int) -> tuple[int, int]:
    block = os.fstat(fd).st_blksize
    return -(-start // block) * block, end // block * block


def _overwrite_with_zeros(fd: int, offset: int, length: int) -> None:
    zeros = bytes(min(length, MIB))
    for position in range(offset, offset + length, len(zeros)):
        os.pwrite(fd, zeros[: offset + length - position], position)
