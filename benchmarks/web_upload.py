"""The browser's upload: our web SDK against the official one, interleaved in one run, in one Chromium on loopback.

Both send the same file to the same platform over plain HTTP; the official bundle finds it by ``/compat/web.js``. Each
upload has a profile of its own. Rates are medians of the rounds, memory is the largest growth of the page's heap.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.sync_api import Browser, CDPSession

from clients.builds import node_packages
from openvod.base.sizes import GIB, MIB
from support.browser.chromium import chromium
from support.browser.upload_site import UploadSite
from support.server import PlatformServer

_OFFICIAL = "vod-js-sdk-v6/dist/vod-js-sdk-v6.js"
_LARGEST_GROWTH = 64_000_000
_SAMPLE_MILLISECONDS = 50


@dataclass(frozen=True)
class Round:
    """One upload: bytes per second, and bytes by which the page's heap grew at most."""

    rate: float
    growth: float


def upload(browser: Browser, site: UploadSite, path: Path) -> Round:
    """Upload a file in a fresh profile."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.url)
    page.set_input_files("#media", path)
    session = context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    before, most, began = _heap(session), 0.0, time.monotonic()
    page.evaluate("start()")
    while not (outcome := page.evaluate("window.outcome")):
        most = max(most, _heap(session))
        page.wait_for_timeout(_SAMPLE_MILLISECONDS)
    seconds = time.monotonic() - began
    context.close()
    if "result" not in outcome:
        raise SystemExit(f"the upload failed: {outcome}")
    return Round(path.stat().st_size / seconds, most - before)


def _heap(session: CDPSession) -> float:
    """Objects and the memory of their buffers."""
    used = session.send("Runtime.getHeapUsage")
    return float(used["usedSize"] + used.get("backingStorageSize", 0))


@contextmanager
def _sites(server: PlatformServer) -> Iterator[dict[str, UploadSite]]:
    with UploadSite(server) as ours, UploadSite(server) as official:
        official.scripts = ()
        official.files["/official.js"] = (node_packages() / _OFFICIAL).read_bytes()
        official.head = f'<script src="{server.url}/compat/web.js"></script><script src="/official.js"></script>'
        yield {"openvod-web": ours, "vod-js 1.8.0": official}


def _written(path: Path, size: int) -> Path:
    block = os.urandom(MIB)
    with path.open("wb") as file:
        for _ in range(size // MIB):
            file.write(block)
    return path


def main() -> None:
    """Print the table, then what the targets say of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=1.0, help="GiB per upload")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", default=None, help="where file and platform lie; default: as for temporary files")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results: dict[str, list[Round]] = {}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = _written(Path(folder) / "large.mp4", int(options.gib * GIB))
        environment = {"OPENVOD__TASKS__WORKERS": "0"}
        with (
            PlatformServer(Path(folder) / "data", environment) as server,
            _sites(server) as sites,
            chromium() as browser,
        ):
            for number in range(options.rounds):
                # Who goes first changes, so that a disk that gets slower favours nobody.
                for name in list(sites)[:: 1 if number % 2 == 0 else -1]:
                    results.setdefault(name, []).append(upload(browser, sites[name], path))
    if options.json:
        print(json.dumps({name: [asdict(each) for each in rounds] for name, rounds in results.items()}))
        return
    _print(results, options.gib)


def _print(results: dict[str, list[Round]], gib: float) -> None:
    print(f"{gib:g} GiB from Chromium on loopback")
    for name, rounds in results.items():
        each = " ".join(f"{r.rate / 1e6:5.0f}" for r in rounds)
        rate, growth = statistics.median(r.rate for r in rounds), max(r.growth for r in rounds)
        print(f"{name:<14} {rate / 1e6:5.0f} MB/s (rounds: {each})  heap +{growth / 1e6:.1f} MB")
    ours, official = (statistics.median(r.rate for r in results[n]) for n in ("openvod-web", "vod-js 1.8.0"))
    growth = max(r.growth for r in results["openvod-web"])
    print(f"rate / vod-js 1.8.0: {ours / official:.2f} (target >= 1.0) {'met' if ours >= official else 'NOT MET'}")
    met = growth <= _LARGEST_GROWTH
    print(f"heap growth: {growth / 1e6:.1f} MB (target <= {_LARGEST_GROWTH // 10**6}) {'met' if met else 'NOT MET'}")


if __name__ == "__main__":
    main()
