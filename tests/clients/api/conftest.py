"""A platform for each SDK, on which it runs the table once; and the matrix at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest

from clients.api.matrix import render
from clients.api.sdks import Program, Sdk, settings_of
from clients.builds import Builds
from support.actions.calls import CALLS
from support.actions.transcript import Line, run_table
from support.server import PlatformServer


@pytest.fixture(scope="session")
def transcript(
    builds: Builds, video: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Sdk], Sequence[Line]]:
    """Return what an SDK's run of the table gave; run once when first asked for, without workers."""

    @cache
    def outcome(sdk: Sdk) -> Sequence[Line] | Exception:
        folder = tmp_path_factory.mktemp("api") / "data"
        try:
            with PlatformServer(folder, {"OPENVOD__TASKS__WORKERS": "0"}) as server:
                settings = settings_of(server.create_key(), f"127.0.0.1:{server.port}")
                with Program(sdk, builds, settings) as program:
                    return run_table(program, CALLS, server.url, video)
        except Exception as error:
            # Every cell of this SDK fails for the same reason; nobody waits for it again.
            return error

    def lines(sdk: Sdk) -> Sequence[Line]:
        found = outcome(sdk)
        if isinstance(found, Exception):
            raise found
        return found

    return lines


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the matrix when any of its cells ran."""
    verdicts: dict[tuple[str, str], str] = {}
    lacks: dict[str, str] = {}
    for outcome, verdict in (("passed", "pass"), ("failed", "FAIL"), ("error", "FAIL")):
        for report in terminalreporter.stats.get(outcome, ()):
            noted = dict(report.user_properties)
            if "api cell" in noted:
                verdicts[noted["api cell"]] = str(noted.get("verdict", verdict))
            if "api lacks" in noted:
                name, names = noted["api lacks"]
                lacks[name] = names
    if verdicts:
        terminalreporter.section("actions x API SDKs")
        for line in render({(sdk, action): verdict for (sdk, action), verdict in verdicts.items()}, lacks):
            terminalreporter.write_line(line)
