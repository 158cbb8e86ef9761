"""A uvicorn without the parts that our protocol relies on: its own serves everything, and the log says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from openvod.storage.model import CompletedPart
from support.server import PlatformServer
from support.server.wire import Wire

_MIB = 1024 * 1024


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    """A client of a server on such a uvicorn."""
    environment = {"OPENVOD__TASKS__WORKERS": "0", "PYTHONPATH": str(Path(__file__).parents[1])}
    server = PlatformServer(tmp_path / "data", environment, module="support.faults.other_uvicorn")
    with server:
        client = Wire(server.url, server.create_key())
        with client.http:
            yield client
        assert "has no FlowControl.a_part_that_went; falling back to its own protocol" in server.log()


def test_uploads_and_playback_work_without_our_protocol(wire: Wire) -> None:
    """Objects and parts are stored and read back, whole and by ranges; the warning names the missing part."""
    body = bytes(range(256)) * (2 * _MIB // 256)
    applied = wire.apply(coverType="jpg")
    assert applied.put(b"a cover", applied.cover_key).status_code == 200
    upload_id = applied.initiate()
    etags = [applied.put_part(upload_id, n + 1, body[n * _MIB : (n + 1) * _MIB]).headers["etag"] for n in range(2)]
    parts = [CompletedPart(n + 1, etag) for n, etag in enumerate(etags)]
    assert applied.complete(upload_id, parts).status_code == 200
    url = wire.commit(applied)["data"]["video"]["url"]
    assert wire.http.get(url).content == body
    part = wire.http.get(url, headers={"Range": "bytes=1048570-1048581"})
    assert (part.status_code, part.content) == (206, body[1048570:1048582])
