"""A Complete is read in time that grows with its bytes alone, and no further than its upload's parts reach."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable

import pytest

from openvod.base.errors import Invalid
from openvod.base.sizes import KIB, MIB
from openvod.storage.model import CompletedPart
from openvod.surfaces.cos.complete_body import MAX_BYTES, limit_for, parse_complete
from support.server.wire import complete_xml

_ETAG = "0123456789abcdef0123456789abcdef"
_PARTS = 10_000


def _of(inner: str) -> bytes:
    return f"<CompleteMultipartUpload>{inner}</CompleteMultipartUpload>".encode()


def _part(number: object = 1, etag: str = _ETAG, more: str = "") -> str:
    return f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag>{more}</Part>"


@pytest.mark.parametrize(
    "body",
    [
        _of(_part()),
        _of(_part(etag=f'"{_ETAG.upper()}"')),
        _of(_part(etag=f"&quot;{_ETAG}&quot;")),
        _of(f"\n <Part>\n <ETag> {_ETAG} </ETag><PartNumber> 1 </PartNumber></Part>\n"),
        _of(_part(more="<ChecksumCRC32>AAAAAA==</ChecksumCRC32>")),
        b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>' + _of("<!-- c -->" + _part()),
        f'<x:CompleteMultipartUpload xmlns:x="u"><x:Part><x:PartNumber>1</x:PartNumber><x:ETag>{_ETAG}</x:ETag>'
        "</x:Part></x:CompleteMultipartUpload>".encode(),
    ],
)
def test_forms(body: bytes) -> None:
    """Prefixes, order, white space, comments, checksums and a byte order mark do not matter."""
    assert parse_complete(body, 1) == [CompletedPart(1, _ETAG)]


@pytest.mark.parametrize(
    "inner",
    [
        _part(""), _part("x"), _part("1.0"), _part("-1"), _part("１"), _part("9" * 4000), "<Part/>",
        f"<Part><ETag>{_ETAG}</ETag></Part>", "<Part><PartNumber>1</PartNumber></Part>",
        _part(more=f"<ETag>{_ETAG}</ETag>"), "<a>" * 60, "text</CompleteMultipartUpload><b>",
    ],
)  # fmt: skip
def test_what_is_no_list(inner: str) -> None:
    """Numbers that are none, parts without their two members or with three, other trees."""
    with pytest.raises(Invalid) as error:
        parse_complete(_of(inner), 1)
    assert error.value.code == "cos.MalformedXML"


def test_other_documents() -> None:
    """Another root, two roots, no end, declarations."""
    for body in (b"", b"<a/>", _of(_part())[:-3], b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + _of(_part()), _of("") * 2):
        with pytest.raises(Invalid):
            parse_complete(body, 1)
    assert parse_complete(_of(""), 1) == []


def _attributes(size: int) -> bytes:
    return b"<CompleteMultipartUpload " + b" ".join(b"a%d=''" % n for n in range(size // 12)) + b"/>"


_HOSTILE: dict[str, Callable[[int], bytes]] = {
    "attributes": _attributes,
    "elements": lambda size: _of("<a/>" * (size // 4)),
    "parts": lambda size: _of(_part() * (size // 90)),
    "nesting": lambda size: b"<a>" * (size // 3),
    "text": lambda size: _of(f"<Part><PartNumber>1</PartNumber><ETag>{'e' * size}</ETag></Part>"),
    "references": lambda size: _of(f"<Part><ETag>{'&quot;' * (size // 6)}</ETag></Part>"),
    "declaration": lambda size: b"<?xml " + b" " * size + b"?>",
    "white space": lambda size: b"<?xml version='1.0'?>" + b"\n" * size + _of(_part()),
    "comments": lambda size: _of(f"<!--{'-' * size}-->"),
}


@pytest.mark.parametrize("kind", _HOSTILE)
def test_hostile_bodies_are_linear(kind: str) -> None:
    """The largest body of each kind costs no more than the largest honest one several times over."""
    honest = complete_xml([CompletedPart(n, _ETAG) for n in range(1, _PARTS + 1)]).replace(b"<Part>", b"<Part >")
    budget = 5 * _seconds(honest) + 0.1
    assert _seconds(_HOSTILE[kind](limit_for(_PARTS) - KIB)) < budget


def _seconds(body: bytes) -> float:
    """CPU time of reading ``body``, without that of collecting the garbage of earlier tests."""
    gc.disable()
    try:
        begun = time.process_time()
        with contextlib.suppress(Invalid):
            parse_complete(body, _PARTS)
        return time.process_time() - begun
    finally:
        gc.enable()


def test_a_body_is_as_large_as_its_upload() -> None:
    """Few parts need few bytes, tags and attributes; ten thousand still fit, pretty-printed with checksums."""
    assert (limit_for(0), limit_for(1000), limit_for(_PARTS)) == (64 * KIB, 1064 * KIB, MAX_BYTES)
    row = (
        '\n    <Part>\n        <PartNumber>{0}</PartNumber>\n        <ETag>"'
        + _ETAG
        + '"</ETag>\n'
        + ("        <ChecksumCRC32>AAAAAA==</ChecksumCRC32>\n    </Part>")
    )
    body = _of("".join(row.format(n) for n in range(1, _PARTS + 1)))
    assert MIB < len(body) < MAX_BYTES
    assert len(parse_complete(body, _PARTS)) == _PARTS
    with pytest.raises(Invalid) as error:
        parse_complete(body, 10)
    assert error.value.code == "cos.XMLSizeLimit"
