"""Time from the last byte to the first frame: Commit answered, then the player page in a Chromium that runs already.

``PYTHONPATH=tests python -m benchmarks.web_first_frame`` prints median and 95th percentile over turns; each turn
uploads anew, so that no index and no cache knows the file. Two clocks: from Commit's answer, with the navigation to the
page, and from the navigation alone.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

from openvod.access.service import IssuedKey
from support.browser.chromium import chromium
from support.browser.player_page import make_film, uploaded
from support.corpus.build import ffmpeg
from support.server import PlatformServer

_SHORT_SECONDS = 60
#: Resolves with the moment of the first frame that was presented, in milliseconds of the wall clock.
_FIRST_FRAME = """() => {
  const [mark] = performance.getEntriesByName('first-frame');
  return mark ? performance.timeOrigin + mark.startTime : 0;
}"""
_PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Turn:
    """One upload and its first frame, in seconds."""

    from_commit: float
    from_navigation: float


def turn(server: PlatformServer, browser: Browser, upload: Path, key: IssuedKey) -> Turn:
    """Upload a file, open its page in a fresh context, and measure."""
    context = browser.new_context()
    page = context.new_page()
    file_id = uploaded(server, key, upload)
    committed = time.time()
    page.goto(f"{server.url}/play/{file_id}?autoplay&muted", wait_until="commit")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (shown := float(page.evaluate(_FIRST_FRAME)) / 1000):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no frame of {upload.name} in {_PATIENCE_SECONDS:g} s")
        page.wait_for_timeout(5)
    opened = float(page.evaluate("performance.timeOrigin")) / 1000
    context.close()
    return Turn(shown - committed, shown - opened)


def repeated(film: Path, path: Path, times: int) -> Path:
    """Put a film behind itself without encoding it again."""
    ffmpeg("-stream_loop", str(times - 1), "-i", str(film), "-c", "copy", str(path))
    return path


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(name: str, size: int, turns: Sequence[Turn]) -> None:
    """Print one clip's line."""
    for label, values in (
        ("Commit answered", [each.from_commit for each in turns]),
        ("page opened", [each.from_navigation for each in turns]),
    ):
        print(
            f"{name:>7} ({size / 1e6:.0f} MB), {len(turns)} turns, {label} to first frame: "
            f"median {statistics.median(values):.3f} s, p95 {percentile(values, 0.95):.3f} s"
        )


def main() -> None:
    """Measure both clips."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument("--size", default="1280x720")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="first-frame-"))
    try:
        short = make_film(folder / "short.mp4", _SHORT_SECONDS, asked.size)
        films = {"60 s": short, "10 min": repeated(short, folder / "long.mp4", 10)}
        with PlatformServer(folder / "data") as server:
            key = server.create_key()
            with chromium("--autoplay-policy=no-user-gesture-required") as browser:
                for name, film in films.items():
                    turns = [turn(server, browser, film, key) for _ in range(asked.turns)]
                    report(name, film.stat().st_size, turns)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
