"""No setting reaches one process and not another."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from openvod.app.cli.administration import with_services
from openvod.app.settings import Settings
from support.server import free_port
from support.server.certificates import make_certificates

#: Values that have to mean something; every other setting gets a number or text beside its default.
_CHOSEN = {
    "SERVER__HOST": "0.0.0.0",
    "SERVER__TRUSTED_PROXIES": '["192.0.2.0/24"]',
    "SERVER__OPERATOR_NETWORKS": '["127.0.0.0/8"]',
    "SERVER__PUBLIC_URL": "https://vod.example.test:8443",
    "SERVER__TLS_CERTIFICATE": "server.pem",
    "SERVER__TLS_KEY": "server.key",
    "DATABASE__URL": "sqlite+pysqlite:///elsewhere.sqlite3",
    "STORAGE__DIRECT_IO": "false",
    "PLAYBACK__MEDIA_URL": "https://media.example.test",
    "PLAYBACK__ACCEL": "x-sendfile",
    "TASKS__PRESET": "ultrafast",
    "TASKS__REVIEWERS": '{"Terror": "support.media.flagging_reviewer:FlaggingReviewer"}',
    "TASKS__HOLD_BLOCKED": "true",
    "SANDBOX__WALLS": '["system calls", "network", "files"]',
    "SANDBOX__READABLE": '["/opt"]',
    "EVENTS__ALLOW_PRIVATE": '["10.9.0.0/16"]',
    "LOG__FORMAT": "json",
    "CONSOLE__MEDIA_ORIGINS": '["https://cdn.example.test"]',
}


def _changed(folder: Path) -> dict[str, str]:
    """Return the environment that changes every setting from its default."""
    environment = {"SERVER__PORT": str(free_port()), "STORAGE__URL": f"file://{folder}/store"} | _CHOSEN
    for section, field in Settings.model_fields.items():
        for name, entry in type(field.get_default()).model_fields.items():
            default = entry.get_default()
            if isinstance(default, int | float):
                environment.setdefault(f"{section}__{name}".upper(), str(default + 1))
            elif isinstance(default, str):
                environment.setdefault(f"{section}__{name}".upper(), f"{default}changed.example.test")
    return {f"OPENVOD__{name}": value for name, value in environment.items()}


@contextmanager
def _running(folder: Path, *command: str) -> Iterator[Path]:
    """Run ``openvod`` with debug log; yields the log's path."""
    log = folder / f"{command[0]}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "openvod.app.cli", *command, "--data-dir", "data", "--log-level", "debug"],
            cwd=folder, env=os.environ, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        yield log
    finally:
        process.terminate()
        process.wait(30)


def _uses(log: Path, who: str) -> dict[str, Any]:
    """Return what a process logged that it uses."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        records = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
        for record in records:
            if found := re.fullmatch(rf"the {who} uses (\{{.*\}})", record["message"]):
                uses: dict[str, Any] = json.loads(found[1])
                return uses
        time.sleep(0.1)
    raise AssertionError(log.read_text()[-3000:])


def _unchanged(settings: Mapping[str, Any]) -> list[str]:
    default = json.loads(Settings.model_construct().to_child_json())
    return [
        f"{section}.{name}" for section, values in settings.items() for name, value in values.items()
        if value == default[section][name]
    ]  # fmt: skip


def test_server_worker_and_command_use_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every setting changed, the server, its worker, a worker of its own and a command use the very same.

    Relative paths (data folder, database, certificates) mean the same file to each of them.
    """
    make_certificates(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    for name, value in _changed(tmp_path).items():
        monkeypatch.setenv(name, value)
    with _running(tmp_path, "serve") as log:
        server = _uses(log, "server")
        with _running(tmp_path, "worker") as other_log:
            worker, other = _uses(log, "worker"), _uses(other_log, "worker")
    command = with_services(Path("data"), _used)
    assert server == worker == other == command
    assert _unchanged(server["settings"]) == [], "give these settings a value in _CHOSEN"
    assert (server["media_url"], server["public_url"]) == (
        "https://media.example.test",
        "https://vod.example.test:8443",
    )
    assert server["settings"]["server"]["tls_key"] == str(tmp_path / "server.key")
    assert (tmp_path / "elsewhere.sqlite3").exists()
    assert (tmp_path / "store" / ".installation").exists()


async def _used(services: Any) -> dict[str, Any]:
    used: dict[str, Any] = services.base.uses()
    return used
