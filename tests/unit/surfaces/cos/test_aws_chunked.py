"""Framed bodies of S3 clients, with the example that the vendor publishes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvod.base.errors import OpenVodError
from openvod.signing.sigv4 import ChunkSigner, S3Credential
from openvod.surfaces.cos.aws_chunked import ChunkedReader

_SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
_SIGNATURES = (
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
)


def _signer() -> ChunkSigner:
    credential = S3Credential("AKIAIOSFODNN7EXAMPLE", "20130524", "us-east-1", (), _SEED)
    return ChunkSigner(credential, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524T000000Z")


def _read(body: bytes, signer: ChunkSigner | None = None, piece: int = 1000) -> tuple[bytes, dict[str, str]]:
    async def source() -> AsyncIterator[bytes]:
        for start in range(0, len(body), piece):
            yield body[start : start + piece]

    async def main() -> tuple[bytes, dict[str, str]]:
        reader = ChunkedReader(source(), signer)
        data = b"".join([chunk async for chunk in reader.read()])
        return data, reader.trailers

    return asyncio.run(main())


def _signed(spoiled: int = -1) -> bytes:
    pieces = (b"a" * 65536, b"a" * 1024, b"")
    frames = [
        b"%x;chunk-signature=%s\r\n%s\r\n" % (len(piece), (sign if n != spoiled else "0" * 64).encode(), piece)
        for n, (piece, sign) in enumerate(zip(pieces, _SIGNATURES, strict=True))
    ]
    return b"".join(frames)


def test_the_published_example() -> None:
    """Each piece's signature continues the one before; a wrong one anywhere is refused."""
    assert _read(_signed(), _signer())[0] == b"a" * 66560
    for spoiled in range(3):
        with pytest.raises(OpenVodError) as error:
            _read(_signed(spoiled), _signer())
        assert error.value.code == "cos.SignatureDoesNotMatch"


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=5), st.integers(1, 60))
def test_frames_come_off(pieces: list[bytes], piece: int) -> None:
    """However the network cuts it, the data is what was framed, and the trailers are there afterwards."""
    body = b"".join(b"%X\r\n%s\r\n" % (len(each), each) for each in pieces) + b"0\r\nx-amz-checksum-crc32: AA==\r\n\r\n"
    assert _read(body, piece=piece) == (b"".join(pieces), {"x-amz-checksum-crc32": "AA=="})


@pytest.mark.parametrize(
    "body",
    [b"", b"5\r\nabc", b"x\r\nabc\r\n0\r\n\r\n", b"-1\r\n", b"3\r\nabcd\r\n0\r\n\r\n", b"3\r\nabc\r\n",
     b"a" * 20_000, b"f" * 13 + b"\r\n", b"0\r\n" + b"a: b\r\n" * 40],
)  # fmt: skip
def test_what_cannot_be_read(body: bytes) -> None:
    """Cut short, no number, longer than said, lines and trailers without end."""
    with pytest.raises(OpenVodError) as error:
        _read(body)
    assert error.value.code == "cos.IncompleteBody"
