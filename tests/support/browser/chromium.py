"""Headless Chromium of the machine, as every browser test starts it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from playwright.sync_api import Browser, Playwright, sync_playwright

CHROMIUM = "/usr/bin/chromium"
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def launch(playwright: Playwright, flags: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> Browser:
    """Start a browser; ``environment`` replaces this process's own."""
    env: dict[str, str | float | bool] | None = dict(environment) if environment is not None else None
    return playwright.chromium.launch(executable_path=CHROMIUM, env=env, args=[*_FLAGS, *flags])


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Run a browser."""
    with sync_playwright() as playwright:
        browser = launch(playwright, flags)
        try:
            yield browser
        finally:
            browser.close()
