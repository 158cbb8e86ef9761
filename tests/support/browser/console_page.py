"""The console in a browser, as a person sees it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Browser, BrowserContext, Page, expect

from openvod.access.account_model import Role
from support.server import PlatformServer
from support.server.console import PASSWORD, Person

R = TypeVar("R")

PHONE, DESK = 390, 1280
_HEIGHTS = {PHONE: 844, DESK: 800}
#: A folder for pictures of every view; without it none are made.
SCREENSHOTS = os.environ.get("OPENVOD_SCREENSHOTS", "")


@dataclass
class ConsolePage:
    """An open console; what goes wrong in it is kept."""

    page: Page
    url: str
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen for errors of scripts, and of the page's policy."""
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on(
            "console",
            lambda message: self.problems.append(message.text) if "Content Security" in message.text else None,
        )

    def open(self, path: str = "/") -> Page:
        """Go to a view by its address."""
        self.page.goto(f"{self.url}/console/#{path}")
        return self.page

    def sign_in(self, person: Person) -> None:
        """Fill the form that is shown."""
        self.page.get_by_label("Name", exact=True).fill(person.name)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()

    def heading(self, name: str) -> None:
        """Wait for a view by its heading."""
        expect(self.page.get_by_role("heading", level=1, name=name)).to_be_visible()


def apart(work: Callable[[], R]) -> R:
    """Do something in another thread: an open browser runs an event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def person_of(server: PlatformServer, role: Role) -> Person:
    """Return somebody new who is signed in."""
    return apart(lambda: Person.invited(server, role))


def context_of(browser: Browser, person: Person, **options: Any) -> BrowserContext:
    """Return a window of a person who is signed in already."""
    options = {"locale": "en-GB", "viewport": {"width": DESK, "height": _HEIGHTS[DESK]}} | options
    context = browser.new_context(**options)
    base = str(person.http.base_url)
    context.add_cookies(
        [{"name": cookie.name, "value": cookie.value or "", "url": base} for cookie in person.http.cookies.jar]
    )
    return context


@contextmanager
def signed_in(browser: Browser, server: PlatformServer, person: Person, **options: Any) -> Iterator[ConsolePage]:
    """Open a console as a person; no script of it may fail."""
    context = context_of(browser, person, **options)
    console = ConsolePage(context.new_page(), server.url)
    try:
        yield console
        assert console.problems == []
    finally:
        context.close()


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def looks(widths: Sequence[int] = (DESK, PHONE)) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield names and options of windows in every language, appearance and width."""
    for language, locale in (("en", "en-GB"), ("zh", "zh-CN")):
        for scheme in ("light", "dark"):
            for width in widths:
                size = {"width": width, "height": _HEIGHTS[width]}
                yield f"{language}-{scheme}-{width}", {"locale": locale, "color_scheme": scheme, "viewport": size}


def photograph(page: Page, name: str) -> None:
    """Keep a picture of the page, if pictures are wanted."""
    if SCREENSHOTS:
        page.wait_for_timeout(300)
        page.screenshot(path=str(Path(SCREENSHOTS) / f"{name}.png"), full_page=True)
