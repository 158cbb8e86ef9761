"""``openvod serve`` as an operator meets it: starts, refusals, the end."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from pathlib import Path

import httpx
import pytest

from openvod.app.settings import Settings
from support.server import PlatformServer
from support.server.commands import openvod, openvod_json
from support.server.wire import MIB, Wire


def _refused(data_dir: Path, *arguments: str) -> str:
    done = openvod("serve", "--data-dir", str(data_dir), "--port", "0", *arguments)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    return done.stderr


def test_two_servers_on_one_folder(server: PlatformServer) -> None:
    """The second server says who has the folder, and the first goes on."""
    server.start()
    assert server.process is not None
    message = _refused(server.data_dir)
    assert "in use" in message
    assert str(server.process.pid) in message
    assert httpx.get(f"{server.url}/readyz").status_code == 200


def test_a_folder_of_a_newer_release(server: PlatformServer) -> None:
    """An unknown schema version is refused by name and left untouched."""
    server.create_key()
    with sqlite3.connect(server.data_dir / "openvod.sqlite3") as database:
        database.execute("UPDATE alembic_version SET version_num = '9042'")
    database.close()
    assert "9042" in _refused(server.data_dir)


def test_an_unwritable_folder(tmp_path: Path) -> None:
    """A folder that cannot be made is refused with the reason."""
    (tmp_path / "file").write_text("in the way")
    assert "cannot be written" in _refused(tmp_path / "file" / "data")


def test_a_taken_port(server: PlatformServer) -> None:
    """A port in use is refused by number."""
    server.start()
    assert str(server.port) in _refused(server.data_dir.parent / "other", "--port", str(server.port))


def test_unknown_and_wrong_settings(tmp_path: Path) -> None:
    """A setting that does not exist or has a wrong value is refused by its name."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "openvod.toml").write_text("[server]\nprot = 1\n")
    assert "OPENVOD__SERVER__PROT" in _refused(data)
    (data / "openvod.toml").write_text('[storage]\nthreads = "many"\n')
    assert "OPENVOD__STORAGE__THREADS" in _refused(data)


def test_the_end_waits_for_a_request_on_its_way(server: PlatformServer) -> None:
    """SIGTERM lets an upload that is being received finish, then the server ends with status 0."""
    wire = Wire(server.start().url, server.create_key())
    with wire.http:
        applied = wire.apply()
        upload_id = applied.initiate()
        answers: list[int] = []

        def slowly() -> None:
            answers.append(applied.put_part(upload_id, 1, bytes(MIB)).status_code)

        sender = threading.Thread(target=slowly)
        sender.start()
        assert server.stop() == 0
        sender.join()
    assert answers == [200]


def test_a_stolen_database_reveals_no_secret(server: PlatformServer) -> None:
    """No file of the data folder but the root key helps: the secret stands nowhere in clear."""
    key = server.create_key()
    for path in server.data_dir.rglob("*"):
        if path.is_file():
            assert key.secret_key.encode() not in path.read_bytes(), path
    assert (server.data_dir / "root.key").stat().st_mode & 0o077 == 0


def test_another_root_key_is_noticed(server: PlatformServer) -> None:
    """A root key that does not belong here is refused at the start: with it every signature would fail."""
    server.create_key()
    (server.data_dir / "root.key").write_bytes(os.urandom(32))
    assert "root.key" in _refused(server.data_dir)


def test_a_full_disk_is_said_and_survived(server: PlatformServer) -> None:
    """When the reserve is reached, parts are refused for good, nothing is stored, and the server lives on."""
    server.environment["OPENVOD__STORAGE__RESERVE_BYTES"] = str(1 << 60)
    wire = Wire(server.start().url, server.create_key())
    with wire.http:
        applied = wire.apply()
        answer = applied.put(b"x" * 1000)
        assert (answer.status_code, "disk is full" in answer.text) == (403, True)
        assert wire.apply().data["vodSessionKey"]


def test_keys_and_regions_on_the_command_line(tmp_path: Path) -> None:
    """The administrative commands do what they say, and refuse what would surprise."""
    data = ["--data-dir", str(tmp_path / "data")]
    key = openvod_json("keys", "create", *data, "--json")
    assert set(key) == {"secretId", "secretKey", "subAppId"}
    assert "disable it first" in openvod("keys", "delete", key["secretId"], *data).stderr
    assert openvod("keys", "disable", key["secretId"], *data).returncode == 0
    assert [k["enabled"] for k in openvod_json("keys", "list", *data, "--json")] == [False]
    assert key["secretKey"] not in openvod("keys", "list", *data, "--json").stdout
    assert openvod("keys", "delete", key["secretId"], *data).returncode == 0
    assert "default" in openvod("regions", "disable", "ap-chongqing", *data).stderr
    assert openvod("regions", "enable", "ap-tokyo", "--default", *data).returncode == 0
    regions = {r["name"]: r["is_default"] for r in openvod_json("regions", "list", *data, "--json")}
    assert regions == {"ap-chongqing": False, "ap-tokyo": True}
    assert "must look like" in openvod("events", "set-url", "ftp://x", *data).stderr
    assert openvod_json("apps", "create", "second", *data, "--json")[0]["name"] == "second"
    assert openvod_json("classes", "create", "films", *data, "--json")[0]["class_id"] == 1


def test_settings_reference_is_complete() -> None:
    """Every setting stands in the reference that the command prints and in the documentation."""
    printed = openvod("config", "reference").stdout
    documented = (Path(__file__).parents[2] / "docs" / "reference" / "settings.md").read_text()
    for section, field in Settings.model_fields.items():
        for name in type(field.get_default()).model_fields:
            variable = f"OPENVOD__{section.upper()}__{name.upper()}"
            assert variable in printed
            assert variable in documented


@pytest.mark.slow
def test_idle_sessions_and_uploads_are_collected(server: PlatformServer) -> None:
    """A session past its day loses its bytes, its uploads and its row; committed files stay."""
    wire = Wire(server.start().url, server.create_key())
    with wire.http:
        kept = wire.apply()
        kept.put(b"kept")
        url = wire.commit(kept)["data"]["video"]["url"]
        left = wire.apply()
        left.put_part(left.initiate(), 1, bytes(2 * MIB))
        left.put(b"also left", f"{left.media_key.rpartition('/')[0]}/segment.ts")
        server.stop()
        with sqlite3.connect(server.data_dir / "openvod.sqlite3") as database:
            database.execute("UPDATE upload_sessions SET expires_at = 1")
        database.close()
        server.start()
        deadline = time.monotonic() + 20
        while len(_blobs(server)) > 1 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert len(_blobs(server)) == 1
        assert wire.http.get(url).content == b"kept"
        assert (
            wire.ugc("CommitUploadUGC", {"signature": left.signature, "vodSessionKey": left.data["vodSessionKey"]})[
                "code"
            ]
            == 10020
        )
    server.stop()
    assert openvod_json("storage", "check", "--data-dir", str(server.data_dir))["clean"]


def _blobs(server: PlatformServer) -> list[Path]:
    return list((server.data_dir / "blobs").glob("??/*"))
