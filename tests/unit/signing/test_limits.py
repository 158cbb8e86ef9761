"""Limits inside a signature: the vectors that every signer of ours reads, and who may ask."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from openvod.base.errors import Denied, Invalid
from openvod.signing import upload
from openvod.signing.limits import Caller, check_caller

VECTORS = json.loads((Path(__file__).parents[3] / "conformance" / "upload-limits.json").read_text())
_NAMES = {"maxVideoSize": "max_video_size", "maxCoverSize": "max_cover_size", "videoTypes": "video_types",
          "coverTypes": "cover_types", "maxUploads": "max_uploads", "userId": "user_id",
          "clientNetworks": "client_networks", "pageOrigins": "page_origins"}  # fmt: skip


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda v: v["id"])
def test_vectors(vector: dict[str, Any]) -> None:
    """What a signer of ours writes is read as the limits that it meant."""
    permission = upload.verify(upload.decode(vector["signature"]), vector["secretKey"], vector["verifyAt"])
    expected = {_NAMES[name]: tuple(v) if isinstance(v, list) else v for name, v in vector["limits"].items()}
    assert {name: value for name, value in asdict(permission.limits).items() if value} == expected


@pytest.mark.parametrize("refused", VECTORS["refused"], ids=lambda r: f"{r['key']}={r['value'][:12]}")
def test_bad_values_are_named(refused: dict[str, str]) -> None:
    """A limit that cannot be read is never taken for none."""
    parameters: dict[str, str | int] = {
        "secretId": "a",
        "currentTimeStamp": 1,
        "expireTime": 9,
        "random": 1,
        refused["key"]: refused["value"],
    }
    with pytest.raises(Invalid, match=refused["key"]):
        upload.verify(upload.decode(upload.mint(parameters, "k")), "k", 2)


@pytest.mark.parametrize("address", ["203.0.113.9", "::ffff:203.0.113.9", "2001:db8::1"])
def test_a_client_inside(address: str) -> None:
    """An address of the network is let in, an IPv4 one also when it comes mapped."""
    check_caller(("203.0.113.0/24", "2001:db8::/32"), (), Caller(address))


@pytest.mark.parametrize("address", ["203.0.114.1", "", "unix", "::1"])
def test_a_client_outside(address: str) -> None:
    """Any other address, and an unknown one, is refused."""
    with pytest.raises(Denied, match="network"):
        check_caller(("203.0.113.0/24",), (), Caller(address))


def test_pages() -> None:
    """A page's origin counts as a whole; a client that names none is no page of it."""
    check_caller((), ("https://app.example.com",), Caller("", "https://APP.example.com"))
    for origin in ("https://app.example.com.evil.example", "http://app.example.com", "null", ""):
        with pytest.raises(Denied, match="page"):
            check_caller((), ("https://app.example.com",), Caller("", origin))
