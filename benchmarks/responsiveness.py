"""Latency of Apply while both cores encode, beside the idle one, in turns of one run."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.latency import measure_apply
from benchmarks.raw_http import in_milliseconds
from openvod.adapters.ffmpeg.encoder import ffmpeg_path
from openvod_sdk import Client, sign
from support.server import PlatformServer
from support.wire import Wire

_RATE, _SECONDS, _ROUNDS = 100, 10, 3


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


def p99(latencies: list[float]) -> float:
    """Return the 99th percentile."""
    return sorted(latencies)[int(len(latencies) * 0.99)]


def main() -> None:
    """Print the figures of idle and loaded turns, and the ratio of their p99."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        make_clip(clip)
        idle: list[float] = []
        loaded: list[float] = []
        for _ in range(_ROUNDS):
            with (
                tempfile.TemporaryDirectory(dir=folder) as data,
                PlatformServer(Path(data) / "data") as server,
                httpx.Client(timeout=60) as http,
            ):
                wire = Wire(server.url, server.create_key(), http)
                time.sleep(3.0)
                idle += asyncio.run(measure_apply(server, wire, rate=_RATE, seconds=_SECONDS))
                start_encoding(server, wire, clip)
                loaded += asyncio.run(measure_apply(server, wire, rate=_RATE, seconds=_SECONDS))
                assert _encoder_runs(), "the encoder ended before the measurement"
    print(f"Apply, {_RATE}/s open loop, idle: {in_milliseconds(idle)}")
    print(f"Apply, {_RATE}/s open loop, both cores encoding: {in_milliseconds(loaded)}")
    print(f"ratio of p99: {p99(loaded) / p99(idle):.2f} (target 2.00)")


if __name__ == "__main__":
    main()
