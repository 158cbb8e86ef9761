"""Play tokens and player signatures as decisions (decision record 23, ``procedures-and-api.md`` 10.3)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openvod.base.errors import Denied
from openvod.signing.play_token import PlayToken, Presented, check_play_token, play_token
from openvod.signing.player_signature import UrlAccess, check_player_signature, player_signature

_VECTORS = json.loads((Path(__file__).parents[3] / "conformance" / "playback.json").read_text())
_KEY = "24FEQmTzro4V5u3D5epW"
_NOW = 1_800_000_000.0
_FULL = PlayToken("/b/dir/", int(_NOW) + 60, 30, "192.0.2.0/24", "s1", "a.com")
_SHOWN = Presented("/b/dir/v.m3u8", "192.0.2.7", "s1", "https://www.a.com/page")


def _code(token: str, shown: Presented = _SHOWN, now: float = _NOW, keys: tuple[str, ...] = (_KEY,)) -> str:
    with pytest.raises(Denied) as refused:
        check_play_token(keys, token, shown, now)
    return refused.value.code


@pytest.mark.parametrize("row", _VECTORS["play_tokens"], ids=lambda row: row["name"])
def test_token_vectors(row: dict[str, Any]) -> None:
    """Every signer writes a token with the same bytes."""
    assert play_token(row["key"], PlayToken(**row["token"])) == row["pt"]


def test_a_token_opens_what_it_names() -> None:
    """All its conditions met, under either key."""
    assert check_play_token([_KEY], play_token(_KEY, _FULL), _SHOWN, _NOW) == (_FULL, _KEY)
    assert check_play_token(["other", _KEY], play_token(_KEY, _FULL), _SHOWN, _NOW)[1] == _KEY
    of_file = replace(_FULL, path="/b/dir/v.m3u8")
    assert check_play_token([_KEY], play_token(_KEY, of_file), _SHOWN, _NOW)[0] == of_file


@pytest.mark.parametrize(
    ("shown", "now", "code"),
    [
        (replace(_SHOWN, path="/b/other/v.m3u8"), _NOW, "hotlink.path"),
        (replace(_SHOWN, path="/b/dir"), _NOW, "hotlink.path"),
        (_SHOWN, _NOW + 61, "hotlink.expired"),
        (replace(_SHOWN, address="198.51.100.1"), _NOW, "hotlink.address"),
        (replace(_SHOWN, address=""), _NOW, "hotlink.address"),
        (replace(_SHOWN, session="s2"), _NOW, "hotlink.session"),
        (replace(_SHOWN, session=""), _NOW, "hotlink.session"),
        (replace(_SHOWN, referer="https://evil.test/a.com"), _NOW, "hotlink.referer"),
        (replace(_SHOWN, referer=""), _NOW, "hotlink.referer"),
    ],
)
def test_conditions(shown: Presented, now: float, code: str) -> None:
    """A token whose condition is not met opens nothing, and says which."""
    assert _code(play_token(_KEY, _FULL), shown, now) == code


def test_a_mapped_address_is_the_same_address() -> None:
    """A server that listens on IPv6 sees IPv4 clients as mapped addresses."""
    check_play_token([_KEY], play_token(_KEY, _FULL), replace(_SHOWN, address="::ffff:192.0.2.7"), _NOW)


_TOKENS = st.builds(
    PlayToken, st.text(min_size=1, max_size=20), st.integers(0, 10**10), st.integers(0, 10**6), st.text(max_size=5),
    st.text(max_size=5), st.text(max_size=5),
)  # fmt: skip


@settings(deadline=None)
@given(_TOKENS, _TOKENS)
def test_no_two_tokens_share_a_text(one: PlayToken, other: PlayToken) -> None:
    """Fields cannot be moved into each other: what differs anywhere is another text with another MAC."""
    same = play_token(_KEY, one).split(".")[1] == play_token(_KEY, other).split(".")[1]
    assert same == (one == other)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.characters())
def test_altered_tokens(place: int, put: str) -> None:
    """A token with any character changed is refused as altered."""
    text = play_token(_KEY, _FULL)
    place %= len(text)
    altered = text[:place] + put + text[place + 1 :]
    if altered != text:
        assert _code(altered) == "hotlink.token"


@pytest.mark.parametrize("text", ["", ".", "a.b", "é.é", "." * 5000, play_token(_KEY, _FULL) + "=", "A" * 4090])
def test_garbled_tokens(text: str) -> None:
    """What is no token at all is refused in the same way."""
    assert _code(text) == "hotlink.token"


def test_a_token_of_another_key() -> None:
    """The key of another domain, or none, opens nothing."""
    assert _code(play_token("another key", _FULL)) == "hotlink.token"
    assert _code(play_token(_KEY, _FULL), keys=()) == "hotlink.token"


@pytest.mark.parametrize("row", _VECTORS["player_signatures"], ids=lambda row: row["name"])
def test_player_signature_vectors(row: dict[str, Any]) -> None:
    """The original's vector, bit by bit; any library of JSON web tokens reads it."""
    made = player_signature(row["key"], row["payload"])
    assert made.split(".")[2] == row["signature"]
    options: Any = {"verify_signature": True}
    assert jwt.decode(made, row["key"].encode().ljust(32, b"\0"), ["HS256"], options=options) == row["payload"]


_PAYLOAD: dict[str, Any] = {
    "appId": 1, "fileId": "5", "contentInfo": {"audioVideoType": "Original"}, "currentTimeStamp": int(_NOW),
    "expireTimeStamp": int(_NOW) + 60, "urlAccessInfo": {"t": "6323e6b0", "exper": 30, "rlimit": 3, "us": "72d4cd1101"},
}  # fmt: skip


def test_a_player_signature_is_read() -> None:
    """Its members come out; texts count as numbers where some signers write them so."""
    found = check_player_signature("key", player_signature("key", _PAYLOAD), _NOW)
    assert (found.sub_app_id, found.file_id, found.access) == (1, "5", UrlAccess("6323e6b0", 30, 3, "72d4cd1101"))
    check_player_signature("key", player_signature("key", _PAYLOAD | {"appId": "1"}), _NOW)
    check_player_signature("key", player_signature("key", _PAYLOAD | {"urlAccessInfo": None}), _NOW)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"expireTimeStamp": int(_NOW) - 1}, "psign.expired"), ({"fileId": 5}, "psign.member"),
        ({"fileId": None}, "psign.member"), ({"contentInfo": None}, "psign.member"), ({"appId": -1}, "psign.member"),
        ({"appId": True}, "psign.member"), ({"expireTimeStamp": "soon"}, "psign.member"),
        ({"urlAccessInfo": 1}, "psign.member"), ({"urlAccessInfo": {"t": 1}}, "psign.member"),
        ({"urlAccessInfo": {"rlimit": 10}}, "psign.member"),
    ],
)  # fmt: skip
def test_bad_player_signatures(change: dict[str, Any], code: str) -> None:
    """What is late or has members of another kind is refused, by name."""
    with pytest.raises(Denied) as refused:
        check_player_signature("key", player_signature("key", _PAYLOAD | change), _NOW)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "psign.malformed"), ("a.b.c", "psign.malformed"), ("e30.e30.x", "psign.signature"),
        ("bnVsbA.e30.x", "psign.malformed"), ("W10.e30.x", "psign.malformed"), ("." * 9000, "psign.malformed"),
        ("eyJhbGciOiJub25lIn0.e30.", "psign.signature"), (player_signature("other", _PAYLOAD), "psign.signature"),
    ],
)  # fmt: skip
def test_no_player_signatures(text: str, code: str) -> None:
    """Other texts, other algorithms, another key: refused before anything is believed."""
    with pytest.raises(Denied) as refused:
        check_player_signature("key", text, _NOW)
    assert refused.value.code == code
