"""Every view of the console for everybody: screen readers, phones, light and dark, both languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from openvod.access.account_model import Role
from support.browser.axe import violations
from support.browser.console_page import PHONE, ConsolePage, apart, context_of, looks, overflow, photograph
from support.browser.player_page import make_film, uploaded
from support.server import PlatformServer
from support.server.console import Person, invite

#: Names of views and what their pages show once their data is there.
_SEEN = {
    "dashboard": ".mantine-Paper-root",
    "library": "table tbody tr",
    "details": "iframe",
    "deleted": "ol > li",
    "upload": "input[type=file]",
    "uploads": "ul[aria-label] li",
    "nowhere": "main",
    "sign-in": "form",
    "invite": "form",
    "used-invite": "h1",
}
_LOOKS = dict(looks())


@pytest.fixture(scope="module")
def addresses(
    console_server: PlatformServer, admin: Person, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The address of each view, with something in it."""
    film = make_film(tmp_path_factory.mktemp("film") / "A film with a rather long name for small screens.mp4", 2)
    key = apart(console_server.create_key)
    shown, gone = (uploaded(console_server, key, film, procedure) for procedure in ("LongVideoPreset", ""))
    admin.action("DeleteMedia", {"FileId": gone})
    forbidden = uploaded(console_server, key, film)
    admin.action("ForbidMediaDistribution", {"FileIds": [forbidden], "Operation": "forbid"})
    admin.action("ModifyMediaInfo", {"FileId": shown, "AddTags": ["red", "summer"], "Description": "A description."})
    return {
        "dashboard": "/",
        "library": "/media",
        "details": f"/media/{shown}",
        "deleted": f"/media/{gone}",
        "upload": "/upload",
        "uploads": "/upload",
        "nowhere": "/nowhere",
        "sign-in": "/media",
        "invite": f"/invite/{apart(lambda: invite(console_server, Role.OPERATOR))}",
        "used-invite": "/invite/used",
    }


def _choose_files(page: Page) -> None:
    files: list[FilePayload] = [
        {"name": f"clip {number} <b>.mp4", "mimeType": "video/mp4", "buffer": b"x" * 1000} for number in range(3)
    ]
    page.locator("input[type=file][multiple]").set_input_files(files)
    page.get_by_role("listitem").filter(has_text="clip").first.wait_for()


_FIRST: dict[str, Callable[[Page], None]] = {"uploads": _choose_files}


@pytest.mark.parametrize("look", _LOOKS)
def test_every_view_is_for_everybody(
    browser: Browser, console_server: PlatformServer, admin: Person, addresses: dict[str, str], look: str
) -> None:
    """No view has a serious violation by axe-core or is wider than its window, however it is looked at."""
    bad: list[object] = []
    for name, address in addresses.items():
        context = context_of(browser, admin, **_LOOKS[look])
        if name == "sign-in":
            context.clear_cookies()
        console = ConsolePage(context.new_page(), console_server.url)
        page = console.open(address)
        if name in _FIRST:
            page.locator(_SEEN["upload"]).first.wait_for(state="attached")
            _FIRST[name](page)
        page.locator(_SEEN[name]).first.wait_for(state="attached")
        expect(page.locator("[role=status] .mantine-Loader-root")).to_have_count(0)
        photograph(page, f"{name}-{look}")
        bad += [(name, *each) for each in violations(page)]
        if wide := overflow(page):
            bad.append((name, f"{wide} pixels too wide"))
        bad += [(name, each) for each in console.problems]
        context.close()
    assert bad == []


@pytest.mark.parametrize("dialog", ["Edit", "Process", "Block playback", "Delete"])
@pytest.mark.parametrize("look", ["en-light-390", "zh-dark-1280"])
def test_dialogs_are_for_everybody(
    browser: Browser, console_server: PlatformServer, admin: Person, addresses: dict[str, str], look: str, dialog: str
) -> None:
    """Dialogs too; they take the focus, and Escape closes them."""
    context = context_of(browser, admin, **_LOOKS[look])
    console = ConsolePage(context.new_page(), console_server.url)
    page = console.open(addresses["details"])
    buttons = {"Edit": "编辑", "Process": "处理", "Block playback": "禁播", "Delete": "删除"}
    name = buttons[dialog] if look.startswith("zh") else dialog
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()
    opened = page.get_by_role("dialog")
    expect(opened).to_be_visible()
    page.wait_for_timeout(400)
    assert opened.evaluate("(dialog) => dialog.contains(document.activeElement)")
    photograph(page, f"dialog-{dialog.lower()}-{look}")
    assert violations(page) == []
    assert overflow(page) == 0
    page.keyboard.press("Escape")
    expect(opened).to_have_count(0)
    context.close()


def test_phones_have_the_navigation_behind_a_button(
    browser: Browser, console_server: PlatformServer, admin: Person
) -> None:
    """On a phone the navigation opens by a button, leads on, and is closed again."""
    context = context_of(browser, admin, viewport={"width": PHONE, "height": 844}, has_touch=True)
    console = ConsolePage(context.new_page(), console_server.url)
    page = console.open("/")
    console.heading("Dashboard")
    expect(page.get_by_role("link", name="Media library")).not_to_be_in_viewport()
    page.get_by_role("button", name="Open the navigation").tap()
    page.wait_for_timeout(400)
    photograph(page, "navigation-en-light-390")
    page.get_by_role("link", name="Media library").tap()
    console.heading("Media library")
    expect(page.get_by_role("link", name="Dashboard")).not_to_be_in_viewport()
    context.close()


def test_a_broken_view_leaves_the_rest_usable(browser: Browser, console_server: PlatformServer, admin: Person) -> None:
    """A view whose script cannot be loaded says what happened and what to do; other views work on."""
    context = context_of(browser, admin)
    console = ConsolePage(context.new_page(), console_server.url)
    page = console.open("/media")
    console.heading("Media library")
    page.route("**/assets/upload-*.js", lambda route: route.abort())
    page.get_by_role("link", name="Upload", exact=True).first.click()
    expect(page.get_by_role("alert")).to_contain_text("This page failed", timeout=30_000)
    page.get_by_role("link", name="Dashboard").click()
    console.heading("Dashboard")
    context.close()
