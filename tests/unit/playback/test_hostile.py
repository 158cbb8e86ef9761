"""Indexes of strangers: any bytes end in an index or in words, quickly and without much memory."""

from __future__ import annotations

import struct
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openvod.base.errors import NotFound
from openvod.playback.boxes import box, boxes, full_box
from openvod.playback.index import MOST_INDEX_BYTES, first_wanted, next_wanted, read_index
from openvod.playback.lists import master_playlist, media_playlist
from openvod.playback.model import Range
from openvod.playback.segments import fragment, initialisation, plan
from support.corpus.build import AAC, H264, heard, seen
from support.media.packaged import clip, index_of, movie_of

_CONTAINERS = frozenset({b"trak", b"mdia", b"minf", b"stbl", b"edts"})


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A film with every table that is read: reordered pictures, key frames, edit lists."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return clip(path, *seen(seconds=3), *heard(3), "-c:v", "libx264", "-bf", "2", *H264[4:], *AAC)


def _check_words(error: NotFound) -> None:
    assert error.code == "playback.not_packaged"
    assert error.details["state"] in ("progressive", "waiting")


def _read(movie: bytes, size: int) -> None:
    """Do everything that a request could ask for; only the one error may come out."""
    try:
        index = read_index(movie, size)
        segments = plan(index)
    except NotFound as error:
        _check_words(error)
        return
    initialisation(index)
    master_playlist(index, segments, "x.mp4")
    media_playlist(segments, "x.mp4", "00000000")
    for segment in segments:
        for piece in fragment(segment):
            if isinstance(piece, Range):
                assert piece.start >= 0
                assert piece.start + piece.length <= size


@settings(max_examples=400, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_ends_in_an_index_or_in_words(film: bytes, data: st.DataObject) -> None:
    """Bytes of the movie box are changed, cut out and doubled: nothing but the one error, no byte beyond the file."""
    movie = bytearray(movie_of(film))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(movie) - 1))
        change = data.draw(st.sampled_from(("word", "byte", "cut", "double")))
        if change == "word":
            movie[place : place + 4] = data.draw(
                st.sampled_from((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff"))
            )
        elif change == "byte":
            movie[place] = data.draw(st.integers(0, 255))
        elif change == "cut":
            del movie[place : place + data.draw(st.integers(1, 64))]
        else:
            movie[place:place] = movie[place : place + 64]
        if not movie:
            break
    _read(bytes(movie), len(film))


@pytest.mark.parametrize("skipped", [0x00FFFFFF, 0x7FFFFFFF])
def test_an_edit_list_that_skips_everything(tmp_path: Path, skipped: int) -> None:
    """A sound track alone: what would be left ends before it begins."""
    song = clip(tmp_path / "song.mp4", *heard(3), *AAC)
    movie = bytearray(movie_of(song))
    place = movie.index(b"elst") + len(b"elst") + 8 + 4
    assert struct.unpack_from(">I", movie, place) == (1024,)
    struct.pack_into(">I", movie, place, skipped)
    with pytest.raises(NotFound, match="nothing sensible to play") as refused:
        read_index(bytes(movie), len(song))
    _check_words(refused.value)


@settings(max_examples=200, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 2**32 - 1)), min_size=1, max_size=4))
def test_any_number_in_any_table(film: bytes, values: Sequence[tuple[int, int]]) -> None:
    """Numbers inside tables are what strangers choose; the boxes around them stay whole."""
    movie = movie_of(film)
    fields = _fields(memoryview(movie), 0)
    changed = bytearray(movie)
    for place, value in values:
        struct.pack_into(">I", changed, fields[place % len(fields)], value)
    _read(bytes(changed), len(film))


def _fields(parent: memoryview, offset: int) -> list[int]:
    """Return the places of all words in boxes that contain none."""
    found, place = [], 0
    for kind, body in boxes(parent):
        place += 8
        if kind in _CONTAINERS:
            found += _fields(body, offset + place)
        else:
            found += range(offset + place, offset + place + len(body) - 3, 4)
        place += len(body)
    return found


@given(st.binary(max_size=200), st.integers(0, 2**63))
def test_any_bytes_are_searched_to_an_end(start: bytes, size: int) -> None:
    """The search for the movie box ends, and asks for nothing beyond the file or the bound."""
    size = max(size, len(start))
    wanted, hops = first_wanted(size), 0
    try:
        while not wanted.whole:
            assert 0 <= wanted.start <= size
            assert wanted.start + wanted.length <= size
            data = start[wanted.start : wanted.start + wanted.length].ljust(wanted.length, b"\0")
            hops += 1
            wanted = next_wanted(size, wanted, data, hops)
        assert wanted.length <= MOST_INDEX_BYTES
    except NotFound as error:
        _check_words(error)


def _table(stts: Sequence[int], sizes: Sequence[int], stsc: Sequence[int]) -> bytes:
    """A sound track whose tables say these numbers."""

    def words(*numbers: int) -> bytes:
        return struct.pack(f">{len(numbers)}I", *numbers)

    return box(
        b"stbl",
        full_box(b"stts", 0, 0, words(len(stts) // 2, *stts)),
        full_box(b"stsz", 0, 0, words(*sizes)),
        full_box(b"stsc", 0, 0, words(len(stsc) // 3, *stsc)),
        full_box(b"stco", 0, 0, words(1, 0)),
    )


@pytest.mark.parametrize(
    ("stts", "sizes", "stsc"),
    [
        ((2**32 - 1, 1), (1, 2**32 - 1), (1, 2**32 - 1, 1)),
        ((2**32 - 1, 0), (0, 2**31), (1, 1, 1)),
        ((2**32 - 1, 1), (2**31, 2**31), (1, 2**31, 1)),
    ],
)
def test_counts_without_bytes_cost_nothing(
    film: bytes, stts: Sequence[int], sizes: Sequence[int], stsc: Sequence[int]
) -> None:
    """Billions of samples in a few bytes are refused before memory is taken for them."""
    hostile = _with_table(memoryview(movie_of(film)), _table(stts, sizes, stsc))
    tracemalloc.start()
    began = time.perf_counter()
    try:
        with pytest.raises(NotFound):
            plan(read_index(hostile, 10**12))
        assert time.perf_counter() - began < 1
        assert tracemalloc.get_traced_memory()[1] < 32 * 1024 * 1024
    finally:
        tracemalloc.stop()


def _with_table(parent: memoryview, table: bytes) -> bytes:
    """Put other tables into every track; its description stays."""
    parts = []
    for kind, body in boxes(parent):
        if kind == b"stbl":
            described = next(box(b"stsd", bytes(b.body)) for b in boxes(body) if b.kind == b"stsd")
            parts.append(box(b"stbl", described, table[8:]))
        elif kind in _CONTAINERS:
            parts.append(box(kind, _with_table(body, table)))
        else:
            parts.append(box(kind, bytes(body)))
    return b"".join(parts)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off(film: bytes, share: float) -> None:
    """A file that lacks its end says so instead of playing into nothing."""
    with pytest.raises(NotFound) as caught:
        index_of(film[: int(len(film) * share)])
    assert "index" in caught.value.message
