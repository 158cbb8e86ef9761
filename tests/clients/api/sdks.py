"""The official API SDKs: how each is started, and what it cannot do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from clients.builds import Builds, node_packages
from openvod.access.service import IssuedKey

_PROGRAMS = Path(__file__).parents[1] / "programs"


@dataclass(frozen=True)
class Sdk:
    """One SDK. ``lacks``: actions or parameters that this version does not know; the table has them as ``n.a.``."""

    name: str
    command: Callable[[Builds], Sequence[str]]
    lacks: frozenset[str] = field(default_factory=frozenset)


PYTHON = Sdk("python 3.1.195", lambda _: [sys.executable, str(_PROGRAMS / "api_python.py")])
NODE = Sdk("nodejs 4.1.287", lambda _: ["node", str(_PROGRAMS / "api_nodejs.cjs")])
#: The newest that the Go module proxy has with the vod package: the product's own module is not there.
GO = Sdk(
    "go 1.0.162",
    lambda builds: builds.go_api,
    frozenset(
        {
            "CreateReviewTemplate",
            "CreateStorageRegion",
            "CreateVodDomain",
            "DeleteVodDomain",
            "DescribeDefaultDistributionConfig",
            "DescribeReviewTemplates",
            "DescribeStorageRegions",
            "ModifyDefaultDistributionConfig",
            "ModifyDefaultStorageRegion",
            "ModifyReviewTemplate",
            "ModifyVodDomainConfig",
            "ReviewAudioVideo",
        }
    ),
)
#: The newest on Maven Central.
JAVA = Sdk(
    "java 3.1.660",
    lambda builds: builds.java("api", "openvod.clients.Api"),
    frozenset({"DescribeDefaultDistributionConfig", "ModifyDefaultDistributionConfig"}),
)
SDKS = (PYTHON, NODE, GO, JAVA)


def settings_of(key: IssuedKey, endpoint: str, **changes: Any) -> dict[str, Any]:
    """Return what every program gets: ``endpoint`` is ``host:port``; the rest are the settings that SDKs have."""
    return {
        "secretId": key.secret_id,
        "secretKey": key.secret_key,
        "endpoint": endpoint,
        "method": "POST",
        "signMethod": "TC3-HMAC-SHA256",
    } | changes


class Program:
    """A running SDK. Use as a context manager."""

    def __init__(self, sdk: Sdk, builds: Builds, settings: Mapping[str, Any]) -> None:
        given = dict(settings)
        if sdk is NODE:
            given["packages"] = str(node_packages())
        self._process = subprocess.Popen(
            [*sdk.command(builds), json.dumps(given)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"},
        )

    def call(self, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Make one call and return what the program said: ``ok``, ``error`` or ``lacks``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"action": action, "parameters": parameters}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the program ended at {action} {parameters}"
        said: dict[str, Any] = json.loads(line)
        return said

    def __enter__(self) -> Self:
        """Return the program."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
