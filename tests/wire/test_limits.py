"""Limits inside the permission, enforced at Apply, while bytes arrive, and at Commit."""

from __future__ import annotations

from typing import Any

import pytest

from openvod.storage.model import CompletedPart
from support.server import PlatformServer
from support.server.wire import MIB, Applied, Wire, signature


def stored_bytes(server: PlatformServer) -> int:
    """Return what lies on disk."""
    return sum(path.stat().st_blocks * 512 for path in (server.data_dir / "blobs").rglob("*") if path.is_file())


def refused(wire: Wire, sign: str, **fields: Any) -> tuple[int, str]:
    """Apply, and return code and message."""
    body = {"signature": sign, "videoName": "v", "videoType": "mp4"} | fields
    answer = wire.ugc("ApplyUploadUGC", body)
    return answer["code"], answer["message"]


@pytest.mark.parametrize(("size", "ok"), [(999, True), (1000, True), (1001, False)])
def test_announced_size(wire: Wire, size: int, ok: bool) -> None:
    """Under and at the limit an upload opens; one byte over is refused before a byte is sent, with both figures."""
    code, message = refused(wire, signature(wire.key, maxVideoSize=1000), videoSize=size)
    assert (code == 0) == ok
    assert ok or (code, "1001" in message, "1000" in message) == (10042, True, True)


@pytest.mark.parametrize(("limits", "fields", "code"), [
    ({"videoTypes": "mp4,mov"}, {"videoType": "MOV"}, 0),
    ({"videoTypes": "mp4,mov"}, {"videoType": "mkv"}, 10040),
    ({"coverTypes": "png"}, {"coverName": "c", "coverType": "jpg", "coverSize": 1}, 10041),
    ({"maxCoverSize": 10}, {"coverName": "c", "coverType": "jpg", "coverSize": 11}, 10042),
    ({"clientNetworks": "127.0.0.0/8"}, {}, 0),
    ({"clientNetworks": "203.0.113.0/24"}, {}, 10013),
    ({"pageOrigins": "https://app.example.com"}, {}, 10014),
])  # fmt: skip
def test_types_networks_and_origins(wire: Wire, limits: dict[str, Any], fields: dict[str, Any], code: int) -> None:
    """What the permission does not cover is refused with a code of its own and words that name it."""
    assert refused(wire, signature(wire.key, **limits), **fields)[0] == code


def test_addresses_are_not_what_strangers_say(wire: Wire) -> None:
    """X-Forwarded-For counts from proxies that the settings name; by default there are none, not even loopback."""
    body = {"signature": signature(wire.key, clientNetworks="203.0.113.0/24"), "videoName": "v", "videoType": "mp4"}
    for headers in ({"X-Forwarded-For": "203.0.113.7"}, {"Forwarded": "for=203.0.113.7"}, {"X-Real-IP": "203.0.113.7"}):
        answer = wire.http.post(f"{wire.url}/v3/index.php?Action=ApplyUploadUGC", json=body, headers=headers)
        assert answer.json()["code"] == 10013


def put_part(applied: Applied, upload_id: str, number: int, size: int) -> tuple[int, str]:
    """Send one part; return status and body."""
    answer = applied.call("PUT", applied.media_key, [("partNumber", str(number)), ("uploadId", upload_id)], bytes(size))
    return answer.status_code, answer.text


def test_bytes_are_counted_while_they_arrive(wire: Wire) -> None:
    """A client that announces no size is stopped at the byte that is one too many, and told why each time."""
    applied = wire.apply(sign=signature(wire.key, maxVideoSize=3 * MIB), videoSize=None)
    upload_id = applied.initiate()
    assert put_part(applied, upload_id, 1, 2 * MIB)[0] == 200
    status, text = put_part(applied, upload_id, 2, MIB + 1)
    assert (status, "EntityTooLarge" in text) == (400, True)
    for number in (1, 2):
        status, text = put_part(applied, upload_id, number, 1)
        assert (status, "EntityTooLarge" in text) == (400, True), "a repetition, as SDKs make it, is told the same"
    assert applied.complete(upload_id, [CompletedPart(1, "0" * 32)]).status_code == 400
    assert applied.call("DELETE", applied.media_key, [("uploadId", upload_id)]).status_code == 204
    assert put_part(applied, upload_id, 2, 1)[0] == 404


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_multipart_limit_to_the_byte(wire: Wire, extra: int) -> None:
    """Two parts under, at and over the limit by one byte: the last one is refused."""
    applied = wire.apply(sign=signature(wire.key, maxVideoSize=2 * MIB), videoSize=None)
    upload_id = applied.initiate()
    assert put_part(applied, upload_id, 1, MIB)[0] == 200
    assert put_part(applied, upload_id, 2, MIB + extra)[0] == (400 if extra > 0 else 200)


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_single_put_limit_to_the_byte(wire: Wire, shared_server: PlatformServer, extra: int) -> None:
    """A whole object is held to the limit as well; of a refused one no byte is stored."""
    before = stored_bytes(shared_server)
    applied = wire.apply(sign=signature(wire.key, maxVideoSize=8 * MIB), videoSize=None)
    assert applied.put(bytes(8 * MIB + extra)).status_code == (400 if extra > 0 else 200)
    assert (stored_bytes(shared_server) > before) == (extra <= 0)


def test_a_repeated_part_counts_once(wire: Wire) -> None:
    """Sending a part again, after a lost answer, does not use the limit up."""
    applied = wire.apply(sign=signature(wire.key, maxVideoSize=2 * MIB), videoSize=None)
    upload_id = applied.initiate()
    assert [put_part(applied, upload_id, n, MIB)[0] for n in (1, 1, 2, 2)] == [200] * 4


def test_only_the_files_of_a_bounded_permission(wire: Wire) -> None:
    """With limits, the credential covers the two files and nothing beside them."""
    applied = wire.apply(sign=signature(wire.key, maxVideoSize=1000), videoSize=None)
    beside = applied.media_key.rpartition("/")[0] + "/other.ts"
    assert applied.call("PUT", beside, [], b"x").status_code == 403


def test_uploads_per_signature(wire: Wire) -> None:
    """A signature for two uploads opens two sessions; the third is refused, a resumed one is not counted."""
    sign = signature(wire.key, maxUploads=2)
    first = wire.apply(sign=sign)
    wire.apply(sign=sign, videoName="second")
    assert refused(wire, sign, videoName="third")[0] == 10011
    resumed = wire.ugc("ApplyUploadUGC", {"signature": sign, "vodSessionKey": first.data["vodSessionKey"]})
    assert resumed["code"] == 0


def test_a_session_belongs_to_its_user(wire: Wire) -> None:
    """Another user's signature neither resumes nor commits it; the same user's does."""
    applied = wire.apply(sign=signature(wire.key, userId="alice"))
    assert applied.put(b"x" * 10).status_code == 200
    other = signature(wire.key, userId="bob")
    body = {"signature": other, "vodSessionKey": applied.data["vodSessionKey"]}
    assert wire.ugc("ApplyUploadUGC", body)["code"] == 10012
    assert wire.commit(applied, other)["code"] == 10012
    assert wire.commit(applied, signature(wire.key, userId="alice"))["code"] == 0
