"""What people have at hand for COS and S3, unmodified, on a session's storage: upload, list, read; small and 20 MB.

coscli is no row: its module's name leads nowhere for Go's proxy, so that no package of it can be installed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clients.builds import Builds, node_packages
from support.server.wire import MIB, Applied, Wire

pytestmark = [pytest.mark.clients, pytest.mark.xdist_group("tools")]
_PROGRAMS = Path(__file__).parent / "programs"
_SECONDS = 120


@dataclass(frozen=True)
class Place:
    """Where a tool uploads to, and with what."""

    url: str
    bucket: str
    key: str
    region: str
    credential: Mapping[str, str]
    state: Path
    builds: Builds

    @property
    def tools(self) -> Path:
        """The folder of programs of the tools that come from PyPI."""
        return self.builds.tools

    @property
    def folder(self) -> str:
        """What the credential covers."""
        return self.key.rpartition("/")[0] + "/"

    @property
    def environment(self) -> dict[str, str]:
        """The credential as tools take it; nothing of this machine's own settings."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RCLONE_"))}
        return kept | {
            "HOME": str(self.state),
            "AWS_ACCESS_KEY_ID": self.credential["secretId"],
            "AWS_SECRET_ACCESS_KEY": self.credential["secretKey"],
            "AWS_SESSION_TOKEN": self.credential["token"],
            "AWS_DEFAULT_REGION": self.region,
        }

    def run(self, *command: str, fails: bool = False) -> str:
        """Run a tool; return all that it printed."""
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, env=self.environment, check=False
        )
        said = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, said[-3000:]
        return said


def _aws(place: Place, path: Path, back: Path) -> tuple[str, str, str]:
    tool = [str(place.tools / "aws"), "--endpoint-url", place.url, "s3"]
    (place.state / ".aws").mkdir(exist_ok=True)
    (place.state / ".aws" / "config").write_text("[default]\ns3 =\n  addressing_style = path\n")
    root = f"s3://{place.bucket}"
    place.run(*tool, "cp", str(path), f"{root}/{place.key}", "--no-progress")
    place.run(*tool, "cp", f"{root}/{place.key}", str(back), "--no-progress")
    listed = place.run(*tool, "ls", f"{root}/{place.folder}")
    return listed, place.run(*tool, "ls", root, fails=True), place.run(*tool, "mb", root, fails=True)


def _s3cmd(place: Place, path: Path, back: Path) -> tuple[str, str, str]:
    host = place.url.partition("://")[2]
    tool = [
        str(place.tools / "s3cmd"), f"--access_key={place.credential['secretId']}", "--no-ssl", "--no-progress",
        f"--secret_key={place.credential['secretKey']}", f"--access_token={place.credential['token']}",
        f"--host={host}", f"--host-bucket={host}", f"--region={place.region}",
    ]  # fmt: skip
    root = f"s3://{place.bucket}"
    place.run(*tool, "put", str(path), f"{root}/{place.key}")
    place.run(*tool, "get", f"{root}/{place.key}", str(back))
    listed = place.run(*tool, "ls", f"{root}/{place.folder}")
    return listed, place.run(*tool, "ls", root, fails=True), place.run(*tool, "mb", root, fails=True)


def _rclone(place: Place, path: Path, back: Path) -> tuple[str, str, str]:
    settings = {
        "access-key-id": place.credential["secretId"], "secret-access-key": place.credential["secretKey"],
        "session-token": place.credential["token"], "region": place.region, "endpoint": place.url, "provider": "Other",
        "force-path-style": "true", "upload-cutoff": "5M",
    }  # fmt: skip
    options = [f"--s3-{name}={value}" for name, value in settings.items()]
    tool = ["rclone", *options, "--retries=1", "--low-level-retries=1"]
    root = f":s3:{place.bucket}"
    place.run(*tool, "copyto", str(path), f"{root}/{place.key}")
    place.run(*tool, "copyto", f"{root}/{place.key}", str(back))
    listed = place.run(*tool, "ls", f"{root}/{place.folder}")
    # Making what is there is no error to rclone: it is how it makes sure.
    place.run(*tool, "mkdir", root)
    copied = place.run(*tool, "touch", f"{root}/{place.key}", fails=True)
    assert "copy-source" in copied
    return listed, place.run(*tool, "lsf", root, fails=True), "by the platform"


def _coscmd(place: Place, path: Path, back: Path) -> tuple[str, str, str]:
    port = place.url.rpartition(":")[2]
    python = [str(place.tools / "python"), str(_PROGRAMS / "coscmd_here.py")]
    tool = [*python, "-c", str(place.state / "cos.conf"), "-l", str(place.state / "cos.log")]
    given = place.credential
    place.run(
        *tool, "config", "-a", given["secretId"], "-s", given["secretKey"], "-t", given["token"], "-b", place.bucket,
        "-e", f"cos.test:{port}", "--do-not-use-ssl", "--retry", "1",
    )  # fmt: skip
    place.run(*tool, "upload", str(path), place.key)
    place.run(*tool, "download", place.key, str(back))
    listed = place.run(*tool, "list", place.folder)
    return listed, place.run(*tool, "list", fails=True), place.run(*tool, "createbucket", fails=True)


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    """The tools and programs, at their locked versions."""
    return Builds(tmp_path_factory.mktemp("builds"))


@pytest.fixture(params=[300_000, 20 * MIB], ids=["small", "20-MB"])
def content(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file of that size."""
    path = tmp_path / "holiday.mp4"
    path.write_bytes(os.urandom(request.param))
    return path


def _place(applied: Applied, state: Path, builds: Builds) -> Place:
    home = state / "home"
    home.mkdir()
    data = applied.data
    return Place(
        applied.wire.url,
        applied.bucket,
        applied.media_key,
        data["storageRegionV5"],
        data["tempCertificate"],
        home,
        builds,
    )


_TOOLS: dict[str, Callable[[Place, Path, Path], tuple[str, str, str]]] = {
    "aws": _aws, "s3cmd": _s3cmd, "rclone": _rclone, "coscmd": _coscmd,
}  # fmt: skip


@pytest.mark.parametrize("tool", _TOOLS)
def test_a_tool_uploads_and_lists(tool: str, wire: Wire, content: Path, tmp_path: Path, builds: Builds) -> None:
    """The file arrives, is listed and comes back; what is not for it is refused in words that say why."""
    assert tool != "rclone" or shutil.which("rclone"), "scripts/install-test-services installs it"
    applied, back = wire.apply(), tmp_path / "back.mp4"
    place = _place(applied, tmp_path, builds)
    listed, beyond, made = _TOOLS[tool](place, content, back)
    assert back.read_bytes() == content.read_bytes()
    assert place.key.rpartition("/")[2] in listed
    assert str(content.stat().st_size) in listed
    assert "does not cover the prefix" in beyond or "was denied" in beyond or "AccessDenied" in beyond
    assert "by the platform" in made
    assert wire.commit(applied)["code"] == 0


def _boto3(builds: Builds) -> list[str]:
    return [str(builds.tools / "python"), str(_PROGRAMS / "tool_boto3.py")]


def _cos_python(builds: Builds) -> list[str]:
    return [sys.executable, str(_PROGRAMS / "tool_cos_python.py")]


def _cos_nodejs(builds: Builds) -> list[str]:
    return ["node", str(_PROGRAMS / "tool_cos_nodejs.cjs")]


def _cos_java(builds: Builds) -> list[str]:
    return builds.java("cos-store", "openvod.clients.CosTool")


def _cos_go(builds: Builds) -> list[str]:
    return [*builds.go, "by-hand"]


_SDKS: dict[str, Callable[[Builds], list[str]]] = {
    "boto3": _boto3, "cos-python": _cos_python, "cos-nodejs": _cos_nodejs, "cos-java": _cos_java, "cos-go": _cos_go,
}  # fmt: skip


@pytest.mark.parametrize("sdk", _SDKS)
def test_an_sdk_uploads_lists_resumes_and_aborts(
    sdk: str, wire: Wire, content: Path, tmp_path: Path, builds: Builds
) -> None:
    """Upload in parts, lists by pages, an upload that is gone on with or given up, an address for a while."""
    applied, back = wire.apply(), tmp_path / "back.mp4"
    place = _place(applied, tmp_path, builds)
    given = {
        **place.credential, "url": place.url, "region": place.region, "bucket": place.bucket, "key": place.key,
        "folder": place.folder, "path": str(content), "back": str(back), "packages": str(node_packages()),
    }  # fmt: skip
    said = _said(place, [*_SDKS[sdk](builds), json.dumps(given)])
    assert back.read_bytes() == content.read_bytes()
    assert said["keys"] == said["first"] == [place.key]
    assert (said["parts"], said["listed"], said["left"]) == (1, 1, 0)
    if said["address"]:
        assert wire.http.get(said["address"]).content == content.read_bytes()
    assert wire.commit(applied)["code"] == 0


def _said(place: Place, command: Sequence[str]) -> dict[str, Any]:
    # A JVM's libraries log on standard error, before and after.
    lines = [line for line in place.run(*command).splitlines() if line.startswith("{")]
    said: dict[str, Any] = json.loads(lines[-1])
    return said
