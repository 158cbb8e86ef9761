"""What watches the database turns readiness and the server's end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from openvod.adapters.sql.sqlite import Writer
from openvod.app.serve import listen
from openvod.app.serve import serve as serve_platform
from openvod.app.settings import Settings
from openvod.base.errors import Unavailable

_ENDED = "the database's writer thread has ended"


def _settings() -> Settings:
    with listen(Settings().server.model_copy(update={"port": 0})) as listener:
        port = listener.getsockname()[1]
    return Settings.model_validate({"server": {"port": port}, "tasks": {"workers": 0}})


def _serve(data: Path, settings: Settings, when_ready: Callable[[], Any]) -> None:
    """Serve in this thread; ``when_ready`` runs in another one."""

    def ready(_: str) -> None:
        asyncio.get_running_loop().run_in_executor(None, when_ready)

    serve_platform(data, settings, ready)


def test_a_dead_writer_ends_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose writer has ended says so by ending: with a failure, so that whoever started it starts it again."""
    with pytest.raises(Unavailable, match="writer thread has ended"):
        _serve(tmp_path / "data", _settings(), lambda: monkeypatch.setattr(Writer, "trouble", lambda self: _ENDED))


def test_a_hanging_writer_turns_readiness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the writer hangs ``/readyz`` is 503 and ``/healthz`` 200; when it goes on, so does readiness."""
    settings, told = _settings(), []
    url = f"http://127.0.0.1:{settings.server.port}"

    def look() -> None:

        try:
            trouble = Writer.trouble
            for words in ("the database's writer thread has hung for 31 s", ""):
                monkeypatch.setattr(Writer, "trouble", lambda self, words=words: words)
                answer = httpx.get(f"{url}/readyz")
                told.append((answer.status_code, answer.json()["status"], httpx.get(f"{url}/healthz").status_code))
            monkeypatch.setattr(Writer, "trouble", trouble)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    _serve(tmp_path / "data", settings, look)
    assert told == [(503, "the database's writer thread has hung for 31 s", 200), (200, "ready", 200)]
