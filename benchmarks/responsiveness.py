"""Latency of Apply while both cores encode, beside the idle one, in turns of one run.

Twice: with the data on the temporary folder's disk, and in memory, where no neighbour's disk traffic blurs the figures.
Beside each turn, what this machine's disk takes for an ``fdatasync`` of 8 KiB that nothing of ours has to do with.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from benchmarks.latency import measure_apply
from benchmarks.raw_http import in_milliseconds, percentile
from openvod.adapters.ffmpeg.encoder import ffmpeg_path
from openvod_sdk import Client, sign
from support.server import PlatformServer
from support.server.wire import Wire

_RATE, _SECONDS, _ROUNDS = 100, 8, 5


def make_clip(path: Path) -> None:
    """Make a 1080p clip that takes longer to encode than the benchmark lasts."""
    subprocess.run(
        [ffmpeg_path(), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30:d=90", "-c:v", "libx264",
         "-preset", "ultrafast", "-g", "60", str(path)],
        check=True,
    )  # fmt: skip


def start_encoding(server: PlatformServer, wire: Wire, clip: Path) -> None:
    """Upload a clip with a flow, and wait until its encoder runs."""
    signature = sign(wire.key.secret_id, wire.key.secret_key, procedure="LongVideoPreset")
    Client(server.url, lambda: signature, resume=False).upload(clip)
    while not _encoder_runs():
        time.sleep(0.2)
    time.sleep(1.0)


def _encoder_runs() -> bool:
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return "video_10_0.m3u8" in listed


def turn(server: PlatformServer, wire: Wire, folder: Path) -> tuple[list[float], list[float]]:
    """Return the latencies of one turn's Apply calls, and those of bare syncs in the same seconds."""
    os.sync()
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        syncs = pool.submit(_bare_syncs, folder / "bare", over)
        latencies = asyncio.run(measure_apply(server, wire, rate=_RATE, seconds=_SECONDS))
        over.set()
        return latencies, syncs.result()


def _bare_syncs(path: Path, over: threading.Event) -> list[float]:
    taken = []
    with path.open("wb", buffering=0) as file:
        while not over.wait(0.05):
            started = time.perf_counter()
            file.write(bytes(8192))
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - started)
    return taken


def measure(folder: Path) -> None:
    """Print the figures of idle and loaded turns, and the ratio of their p99."""
    clip = folder / "clip.mp4"
    make_clip(clip)
    turns: dict[str, list[tuple[list[float], list[float]]]] = {"idle": [], "both cores encoding": []}
    for _ in range(_ROUNDS):
        with (
            tempfile.TemporaryDirectory(dir=folder) as data,
            PlatformServer(Path(data) / "data") as server,
            httpx.Client(timeout=60) as http,
        ):
            wire = Wire(server.url, server.create_key(), http)
            time.sleep(3.0)
            turns["idle"].append(turn(server, wire, folder))
            start_encoding(server, wire, clip)
            turns["both cores encoding"].append(turn(server, wire, folder))
            assert _encoder_runs(), "the encoder ended before the measurement"
    tails = []
    for name, taken in turns.items():
        applies = [latency for latencies, _ in taken for latency in latencies]
        tails.append([percentile(latencies, 0.99) for latencies, _ in taken])
        print(f"  Apply, {_RATE}/s open loop, {name}: {in_milliseconds(applies)}")
        print(f"    p99 of each turn: {', '.join(f'{tail * 1000:.1f}' for tail in tails[-1])} ms")
        print(f"    a bare fdatasync: {in_milliseconds([sync for _, syncs in taken for sync in syncs])}")
    print(
        f"  ratio of the medians of p99: {statistics.median(tails[1]) / statistics.median(tails[0]):.2f} (target 2.00)"
    )


def main() -> None:
    """Measure on disk and in memory."""
    for place, parent in (("disk", None), ("memory", "/dev/shm")):
        print(f"data on {place}:", flush=True)
        with tempfile.TemporaryDirectory(dir=parent) as folder:
            measure(Path(folder))


if __name__ == "__main__":
    main()
