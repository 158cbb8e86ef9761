"""API 3.0 as far as it is offered: envelope, authentication, ApplyUpload, CommitUpload."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from openvod.signing import tc3
from support.wire import Wire


def _call(wire: Wire, action: str, body: object, **changes: Any) -> dict[str, Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    now = changes.get("timestamp", int(time.time()))
    date = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
    signed = {
        "content-type": "application/json",
        "host": httpx.URL(wire.url).netloc.decode(),
        "x-tc-timestamp": str(now),
    }
    signature = tc3.sign(
        wire.key.secret_id, changes.get("secret_key", wire.key.secret_key), date=date, service="vod",
        signed_headers=("content-type", "host"), method="POST", raw_query="", headers=signed, body=raw,
    )  # fmt: skip
    secret_id = changes.get("secret_id", wire.key.secret_id)
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


def test_apply_and_commit(wire: Wire) -> None:
    """A server upload goes through both actions and plays."""
    applied = _call(wire, "ApplyUpload", {"MediaType": "mp4", "MediaName": "n", "CoverType": "jpg"})
    assert applied["StorageBucket"].endswith("-1250000000")
    assert applied["MediaStoragePath"].startswith("/")
    assert _call(wire, "CommitUpload", {"VodSessionKey": applied["VodSessionKey"]})["Error"]["Code"] == (
        "InvalidParameterValue.VodSessionKey"
    )


@pytest.mark.parametrize(
    ("action", "body", "changes", "code"),
    [
        ("ApplyUpload", {}, {}, "MissingParameter"),
        ("ApplyUpload", {"MediaType": 5}, {}, "InvalidParameter"),
        ("ApplyUpload", {"MediaType": "mp4", "Bogus": 1}, {}, "UnknownParameter"),
        ("ApplyUpload", {"MediaType": "exe"}, {}, "InvalidParameterValue.MediaType"),
        ("ApplyUpload", {"MediaType": "mp4", "CoverType": "exe"}, {}, "InvalidParameterValue.CoverType"),
        ("ApplyUpload", {"MediaType": "mp4", "SubAppId": 9}, {}, "InvalidParameterValue.SubAppId"),
        ("ApplyUpload", {"MediaType": "mp4", "Procedure": "x"}, {}, "InvalidParameterValue.Procedure"),
        ("CommitUpload", {"VodSessionKey": "nope"}, {}, "InvalidParameterValue.VodSessionKey"),
        ("ApplyUpload", b"[]", {}, "InvalidParameter"),
        ("ApplyUpload", b"{", {}, "InvalidParameter"),
        ("Nothing", {}, {}, "InvalidAction"),
        ("ApplyUpload", {}, {"version": "1999-01-01"}, "NoSuchVersion"),
        ("ApplyUpload", {}, {"secret_key": "wrong"}, "AuthFailure.SignatureFailure"),
        ("ApplyUpload", {}, {"secret_id": "AKIDnobody"}, "AuthFailure.SecretIdNotFound"),
        ("ApplyUpload", {}, {"timestamp": 1_700_000_000}, "AuthFailure.SignatureExpire"),
        ("ApplyUpload", {}, {"headers": {"Authorization": "nonsense"}}, "AuthFailure.InvalidAuthorization"),
    ],
)
def test_refusals(wire: Wire, action: str, body: object, changes: dict[str, Any], code: str) -> None:
    """Each fault has the code that the official SDKs surface."""
    assert _call(wire, action, body, **changes)["Error"]["Code"] == code
