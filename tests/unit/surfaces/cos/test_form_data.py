"""Forms are read the same however the network cuts them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from openvod.surfaces.cos.form_data import FormReader


@given(file=st.binary(max_size=80) | st.just(b"\r\n--b\r\r\n-\r\n--c"), piece=st.integers(1, 90))
def test_any_cut(file: bytes, piece: int) -> None:
    """Fields and file come out whole, and what only resembles the delimiter belongs to the file."""
    delimiter = "--bb"
    file = file.replace(b"\r\n--bb", b"")
    body = (
        (
            f'{delimiter}\r\nContent-Disposition: form-data; name="Key"\r\n\r\nv\r\n中\r\n'
            f'{delimiter}\r\nContent-Disposition: form-data; name="file"; filename="f.mp4"\r\nContent-Type: a/b\r\n\r\n'
        ).encode()
        + file
        + f"\r\n{delimiter}--\r\n".encode()
    )

    async def source() -> AsyncIterator[bytes]:
        for start in range(0, len(body), piece):
            yield body[start : start + piece]

    async def main() -> None:
        reader = FormReader(source(), 'multipart/form-data; charset=utf-8; boundary="bb"')
        assert await reader.fields() == {"key": "v\r\n中"}
        assert reader.file_name == "f.mp4"
        assert b"".join([chunk async for chunk in reader.file()]) == file

    asyncio.run(main())
