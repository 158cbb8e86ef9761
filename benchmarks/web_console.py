"""First view of the console with 100,000 files: from navigation until the data is painted, in Chromium.

``PYTHONPATH=tests python -m benchmarks.web_console`` prints median and 95th percentile of each view, with an empty
cache (a window that was never here: scripts, styles, session, data) and with a filled one. The page's own clock runs
from the navigation to the second frame after the data stood in the document.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.console import make
from benchmarks.media_list import FILES
from openvod.access.account_model import Role
from support.browser.chromium import chromium
from support.browser.console_page import context_of
from support.server import PlatformServer
from support.server.console import Person

_LIMIT_MS = 1000.0
_PATIENCE_MS = 20_000
#: Address of each view, and what is in the document once its data is.
_VIEWS = {
    "dashboard": ("/", f"[...document.querySelectorAll('p')].some((p) => p.textContent === '{FILES:,}')"),
    "library": ("/media", "document.querySelectorAll('table tbody tr').length >= 25"),
}
_WATCH = """
window.painted = 0;
const look = () => {
  if (document.readyState !== "loading" && (%s)) {
    requestAnimationFrame(() => requestAnimationFrame(() => { window.painted = performance.now(); }));
  } else {
    requestAnimationFrame(look);
  }
};
requestAnimationFrame(look);
"""


def _painted(page: Page, address: str) -> float:
    page.goto(address, wait_until="commit")
    for _ in range(_PATIENCE_MS // 20):
        page.wait_for_timeout(20)
        if shown := float(page.evaluate("window.painted || 0")):
            return shown
    raise TimeoutError(f"{address} shows nothing: {page.inner_text('body')[:300]}")


def turn(browser: Browser, server: PlatformServer, person: Person, view: str) -> tuple[float, float]:
    """Open a view in a fresh window, and in another tab of it; return milliseconds of both."""
    path, ready = _VIEWS[view]
    context = context_of(browser, person)
    context.add_init_script(_WATCH % ready)
    address = f"{server.url}/console/#{path}"
    page = context.new_page()
    cold = _painted(page, address)
    page.close()
    warm = _painted(context.new_page(), address)
    context.close()
    return cold, warm


def _report(name: str, taken: Sequence[float]) -> bool:
    ordered = sorted(taken)
    median, high = statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    print(f"{name:28} median {median:6.0f} ms, p95 {high:6.0f} ms (at most {_LIMIT_MS:g})", flush=True)
    return high <= _LIMIT_MS


def main() -> None:
    """Fill, measure, print; exit status 1 when a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=20)
    turns = parser.parse_args().turns
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "data"
        make(folder)
        print(f"{FILES} files, tasks and events; {turns} turns of each view:", flush=True)
        with PlatformServer(folder, {"OPENVOD__TASKS__WORKERS": "0"}) as server:
            person = Person.invited(server, Role.ADMIN)
            with chromium() as browser:
                for view in _VIEWS:
                    taken = [turn(browser, server, person, view) for _ in range(turns)]
                    good &= _report(f"{view}, empty cache", [cold for cold, _ in taken])
                    good &= _report(f"{view}, filled cache", [warm for _, warm in taken])
    if not good:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
