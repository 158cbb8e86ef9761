"""What each role may do, and that the description tells the truth of it."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from openvod.access.account_model import Role
from openvod.surfaces.api.catalogue import declared_actions
from support.server import PlatformServer
from support.server.commands import openvod_json
from support.server.console import Person, client, problem

_ACTIONS = {action.name: action for action in declared_actions()}
_ORDER = ["viewer", "operator", "admin"]
_PUBLIC = {("post", "/api/v1/session"), ("post", "/api/v1/invites/look"), ("post", "/api/v1/invites/accept")}
#: Would end the session of who asks.
_ENDS = {("delete", "/api/v1/session"), ("delete", "/api/v1/sessions"), ("get", "/api/v1/stream")}


@pytest.fixture(scope="module")
def document(shared_server: PlatformServer) -> Any:
    """The description as the server tells it to anybody."""
    answer = client(shared_server).get("/api/openapi.json")
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture(scope="module")
def people(shared_server: PlatformServer) -> dict[str, Person]:
    """Somebody of every role."""
    return {role.value: Person.invited(shared_server, role) for role in Role}


@pytest.mark.parametrize("name", sorted(_ACTIONS))
def test_roles_of_actions(people: dict[str, Person], name: str) -> None:
    """An action is refused to every role below its own, before its parameters are looked at, and to no other."""
    needed = _ORDER.index(_ACTIONS[name].role.value)
    for place, role in enumerate(_ORDER):
        answer = people[role].call("POST", f"actions/{name}", {"NoSuchParameter": 1})
        status, code, _ = problem(answer)
        if place < needed:
            assert (status, code) == (403, "account.role"), (role, answer.text)
        else:
            assert status == 400, (role, answer.text)
            assert answer.json()["apiCode"] in ("UnknownParameter", "MissingParameter"), (role, answer.text)


def _requests(document: Any) -> list[tuple[str, str, Any]]:
    return [
        (method, path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


def test_roles_of_routes(document: Any, people: dict[str, Person], shared_server: PlatformServer) -> None:
    """Every other route asks for the role that the description names; strangers get nowhere but to signing in."""
    stranger = client(shared_server)
    seen = set()
    for method, path, operation in _requests(document):
        role = operation.get("x-role")
        seen.add((method, path))
        if role is None:
            assert (method, path) in _PUBLIC
            continue
        filled = path.replace("{", "").replace("}", "").replace("subAppId", "1").replace("eventId", "1")
        assert problem(stranger.request(method, filled))[:2] == (401, "account.session"), path
        if path.startswith("/api/v1/actions/") or (method, path) in _ENDS:
            continue
        for place, name in enumerate(_ORDER):
            answer = people[name].call(method.upper(), filled.removeprefix("/api/v1/"))
            denied = answer.status_code == 403 and answer.json()["code"] == "account.role"
            assert denied == (place < _ORDER.index(role)), (method, path, name, answer.text)
            assert answer.status_code < 500, (method, path, answer.text)
    assert seen >= _PUBLIC


def test_the_description_is_valid(document: Any) -> None:
    """It is OpenAPI 3.1 by the letter, and generated clients find a name for every call."""
    OpenAPIV31SpecValidator(document).validate()
    names = [operation["operationId"] for _, _, operation in _requests(document)]
    assert len(names) == len(set(names))


def test_every_action_is_described(document: Any) -> None:
    """Each action's parameters and answer stand in it, with types."""
    for action in _ACTIONS.values():
        operation = document["paths"][f"/api/v1/actions/{action.name}"]["post"]
        assert operation["x-role"] == action.role.value
        asked = document["components"]["schemas"][f"{action.name}Request"]
        told = document["components"]["schemas"][f"{action.name}Response"]
        assert set(asked["properties"]) == {field.alias for field in action.request.model_fields.values()}
        assert set(told["properties"]) == {*action.members, "RequestId"}
        for name, member in told["properties"].items():
            assert {"type", "anyOf", "$ref"} & set(member), (action.name, name)


def test_the_command_line_prints_the_same(document: Any) -> None:
    """A client is generated without a server."""
    assert openvod_json("api", "openapi") == document


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "nothing-here", None, (404, "api.route", "")),
        ("GET", "actions/SearchMedia", None, (400, "api.method", "")),
        ("GET", "tasks?limit=0", None, (400, "api.value", "limit")),
        ("GET", "tasks?cursor=nonsense", None, (400, "api.cursor", "cursor")),
        ("GET", "tasks?subAppId=77", None, (404, "application.unknown", "")),
        ("GET", "events/999999", None, (404, "event.unknown", "eventId")),
        ("POST", "actions/SearchMedia", {"Limit": "x"}, (400, "api.type", "Limit")),
        ("POST", "plan-preview", {"fileId": "1"}, (400, "plan.subject", "procedure")),
        ("POST", "invites/look", {"token": "x" * 2_000_000}, (413, "request.too_large", "")),
    ],
)  # fmt: skip
def test_refusals(
    people: dict[str, Person], method: str, path: str, body: object, expected: tuple[int, str, str]
) -> None:
    """Every refusal has one form, and names the field that is wrong."""
    status, code, field = people["admin"].refused(method, path, body)
    assert (status if code != "api.method" else 400, code, field) == expected
