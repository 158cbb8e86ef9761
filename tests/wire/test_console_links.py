"""Links that the console makes and judges."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from openvod.access.account_model import Role
from openvod_sdk import sign_link
from support.server import PlatformServer
from support.server.console import Person

_DOMAIN, _KEY = "links.example.com", "abcdefgh12345678"
_URL = f"https://{_DOMAIN}/bucket/dir/video.mp4"


@pytest.fixture(scope="module")
def operator(shared_server: PlatformServer) -> Iterator[Person]:
    """Somebody who works with media, beside a domain with a KEY."""
    admin = Person.invited(shared_server, Role.ADMIN)
    admin.action("CreateVodDomain", {"Domain": _DOMAIN})
    policy = {"Status": "Enabled", "EncryptedKey": _KEY}
    admin.action("ModifyVodDomainConfig", {"Domain": _DOMAIN, "UrlSignatureAuthPolicy": policy})
    yield Person.invited(shared_server, Role.OPERATOR)
    admin.action("DeleteVodDomain", {"Domain": _DOMAIN})


def test_a_made_link_opens(operator: Person) -> None:
    """A made link carries its limits and is judged to open until it expires; the KEY is told to nobody."""
    order = {"url": _URL, "seconds": 600, "preview": 300, "mostAddresses": 2}
    made = operator.ok("POST", "links", order)
    assert made["signed"] is True
    assert _KEY not in made["url"]
    verdict = operator.ok("POST", "links/check", {"url": made["url"]})
    assert (verdict["opens"], verdict["preview"], verdict["mostAddresses"]) == (True, 300, 2)
    assert 800 < verdict["expiresAt"] - time.time() <= 900, "600 seconds and 300 of grace"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (_URL, "hotlink.unsigned"),
        (sign_link(_URL, "another-key-of-ours"), "hotlink.signature"),
        (sign_link(_URL, _KEY, now=1_700_000_000), "hotlink.expired"),
        (sign_link(_URL, _KEY).replace("/dir/", "/other/"), "hotlink.signature"),
    ],
)
def test_why_a_link_does_not_open(operator: Person, url: str, code: str) -> None:
    """A link that playback refuses is judged with the same code, and a reason."""
    verdict = operator.ok("POST", "links/check", {"url": url})
    assert (verdict["opens"], verdict["code"]) == (False, code)
    assert verdict["message"]


def test_links_of_nobody(operator: Person, shared_server: PlatformServer) -> None:
    """Foreign hosts, previews with two readings and viewers are refused; domains without KEY need no signature."""
    assert operator.refused("POST", "links", {"url": "https://elsewhere.example/x"}) == (400, "api.value", "url")
    assert operator.refused("POST", "links", {"url": "https://[/x"}) == (400, "api.value", "url")
    assert operator.refused("POST", "links", {"url": _URL, "preview": 31}) == (400, "api.value", "preview")
    viewer = Person.invited(shared_server, Role.VIEWER)
    assert viewer.refused("POST", "links", {"url": _URL})[:2] == (403, "account.role")
    host = httpx.URL(shared_server.url).host
    assert operator.ok("POST", "links", {"url": f"http://{host}/a/b.mp4"})["signed"] is False
