"""Text that is none (lone surrogates, bytes that are no UTF-8, NUL) is refused by its field's name, on every route."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openvod.access.account_model import Role
from openvod.surfaces.api.catalogue import declared_actions
from support.server import PlatformServer
from support.server.api import call
from support.server.console import Person
from support.server.postgresql import postgresql
from support.server.wire import Wire, error_code, signature

_BAD = ("%ff", "%00", "a%ED%A0%80", "%C3", "%F5%80%80%80", "x%00y")
#: As JSON writes them.
_BAD_JSON = ("\x00", "\ud800", "a\udfffb", "\ud800\ud800")
_ACTIONS = sorted(action.name for action in declared_actions())


@dataclass
class Site:
    """A platform on one of the databases, somebody who may do everything, and its console's routes."""

    server: PlatformServer
    wire: Wire
    admin: Person
    other: Person
    routes: list[tuple[str, str]] = field(default_factory=list)

    def send(
        self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Send a target exactly as it is; return status and body."""
        address = urlsplit(self.server.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=20)
        try:
            connection.request(method, target, body, {"Content-Type": "application/json", **(headers or {})})
            with connection.getresponse() as answer:
                is_endless = answer.headers.get_content_type() == "text/event-stream"
                return answer.status, "" if is_endless else answer.read().decode(errors="replace")
        finally:
            connection.close()


@pytest.fixture(
    scope="module",
    params=[
        "sqlite",
        pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.xdist_group("postgresql")]),
    ],
)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site of each database."""
    if request.param == "sqlite":
        yield from _site(request.getfixturevalue("shared_server"))
        return
    folder = tmp_path_factory.mktemp("text") / "data"
    folder.mkdir()
    with postgresql() as url:
        (folder / "openvod.toml").write_text(f"[database]\nurl = {json.dumps(url)}\n")
        with PlatformServer(folder) as server:
            yield from _site(server)


def _site(server: PlatformServer) -> Iterator[Site]:
    admin = Person.invited(server, Role.ADMIN)
    described = admin.http.get("/api/openapi.json").json()["paths"]
    routes = [(method.upper(), path) for path, methods in described.items() for method in methods]
    routes.remove(("DELETE", "/api/v1/session"))
    wire = Wire(server.url, server.create_key())
    # Whoever tries every route may sign out, or lose a role.
    yield Site(server, wire, admin, Person.invited(server, Role.ADMIN), sorted(routes))
    wire.http.close()


_OTHERS = [
    *[(method, "/{x}") for method in ("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH")],
    ("GET", "/short/dir/{x}.m3u8"), ("GET", "/play/{x}"), ("GET", "/play/5000000000000000001/sources.json"),
    ("GET", "/sdk/{x}"), ("GET", "/console/{x}"), ("GET", "/events/stream"), ("GET", "/readyz"), ("GET", "/probez"),
    ("POST", "/v3/index.php"), ("POST", "/v3/index.php?Action=ApplyUploadUGC"), ("GET", "/?Action=DescribeMediaInfos"),
    ("POST", "/?Action={x}"), ("POST", "/ugcupload"), ("GET", "/compat/web.js"), ("GET", "/?uploads&prefix={x}"),
    ("PUT", "/a-1250000000/{x}?partNumber=1&uploadId={x}"), ("GET", "/keys/{x}"), ("GET", "/api/v1/{x}"),
]  # fmt: skip
_PARAMETERS = ["cursor", "subAppId", "sign", "psign", "token", "prefix", "Action", "q-ak", "t"]
_HEADERS = ["X-Odd", "Authorization", "x-cos-security-token", "Origin", "Range"]
_CALM = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_CALM
@given(data=st.data())
def test_no_route_fails(site: Site, data: st.DataObject) -> None:
    """Whatever is wrong with its text, and wherever it stands: a request is answered, and not with a 5xx of ours."""
    method, path = data.draw(st.sampled_from([*site.routes, *_OTHERS]))
    bad = st.sampled_from(_BAD)
    target = re.sub(r"\{[^}]*\}", lambda _: data.draw(bad), path)
    if data.draw(st.booleans()):
        name = data.draw(
            st.sampled_from(["cursor", "subAppId", "sign", "psign", "token", "prefix", "Action", "q-ak", "t"])
        )
        extra = f"{name}={data.draw(bad)}" if data.draw(st.booleans()) else f"{data.draw(bad)}=1"
        target += ("&" if "?" in target else "?") + extra
    body = json.dumps({data.draw(st.sampled_from(["name", "\ud800"])): data.draw(st.sampled_from(_BAD_JSON))})
    headers = {
        "Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in site.other.http.cookies.jar),
        "X-CSRF-Token": site.other.csrf,
        data.draw(
            st.sampled_from(["X-Odd", "Authorization", "x-cos-security-token", "Origin", "Range"])
        ): "\xff\xed\xa0",
    }
    status, text = site.send(method, target, body.encode(), headers)
    assert status < 500 or (status, "NotImplemented" in text) == (501, True), (method, target, status, text)
    assert "InternalError" not in text
    assert '"internal"' not in text


@pytest.mark.parametrize("bad", _BAD_JSON)
@pytest.mark.parametrize("field_name", ["sourceContext", "sessionContext", "procedure", "secretId"])
def test_signed_parameters(site: Site, field_name: str, bad: str) -> None:
    """What the permission says is text, so Apply refuses what Commit could not keep."""
    raw = bad.encode("utf-8", "surrogatepass").decode("latin-1")
    quoted = "".join(f"%{ord(each):02x}" for each in raw)
    sign = _minted(site.wire, field_name, quoted)
    body = {"signature": sign, "videoName": "v", "videoType": "mp4"}
    answer = site.wire.ugc("ApplyUploadUGC", body)
    assert (answer["code"], field_name in answer["message"]) == (10004, True), answer


def _minted(wire: Wire, name: str, quoted: str) -> str:
    raw = base64.b64decode(signature(wire.key))[20:]
    raw = re.sub(rf"{name}=[^&]*&?".encode(), b"", raw) + f"&{name}={quoted}".encode()
    return base64.b64encode(hmac.digest(wire.key.secret_key.encode(), raw, hashlib.sha1) + raw).decode()


@pytest.mark.parametrize("bad", _BAD_JSON)
def test_members_of_bodies(site: Site, bad: str) -> None:
    """Every member of Apply's and Commit's bodies is named when it is no text, and the upload can still go on."""
    wire = site.wire
    applied = wire.apply()
    names = [
        "videoName",
        "videoType",
        "coverName",
        "vodSessionKey",
        "fileId",
        "storageRegion",
        "ExpireTime",
        "signature",
    ]
    for action, fields in (("ApplyUploadUGC", names), ("CommitUploadUGC", ["vodSessionKey", "videoCrc64"])):
        for name in fields:
            good = {"signature": applied.signature, "videoName": "v", "videoType": "mp4", "vodSessionKey": ""}
            raw = json.dumps(good | {name: bad}).encode()
            answer = wire.ugc(action, content=raw)
            assert (answer["code"], name in answer["message"]) == (10001, True), (action, name, answer)
    assert applied.put(b"bytes").status_code == 200
    assert wire.commit(applied)["code"] == 0


@pytest.mark.parametrize("action", _ACTIONS)
def test_actions(site: Site, action: str) -> None:
    """Every action of API 3.0 and of the console refuses a name and a nested value by its field."""
    for body in ({"Name": "a\x00b"}, {"Name": {"Inner": ["x", "\ud800"]}}):
        answer = call(site.wire, action, body)
        assert (answer["Error"]["Code"], "Name" in answer["Error"]["Message"]) == ("InvalidParameterValue", True), (
            answer
        )
        console = site.admin.http.post(
            f"/api/v1/actions/{action}", content=json.dumps(body), headers={"X-CSRF-Token": site.admin.csrf}
        )
        assert (console.status_code, console.json()["code"]) == (400, "text.malformed"), console.text
        assert console.json()["field"].startswith("Name")


@pytest.mark.parametrize("bad", _BAD)
def test_storage_keys(site: Site, bad: str) -> None:
    """A key, a prefix or a metadata name that is no text is refused in storage's own form, signed or not."""
    for method, target in (
        ("PUT", f"/{bad}"), ("PUT", f"/k?partNumber=1&uploadId={bad}"), ("POST", f"/{bad}?uploads"),
        ("GET", f"/?uploads&prefix={bad}&q-sign-algorithm=sha1"),
    ):  # fmt: skip
        status, text = site.send(method, target, b"x")
        answer = httpx.Response(status, text=text, headers={"content-type": "application/xml", "x-cos-request-id": "-"})
        assert (status, error_code(answer)) == (400, "InvalidArgument")
        assert "no UTF-8" in text or "NUL" in text


def test_numbers_without_end(site: Site) -> None:
    """A number that no database keeps is refused by its field as well."""
    for number in ("1e999", "123456789012345678901234567890", "NaN", "-Infinity"):
        body = f'{{"signature": "s", "videoSize": {number}}}'.encode()
        assert site.wire.ugc("ApplyUploadUGC", content=body)["code"] == 10001
        status, text = site.send("POST", "/api/v1/session", f'{{"name": {number}, "password": "p"}}'.encode())
        assert status in (400, 422), text


def test_what_is_text_passes(site: Site) -> None:
    """Every other character is somebody's: names, contexts and keys with them arrive as they were."""
    name = "漢字 😀 \x7f\x85\u2028\ufeff\U0010ffff\ue000".replace("\x7f", "")
    sign = signature(site.wire.key, sourceContext=name, sessionContext=name)
    applied = site.wire.apply(sign=sign, videoName=name)
    key = f"{applied.media_key.rpartition('/')[0]}/{name}"
    assert applied.put(b"x", key).status_code == applied.put(b"y").status_code == 200
    assert applied.call("GET", key).content == b"x"
    file_id = site.wire.commit(applied)["data"]["fileId"]
    found: dict[str, Any] = call(site.wire, "DescribeMediaInfos", {"FileIds": [file_id]})
    basic = found["MediaInfoSet"][0]["BasicInfo"]
    assert (basic["Name"], basic["SourceInfo"]["SourceContext"]) == (name, name)
