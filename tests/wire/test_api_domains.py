"""Domains and the protection that they give (``procedures-and-api.md`` 6.7, 10)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from openvod.signing.hotlink import link_digest
from support.server import PlatformServer
from support.server.api import call
from support.server.wire import Wire
from support.sweeps.workers import wait_for

_KEY = "24FEQmTzro4V5u3D5epW"


@dataclass
class Shop:
    """An application with one published file."""

    wire: Wire
    url: str

    def protect(self, domain: str = "127.0.0.1", **policies: Any) -> None:
        """Change a domain's policies and wait until they hold."""
        answer = call(self.wire, "ModifyVodDomainConfig", {"Domain": domain} | policies)
        assert "Error" not in answer, answer
        time.sleep(1.1)

    def status(self, query: str = "", **headers: str) -> int:
        """Fetch the file; return the status."""
        return httpx.get(f"{self.url}{query}", headers=headers).status_code


@pytest.fixture(scope="module")
def shop(shared_server: PlatformServer, wire: Wire) -> Iterator[Shop]:
    """An application of its own."""
    created = call(wire, "CreateSubAppId", {"Name": "shop"})
    client = Wire(shared_server.url, shared_server.create_key(created["SubAppId"]))
    applied = client.apply()
    applied.put(b"0123456789")
    yield Shop(client, client.commit(applied)["data"]["video"]["url"])
    client.http.close()


def _signed(url: str, key: str = _KEY, *, seconds: int = 600, **more: str) -> str:
    path = urlsplit(url).path
    parameters = {"t": f"{int(time.time()) + seconds:08x}"} | more
    return "?" + urlencode(parameters | {"sign": link_digest(key, path[: path.rfind("/") + 1], parameters)})


def test_the_platform_s_own_domain(shop: Shop) -> None:
    """It is there from the start, unprotected, and stays."""
    listed = call(shop.wire, "DescribeVodDomains")
    assert listed["TotalCount"] == 1
    row = listed["DomainSet"][0]
    assert (row["Domain"], row["DeployStatus"], row["RefererAuthPolicy"]["Status"]) == (
        "127.0.0.1",
        "Online",
        "Disabled",
    )
    assert call(shop.wire, "DeleteVodDomain", {"Domain": "127.0.0.1"})["Error"]["Code"] == "FailedOperation"


def test_referers(shop: Shop) -> None:
    """An allow list serves its pages and, if it says so, requests without a page."""
    policy = {"Status": "Enabled", "AuthType": "White", "Referers": ["a.com"], "BlankRefererAllowed": "No"}
    shop.protect(RefererAuthPolicy=policy)
    assert shop.status(referer="https://a.com/x") == 200
    assert shop.status(referer="https://evil.test/") == 403
    assert shop.status() == 403
    # Another name of the same machine is no way around.
    assert shop.status(host="other.test", referer="https://evil.test/") == 403
    shop.protect(RefererAuthPolicy=policy | {"AuthType": "Black", "BlankRefererAllowed": "Yes"})
    assert shop.status(referer="https://a.com/x") == 403
    assert shop.status(referer="https://evil.test/") == 200
    assert shop.status() == 200
    shop.protect(RefererAuthPolicy={"Status": "Disabled"})
    assert shop.status(referer="https://a.com/x") == 200


def test_addresses(shop: Shop) -> None:
    """A block list refuses its networks."""
    shop.protect(IPFilterPolicy={"Status": "Enabled", "FilterType": "Black", "IPList": ["127.0.0.0/8"]})
    assert shop.status() == 403
    shop.protect(IPFilterPolicy={"Status": "Enabled", "FilterType": "White", "IPList": ["127.0.0.1"]})
    assert shop.status() == 200
    shop.protect(IPFilterPolicy={"Status": "Disabled"})


def test_signed_links(shop: Shop) -> None:
    """With the KEY on, a file opens with a link that is right and in time, and with nothing else."""
    refused = call(
        shop.wire, "ModifyVodDomainConfig", {"Domain": "127.0.0.1", "UrlSignatureAuthPolicy": {"Status": "Enabled"}}
    )
    assert refused["Error"]["Code"] == "InvalidParameter"
    shop.protect(UrlSignatureAuthPolicy={"Status": "Enabled", "EncryptedKey": _KEY})
    row = call(shop.wire, "DescribeVodDomains")["DomainSet"][0]
    assert row["UrlSignatureAuthPolicy"] == {"Status": "Enabled", "EncryptedKey": _KEY, "BackupEncryptedKey": ""}
    assert shop.status(_signed(shop.url)) == 200
    assert shop.status(_signed(shop.url, us="72d4cd1101")) == 200
    assert shop.status() == 403
    assert shop.status(_signed(shop.url, "another key")) == 403
    assert shop.status(_signed(shop.url, seconds=-301)) == 403
    assert shop.status(_signed(shop.url, exper="300")) == 403
    shop.protect(
        UrlSignatureAuthPolicy={"Status": "Enabled", "EncryptedKey": "the-next-KEY", "BackupEncryptedKey": _KEY}
    )
    assert [shop.status(_signed(shop.url, key)) for key in ("the-next-KEY", _KEY)] == [200, 200]
    shop.protect(UrlSignatureAuthPolicy={"Status": "Enabled", "BackupEncryptedKey": ""})
    assert [shop.status(_signed(shop.url, key)) for key in ("the-next-KEY", _KEY)] == [200, 403]
    shop.protect(UrlSignatureAuthPolicy={"Status": "Disabled"})
    assert shop.status() == 200


def test_default_distribution(shop: Shop) -> None:
    """Addresses begin with the domain and scheme that were chosen; the play key is made, told, and can be changed."""
    config = call(shop.wire, "DescribeDefaultDistributionConfig")
    assert (config["Domain"], config["Scheme"]) == ("127.0.0.1", "HTTP")
    assert config["PlayKey"].isalnum()
    assert call(shop.wire, "DescribeDefaultDistributionConfig")["PlayKey"] == config["PlayKey"]
    unknown = call(shop.wire, "ModifyDefaultDistributionConfig", {"Domain": "media.shop.test"})
    assert unknown["Error"]["Code"] == "ResourceNotFound"
    assert "Error" not in call(shop.wire, "CreateVodDomain", {"Domain": "media.shop.test"})
    assert "Error" not in call(
        shop.wire,
        "ModifyDefaultDistributionConfig",
        {"Domain": "media.shop.test", "Scheme": "HTTPS", "PlayKey": "abcdefgh12"},
    )
    config = call(shop.wire, "DescribeDefaultDistributionConfig")
    assert (config["Domain"], config["Scheme"], config["PlayKey"]) == ("media.shop.test", "HTTPS", "abcdefgh12")

    def url() -> str:
        applied = shop.wire.apply()
        applied.put(b"0123456789")
        return str(shop.wire.commit(applied)["data"]["video"]["url"])

    assert wait_for(lambda: url().startswith("https://media.shop.test/"), 5, 0.3)
    assert call(shop.wire, "DeleteVodDomain", {"Domain": "media.shop.test"})["Error"]["Code"] == "FailedOperation"
    call(shop.wire, "ModifyDefaultDistributionConfig", {"Domain": "127.0.0.1", "Scheme": "HTTP"})
    assert "Error" not in call(shop.wire, "DeleteVodDomain", {"Domain": "media.shop.test"})


@pytest.mark.parametrize(
    ("action", "body", "code"),
    [
        ("CreateVodDomain", {"Domain": "https://a.com"}, "InvalidParameterValue.Domain"),
        ("CreateVodDomain", {"Domain": "A.com"}, "InvalidParameterValue.Domain"),
        ("CreateVodDomain", {"Domain": "127.0.0.1"}, "InvalidParameterValue.Domain"),
        ("CreateVodDomain", {}, "MissingParameter"),
        ("DeleteVodDomain", {"Domain": "nowhere.test"}, "ResourceNotFound"),
        ("ModifyVodDomainConfig", {"Domain": "nowhere.test"}, "ResourceNotFound"),
        (
            "ModifyVodDomainConfig",
            {"Domain": "127.0.0.1", "RefererAuthPolicy": {"Status": "Enabled", "AuthType": "White"}},
            "InvalidParameter",
        ),
        (
            "ModifyVodDomainConfig",
            {"Domain": "127.0.0.1", "RefererAuthPolicy": {"Status": "Enabled", "Referers": ["http://a.com"]}},
            "InvalidParameter",
        ),
        (
            "ModifyVodDomainConfig",
            {"Domain": "127.0.0.1", "IPFilterPolicy": {"Status": "Enabled", "IPList": ["300.1.1.1"]}},
            "InvalidParameter",
        ),
        (
            "ModifyVodDomainConfig",
            {"Domain": "127.0.0.1", "UrlSignatureAuthPolicy": {"Status": "Enabled", "EncryptedKey": "short"}},
            "InvalidParameter",
        ),
        ("ModifyDefaultDistributionConfig", {"PlayKey": "no!"}, "InvalidParameterValue.PlayKey"),
        ("ModifyDefaultDistributionConfig", {"Scheme": "FTP"}, "InvalidParameterValue"),
        ("DescribeVodDomains", {"Limit": 0}, "InvalidParameterValue.Limit"),
    ],
)
def test_refusals(shop: Shop, action: str, body: dict[str, object], code: str) -> None:
    """Each fault has its code."""
    assert call(shop.wire, action, body)["Error"]["Code"] == code
