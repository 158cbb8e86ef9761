"""Signed calls of API 3.0, as an SDK makes them."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx

from openvod.access.service import IssuedKey
from openvod.app.cli.administration import with_services
from openvod.signing import tc3, v1
from support.server.answers import check_answer
from support.server.wire import Wire


def call(
    wire: Wire, action: str, body: object = None, *, key: IssuedKey | None = None, **changes: Any
) -> dict[str, Any]:
    """Call an action with TC3; return the ``Response`` object.

    ``body`` is JSON or raw bytes; ``key`` another key than the wire's; ``changes`` spoil single parts of the request.
    """
    return send(wire, signed(wire, action, body, key=key, **changes))


def signed(
    wire: Wire, action: str, body: object = None, *, key: IssuedKey | None = None, **changes: Any
) -> httpx.Request:
    """Sign a call with TC3, to be sent once or more often."""
    key = key or wire.key
    raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    now = changes.get("timestamp", int(time.time()))
    date = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
    method, query = changes.get("method", "POST"), changes.get("query", "")
    content_type = "application/json" if method == "POST" else "application/x-www-form-urlencoded"
    named = {"content-type": content_type, "host": _host(wire), "x-tc-timestamp": str(now)}
    signature = tc3.sign(
        key.secret_id, changes.get("secret_key", key.secret_key), date=date, service="vod",
        signed_headers=("content-type", "host"), method=method, raw_query=query, headers=named,
        body=raw if method == "POST" else b"",
    )  # fmt: skip
    secret_id = changes.get("secret_id", key.secret_id)
    headers = {
        "Content-Type": content_type,
        "X-TC-Action": action,
        "X-TC-Version": changes.get("version", "2018-07-17"),
        "X-TC-Timestamp": str(now),
        "Authorization": f"TC3-HMAC-SHA256 Credential={secret_id}/{date}/vod/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={signature}",
    } | changes.get("headers", {})
    url = f"{wire.url}/{'?' if query else ''}{query}"
    return wire.http.build_request(method, url, content=raw if method == "POST" else b"", headers=headers)


def signed_v1(
    wire: Wire, action: str, parameters: Mapping[str, object] | None = None, *, key: IssuedKey | None = None,
    algorithm: str = "HmacSHA256", method: str = "POST", **changes: object,
) -> httpx.Request:  # fmt: skip
    """Sign a call in the older form; ``changes`` replace parameters after signing."""
    key = key or wire.key
    given: dict[str, object] = {
        "Action": action,
        "Version": "2018-07-17",
        "Nonce": secrets.randbits(31),
        "Timestamp": int(time.time()),
        "SecretId": key.secret_id,
        "SignatureMethod": algorithm,
        **(parameters or {}),
    }
    pairs = [(name, str(value)) for name, value in given.items()]
    known = algorithm if v1.is_known_method(algorithm) else "HmacSHA1"
    given["Signature"] = v1.sign(key.secret_key, method=method, host=_host(wire), pairs=pairs, algorithm=known)
    form = urlencode(given | changes)
    if method == "GET":
        return wire.http.build_request("GET", f"{wire.url}/?{form}")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return wire.http.build_request("POST", f"{wire.url}/", content=form.encode(), headers=headers)


def send(wire: Wire, request: httpx.Request) -> dict[str, Any]:
    """Send a signed call and return the ``Response`` object; the envelope must be as all SDKs want it."""
    answer = wire.http.send(request)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    response: dict[str, Any] = answer.json()["Response"]
    assert response["RequestId"]
    if "Error" not in response:
        check_answer(_action_of(request), response)
    return response


def _action_of(request: httpx.Request) -> str:
    """Return the action that a call names: in a header, or among its parameters."""
    parameters = request.url.query + b"&" + request.content
    named = parse_qs(parameters.decode(errors="replace")).get("Action", [""])[0]
    return request.headers.get("X-TC-Action", "") or named


def code(answer: Mapping[str, Any]) -> str:
    """Return an answer's error code, empty for a success."""
    return str(answer.get("Error", {}).get("Code", ""))


def paced(wire: Wire, action: str, body: object = None, **options: Any) -> dict[str, Any]:
    """Call an action, and again as long as it answers that there were too many calls in a second."""
    while True:
        answer = call(wire, action, body, **options)
        if code(answer) != "RequestLimitExceeded":
            return answer
        time.sleep(0.1)


def events_of(data_dir: Path, kind: str) -> list[dict[str, Any]]:
    """Return the bodies of all events of a type, the oldest first."""
    rows = with_services(
        data_dir, lambda services: services.database.read(lambda tx: list(tx.events.events(0, 100_000)))
    )
    return [json.loads(row.payload) for row in rows if row.type == kind]


def _host(wire: Wire) -> str:
    return httpx.URL(wire.url).netloc.decode()
