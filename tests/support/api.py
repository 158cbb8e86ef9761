"""Signed calls of API 3.0, as an SDK makes them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from openvod.access.service import IssuedKey
from openvod.app.administration import with_database
from openvod.signing import tc3
from support.wire import Wire


def call(
    wire: Wire, action: str, body: object = None, *, key: IssuedKey | None = None, **changes: Any
) -> dict[str, Any]:
    """Call an action with TC3; return the ``Response`` object.

    ``body`` is JSON or raw bytes; ``key`` another key than the wire's; ``changes`` spoil single parts of the request.
    """
    key = key or wire.key
    raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    now = changes.get("timestamp", int(time.time()))
    date = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
    signed = {
        "content-type": "application/json",
        "host": httpx.URL(wire.url).netloc.decode(),
        "x-tc-timestamp": str(now),
    }
    signature = tc3.sign(
        key.secret_id, changes.get("secret_key", key.secret_key), date=date, service="vod",
        signed_headers=("content-type", "host"), method="POST", raw_query="", headers=signed, body=raw,
    )  # fmt: skip
    secret_id = changes.get("secret_id", key.secret_id)
    headers = {
        "Content-Type": "application/json",
        "X-TC-Action": action,
        "X-TC-Version": changes.get("version", "2018-07-17"),
        "X-TC-Timestamp": str(now),
        "Authorization": f"TC3-HMAC-SHA256 Credential={secret_id}/{date}/vod/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={signature}",
    } | changes.get("headers", {})
    answer = wire.http.post(f"{wire.url}/", content=raw, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    response: dict[str, Any] = answer.json()["Response"]
    assert response["RequestId"]
    return response


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
    rows = with_database(data_dir, lambda _, database: database.read(lambda tx: list(tx.events.events(0, 100_000))))
    return [json.loads(row.payload) for row in rows if row.type == kind]
