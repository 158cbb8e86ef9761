"""A person at the console's API, and a user's own tool."""

from __future__ import annotations

import atexit
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from openvod.access.account_model import Role
from openvod.app.cli.administration import with_services
from openvod.app.invitations import invitation
from support.server import PlatformServer
from support.server.answers import check_answer

PASSWORD = "a long enough password"


def client(server: PlatformServer | str, **options: Any) -> httpx.Client:
    """Return a browser or a tool without anything; it is closed at the end of the run."""
    url = server if isinstance(server, str) else server.url
    opened = httpx.Client(base_url=url, timeout=30, **options)
    atexit.register(opened.close)
    return opened


def invite(server: PlatformServer, role: Role = Role.ADMIN, user: str = "") -> str:
    """Return the secret of a fresh invitation."""
    link = with_services(server.data_dir, lambda services: invitation(services, role, user, "a test"))
    assert link.startswith(f"{server.url}/console/#/invite/")
    return link.rpartition("/")[2]


@dataclass
class Person:
    """A signed-in browser."""

    http: httpx.Client
    name: str
    role: Role
    csrf: str = field(repr=False, default="")

    @classmethod
    def invited(cls, server: PlatformServer, role: Role) -> Person:
        """Take an invitation up under a new name."""
        http = client(server)
        name = f"{role.value}-{secrets.token_hex(4)}"
        body = {"token": invite(server, role), "name": name, "password": PASSWORD}
        answer = http.post("/api/v1/invites/accept", json=body)
        assert answer.status_code == 200, answer.text
        return cls(http, name, role, answer.json()["csrfToken"])

    def call(self, method: str, path: str, body: object = None, **options: Any) -> httpx.Response:
        """Send a request as the console's pages do."""
        headers = {"X-CSRF-Token": self.csrf} | options.pop("headers", {})
        return self.http.request(method, f"/api/v1/{path}", json=body, headers=headers, **options)

    def ok(self, method: str, path: str, body: object = None, **options: Any) -> Any:
        """Send a request that has to succeed; return what was answered."""
        answer = self.call(method, path, body, **options)
        assert answer.status_code == 200, (method, path, answer.text)
        return answer.json()

    def refused(self, method: str, path: str, body: object = None, **options: Any) -> tuple[int, str, str]:
        """Send a request that has to be refused; return status, code and field."""
        return problem(self.call(method, path, body, **options))

    def action(self, name: str, parameters: Mapping[str, object] | None = None) -> Any:
        """Call an action that has to succeed."""
        answer = self.ok("POST", f"actions/{name}", dict(parameters or {}))
        check_answer(name, answer)
        return answer

    def token(self, role: Role = Role.VIEWER, **members: object) -> httpx.Client:
        """Return a tool with an access token."""
        made = self.ok("POST", "tokens", {"note": "test", "role": role.value, **members})
        return client(str(self.http.base_url), headers={"Authorization": f"Bearer {made['secret']}"})


def problem(answer: httpx.Response) -> tuple[int, str, str]:
    """Return status, code and field of a refusal; asserts that it has the form that every refusal has."""
    assert answer.status_code >= 400, answer.text
    told = answer.json()
    assert set(told) == {"code", "message", "field", "apiCode"}, told
    assert told["message"]
    return answer.status_code, told["code"], told["field"]
