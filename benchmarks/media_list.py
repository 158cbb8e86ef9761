"""What a page of a large library costs: 100,000 files, the first page and the last that can be reached.

The rows are written by the adapter into a data folder of its own, then read as SearchMedia reads them: page, count,
results and ``MediaInfo``.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from openvod.access.service import ensure_defaults
from openvod.adapters.ffmpeg.pictures import PillowPictures
from openvod.adapters.filesystem.blobs import file_blobs
from openvod.adapters.filesystem.folder import DataFolder
from openvod.adapters.filesystem.working import WorkingCopies
from openvod.adapters.sql.database import Database, Transaction, open_database, sqlite_url
from openvod.adapters.sql.migrations import upgrade
from openvod.adapters.system import SystemClock, SystemEntropy
from openvod.kinds.probe import AudioStream, ProbeResult, VideoStream
from openvod.media.library import MediaLibrary
from openvod.media.model import MediaAsset, MediaOutput, ProbeState
from openvod.media.query import REACHABLE, MediaQuery
from openvod.storage.outputs import OutputStore

FILES = 100_000
_BATCH, _PAGE, _ROUNDS = 5_000, 20, 200
_APPLICATION = 7
_PROBE = ProbeResult(
    3_000_000, "mov,mp4,m4a,3gp,3g2,mj2", 2_900_000, 1280, 720, 8.0, 0, 8.0, 8.0, "Video",
    (VideoStream(2_700_000, 720, 1280, "h264", 30),), (AudioStream(128_000, 44_100, "aac"),),
).to_json()  # fmt: skip
_LISTS = {
    "newest first": MediaQuery(_APPLICATION),
    "oldest first": MediaQuery(_APPLICATION, newest_first=False),
    "forbidden ones": MediaQuery(_APPLICATION, statuses=("Forbidden",)),
}
_SEARCHES = {
    "text in a name": MediaQuery(_APPLICATION, names=("day 99",)),
    "a tag": MediaQuery(_APPLICATION, tags=("red",)),
}
_OUTPUT = {"Url": "http://example.test/v.f10.mp4", "Definition": 10, "Bitrate": 1, "Size": 1, "Duration": 8.0}


def _asset(number: int, application: int, oldest: float) -> MediaAsset:
    file_id = str(5_000_000_000_000_000_000 + number)
    directory = f"1a2b3c4dvodcq{application}/12345678{file_id}"
    moment = oldest + number / 3
    return MediaAsset(
        file_id, application, f"holiday {number}", "mp4", number % 5, f"1a2b3c4dvodcq{application}-1250000000",
        "ap-chongqing", f"{directory}/abcdefghijkl.mp4", "", 3_000_000, "", moment, moment, "", ProbeState.DONE,
        _PROBE, status="Normal" if number % 10 else "Forbidden", tags=("red",) if number % 100 == 0 else (),
    )  # fmt: skip


async def fill(database: Database, application: int = _APPLICATION, newest: float = 1e9 + FILES / 3) -> None:
    """Write the files of an application; three came in each second, the last one at a moment."""
    await database.write(lambda tx: ensure_defaults(tx.access, 0.0))
    for start in range(0, FILES, _BATCH):
        await database.write(partial(_put, range(start, start + _BATCH), application, newest - FILES / 3))


def _put(numbers: range, application: int, oldest: float, tx: Transaction) -> None:
    for number in numbers:
        asset = _asset(number, application, oldest)
        tx.media.put_asset(asset)
        tx.media.put_output(MediaOutput(asset.file_id, "Transcode", 10, _OUTPUT, asset.created_at))


async def _milliseconds(library: MediaLibrary, query: MediaQuery, rounds: int = _ROUNDS) -> float:
    """Return the median over several reads of a page."""
    taken: list[float] = []
    for _ in range(rounds):
        start = time.perf_counter()
        await library.search(query)
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


async def _measure(folder: Path) -> None:
    database = open_database(sqlite_url(folder / "bench.sqlite3"))
    upgrade(database.engine)
    clock, entropy = SystemClock(), SystemEntropy()
    with file_blobs(DataFolder(folder).blobs) as blobs:
        outputs = OutputStore(database, blobs, WorkingCopies(folder / "copies"), clock, entropy)
        library = MediaLibrary(database, outputs, PillowPictures(), clock, entropy, "http://example.test/{}".format)
        try:
            start = time.perf_counter()
            await fill(database)
            print(
                f"{FILES} files written in {time.perf_counter() - start:.1f} s; median of {_ROUNDS} reads of {_PAGE}:"
            )
            await _pages(library)
        finally:
            database.close()


async def _pages(library: MediaLibrary) -> None:
    for name, query in _LISTS.items():
        first = await _milliseconds(library, _at(query, 0))
        last = await _milliseconds(library, _at(query, REACHABLE - _PAGE))
        print(f"{name:16} first page {first:6.2f} ms, last page {last:6.2f} ms, ratio {last / first:.2f}")
    for name, query in _SEARCHES.items():
        print(f"{name:16} first page {await _milliseconds(library, query, 10):6.2f} ms (looks at every file)")


def _at(query: MediaQuery, offset: int) -> MediaQuery:
    return replace(query, offset=offset, limit=_PAGE)


def main() -> None:
    """Fill, measure, print."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure(Path(folder)))


if __name__ == "__main__":
    main()
