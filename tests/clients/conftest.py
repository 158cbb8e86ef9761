"""A platform behind the official hosts, and the official packages as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clients.builds import Builds, node_packages
from clients.drivers.base import Driver
from clients.drivers.browser import BrowserDriver, Browsers, CosJs
from clients.drivers.compiled import CosJava, VodJava
from clients.matrix import CELLS, render
from clients.stage import Stage, open_stage
from openvod.access.service import IssuedKey
from support.server import PlatformServer
from support.server.certificates import Certificates, make_certificates


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority made for this run."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def tls_server(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[PlatformServer]:
    """A platform that speaks HTTPS with a certificate for the official hosts."""
    environment = {
        "OPENVOD__SERVER__TLS_CERTIFICATE": str(certificates.certificate),
        "OPENVOD__SERVER__TLS_KEY": str(certificates.key),
    }
    with PlatformServer(tmp_path_factory.mktemp("official") / "data", environment, tls=True) as server:
        yield server


@pytest.fixture(scope="session")
def tls_key(tls_server: PlatformServer) -> IssuedKey:
    """A key pair of that platform."""
    return tls_server.create_key()


@pytest.fixture(scope="session")
def packages() -> Path:
    """The npm packages at their locked versions; installed when others, or none, are there."""
    return node_packages()


@pytest.fixture(scope="session")
def big_video(video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A playable file of more than 100 MiB: the clip, then a free-space box filled with changing bytes."""
    path = tmp_path_factory.mktemp("big") / "large clip 中文.mp4"
    padding = 110 * 1024 * 1024
    with path.open("wb") as file:
        file.write(video.read_bytes())
        file.write((padding + 8).to_bytes(4, "big") + b"free")
        for number in range(110):
            file.write(bytes([number]) * (1024 * 1024))
    return path


@pytest.fixture(scope="session")
def stage(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates, video: Path, cover: Path
) -> Iterator[Stage]:
    """What all clients play on."""
    with open_stage(tmp_path_factory.mktemp("stage"), certificates, video, cover) as opened:
        yield opened


@pytest.fixture(scope="session")
def browsers(stage: Stage) -> Iterator[Browsers]:
    """The Chromiums of the run."""
    with Browsers(stage) as opened:
        yield opened


@pytest.fixture(scope="session")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    """The programs that are built, when a client first needs them."""
    return Builds(tmp_path_factory.mktemp("builds"))


@pytest.fixture(scope="session")
def driver(browsers: Browsers, packages: Path, builds: Builds) -> Callable[[type[Driver]], Driver]:
    """Make drivers; those of the browser share its Chromiums."""

    def make(client: type[Driver]) -> Driver:
        if issubclass(client, VodJava | CosJava):
            return client(packages, builds)
        if issubclass(client, BrowserDriver | CosJs):
            return client(packages, browsers)
        return client(packages)

    return make


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the matrix when any of its cells ran."""
    names = {f"[{cell.name}]": cell.name for cell in CELLS}
    verdicts: dict[str, str] = {}
    shown: dict[str, str] = {}
    for outcome, verdict in (("passed", "pass"), ("failed", "FAIL"), ("error", "FAIL")):
        for report in terminalreporter.stats.get(outcome, ()):
            _, bracket, rest = report.nodeid.partition("test_matrix.py::test_cell[")
            cell = names.get(f"[{rest.partition(']@')[0].rstrip(']')}]")
            if bracket and cell:
                noted = dict(report.user_properties)
                verdicts[cell] = verdict + str(noted.get("mark", ""))
                if "shown" in noted:
                    shown[cell] = str(noted["shown"])
    if verdicts:
        terminalreporter.section("clients x scenarios")
        for line in render(verdicts, shown):
            terminalreporter.write_line(line)
