"""Sample tables (ISO/IEC 14496-12, 8.6 and 8.7): every count is held against the bytes that are there."""

from __future__ import annotations

import sys
from array import array
from itertools import accumulate, pairwise

from openvod.playback.boxes import child, malformed, optional, u32
from openvod.playback.model import Samples

#: 18 hours of pictures at 30 a second.
MOST_SAMPLES = 2_000_000
_MOST_SHIFT = 1 << 29
#: The widest unsigned array items of these sizes.
_WORD, _LONG = "I", "Q"


def read_samples(table: memoryview, file_size: int) -> Samples:
    """Read ``stbl``; raises ``NotFound("playback.not_packaged")`` when its parts contradict each other or the file."""
    sizes = _sizes(table, file_size)
    times = _times(table, len(sizes))
    offsets = _offsets(table, sizes, file_size)
    return Samples(times, _composition(table, len(sizes)), sizes, offsets, _keys(table, len(sizes)))


def _words(body: memoryview, place: int, count: int, kind: str = _WORD) -> array[int]:
    """Return ``count`` numbers; more than the box has bytes for are refused before anything is allocated."""
    width = 8 if kind == _LONG else 4
    if count > (len(body) - place) // width:
        raise malformed(f"a table claims {count} entries and has bytes for fewer")
    numbers = array(kind)
    numbers.frombytes(body[place : place + count * width])
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def _sizes(table: memoryview, file_size: int) -> array[int]:
    body = child(table, b"stsz")
    size, count = u32(body, 4), u32(body, 8)
    if count > MOST_SAMPLES or size * count > file_size:
        raise malformed(f"{count} samples are more than the file can have")
    return array(_WORD, [size]) * count if size else _words(body, 12, count)


def _times(table: memoryview, count: int) -> array[int]:
    """Return the decode time of every sample, and the end of the last."""
    body = child(table, b"stts")
    runs = _words(body, 8, 2 * u32(body, 4))
    times, now = array("q"), 0
    for place in range(0, len(runs), 2):
        length, step = runs[place], runs[place + 1]
        length = min(length, count - len(times))
        if step >= 1 << 31:
            raise malformed("its decode times go back")
        times.extend(range(now, now + length * step, step) if step else array("q", [now]) * length)
        now += length * step
    if len(times) != count:
        raise malformed("stts and stsz differ in their number of samples")
    times.append(now)
    return times


def _composition(table: memoryview, count: int) -> array[int]:
    body = optional(table, b"ctts")
    if body is None:
        return array("i")
    runs = _words(body, 8, 2 * u32(body, 4))
    found = array("i")
    for place in range(0, len(runs), 2):
        # Writers put negative offsets into version 0 as well.
        shift = runs[place + 1] - (1 << 32 if runs[place + 1] >= 1 << 31 else 0)
        if abs(shift) > _MOST_SHIFT:
            raise malformed("its composition times leave every bound")
        found.extend(array("i", [shift]) * min(runs[place], count - len(found)))
    found.extend(array("i", [0]) * (count - len(found)))
    return found


def _offsets(table: memoryview, sizes: array[int], file_size: int) -> array[int]:
    long = optional(table, b"co64")
    body = long if long is not None else child(table, b"stco")
    count = u32(body, 4)
    if count > MOST_SAMPLES:
        raise malformed(f"{count} chunks are more than the file can have")
    chunks = _words(body, 8, count, _LONG if long is not None else _WORD)
    offsets: array[int] = array(_LONG)
    for chunk, length in zip(chunks, _chunk_lengths(table, len(chunks)), strict=True):
        taken = sizes[len(offsets) : len(offsets) + length]
        places = list(accumulate(taken, initial=chunk))
        if places[-1] > file_size:
            raise malformed("its index names bytes past its end: the file is cut off")
        offsets.extend(places[:-1])
    if len(offsets) != len(sizes):
        raise malformed("the chunks have other samples than stsz")
    return offsets


def _chunk_lengths(table: memoryview, chunks: int) -> array[int]:
    """Return how many samples every chunk has."""
    body = child(table, b"stsc")
    runs = _words(body, 8, 3 * u32(body, 4))
    lengths: array[int] = array(_WORD)
    for place in range(0, len(runs), 3):
        first, length, description = runs[place : place + 3]
        following = runs[place + 3] if place + 3 < len(runs) else chunks + 1
        if first != len(lengths) + 1 or not first <= following <= chunks + 1 or length > MOST_SAMPLES:
            raise malformed("stsc is out of order")
        if description != 1:
            raise malformed("its samples have more than one description")
        lengths.extend(array(_WORD, [length]) * (following - first))
    if len(lengths) != chunks:
        raise malformed("stsc says nothing of some chunks")
    return lengths


def _keys(table: memoryview, count: int) -> array[int] | None:
    body = optional(table, b"stss")
    if body is None:
        return None
    keys = array(_WORD, (number - 1 for number in _words(body, 8, u32(body, 4)) if 1 <= number <= count))
    if any(later <= earlier for earlier, later in pairwise(keys)):
        raise malformed("stss is out of order")
    return keys
