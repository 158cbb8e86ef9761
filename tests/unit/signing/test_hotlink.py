"""Hotlink protection as decisions (``procedures-and-api.md`` 10)."""

from __future__ import annotations

import pytest

from openvod.base.errors import Denied
from openvod.signing.hotlink import check_address, check_link, check_referer, link_digest

_KEY, _PATH, _T = "24FEQmTzro4V5u3D5epW", "/dir1/dir2/video.mp4", "5a71afc0"
_NOW = 0x5A71AFC0 - 60.0


@pytest.mark.parametrize(
    ("parameters", "sign"),
    [
        ({"us": "72d4cd1101"}, "3d8488faeb37d52d6bf63b63c1b171c3"),
        ({"rlimit": "3", "us": "72d4cd1101"}, "c5214f0d5961b13acd558b4957c4dfc5"),
        ({"exper": "300", "us": "72d4cd1101"}, "547d98c4b91e81b5ea55c95cef63223f"),
        ({"exper": "300", "rlimit": "3", "us": "72d4cd1101"}, "eb55b390b9a63c3cfa1526a5945a15fd"),
        ({"exper": "0", "rlimit": "0", "us": "72d4cd1101"}, "30977928919ff07bf4bbd2b09b016f60"),
        ({}, "6efd1f11e01562083dfdab3010957c6e"),
    ],
)
def test_vectors(parameters: dict[str, str], sign: str) -> None:
    """The digest is the original's, bit by bit (10.2)."""
    assert link_digest(_KEY, "/dir1/dir2/", {"t": _T} | parameters) == sign


def _link(path: str = _PATH, **parameters: str) -> list[tuple[str, str]]:
    given = {"t": _T} | parameters
    return [*given.items(), ("sign", link_digest(_KEY, path[: path.rfind("/") + 1], given))]


@pytest.mark.parametrize(
    "parameters", [{}, {"us": "72d4cd1101"}, {"us": "abc"}, {"exper": "0", "rlimit": "0", "us": "72d4cd1101"}]
)
def test_good_links(parameters: dict[str, str]) -> None:
    """They open their file, another file of the directory, and carry over to other directories."""
    link = check_link(_KEY, _PATH, _link(**parameters), _NOW)
    other = [tuple(pair.split("=")) for pair in link.query(_KEY, "/dir1/dir2/sub/").split("&")]
    check_link(_KEY, "/dir1/dir2/sub/a.ts", [(name, value) for name, value in other], _NOW)
    check_link(_KEY, "/dir1/dir2/other.mp4", _link(**parameters), _NOW)


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
        (_PATH, _link(exper="300", us="abc"), _NOW, "hotlink.narrowed"),
        (_PATH, _link(rlimit="3"), _NOW, "hotlink.narrowed"),
        (_PATH, _link(whref="a.com"), _NOW, "hotlink.narrowed"),
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
        check_link(_KEY, path, query, now)
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
