"""Where unfinished uploads are remembered."""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path

import pytest

from openvod_sdk import FileResumeStore, Unfinished


def unfinished(age: float = 0) -> Unfinished:
    """A record of that age in seconds."""
    return Unfinished("session", "upload", 8 << 20, time.time() - age)


def only_file(folder: Path) -> Path:
    """Return the one file of a folder."""
    (path,) = folder.iterdir()
    return path


def test_another_store_reads_it(tmp_path: Path) -> None:
    """What one process saves, another loads; forgetting removes it."""
    record = unfinished()
    FileResumeStore(tmp_path).save("key", record)
    assert FileResumeStore(tmp_path).load("key") == record
    assert FileResumeStore(tmp_path).load("other key") is None
    FileResumeStore(tmp_path).forget("key")
    assert FileResumeStore(tmp_path).load("key") is None
    assert list(tmp_path.iterdir()) == []


def test_saving_replaces(tmp_path: Path) -> None:
    """The latest record of a key counts, and no temporary file stays behind."""
    store = FileResumeStore(tmp_path)
    store.save("key", unfinished(age=100))
    latest = unfinished()
    store.save("key", latest)
    assert store.load("key") == latest
    assert only_file(tmp_path).suffix == ".json"


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    """A session key is a capability: folder and file are closed to others."""
    folder = tmp_path / "new" / "folder"
    FileResumeStore(folder).save("key", unfinished())
    assert stat.S_IMODE(only_file(folder).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_older_than_a_day(tmp_path: Path) -> None:
    """The platform keeps a session for a day; an older record is not offered (upload-protocol.md 2.5)."""
    store = FileResumeStore(tmp_path)
    store.save("young", unfinished(age=86_000))
    store.save("old", unfinished(age=86_401))
    assert (store.load("young") is not None, store.load("old")) == (True, None)


def test_key_is_no_path(tmp_path: Path) -> None:
    """A key with path parts stays inside the folder."""
    FileResumeStore(tmp_path / "state").save("../../escape", unfinished())
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "{}", '{"session_key": "s"}', '{"other": 1}', "\x00"])
def test_damaged_file_counts_as_none(tmp_path: Path, text: str) -> None:
    """A file that is no record is ignored, not raised."""
    store = FileResumeStore(tmp_path)
    store.save("key", unfinished())
    only_file(tmp_path).write_text(text)
    assert store.load("key") is None


def test_wrong_types_count_as_none(tmp_path: Path) -> None:
    """A record with a text for its time is ignored, not raised."""
    store = FileResumeStore(tmp_path)
    store.save("key", unfinished())
    path = only_file(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"saved_at": "yesterday"}))
    assert store.load("key") is None


def test_default_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records lie below XDG_STATE_HOME, else below ~/.local/state."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    FileResumeStore().save("key", unfinished())
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    FileResumeStore().save("key", unfinished())
    found = sorted(str(path.parent.relative_to(tmp_path)) for path in tmp_path.rglob("*.json"))
    assert found == ["home/.local/state/openvod/uploads", "xdg/openvod/uploads"]
