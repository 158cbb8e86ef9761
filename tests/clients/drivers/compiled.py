"""The Java and Go SDKs, in programs that are built once per run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from clients.builds import Builds
from clients.drivers.base import Job, ProgramRun, Run
from clients.drivers.programs import VodPython, request_of
from clients.drivers.storage import STORAGE_LACKS, StorageDriver
from clients.stage import Stage

_NO_CLOCK: dict[str, str] = {"set clock": "the clock of this process is the machine's"}
#: The JVM takes the encoding of file names from the locale.
_ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8"}


class VodJava(VodPython):
    """vod-java-sdk: a server's upload through API 3.0; its users can set an HTTP proxy and the JVM's trust store."""

    name = "vod-java 2.1.5"

    def __init__(self, packages: Path, builds: Builds) -> None:
        super().__init__(packages)
        self._builds = builds

    def start(self, stage: Stage, job: Job) -> Run:
        """Run the program with the scenario's key."""
        command = self._builds.java("vod-upload", "openvod.clients.VodUpload")
        return ProgramRun(command, self.request(stage, job), _ENVIRONMENT)


class CosJava(StorageDriver):
    """The COS Java SDK's TransferManager, behind an HTTP proxy as its users can set it."""

    name = "cos-java 5.6.265"
    lacks: ClassVar[Mapping[str, str]] = STORAGE_LACKS | _NO_CLOCK
    #: It signs for one hour from the device's time on and never corrects that (``cos-storage.md`` 2.4, 2.5).
    differs: ClassVar[Mapping[str, str]] = {
        "client's clock 1 h ahead": "RequestTimeTooSkewed",
        "client's clock 1 h behind": "Request has expired",
    }

    def __init__(self, packages: Path, builds: Builds) -> None:
        super().__init__(packages)
        self._builds = builds

    def store(self, stage: Stage, job: Job, places: list[dict[str, Any]], credential: Mapping[str, Any]) -> Run:
        """Run the program."""
        request = request_of(self, stage, job) | {"places": places, "credential": credential}
        return ProgramRun(self.command(), request, _ENVIRONMENT)

    def command(self) -> list[str]:
        """What runs the SDK."""
        return self._builds.java("cos-store", "openvod.clients.CosStore")


class CosGo(CosJava):
    """The COS Go SDK's Upload with checkpoint; it verifies the server's CRC-64."""

    name = "cos-go 0.7.70"
    lacks: ClassVar[Mapping[str, str]] = STORAGE_LACKS | _NO_CLOCK | {"pause": "no pause in this SDK"}

    def command(self) -> list[str]:
        """What runs the SDK."""
        return self._builds.go
