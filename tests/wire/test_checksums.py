"""End-to-end checksums: told at Commit, compared with what is stored, carried by the event, read again by scrub."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from openvod.storage.crc64 import CRC64
from openvod_sdk import Client
from support.server import PlatformServer
from support.server.commands import openvod, openvod_json
from support.server.wire import MIB, Applied, Wire, signature

CONTENT = os.urandom(MIB + 7)


def commit(applied: Applied, **checksums: object) -> dict[str, Any]:
    """Commit with checksums."""
    body = {"signature": applied.signature, "vodSessionKey": applied.data["vodSessionKey"]}
    return applied.wire.ugc("CommitUploadUGC", body | checksums)


def event_of(server: PlatformServer, file_id: str) -> dict[str, Any]:
    """Return the stored ``NewFileUpload`` of a file."""
    listed = openvod_json("events", "list", "--file-id", file_id, "--data-dir", str(server.data_dir), "--json")
    body: dict[str, Any] = listed[0]["body"]["FileUploadEvent"]
    return body


def uploaded(wire: Wire, **files: str) -> Applied:
    """Apply and send the content as the video."""
    applied = wire.apply(**files)
    assert applied.put(CONTENT).status_code == 200
    return applied


def test_right_checksum(wire: Wire, shared_server: PlatformServer) -> None:
    """What the client read is what is stored: committed, and the event says that both agree."""
    crc64 = CRC64.calc(CONTENT)
    answer = commit(uploaded(wire), videoCrc64=str(crc64))
    assert answer["code"] == 0
    checksum = event_of(shared_server, answer["data"]["fileId"])["Checksum"]
    assert checksum == {
        "Crc64": str(crc64),
        "Md5": hashlib.md5(CONTENT, usedforsecurity=False).hexdigest(),
        "Verified": True,
    }


def test_without_a_checksum(wire: Wire, shared_server: PlatformServer) -> None:
    """An official client tells none: the event carries the platform's own."""
    answer = commit(uploaded(wire))
    checksum = event_of(shared_server, answer["data"]["fileId"])["Checksum"]
    assert (checksum["Crc64"], checksum["Verified"]) == (str(CRC64.calc(CONTENT)), False)


@pytest.mark.parametrize("member", ["videoCrc64", "coverCrc64"])
def test_wrong_checksum(wire: Wire, member: str) -> None:
    """Other bytes arrived than the client read: refused with both figures; after sending the file again it commits."""
    applied = uploaded(wire, coverName="c", coverType="png")
    assert applied.put(b"picture", applied.cover_key).status_code == 200
    answer = commit(applied, **{member: "1"})
    assert (answer["code"], "1, but" in answer["message"], "damaged" in answer["message"]) == (10023, True, True)
    right = {"videoCrc64": str(CRC64.calc(CONTENT)), "coverCrc64": str(CRC64.calc(b"picture"))}
    assert commit(applied, **right)["code"] == 0


@pytest.mark.parametrize("value", [5, "x", "-1", str(1 << 64), "1.5"])
def test_checksum_that_is_none(wire: Wire, value: object) -> None:
    """A checksum in another form is refused by its name."""
    answer = commit(uploaded(wire), videoCrc64=value)
    assert (answer["code"], "videoCrc64" in answer["message"]) == (10001, True)


def test_our_sdk_tells_it(wire: Wire, shared_server: PlatformServer, video: Path) -> None:
    """An upload by the SDK is verified end to end, in parts as well."""
    result = Client(shared_server.url, signature(wire.key), part_size=MIB, resume=False).upload(video)
    checksum = event_of(shared_server, result.file_id)["Checksum"]
    assert checksum == {"Crc64": str(CRC64.calc(video.read_bytes())), "Md5": "", "Verified": True}


def test_scrub(server: PlatformServer, video: Path) -> None:
    """Every object is read again beside a running server; a flipped bit and a lost file are found and named."""
    with_key = Wire(server.start().url, server.create_key())
    with with_key.http:
        Client(server.url, signature(with_key.key), part_size=MIB, resume=False).upload(video)
        for _ in range(2):
            commit(uploaded(with_key))
    folder = ("--data-dir", str(server.data_dir))
    clean = openvod("scrub", *folder)
    assert (clean.returncode, clean.stdout.split(",")[0]) == (0, "objects 3")
    assert "intact 3, damaged 0, unreadable 0" in clean.stdout
    blobs = [path for path in (server.data_dir / "blobs").rglob("*") if path.is_file() and path.stat().st_size]
    flipped, lost = (path for path in blobs if path.read_bytes() == CONTENT)
    with flipped.open("r+b") as file:
        file.seek(1000)
        file.write(bytes([CONTENT[1000] ^ 1]))
    lost.unlink()
    found = openvod("scrub", *folder, "--json")
    told = json.loads(found.stdout)
    assert (found.returncode, told["intact"], told["damaged"], told["unreadable"]) == (1, 1, 1, 1)
    assert sorted(each["verdict"] for each in told["wrong"]) == ["damaged", "unreadable"]
    assert openvod("scrub", "--data-dir", str(server.data_dir) + "-typo").returncode != 0


def test_verify_signature_command(wire: Wire) -> None:
    """Exit status 0 and the fields for a right signature, 1 and the cause for a wrong one."""
    right = signature(wire.key, sourceContext="中文")
    good = openvod("verify-signature", "--signature", right, "--secret-key", wire.key.secret_key)
    assert (good.returncode, "中文" in good.stdout) == (0, True)
    bad = openvod("verify-signature", "--signature", "-", "--secret-key", "x", "--json", text=right + "\n")
    told = json.loads(bad.stdout)
    assert (bad.returncode, told["valid"], "another key" in told["problems"][0]) == (1, False, True)
    assert wire.key.secret_key not in good.stdout
