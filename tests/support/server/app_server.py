"""The real ``openvod app-server`` in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from openvod.access.service import IssuedKey
from support.server import free_port

_START_SECONDS = 30.0


@contextmanager
def running_app_server(
    key: IssuedKey, tokens: Mapping[str, str], folder: Path, settings: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Start it with fixed tokens (``{token: user id}``); yield its address."""
    port = free_port()
    environment = {
        "OPENVOD_APP_SERVER__SECRET_ID": key.secret_id,
        "OPENVOD_APP_SERVER__SECRET_KEY": key.secret_key,
        "OPENVOD_APP_SERVER__STATIC_TOKENS": json.dumps(dict(tokens)),
        "OPENVOD_APP_SERVER__DATA_FILE": str(folder / "app-server.sqlite3"),
    }
    command = [sys.executable, "-m", "openvod.app.cli", "app-server", "--port", str(port)]
    with (folder / "app-server.log").open("wb") as log:
        process = subprocess.Popen(command, env=os.environ | environment | dict(settings or {}), stdout=log, stderr=log)
    try:
        _wait(f"http://127.0.0.1:{port}/healthz", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the app server ended"
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the app server did not start")
