"""The console's settings in a browser: applications, keys, regions, callbacks, domains, people, the audit log."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from openvod.access.account_model import Role
from openvod.access.service import IssuedKey
from openvod_sdk import sign_link
from support.browser.axe import violations
from support.browser.console_data import MARKUP, Filled, until
from support.browser.console_page import ConsolePage, signed_in
from support.server import free_port
from support.server.console import PASSWORD
from support.server.wire import Wire, signature


@pytest.fixture
def console(browser: Browser, filled: Filled) -> Iterator[ConsolePage]:
    """The window of an admin."""
    with signed_in(browser, filled.server, filled.admin) as opened:
        yield opened


def _confirm(page: Page, deed: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=deed, exact=True).click()


def _told(page: Page, label: str) -> str:
    """Return a secret that is shown once, and put it away."""
    shown = page.locator(f"[data-secret='{label}']")
    expect(shown).to_be_visible()
    text = shown.inner_text()
    page.get_by_role("button", name="I have saved it").click()
    expect(shown).to_have_count(0)
    return text


def test_a_key_is_made_and_disabled(console: ConsolePage, filled: Filled) -> None:
    """A key's secret is shown once and signs uploads; disabled, the key is refused at once; only then it is deleted."""
    page = console.open("/keys")
    page.get_by_role("button", name="New key").click()
    page.get_by_label("Purpose").fill("mobile app")
    page.get_by_role("checkbox", name="sign uploads").check()
    page.get_by_role("dialog").get_by_role("button", name="New key").click()
    secret_id = page.locator("[data-secret='SecretId']").inner_text()
    key = IssuedKey(secret_id, _told(page, "SecretKey"), 0)
    row = page.get_by_role("row", name="mobile app")
    expect(row).to_contain_text("sign uploads")
    with httpx.Client() as http:
        wire = Wire(filled.server.url, key, http)
        body = {"signature": signature(key), "videoName": "clip", "videoType": "mp4"}
        assert wire.ugc("ApplyUploadUGC", body)["code"] == 0
        expect(row.get_by_role("button", name="Delete")).to_have_count(0)
        row.get_by_role("button", name="Disable").click()
        _confirm(page, "Disable")
        expect(page.get_by_text("The key was disabled.")).to_be_visible()
        assert wire.ugc("ApplyUploadUGC", body)["code"] == 10005
    row.get_by_role("button", name="Delete").click()
    _confirm(page, "Delete")
    expect(row).to_have_count(0)


def test_a_key_of_a_domain_is_rotated(console: ConsolePage, filled: Filled) -> None:
    """Under a KEY media opens with signed links alone; a rotation keeps old links open until the backup is dropped."""
    asked = {"FileIds": [filled.files["chinese"]]}
    url = filled.operator.action("DescribeMediaInfos", asked)["MediaInfoSet"][0]["BasicInfo"]["MediaUrl"]
    page = console.open("/domains")
    card = page.get_by_role("article", name="127.0.0.1")
    card.get_by_role("button", name="Change: KEY").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Enable this rule").check()
    dialog.get_by_role("button", name="Generate").click()
    first = dialog.get_by_label("KEY", exact=True).input_value()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The protection rules were saved.")).to_be_visible()
    _status_becomes(url, 403)
    old = sign_link(url, first, expire=3600)
    _status_becomes(old, 200)
    card.get_by_role("button", name="Rotate the KEY").click()
    _confirm(page, "Rotate the KEY")
    second = _told(page, "KEY")
    assert second != first
    _status_becomes(sign_link(url, second, expire=3600), 200)
    assert httpx.get(old).status_code == 200
    card.get_by_role("button", name="Remove the backup KEY").click()
    _confirm(page, "Remove the backup KEY")
    _status_becomes(old, 403)
    card.get_by_role("button", name="Change: KEY").click()
    dialog.get_by_label("Enable this rule").uncheck()
    dialog.get_by_role("button", name="Save").click()
    _status_becomes(url, 200)


def test_links_are_made_and_judged(console: ConsolePage, filled: Filled) -> None:
    """Under a KEY a made link is judged to open, and an altered one not, with what to do."""
    domain = {"Domain": "media.example.com"}
    policy = {"Status": "Enabled", "EncryptedKey": "abcdefgh12345678"}
    filled.admin.action("ModifyVodDomainConfig", domain | {"UrlSignatureAuthPolicy": policy})
    page = console.open("/domains")
    page.get_by_label("Address of media").fill("https://media.example.com/b/d/clip.mp4")
    page.get_by_role("button", name="Create a link").click()
    link = page.get_by_role("region", name="New link").locator("pre").inner_text()
    page.get_by_label("Link to test").fill(link)
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_text("The link is valid")).to_be_visible()
    page.get_by_label("Link to test").fill(link.replace("/d/", "/e/"))
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.get_by_text("The link was changed, or signed with another KEY.")).to_be_visible()


def _status_becomes(url: str, status: int) -> None:
    until(lambda: httpx.get(url).status_code == status, 10)


def test_pages_are_kept_out(console: ConsolePage, filled: Filled) -> None:
    """A list of pages is set and refused where it is wrong, with the reason in the dialog; it holds for players."""
    asked = {"FileIds": [filled.files["chinese"]]}
    url = filled.operator.action("DescribeMediaInfos", asked)["MediaInfoSet"][0]["BasicInfo"]["MediaUrl"]
    page = console.open("/domains")
    page.get_by_role("button", name="Change: Pages (referers), 127.0.0.1").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Enable this rule").check()
    dialog.get_by_label("Type of the list").select_option("Black")
    dialog.get_by_role("textbox").fill("https://thief.example")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("must be like example.com")
    dialog.get_by_role("textbox").fill("thief.example\n*.thief.example")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The protection rules were saved.")).to_be_visible()
    referer = {"Referer": "https://thief.example/page"}
    until(lambda: httpx.get(url, headers=referer).status_code == 403, 10)
    assert httpx.get(url).status_code == 200
    page.get_by_role("button", name="Change: Pages (referers), 127.0.0.1").click()
    dialog.get_by_label("Enable this rule").uncheck()
    dialog.get_by_role("button", name="Save").click()
    until(lambda: httpx.get(url, headers=referer).status_code == 200, 10)


def test_domains_come_and_go(console: ConsolePage, filled: Filled) -> None:
    """A domain is added, becomes what addresses begin with, cannot be deleted then, and can once another one does."""
    page = console.open("/domains")
    page.get_by_role("button", name="New domain").click()
    page.get_by_role("dialog").get_by_label("Domain").fill("video.example.org")
    page.get_by_role("dialog").get_by_role("button", name="New domain").click()
    expect(page.get_by_role("article", name="video.example.org")).to_be_visible()
    _make_default(page, "video.example.org")
    page.get_by_role("button", name="Delete: video.example.org").click()
    _confirm(page, "Delete")
    expect(page.get_by_text("is the default domain")).to_be_visible()
    _make_default(page, "127.0.0.1")
    page.get_by_role("button", name="Delete: video.example.org").click()
    _confirm(page, "Delete")
    expect(page.get_by_role("article", name="video.example.org")).to_have_count(0)


def _make_default(page: Page, domain: str) -> None:
    page.get_by_role("button", name="Change: Prefix of media addresses").click()
    page.get_by_role("dialog").get_by_label("Domain").select_option(domain)
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("region", name="Prefix of media addresses").locator("dd").first).to_have_text(domain)


@pytest.mark.parametrize(
    ("role", "has", "has_not"),
    [
        ("viewer", ("Tasks", "Templates", "Access tokens"), ("Upload", "Callbacks", "API keys", "Users", "Audit log")),
        ("operator", ("Upload", "Tasks", "Callbacks"), ("API keys", "Hotlink protection", "Users", "Audit log")),
        ("admin", ("Upload", "API keys", "Hotlink protection", "Users", "Audit log"), ()),
    ],
)
def test_people_of_each_role_are_invited(
    browser: Browser, console: ConsolePage, role: str, has: tuple[str, ...], has_not: tuple[str, ...]
) -> None:
    """The link of an invitation leads a new person to what the role may do, and to nothing else."""
    page = console.open("/users")
    page.get_by_role("button", name="Invite").click()
    page.get_by_role("radio", name=role).check()
    page.get_by_role("dialog").get_by_role("button", name="Invite").click()
    link = _told(page, "Link")
    guest = browser.new_context(locale="en-GB")
    theirs = guest.new_page()
    theirs.goto(link)
    theirs.get_by_label("Name", exact=True).fill(f"new-{role}")
    theirs.get_by_label("Password", exact=True).fill(PASSWORD)
    theirs.get_by_label("Repeat the password").fill(PASSWORD)
    theirs.get_by_role("button", name="Continue").click()
    navigation = theirs.get_by_role("navigation", name="Main navigation")
    for name in has:
        expect(navigation.get_by_role("link", name=name)).to_be_visible()
    for name in has_not:
        expect(navigation.get_by_role("link", name=name)).to_have_count(0)
    theirs.goto(f"{console.url}/console/#/keys")
    if role != "admin":
        expect(theirs.get_by_text("Your role does not allow this page")).to_be_visible()
    page.reload()
    expect(page.get_by_role("row", name=f"new-{role}")).to_contain_text("active")
    page.get_by_role("button", name=f"Disable: new-{role}").click()
    _confirm(page, "Disable")
    expect(theirs.get_by_role("button", name="Sign in")).to_be_visible(timeout=10_000)
    guest.close()


def test_the_last_admin_stays(console: ConsolePage, filled: Filled) -> None:
    """A change that the server refuses is told with the reason, and nothing has changed."""
    for row in filled.admin.ok("GET", "users")["items"]:
        if row["role"] == "admin" and row["name"] != filled.admin.name:
            filled.admin.ok("DELETE", f"users/{row['name']}")
    page = console.open("/users")
    role = page.get_by_label(f"Role of {filled.admin.name}")
    role.select_option("viewer")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("admin")
    expect(role).to_have_value("admin")


def test_a_new_password_and_withdrawn_invitations(console: ConsolePage, filled: Filled) -> None:
    """Admins make links for new passwords, and take back links that are open."""
    name = filled.people[Role.VIEWER].name
    page = console.open("/users")
    page.get_by_role("button", name=f"Reset password: {name}").click()
    _confirm(page, "Reset password")
    secret = _told(page, "Link").rpartition("/")[2]
    look = f"{filled.server.url}/api/v1/invites/look"
    assert httpx.post(look, json={"token": secret}).json()["name"] == name
    page.get_by_role("button", name=f"Withdraw: {name}").click()
    expect(page.get_by_text("The invitation was withdrawn.")).to_be_visible()
    assert httpx.post(look, json={"token": secret}).status_code == 403


def test_tokens_open_and_end(console: ConsolePage, filled: Filled) -> None:
    """An access token is shown once, works for a tool, and is worthless once it is deleted."""
    page = console.open("/tokens")
    page.get_by_role("button", name="New token").click()
    page.get_by_label("Purpose").fill("backup script")
    page.get_by_label("Expires after").select_option("7")
    page.get_by_role("dialog").get_by_role("button", name="New token").click()
    headers = {"Authorization": f"Bearer {_told(page, 'Access token')}"}
    tasks = f"{filled.server.url}/api/v1/tasks"
    assert httpx.get(tasks, headers=headers).status_code == 200
    page.get_by_role("button", name="Delete: backup script").click()
    _confirm(page, "Delete")
    expect(page.get_by_role("row", name="backup script")).to_have_count(0)
    assert httpx.get(tasks, headers=headers).status_code == 401


def test_callbacks(console: ConsolePage, filled: Filled) -> None:
    """Endpoints are added, paused, given new secrets and removed; given-up events are sent again."""
    page = console.open("/endpoints")
    page.get_by_role("button", name="New endpoint").click()
    page.get_by_role("textbox", name="Name").fill("audit trail")
    page.get_by_role("textbox", name="Address").fill(f"http://127.0.0.1:{free_port()}/")
    page.get_by_role("dialog").get_by_role("button", name="New endpoint").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("name")
    page.get_by_role("textbox", name="Name").fill("audit-trail")
    page.get_by_role("dialog").get_by_role("button", name="New endpoint").click()
    first = _told(page, "Secret (Standard Webhooks)")
    assert first.startswith("whsec_")
    card = page.get_by_role("article", name="audit-trail")
    card.get_by_role("button", name="Pause").click()
    expect(card.get_by_text("paused")).to_be_visible()
    card.get_by_role("button", name="New secret").click()
    _confirm(page, "New secret")
    assert _told(page, "Secret (Standard Webhooks)") not in ("", first)
    card.get_by_role("button", name="Remove").click()
    _confirm(page, "Remove")
    expect(card).to_have_count(0)
    page.get_by_role("button", name="Resend undelivered events: deaf").click()
    expect(page.get_by_text("being sent again.")).to_be_visible()


def test_the_callback_url(console: ConsolePage, filled: Filled) -> None:
    """The callback URL is set the first time and changed later; an address that may not be dialled is refused."""
    page = console.open("/endpoints")
    page.get_by_role("button", name="Set the callback URL").click()
    url = f"http://127.0.0.1:{free_port()}/"
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Address").fill("gopher://example.com")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Address").fill(url)
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("article", name="default")).to_contain_text(url)
    rows = filled.admin.ok("GET", "endpoints")["items"]
    assert [row["url"] for row in rows if row["name"] == "default"] == [url]


def test_applications(console: ConsolePage, filled: Filled) -> None:
    """An application is made, switched off after a question, and on again; the main one cannot be."""
    page = console.open("/applications")
    page.get_by_role("button", name="New application").click()
    page.get_by_role("dialog").get_by_label("Name").fill("third")
    page.get_by_role("dialog").get_by_role("button", name="New application").click()
    row = page.get_by_role("row", name="third")
    row.get_by_role("button", name="Switch off").click()
    _confirm(page, "Switch off")
    expect(row).to_contain_text("off")
    row.get_by_role("button", name="Switch on").click()
    expect(row.get_by_role("button", name="Switch off")).to_be_visible()
    expect(page.get_by_role("row", name="(1500000001)").get_by_role("button", name="Switch off")).to_have_count(0)


def test_regions(console: ConsolePage, filled: Filled) -> None:
    """A region is enabled and becomes the default one; what is no region is refused in the dialog."""
    page = console.open("/regions")
    before = next(row["name"] for row in filled.admin.ok("GET", "regions")["items"] if row["isDefault"])
    page.get_by_role("button", name="Set as default: ap-beijing").click()
    expect(page.get_by_role("row", name="ap-beijing")).to_contain_text("default")
    page.get_by_role("button", name=f"Set as default: {before}").click()
    expect(page.get_by_role("row", name=before)).to_contain_text("default")
    page.get_by_role("button", name="Enable a region").click()
    page.get_by_role("dialog").get_by_label("Region").fill("no region!")
    page.get_by_role("dialog").get_by_role("button", name="Enable").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()


def test_the_audit_log(console: ConsolePage, filled: Filled) -> None:
    """It names who did what, without secrets, and shows markup as text."""
    filled.admin.ok("POST", "applications", {"name": "audited", "description": MARKUP})
    page = console.open("/audit")
    row = page.get_by_role("row").filter(has_text="CreateApplication").first
    expect(row).to_contain_text(f"user:{filled.admin.name}")
    expect(row).to_contain_text("<b>bold</b>")
    page.on("dialog", lambda dialog: console.problems.append(dialog.message))
    console.open("/keys")
    expect(page.get_by_role("cell", name=f"应用服务器 {MARKUP}", exact=True)).to_be_visible()
    assert page.locator("main img, main b").count() == 0


def test_a_secret_is_not_lost_by_a_click_beside_it(console: ConsolePage, filled: Filled) -> None:
    """What is told once stays until it is put away, and can be copied by a button that says whether it could."""
    console.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = console.open("/tokens")
    page.get_by_role("button", name="New token").click()
    page.get_by_role("dialog").get_by_role("button", name="New token").click()
    shown = page.locator("[data-secret='Access token']")
    secret = shown.inner_text()
    page.mouse.click(5, 5)
    page.get_by_role("button", name="Copy: Access token").click()
    expect(page.get_by_role("button", name="Copied: Access token")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    assert violations(page) == []
    page.get_by_role("button", name="I have saved it").click()
    expect(shown).to_have_count(0)
    assert secret not in page.content()
