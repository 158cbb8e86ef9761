"""Permissions to play (conformance/playback.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from openvod_sdk import InvalidPermission, sign_link, sign_play_token, sign_player

_VECTORS = json.loads((Path(__file__).parents[3] / "conformance" / "playback.json").read_text())
_KEY = "24FEQmTzro4V5u3D5epW"
_URL = "https://media.example.com/a/b/v.mp4"


@pytest.mark.parametrize("row", _VECTORS["play_tokens"], ids=lambda row: row["name"])
def test_play_token_vectors(row: dict[str, Any]) -> None:
    """The bytes are those of every other signer."""
    token = dict(row["token"])
    path, expires = token.pop("path"), token.pop("expires")
    url = f"https://media.example.com{path}" + ("x.m3u8" if path.endswith("/") else "")
    signed = sign_play_token(url, row["key"], expire=expires - 1000, now=1000, directory=path.endswith("/"), **token)
    assert signed == f"{url}?pt={row['pt']}"


@pytest.mark.parametrize("row", _VECTORS["player_signatures"], ids=lambda row: row["name"])
def test_player_signature_vectors(row: dict[str, Any]) -> None:
    """The original's vector, bit by bit."""
    assert sign_player(row["key"], row["payload"]).split(".")[2] == row["signature"]


def test_links() -> None:
    """Parameters stand in the wire's order; a query that is there stays; no two links share their random text."""
    signed = sign_link(f"{_URL}?a=1", _KEY, expire=60, preview=300, most_addresses=3, now=0x5A71AFC0 - 60)
    given = parse_qsl(urlsplit(signed).query)
    assert [name for name, _ in given] == ["a", "t", "exper", "rlimit", "us", "sign"]
    assert dict(given)["t"] == "5a71afc0"
    assert len(dict(given)["us"]) == 10
    assert (
        parse_qs(urlsplit(sign_link(_URL, _KEY)).query)["us"] != parse_qs(urlsplit(sign_link(_URL, _KEY)).query)["us"]
    )


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"expire": 0}, "expire"), ({"preview": 29}, "preview"), ({"preview": 301}, "preview"), ({"key": ""}, "key"),
        ({"most_addresses": 10}, "most_addresses"), ({"url": ""}, "url"), ({"url": "media/v.mp4"}, "url"),
    ],
)  # fmt: skip
def test_links_that_would_never_open(arguments: dict[str, Any], named: str) -> None:
    """What the platform would refuse is refused when it is signed, by name."""
    with pytest.raises(InvalidPermission, match=named):
        sign_link(**({"url": _URL, "key": _KEY} | arguments))


def test_a_payload_without_a_file() -> None:
    """A player signature that opens nothing is not made."""
    with pytest.raises(InvalidPermission, match="fileId"):
        sign_player("key", {"appId": 1})
    with pytest.raises(InvalidPermission, match="preview"):
        sign_play_token(_URL, _KEY, preview=-1)
