"""Hotlink protection as decisions (``procedures-and-api.md`` 10)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openvod.base.errors import Denied
from openvod.signing.hotlink import check_address, check_link, check_referer, is_host_of, link_digest

_KEY, _PATH, _T = "24FEQmTzro4V5u3D5epW", "/dir1/dir2/video.mp4", "5a71afc0"
_NOW = 0x5A71AFC0 - 60.0


_VECTORS = json.loads((Path(__file__).parents[3] / "conformance" / "playback.json").read_text())["links"]


@pytest.mark.parametrize("row", _VECTORS, ids=lambda row: "&".join(row["parameters"]))
def test_vectors(row: dict[str, Any]) -> None:
    """The digest is the original's, bit by bit (10.2), and each of these links is served."""
    assert link_digest(row["key"], row["directory"], row["parameters"]) == row["sign"]
    check_link([row["key"]], f"{row['directory']}v.mp4", [*row["parameters"].items(), ("sign", row["sign"])], _NOW)


def _link(path: str = _PATH, **parameters: str) -> list[tuple[str, str]]:
    given = {"t": _T} | parameters
    return [*given.items(), ("sign", link_digest(_KEY, path[: path.rfind("/") + 1], given))]


@pytest.mark.parametrize(
    "parameters",
    [
        {}, {"us": "72d4cd1101"}, {"us": "abc"}, {"exper": "0", "rlimit": "0", "us": "72d4cd1101"},
        {"rlimit": "3", "us": "72d4cd1101"}, {"exper": "300", "us": "72d4cd1101"},
        {"exper": "301", "rlimit": "3", "us": "72d4cd1101"}, {"exper": "45"},
    ],
)  # fmt: skip
def test_good_links(parameters: dict[str, str]) -> None:
    """They open their file, another file of the directory, and carry over to other directories."""
    link = check_link([_KEY], _PATH, _link(**parameters), _NOW)
    other = [tuple(pair.split("=")) for pair in link.query("/dir1/dir2/sub/").split("&")]
    check_link([_KEY], "/dir1/dir2/sub/a.ts", [(name, value) for name, value in other], _NOW)
    check_link([_KEY], "/dir1/dir2/other.mp4", _link(**parameters), _NOW)


@pytest.mark.parametrize(
    ("path", "query", "now", "code"),
    [
        (_PATH, [], _NOW, "hotlink.unsigned"),
        (_PATH, [("t", _T)], _NOW, "hotlink.unsigned"),
        (_PATH, [("sign", "x")], _NOW, "hotlink.unsigned"),
        (_PATH, [*_link()[:-1], ("sign", "0" * 32)], _NOW, "hotlink.signature"),
        (_PATH, [("t", "5a71afc1"), _link()[-1]], _NOW, "hotlink.signature"),
        (_PATH, [*_link(), ("us", "abc")], _NOW, "hotlink.signature"),
        (_PATH, [*_link(), ("t", _T)], _NOW, "hotlink.signature"),
        ("/dir1/video.mp4", _link(), _NOW, "hotlink.signature"),
        ("/dir1/dir2/dir3/video.mp4", _link(), _NOW, "hotlink.signature"),
        (_PATH, _link(), _NOW + 361, "hotlink.expired"),
        (_PATH, _link(us="300abc"), _NOW, "hotlink.ambiguous"),
        (_PATH, _link(exper="300", us="abc"), _NOW, "hotlink.ambiguous"),
        (_PATH, _link(exper="301", us="72d4cd1101"), _NOW, "hotlink.ambiguous"),
        (_PATH, _link(exper="300", rlimit="0"), _NOW, "hotlink.ambiguous"),
        (_PATH, _link(exper="29"), _NOW, "hotlink.ambiguous"),
        (_PATH, _link(whref="a.com"), _NOW, "hotlink.lists"),
        (_PATH, _link(exper="0300"), _NOW, "hotlink.signature"),
        (_PATH, _link(t="5A71AFC0"), _NOW, "hotlink.signature"),
        (_PATH, _link(us="a/b"), _NOW, "hotlink.signature"),
        # The text of one parameter moved into its neighbour has the same digest.
        (_PATH, [("t", "5a71afc"), ("exper", "0"), _link()[-1]], _NOW, "hotlink.signature"),
        (
            _PATH,
            [("t", _T), ("us", "3003abc"), _link(exper="300", rlimit="3", us="abc")[-1]],
            _NOW,
            "hotlink.ambiguous",
        ),
    ],
)
def test_refused_links(path: str, query: list[tuple[str, str]], now: float, code: str) -> None:
    """What was altered, is late, or cannot be enforced opens nothing."""
    with pytest.raises(Denied) as refused:
        check_link([_KEY], path, query, now)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("referer", "entries", "matches"),
    [
        ("https://a.com/page", ("a.com",), True),
        ("https://a.com:8443/", ("a.com",), True),
        ("http://A.com?x", ("a.com",), True),
        ("https://a.com.cn/", ("a.com",), False),
        ("https://b.a.com/", ("a.com",), False),
        ("https://b.a.com/", ("*.a.com",), True),
        ("https://a.com/", ("*.a.com",), False),
        ("https://ba.com/", ("*.a.com",), False),
        ("https://a.com/one/two", ("a.com/one",), True),
        ("https://a.com/ones", ("a.com/one",), False),
        ("https://a.com@evil.test/", ("a.com",), False),
        ("https://evil.test/?https://a.com", ("a.com",), False),
        ("https://evil.test/x.a.com", ("*.a.com",), False),
    ],
)
def test_referers(referer: str, entries: tuple[str, ...], matches: bool) -> None:
    """An entry matches up to a boundary; an allow list and a block list judge oppositely."""
    for allow_listed in (True, False):
        if matches == allow_listed:
            check_referer(referer, entries, allow_listed=allow_listed, blank_allowed=False)
        else:
            with pytest.raises(Denied):
                check_referer(referer, entries, allow_listed=allow_listed, blank_allowed=True)


def test_blank_referer() -> None:
    """No referer is a question of its own."""
    check_referer("", ("a.com",), allow_listed=True, blank_allowed=True)
    with pytest.raises(Denied):
        check_referer("", ("a.com",), allow_listed=False, blank_allowed=False)


@pytest.mark.parametrize(
    ("address", "networks", "listed"),
    [
        ("10.1.2.3", ("10.0.0.0/8",), True),
        ("11.1.2.3", ("10.0.0.0/8",), False),
        ("::ffff:10.1.2.3", ("10.0.0.0/8",), True),
        ("2001:db8::1", ("10.0.0.0/8", "2001:db8::/32"), True),
        ("", ("10.0.0.0/8",), False),
    ],
)
def test_addresses(address: str, networks: tuple[str, ...], listed: bool) -> None:
    """Networks hold addresses, mapped ones too; an unknown address is on no list."""
    for allow_listed in (True, False):
        if listed == allow_listed:
            check_address(address, networks, allow_listed=allow_listed)
        else:
            with pytest.raises(Denied):
                check_address(address, networks, allow_listed=allow_listed)


def _readings(text: str) -> set[tuple[int, int]]:
    """Return preview and limit of every way to cut a text that is served, by trying them all."""
    found = set()
    for first in range(len(text) + 1):
        for second in range(first, len(text) + 1):
            parts = {"exper": text[:first], "rlimit": text[first:second], "us": text[second:]}
            try:
                link = check_link([_KEY], _PATH, _link(**{name: part for name, part in parts.items() if part}), _NOW)
            except Denied:
                continue
            found.add((link.preview, link.most_addresses))
    return found


_DIGITS = st.text("0123456789", max_size=9)
_US = st.text("0123456789ab", max_size=12)


@settings(max_examples=1500, deadline=None)
@given(st.tuples(_DIGITS, _US).map("".join))
def test_no_text_has_two_readings(text: str) -> None:
    """However a link's digits are cut into parameters, those cuts that are served mean the same limits."""
    assert len(_readings(text)) <= 1


def test_every_short_text_of_digits_has_one_reading() -> None:
    """The same for all numbers below 20,000, alone."""
    for number in range(20_000):
        assert len(_readings(str(number))) <= 1


def test_two_keys() -> None:
    """While keys change, links of both open; what a link leads to is signed with its own key."""
    link = check_link(["the new key", _KEY], _PATH, _link(us="72d4cd1101"), _NOW)
    assert link.key == _KEY
    with pytest.raises(Denied, match="signature"):
        check_link(["the new key"], _PATH, _link(), _NOW)
    with pytest.raises(Denied, match="signature"):
        check_link([], _PATH, _link(), _NOW)


@pytest.mark.parametrize(
    ("referer", "host", "stands"),
    [
        ("https://a.com/x", "a.com", True), ("https://www.a.com:8443/", "a.com", True),
        ("https://A.com", "a.com", True),
        ("https://ba.com/", "a.com", False), ("https://a.com.evil.test/", "a.com", False), ("", "a.com", False),
        ("https://a.com@evil.test/", "a.com", False), ("https://evil.test/?a.com", "a.com", False),
    ],
)  # fmt: skip
def test_pages_of_a_host(referer: str, host: str, *, stands: bool) -> None:
    """A host and those below it, nothing that only looks like them."""
    assert is_host_of(referer, host) is stands
