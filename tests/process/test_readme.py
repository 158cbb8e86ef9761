"""The README's own commands, word by word, in an empty folder, as a new user types them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from openvod.adapters.ffmpeg.encoder import make_video
from support.server import free_port

pytestmark = pytest.mark.slow

_README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
_RUN_IT = _README.partition("## Run it")[2].partition("\n## ")[0]
_START_SECONDS, _END_SECONDS = 30, 90


def _commands() -> list[str]:
    """Return the commands of the section, without comments and without what activates an environment."""
    blocks = re.findall(r"```sh\n(.*?)```", _RUN_IT, re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    commands = [line.partition("  #")[0].strip() for line in lines]
    return [command for command in commands if not command.startswith(". ")]


class NewUser:
    """A shell in an empty folder, with the installed programs on its path and one setting of their own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self._port = port
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        # Outputs must follow the media base as the original does (their addresses are told in events).
        self.media_url = f"http://localhost:{port}"
        self._environment = os.environ | {"PATH": path, "OPENVOD__PLAYBACK__MEDIA_URL": self.media_url}

    def words(self, beginning: str) -> str:
        """Return the README's command that begins so, on this test's port."""
        found = next(command for command in _commands() if command.startswith(beginning))
        return found.replace("8080", str(self._port))

    def types(self, command: str) -> str:
        """Run a command; return what it printed."""
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self._environment, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def keeps_running(self, command: str) -> Iterator[None]:
        """Run a command in another shell while the block runs, from when the server is ready."""
        with (self.folder / "serve.log").open("wb") as log:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command}"], cwd=self.folder, env=self._environment, stdout=log, stderr=log
            )
        try:
            self._await_ready()
            yield
        finally:
            process.terminate()
            assert process.wait(30) == 0

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"http://127.0.0.1:{self._port}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError((self.folder / "serve.log").read_text())

    def finished_task(self) -> dict[str, Any]:
        """Return the one task with its sub-tasks, once it has ended."""
        deadline = time.monotonic() + _END_SECONDS
        while time.monotonic() < deadline:
            (task,) = json.loads(self.types("openvod tasks list --data-dir data --json"))
            if task["status"] == "FINISH":
                shown: dict[str, Any] = json.loads(
                    self.types(f"openvod tasks show {task['taskId']} --data-dir data --json")
                )
                return shown
            time.sleep(0.5)
        raise AssertionError("the flow did not end")


@pytest.mark.timeout(240)
def test_the_first_hour(tmp_path: Path) -> None:
    """Key, server, upload with LongVideoPreset, all with the relative ``data``: every sub-task is a SUCCESS.

    Addresses of outputs begin as the original's does, also with a media URL of its own; ``doctor`` has FFmpeg read the
    stored file by the same path.
    """
    user = NewUser(tmp_path, free_port())
    make_video(tmp_path / "holiday.mp4", 4)
    told = user.types(user.words("openvod keys create"))
    key = dict(line.split() for line in told.splitlines())
    with user.keeps_running(user.words("openvod serve")):
        upload = user.words("openvod upload")
        assert "AKID… --secret-key …" in upload
        upload = upload.replace(
            "AKID… --secret-key …", f"{key['secretId']} --secret-key {key['secretKey']} --procedure LongVideoPreset"
        )
        user.types(upload)
        task = user.finished_task()
        assert [subtask["status"] for subtask in task["subTasks"]] == ["SUCCESS"] * 3, task
        media = json.loads(user.types(f"openvod media show {task['fileId']} --data-dir data"))
        addresses = re.findall(r'https?://[^/"]+', json.dumps([media, task]))
        assert set(addresses) == {user.media_url}
        findings = json.loads(user.types("openvod doctor --data-dir data --json"))
        assert ("processing", "ok", "FFmpeg reads a stored file as a worker does") in [
            (each["what"], each["level"], each["found"]) for each in findings
        ]
