"""``multipart/form-data`` read as it comes (RFC 7578): a few short fields, then one file of any size."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from openvod.base.errors import Invalid
from openvod.base.sizes import KIB
from openvod.base.text import decoded

_BOUNDARY = re.compile(r'multipart/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_NAME = re.compile(r'(?:^|[;\s])name="([^"]*)"', re.IGNORECASE)
_FILE_NAME = re.compile(r'(?:^|[;\s])filename="([^"]*)"', re.IGNORECASE)
#: A policy and a token are the longest fields.
_FIELDS_BYTES, _HEAD_BYTES, _MOST_FIELDS = 64 * KIB, 8 * KIB, 64
_FILE = "file"


class FormReader:
    """Reads :meth:`fields`, whose names come in lower case, then :meth:`file`; what follows the file is ignored."""

    def __init__(self, source: AsyncIterator[bytes], content_type: str) -> None:
        found = _BOUNDARY.match(content_type)
        if found is None:
            raise _broken("Content-Type names no boundary")
        self._source = source
        # As if a line ended before the first one, so that every delimiter looks alike.
        self._held = b"\r\n"
        self._delimiter = b"\r\n--" + (found[1] or found[2]).encode()
        self._ended = False
        self.file_name = ""

    async def fields(self) -> dict[str, str]:
        """Return the fields before the file; raises ``Invalid("cos.MalformedPOSTRequest")``."""
        fields: dict[str, str] = {}
        room = _FIELDS_BYTES
        await self._until(self._delimiter, _HEAD_BYTES)
        while (await self._exactly(2)) == b"\r\n" and len(fields) < _MOST_FIELDS:
            head = decoded(await self._until(b"\r\n\r\n", _HEAD_BYTES), "a part's head")
            name = _NAME.search(head)
            if name is None:
                raise _broken("a part has no name")
            if name[1].lower() == _FILE:
                found = _FILE_NAME.search(head)
                self.file_name = found[1] if found else ""
                return fields
            raw = await self._until(self._delimiter, room)
            room -= len(raw)
            fields[name[1].lower()] = decoded(raw, f"field {name[1][:80]}")
        raise _broken("it has no file, which must be its last field")

    async def file(self) -> AsyncIterator[bytes]:
        """Yield the file's bytes."""
        kept = len(self._delimiter) - 1
        while True:
            end = self._held.find(self._delimiter)
            if end >= 0:
                if end:
                    yield self._held[:end]
                return
            if len(self._held) > kept:
                yield self._held[:-kept]
                self._held = self._held[-kept:]
            await self._more()

    async def _until(self, mark: bytes, limit: int) -> bytes:
        while (end := self._held.find(mark)) < 0:
            if len(self._held) > limit:
                raise _broken("a field or a head is too long")
            await self._more()
        if end > limit:
            raise _broken("a field or a head is too long")
        found, self._held = self._held[:end], self._held[end + len(mark) :]
        return found

    async def _exactly(self, size: int) -> bytes:
        while len(self._held) < size:
            await self._more()
        found, self._held = self._held[:size], self._held[size:]
        return found

    async def _more(self) -> None:
        more = await anext(self._source, b"")
        if not more:
            raise _broken("it ends too early")
        self._held += more


def _broken(why: str) -> Invalid:
    return Invalid("cos.MalformedPOSTRequest", f"the form cannot be read: {why}; send multipart/form-data")
