"""The console's working views and settings for everybody: roles, screen readers, phones, appearances, languages."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from openvod.access.account_model import Role
from support.browser.axe import violations
from support.browser.console_data import Filled
from support.browser.console_page import PHONE, looks, overflow, photograph, signed_in

_SETTINGS = {
    "applications": "/applications",
    "keys": "/keys",
    "regions": "/regions",
    "endpoints": "/endpoints",
    "domains": "/domains",
    "users": "/users",
    "tokens": "/tokens",
    "audit": "/audit",
}


def _working_views(filled: Filled) -> dict[str, str]:
    """Return the address of every working view, by the name of its picture."""
    uploads = filled.operator.ok("GET", f"events?type=NewFileUpload&fileId={filled.files['chinese']}")["items"]
    return {
        "tasks": "/tasks",
        "task": f"/tasks/{filled.tasks['ladder']}",
        "task-failed": f"/tasks/{filled.tasks['broken']}",
        "events": "/events",
        "event": f"/events/{uploads[0]['eventId']}",
        "reviews": "/reviews",
        "review": f"/reviews/{filled.files['flagged']}",
        "templates": "/templates?kind=SnapshotByTimeOffset",
        "template-preset": "/templates/Transcode/100010",
        "template-ladder": "/templates/AdaptiveDynamicStreaming/new?from=10",
        "template-review": "/templates/ContentReview/new",
        "template-watermark": "/templates/Watermark/new",
        "procedures": "/procedures",
        "procedure": "/procedures/pictures",
    }


def test_viewers_are_offered_nothing_that_changes(browser: Browser, filled: Filled) -> None:
    """In every working view, a viewer finds no button that the server would refuse."""
    deeds = ("Save", "Delete", "Block", "Accept", "Send again", "Retry this sub-task", "New template", "New procedure")
    with signed_in(browser, filled.server, filled.people[Role.VIEWER]) as viewer:
        for path in _working_views(filled).values():
            page = viewer.open(path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            for deed in deeds:
                assert page.get_by_role("button", name=deed, exact=True).count() == 0, (path, deed)
                assert page.get_by_role("link", name=deed, exact=True).count() == 0, (path, deed)


@pytest.mark.parametrize(("look", "options"), list(looks()), ids=[name for name, _ in looks()])
def test_every_view_can_be_used_by_everybody(
    browser: Browser, filled: Filled, look: str, options: dict[str, Any]
) -> None:
    """In both languages and appearances, on desks and phones: nothing that axe-core calls serious, nothing too wide."""
    bad: list[object] = []
    with signed_in(browser, filled.server, filled.admin, **options) as console:
        for name, path in (_working_views(filled) | _SETTINGS).items():
            page = console.open(path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            loading = page.get_by_role("status", name="Loading").or_(page.get_by_role("status", name="加载中"))
            expect(loading).to_have_count(0)
            photograph(page, f"{name}-{look}")
            bad += [(name, *each) for each in violations(page)]
            if wide := overflow(page):
                bad.append((name, f"{wide} pixels too wide"))
    assert bad == []


_DIALOGS = {
    "/applications": "New application",
    "/keys": "New key",
    "/regions": "Enable a region",
    "/endpoints": "New endpoint",
    "/domains": "Change: KEY (signed links), media.example.com",
    "/users": "Invite",
    "/tokens": "New token",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_dialogs_can_be_used_by_everybody(browser: Browser, filled: Filled, scheme: str) -> None:
    """On a phone too, dialogs take the focus, have nothing serious by axe-core, fit, and close by Escape."""
    options: dict[str, Any] = {"viewport": {"width": PHONE, "height": 844}, "color_scheme": scheme}
    with signed_in(browser, filled.server, filled.admin, **options) as console:
        for path, button in _DIALOGS.items():
            page = console.open(path)
            page.get_by_role("button", name=button, exact=True).click()
            dialog = page.get_by_role("dialog")
            expect(dialog).to_be_visible()
            page.wait_for_timeout(400)
            assert dialog.evaluate("(dialog) => dialog.contains(document.activeElement)"), path
            photograph(page, f"dialog{path.replace('/', '-')}-en-{scheme}-{PHONE}")
            assert violations(page) == [], path
            assert overflow(page) == 0, path
            page.keyboard.press("Escape")
            expect(dialog).to_have_count(0)
