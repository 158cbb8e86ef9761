"""Who gets into the console: invitations, passwords, sessions, tokens."""

from __future__ import annotations

import re

import httpx
import pytest

from openvod.access.account_model import Role
from openvod.app.cli.administration import with_services
from support.server import PlatformServer
from support.server.commands import openvod, openvod_json
from support.server.console import PASSWORD, Person, client, invite, problem


@pytest.fixture(scope="module")
def admin(shared_server: PlatformServer) -> Person:
    """Somebody who may do everything, and stays while others lose their roles."""
    return Person.invited(shared_server, Role.ADMIN)


def test_the_first_run_prints_a_link(server: PlatformServer) -> None:
    """A server without users prints a one-time link for the first admin; with a user it prints none."""
    with server:
        found = re.search(r"choose a password at (\S+)", server.log())
        assert found, server.log()
        secret = found[1].rpartition("/")[2]
        body = {"token": secret, "name": "root", "password": PASSWORD}
        answer = httpx.post(f"{server.url}/api/v1/invites/accept", json=body)
        assert answer.json()["role"] == "admin"
        server.stop()
        before = server.log()
        server.start()
        assert "choose a password" not in server.log().removeprefix(before)


def test_each_start_without_users_has_a_link_of_its_own(server: PlatformServer) -> None:
    """The link of the start before is worthless then, so that none lies about in old logs."""
    with server:
        server.stop()
        server.start()
        links = re.findall(r"choose a password at (\S+)", server.log())
        looks = [
            httpx.post(f"{server.url}/api/v1/invites/look", json={"token": link.rpartition("/")[2]}).status_code
            for link in links
        ]
    assert looks == [403, 200]


def test_the_command_line_invites(shared_server: PlatformServer, admin: Person) -> None:
    """``openvod console invite`` prints a link of the role asked for, also for a new password of a user."""
    data = ["--data-dir", str(shared_server.data_dir)]
    printed = openvod("console", "invite", "--role", "viewer", *data).stdout.strip()
    assert printed.startswith(f"{shared_server.url}/console/#/invite/")
    look = admin.ok("POST", "invites/look", {"token": printed.rpartition("/")[2]})
    assert (look["name"], look["role"]) == ("", "viewer")
    person = Person.invited(shared_server, Role.OPERATOR)
    link = openvod_json("console", "invite", "--user", person.name, *data, "--json")["link"]
    look = admin.ok("POST", "invites/look", {"token": link.rpartition("/")[2]})
    assert (look["name"], look["role"]) == (person.name, "operator")
    assert openvod("console", "invite", "--user", "nobody-at-all", *data).returncode == 2


def test_an_invitation_is_good_once(shared_server: PlatformServer) -> None:
    """Who comes second is refused, and so is a name that is taken."""
    secret = invite(shared_server)
    body = {"token": secret, "name": "once", "password": PASSWORD}
    url = f"{shared_server.url}/api/v1/invites/accept"
    assert httpx.post(url, json=body).status_code == 200
    assert problem(httpx.post(url, json=body | {"name": "twice"})) == (403, "account.invite", "token")
    again = {"token": invite(shared_server), "name": "once", "password": PASSWORD}
    assert problem(httpx.post(url, json=again)) == (409, "account.exists", "name")
    assert httpx.post(url, json=again | {"name": "another"}).status_code == 200, "a refusal used the invitation up"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"password": "short"}, "account.password_weak", "password"),
        ({"password": "a" * 40}, "account.password_weak", "password"),
        ({"name": ""}, "account.name", "name"),
        ({"name": "a b"}, "account.name", "name"),
        ({"nickname": "x"}, "api.value", "nickname"),
    ],
)
def test_what_no_account_can_have(
    shared_server: PlatformServer, changes: dict[str, str], code: str, field: str
) -> None:
    """Each fault is named with its field."""
    body = {"token": invite(shared_server), "name": "fine", "password": PASSWORD} | changes
    answer = httpx.post(f"{shared_server.url}/api/v1/invites/accept", json=body)
    assert problem(answer) == (400, code, field)


def test_withdrawn_invitations(shared_server: PlatformServer, admin: Person) -> None:
    """An admin lists invitations and withdraws one; it is worthless then."""
    made = admin.ok("POST", "invites", {"role": "viewer"})
    secret = made["link"].rpartition("/")[2]
    assert made["id"] in {each["id"] for each in admin.ok("GET", "invites")["items"]}
    admin.ok("DELETE", f"invites/{made['id']}")
    assert admin.refused("POST", "invites/look", {"token": secret})[1] == "account.invite"
    assert admin.refused("DELETE", f"invites/{made['id']}")[1] == "account.invite"


def test_signing_in_and_out(shared_server: PlatformServer) -> None:
    """Name and password open a session, which no script can read and which ends when it is closed."""
    person = Person.invited(shared_server, Role.VIEWER)
    fresh = client(shared_server)
    assert problem(fresh.get("/api/v1/session")) == (401, "account.session", "")
    answer = fresh.post("/api/v1/session", json={"name": person.name.upper(), "password": PASSWORD})
    assert answer.json()["name"] == person.name
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert fresh.get("/api/v1/session").json()["csrfToken"] == answer.json()["csrfToken"]
    assert fresh.delete("/api/v1/session", headers={"X-CSRF-Token": answer.json()["csrfToken"]}).status_code == 200
    value = cookie.partition("=")[2].partition(";")[0]
    assert problem(fresh.get("/api/v1/session", headers={"Cookie": f"openvod_session={value}"}))[0] == 401
    assert person.ok("GET", "session")["name"] == person.name, "another session ended with it"
    person.ok("DELETE", "sessions")
    assert person.refused("GET", "session")[0] == 401


def test_secrets_are_not_stored(shared_server: PlatformServer) -> None:
    """The database has neither passwords nor the secrets of sessions, invitations and tokens."""
    person = Person.invited(shared_server, Role.ADMIN)
    token = person.ok("POST", "tokens", {"role": "viewer"})["secret"]
    invitation = invite(shared_server)
    session = person.http.cookies["openvod_session"]
    with_services(shared_server.data_dir, lambda services: services.database.read(lambda tx: tx.accounts.users()))
    stored = b"".join(path.read_bytes() for path in shared_server.data_dir.glob("openvod.sqlite3*"))
    for secret in (PASSWORD, token, invitation, session, person.csrf):
        assert secret.encode() not in stored
    assert b"$argon2id$" in stored


def test_wrong_passwords(shared_server: PlatformServer) -> None:
    """Unknown names and wrong passwords are refused alike; after ten wrong tries the right one is refused too."""
    person = Person.invited(shared_server, Role.VIEWER)
    http = client(shared_server)
    unknown = http.post("/api/v1/session", json={"name": "nobody", "password": PASSWORD})
    wrong = http.post("/api/v1/session", json={"name": person.name, "password": PASSWORD + "!"})
    assert unknown.json() == wrong.json()
    assert problem(wrong) == (401, "account.credentials", "password")
    for _ in range(9):
        http.post("/api/v1/session", json={"name": person.name, "password": "wrong"})
    refused = http.post("/api/v1/session", json={"name": person.name, "password": PASSWORD})
    assert problem(refused)[:2] == (429, "account.tries")
    assert int(refused.headers["retry-after"]) > 0
    assert person.ok("GET", "session")["name"] == person.name


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"X-CSRF-Token": ""}, "account.csrf"),
        ({"X-CSRF-Token": "0" * 64}, "account.csrf"),
        ({"Origin": "https://evil.example"}, "account.origin"),
        ({"Origin": "null"}, "account.origin"),
        ({"Sec-Fetch-Site": "cross-site"}, "account.origin"),
    ],
)
def test_changes_come_from_our_own_pages(admin: Person, headers: dict[str, str], code: str) -> None:
    """A page of another origin changes nothing, though the browser sends the cookie along."""
    for method, path in (("POST", "tokens"), ("POST", "actions/CreateClass"), ("DELETE", "sessions")):
        assert admin.refused(method, path, {}, headers=headers)[:2] == (403, code)
    assert admin.ok("GET", "session", headers={"X-CSRF-Token": ""})["role"] == "admin", "reading needs no proof"


def test_another_origin_signs_nobody_in(shared_server: PlatformServer) -> None:
    """A page of another origin can sign a browser in to nobody's account."""
    headers = {"Origin": "https://evil.example"}
    for path, body in (
        ("session", {"name": "x", "password": PASSWORD}),
        ("invites/accept", {"token": invite(shared_server), "name": "x", "password": PASSWORD}),
    ):
        answer = httpx.post(f"{shared_server.url}/api/v1/{path}", json=body, headers=headers)
        assert problem(answer)[:2] == (403, "account.origin")


def test_access_tokens(shared_server: PlatformServer, admin: Person) -> None:
    """A tool does what its token's role may, without cookie and proof, until the token is deleted."""
    operator = Person.invited(shared_server, Role.OPERATOR)
    assert operator.refused("POST", "tokens", {"role": "admin"})[:2] == (403, "account.role")
    tool = operator.token(Role.OPERATOR)
    assert tool.post("/api/v1/actions/CreateClass", json={"ParentId": -1, "ClassName": "t"}).status_code == 200
    assert problem(tool.post("/api/v1/tokens", json={"role": "viewer"}))[1] == "account.token_by_token"
    viewer = operator.token(Role.VIEWER)
    refused = viewer.post("/api/v1/actions/CreateClass", json={"ParentId": -1, "ClassName": "u"})
    assert problem(refused)[:2] == (403, "account.role")
    admin.ok("PATCH", f"users/{operator.name}", {"role": "viewer"})
    assert problem(tool.post("/api/v1/actions/CreateClass", json={"ClassName": "v"}))[1] == "account.role"
    rows = operator.ok("GET", "tokens")["items"]
    assert len(rows) == 2
    assert "secret" not in rows[0]
    for row in rows:
        operator.ok("DELETE", f"tokens/{row['id']}")
    assert problem(viewer.get("/api/v1/session")) == (401, "account.token_unknown", "")
    assert problem(httpx.get(f"{shared_server.url}/api/v1/session", headers={"Authorization": "Basic eA=="}))[0] == 401


def test_a_user_who_is_disabled(shared_server: PlatformServer, admin: Person) -> None:
    """Sessions end, tokens rest, and no password helps until the user is enabled again."""
    person = Person.invited(shared_server, Role.VIEWER)
    tool = person.token()
    assert admin.ok("PATCH", f"users/{person.name}", {"enabled": False})["enabled"] is False
    assert person.refused("GET", "session")[0] == 401
    assert problem(tool.get("/api/v1/session"))[0] == 401
    body = {"name": person.name, "password": PASSWORD}
    assert problem(httpx.post(f"{shared_server.url}/api/v1/session", json=body))[1] == "account.credentials"
    admin.ok("PATCH", f"users/{person.name}", {"enabled": True})
    assert tool.get("/api/v1/session").json()["name"] == person.name
    admin.ok("DELETE", f"users/{person.name}")
    assert problem(tool.get("/api/v1/session"))[0] == 401
    assert admin.refused("DELETE", f"users/{person.name}") == (404, "account.unknown", "name")


def test_a_new_password_ends_all_sessions(shared_server: PlatformServer) -> None:
    """An invitation for a user keeps name and role, replaces the password and ends what was open before."""
    person = Person.invited(shared_server, Role.OPERATOR)
    body = {"token": invite(shared_server, Role.ADMIN, person.name), "name": "other", "password": "another long one"}
    answer = httpx.post(f"{shared_server.url}/api/v1/invites/accept", json=body)
    assert (answer.json()["name"], answer.json()["role"]) == (person.name, "operator")
    assert person.refused("GET", "session")[0] == 401
    old = {"name": person.name, "password": PASSWORD}
    assert httpx.post(f"{shared_server.url}/api/v1/session", json=old).status_code == 401
    assert httpx.post(f"{shared_server.url}/api/v1/session", json=old | {"password": "another long one"}).is_success


def test_somebody_stays_admin(server: PlatformServer) -> None:
    """The last admin cannot be made less, disabled or deleted."""
    with server:
        last = Person.invited(server, Role.ADMIN)
        Person.invited(server, Role.OPERATOR)
        for method, body in (("PATCH", {"role": "viewer"}), ("PATCH", {"enabled": False}), ("DELETE", None)):
            assert last.refused(method, f"users/{last.name}", body)[:2] == (409, "account.last_admin")
        assert last.ok("GET", "session")["role"] == "admin"
