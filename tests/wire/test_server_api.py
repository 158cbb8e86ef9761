"""API 3.0 as far as it is offered: envelope, authentication, ApplyUpload, CommitUpload."""

from __future__ import annotations

from typing import Any

import pytest

from support.server.api import call
from support.server.wire import Wire


def test_apply_and_commit(wire: Wire) -> None:
    """A server upload goes through both actions and plays."""
    applied = call(wire, "ApplyUpload", {"MediaType": "mp4", "MediaName": "n", "CoverType": "jpg"})
    assert applied["StorageBucket"].endswith("-1250000000")
    assert applied["MediaStoragePath"].startswith("/")
    assert call(wire, "CommitUpload", {"VodSessionKey": applied["VodSessionKey"]})["Error"]["Code"] == (
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
    assert call(wire, action, body, **changes)["Error"]["Code"] == code
