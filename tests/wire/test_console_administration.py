"""Applications, keys, regions, endpoints, hotlink protection, users and the audit log over the console's API."""

from __future__ import annotations

import json

import pytest

from openvod.access.account_model import Role
from openvod.access.service import IssuedKey
from support.server import PlatformServer
from support.server.api import call
from support.server.console import Person
from support.server.wire import Wire


@pytest.fixture(scope="module")
def admin(shared_server: PlatformServer) -> Person:
    """Somebody who may do everything."""
    return Person.invited(shared_server, Role.ADMIN)


def test_applications(admin: Person) -> None:
    """One is made, renamed, switched off and on; faults name their field."""
    made = admin.ok("POST", "applications", {"name": "console", "description": "d"})
    path = f"applications/{made['subAppId']}"
    assert made in admin.ok("GET", "applications")["items"]
    changed = admin.ok("PATCH", path, {"name": "renamed", "enabled": False})
    assert (changed["name"], changed["description"], changed["enabled"]) == ("renamed", "d", False)
    refused = admin.refused("POST", "actions/ApplyUpload", {"SubAppId": made["subAppId"], "MediaType": "mp4"})
    assert refused[:2] == (409, "application.off")
    assert admin.ok("PATCH", path, {"enabled": True})["enabled"] is True
    assert admin.refused("POST", "applications", {"name": ""}) == (400, "application.name", "Name")
    assert admin.refused("PATCH", "applications/0", {"enabled": False})[:2] == (409, "application.main")


def test_keys(admin: Person, wire: Wire) -> None:
    """A key's secret is shown once and signs calls; disabled it signs nothing, and is deleted then."""
    made = admin.ok("POST", "keys", {"note": "from the console", "groups": ["read"]})
    key = IssuedKey(made["secretId"], made["secretKey"], made["subAppId"])
    assert "Error" not in call(wire, "DescribeAllClass", key=key)
    denied = call(wire, "CreateClass", {"ParentId": -1, "ClassName": "x"}, key=key)
    assert denied["Error"]["Code"] == "AuthFailure.UnauthorizedOperation"
    row = next(each for each in admin.ok("GET", "keys")["items"] if each["secretId"] == key.secret_id)
    assert (row["groups"], row["enabled"], "secretKey" in row) == (["read"], True, False)
    path = f"keys/{key.secret_id}"
    assert admin.refused("DELETE", path)[:2] == (409, "key.enabled")
    assert admin.ok("PATCH", path, {"enabled": False, "groups": []})["groups"] == []
    assert call(wire, "DescribeAllClass", key=key)["Error"]["Code"] == "AuthFailure.SecretIdNotFound"
    admin.ok("DELETE", path)
    assert admin.refused("DELETE", path)[0] == 404
    assert admin.refused("POST", "keys", {"note": "console"}) == (409, "key.note", "note")


def test_regions(admin: Person) -> None:
    """A region is enabled, made the default and disabled again; the default one stays."""

    def default() -> list[str]:
        return [each["name"] for each in admin.ok("GET", "regions")["items"] if each["isDefault"]]

    before = default()
    admin.ok("PUT", "regions/eu-moscow", {"enabled": True, "isDefault": True})
    assert default() == ["eu-moscow"]
    assert admin.refused("PUT", "regions/eu-moscow", {"enabled": False})[:2] == (409, "region.default")
    admin.ok("PUT", f"regions/{before[0]}", {"isDefault": True})
    rows = admin.ok("PUT", "regions/eu-moscow", {"enabled": False})["items"]
    assert {"name": "eu-moscow", "enabled": False, "isDefault": False} in rows
    assert admin.refused("PUT", "regions/mars-north", {"enabled": True})[1] == "region.not_enabled"


def test_endpoints(admin: Person) -> None:
    """The callback URL is set by its endpoint; another one is added, stopped, given a new secret and removed."""
    app = admin.ok("POST", "applications", {"name": "receivers"})["subAppId"]
    query = f"?subAppId={app}"
    admin.ok("PATCH", f"endpoints/default{query}", {"url": "http://127.0.0.1:9/cb", "signKey": "abc"})
    assert admin.action("DescribeEventConfig", {"SubAppId": app})["NotificationUrl"] == "http://127.0.0.1:9/cb"
    first = admin.ok(
        "POST", f"endpoints{query}", {"name": "second", "url": "http://127.0.0.1:9/", "types": ["FileDeleted"]}
    )
    assert first["secret"] != admin.ok("POST", f"endpoints/second/rotate{query}")["secret"]
    rows = {each["name"]: each for each in admin.ok("PATCH", f"endpoints/second{query}", {"enabled": False})["items"]}
    assert (rows["second"]["enabled"], rows["second"]["types"], rows["default"]["hasSignKey"]) == (
        False,
        ["FileDeleted"],
        True,
    )
    assert "abc" not in json.dumps(rows)
    assert admin.ok("POST", f"endpoints/second/replay-dead{query}") == {"events": 0}
    admin.ok("DELETE", f"endpoints/second{query}")
    assert admin.refused("DELETE", f"endpoints/second{query}")[:2] == (404, "endpoint.unknown")
    assert admin.refused("POST", f"endpoints{query}", {"name": "x", "url": "ftp://a"})[1] == "address.url"
    assert admin.refused("PATCH", f"endpoints/other{query}", {"url": "http://a"})[1] == "endpoint.default"


def test_hotlink_protection(admin: Person) -> None:
    """An admin sets a domain's referers by the same action as a tool."""
    admin.action("CreateVodDomain", {"Domain": "media.example.com", "AccelerateArea": "Global"})
    policy = {"Status": "Enabled", "AuthType": "White", "Referers": ["example.com"], "BlankRefererAllowed": "No"}
    admin.action("ModifyVodDomainConfig", {"Domain": "media.example.com", "RefererAuthPolicy": policy})
    domains = {each["Domain"]: each for each in admin.action("DescribeVodDomains")["DomainSet"]}
    assert domains["media.example.com"]["RefererAuthPolicy"]["Referers"] == ["example.com"]


def test_the_audit_log(admin: Person) -> None:
    """Who changed what, signed in or by a token, stands in it without secrets, also what was refused; no reads."""
    tool = admin.token(Role.ADMIN)
    tool.post("/api/v1/actions/CreateClass", json={"ParentId": -1, "ClassName": "audited"})
    admin.refused("POST", "actions/DeleteClass", {"ClassId": 123456})
    admin.action("SearchMedia")
    admin.ok("POST", "invites", {"role": "viewer"})
    page = admin.ok("GET", "audit?limit=4")
    rows = [(row["action"], row["actor"].partition("/")[0], bool(row["outcome"])) for row in page["items"]]
    assert rows == [
        ("console.Invite", f"user:{admin.name}", False),
        ("DeleteClass", f"user:{admin.name}", True),
        ("CreateClass", f"token:{admin.name}", False),
        ("console.CreateToken", f"user:{admin.name}", False),
    ]
    assert "audited" in page["items"][2]["parameters"]
    assert page["items"][0]["address"] == "127.0.0.1"
    admin.http.post("/api/v1/session", json={"name": "burglar", "password": "x"})
    wrong = admin.ok("GET", "audit?limit=1")["items"][0]
    assert (wrong["actor"], wrong["outcome"]) == ("user:burglar", "account.credentials")
    older = admin.ok("GET", f"audit?limit=1&cursor={page['nextCursor']}")["items"]
    assert older[0]["number"] < page["items"][-1]["number"]


def test_an_upload_in_two_actions(admin: Person, wire: Wire) -> None:
    """ApplyUpload and CommitUpload work without any key of one's own."""
    applied = admin.action("ApplyUpload", {"MediaType": "mp4", "MediaName": "by hand"})
    assert applied["TempCertificate"]["SecretId"]
    refused = admin.call("POST", "actions/CommitUpload", {"VodSessionKey": applied["VodSessionKey"]})
    assert refused.json()["apiCode"] == "InvalidParameterValue.VodSessionKey"


def test_the_pages_are_guarded(shared_server: PlatformServer, admin: Person) -> None:
    """Pages of the console may be framed by nobody and load nothing from elsewhere."""
    assert admin.http.get("/console").headers["location"] == "/console/"
    policy = admin.http.get("/console/").headers["content-security-policy"]
    for part in ("default-src 'self'", "frame-ancestors 'none'", f"media-src 'self' blob: data: {shared_server.url}"):
        assert part in policy
    assert admin.http.get("/console/").headers["x-content-type-options"] == "nosniff"
