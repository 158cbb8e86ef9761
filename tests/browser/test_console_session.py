"""The console's entrance: invitations, passwords, sessions that end, roles, connections that break."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from openvod.access.account_model import Role
from support.browser.console_page import ConsolePage, apart, person_of, signed_in
from support.server import PlatformServer
from support.server.console import PASSWORD, Person, invite


@pytest.fixture
def stranger(browser: Browser, console_server: PlatformServer) -> Iterator[ConsolePage]:
    """A window of somebody who is not signed in."""
    context = browser.new_context(locale="en-GB")
    console = ConsolePage(context.new_page(), console_server.url)
    yield console
    assert console.problems == []
    context.close()


def test_an_invitation_leads_in(stranger: ConsolePage, console_server: PlatformServer) -> None:
    """Who opens the link that was printed chooses a name and a password and is in; the link works once."""
    token = apart(lambda: invite(console_server, Role.ADMIN))
    page = stranger.open(f"/invite/{token}")
    page.get_by_label("Name", exact=True).fill("nina")
    page.get_by_label("Password", exact=True).fill("too short")
    page.get_by_label("Repeat the password").fill("not the same")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Use at least 12 characters.")).to_be_visible()
    expect(page.get_by_text("The two passwords differ.")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Repeat the password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    stranger.heading("Dashboard")
    stranger.open(f"/invite/{token}")
    expect(page.get_by_text("This link was already used or has expired")).to_be_visible()


def test_a_password_leads_in_and_out(stranger: ConsolePage, admin: Person) -> None:
    """A wrong password is told as such; the right one opens the address that was asked for; signing out closes it."""
    page = stranger.open("/media?type=Audio")
    page.get_by_label("Name", exact=True).fill(admin.name)
    page.get_by_label("Password", exact=True).fill("this is not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("Wrong name or password")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    stranger.heading("Media library")
    expect(page.get_by_role("combobox", name="Type")).to_have_value("Audio")
    page.get_by_role("button", name="Account and preferences").click()
    expect(page.get_by_text(f"Signed in as {admin.name}")).to_be_visible()
    page.get_by_role("menuitem", name="Sign out", exact=True).click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_an_ended_session_leads_to_sign_in_and_back(browser: Browser, console_server: PlatformServer) -> None:
    """A session that the server ended shows the sign-in page at once, without a click; then the same view again."""
    person = person_of(console_server, Role.ADMIN)
    with signed_in(browser, console_server, person) as console:
        page = console.open("/media?status=Forbidden")
        console.heading("Media library")
        expect(page.get_by_role("img", name="Live")).to_be_visible()
        person.ok("DELETE", "sessions")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=10_000)
        console.sign_in(person)
        console.heading("Media library")
        assert page.url.endswith("#/media?status=Forbidden")


def test_an_answer_of_401_leads_to_sign_in(browser: Browser, console_server: PlatformServer) -> None:
    """Without the stream too, a call that finds no session leads to the sign-in page."""
    person = person_of(console_server, Role.OPERATOR)
    with signed_in(browser, console_server, person) as console:
        console.page.route("**/api/v1/stream*", lambda route: route.abort())
        page = console.open("/")
        console.heading("Dashboard")
        person.ok("DELETE", "sessions")
        page.get_by_role("link", name="Media library").click()
        expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=10_000)


def test_viewers_see_and_change_nothing(browser: Browser, console_server: PlatformServer) -> None:
    """Viewers have no page and no button for what they may not do; its address says why."""
    person = person_of(console_server, Role.VIEWER)
    with signed_in(browser, console_server, person) as console:
        page = console.open("/media")
        console.heading("Media library")
        expect(page.get_by_role("link", name="Upload")).to_have_count(0)
        console.open("/upload")
        expect(page.get_by_text("Your role does not allow this page")).to_be_visible()
        console.open("/nowhere")
        expect(page.get_by_text("Page not found")).to_be_visible()


def test_another_tab_may_sign_in_anew(browser: Browser, console_server: PlatformServer) -> None:
    """A page whose session was replaced in another tab says what to do; doing it again works, without a reload."""
    person = person_of(console_server, Role.ADMIN)
    with signed_in(browser, console_server, person) as console:
        page = console.open("/upload")
        console.heading("Upload")
        body = {"name": person.name, "password": PASSWORD}
        # As another tab does: the cookie is shared, the page's token is not.
        assert page.request.post(f"{console.url}/api/v1/session", data=body).ok
        page.get_by_role("link", name="Media library").click()
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("Permission denied")
        alert.get_by_role("button", name="Try again").click()
        expect(alert).to_have_count(0)
        expect(page.get_by_label("Search")).to_be_visible()


def test_applications_are_apart(browser: Browser, console_server: PlatformServer) -> None:
    """Another application is chosen at the top: its data is shown, after a reload too."""
    person = person_of(console_server, Role.ADMIN)
    made = person.ok("POST", "applications", {"name": "<i>second</i>"})
    with signed_in(browser, console_server, person) as console:
        page = console.open("/media")
        chooser = page.get_by_role("combobox", name="Application")
        chooser.click()
        page.get_by_role("option", name="<i>second</i>").click()
        expect(page.get_by_text("No file yet")).to_be_visible()
        with page.expect_request(lambda request: f"subAppId={made['subAppId']}" in request.url):
            page.reload()
        expect(chooser).to_have_value("<i>second</i>")
        expect(page.get_by_text("No file yet")).to_be_visible()


def test_a_broken_connection_is_told_and_heals(browser: Browser, console_server: PlatformServer, admin: Person) -> None:
    """Off-line, the page says that it may be old and what could not be loaded; back on-line, both end by themselves."""
    with signed_in(browser, console_server, admin) as console:
        page = console.open("/")
        console.heading("Dashboard")
        expect(page.get_by_role("img", name="Live")).to_be_visible()
        page.context.set_offline(True)
        expect(page.get_by_text("Connection lost.")).to_be_visible()
        page.evaluate("location.hash = '#/media/404'")
        page.context.set_offline(False)
        expect(page.get_by_text("Connection lost.")).to_have_count(0, timeout=10_000)
        expect(page.get_by_text("File not found")).to_be_visible(timeout=15_000)


def test_language_and_appearance_are_kept(browser: Browser, console_server: PlatformServer, admin: Person) -> None:
    """A choice of language and appearance holds at once and after a reload."""
    with signed_in(browser, console_server, admin) as console:
        page = console.open("/")
        console.heading("Dashboard")
        menu = page.get_by_role("button", name="Account and preferences")
        menu.click()
        page.get_by_role("menuitemradio", name="Dark").click()
        page.get_by_role("menuitemradio", name="中文").click()
        console.heading("概览")
        page.reload()
        console.heading("概览")
        assert page.locator("html").get_attribute("lang") == "zh-CN"
        assert page.locator("html").get_attribute("data-mantine-color-scheme") == "dark"


def test_the_keyboard_is_enough(browser: Browser, console_server: PlatformServer) -> None:
    """Signing in, skipping the navigation and walking to another view need no pointer."""
    person = person_of(console_server, Role.VIEWER)
    with signed_in(browser, console_server, person) as console:
        page = console.open("/")
        console.heading("Dashboard")
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        page.evaluate("document.body.tabIndex = -1; document.body.focus()")
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Skip to content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("main")).to_be_focused()
        page.get_by_role("link", name="Media library").focus()
        page.keyboard.press("Enter")
        console.heading("Media library")
        expect(page.get_by_role("heading", level=1)).to_be_focused()
