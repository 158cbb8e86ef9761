"""A real ``openvod serve`` in a process of its own, on a free loopback port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

import httpx

from openvod.access.service import AccessService, IssuedKey
from openvod.app.cli.administration import with_access, with_endpoints

R = TypeVar("R")
_START_SECONDS = 30


# Below what Linux and macOS give to outgoing connections: a client of another test, or one that tries to reach the
# killed server itself, would otherwise take the port while its server is down.
_PORTS = range(12_000, 32_000)


def free_port() -> int:
    """Return a loopback port that is free now, and that no outgoing connection takes later."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class PlatformServer:
    """Starts, stops and kills one platform over one data folder; the port stays the same over restarts."""

    def __init__(
        self,
        data_dir: Path,
        environment: Mapping[str, str] | None = None,
        *,
        tls: bool = False,
        module: str = "openvod.app.cli",
    ) -> None:
        self._module = module
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.environment = dict(environment or {})
        self._log = data_dir.parent / f"{data_dir.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def administer(self, use: Callable[[AccessService], Awaitable[R]]) -> R:
        """Run an administrative call on the data folder, as the command line does."""
        return with_access(self.data_dir, use, create=True)

    def create_key(self, sub_app_id: int = 0) -> IssuedKey:
        """Create a key pair."""
        return self.administer(lambda access: access.create_key(sub_app_id))

    def start(self, *, wait: bool = True) -> PlatformServer:
        """Start, and wait until it is ready."""
        command = [sys.executable, "-m", self._module, "serve", "--data-dir", str(self.data_dir)]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port)], stdout=log, stderr=log, env=os.environ | self.environment
            )
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self) -> None:
        """Wait for ``/readyz``."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}: {self.log()}")
            try:
                if httpx.get(f"{self.url}/readyz", verify=False).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"the server did not become ready: {self.log()}")

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """End it as an operator would; return its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def log(self) -> str:
        """Return what it logged."""
        return self._log.read_text(errors="replace")[-4000:] if self._log.exists() else ""

    def __enter__(self) -> PlatformServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()


def run_async(call: Awaitable[R]) -> R:
    """Run a coroutine to its end."""

    async def main() -> R:
        return await call

    return asyncio.run(main())


def set_callback(data_dir: Path, url: str, sign_key: str | None = None, sub_app_id: int = 0) -> None:
    """Send an application's events to a URL, as ``openvod events set-url`` does."""
    with_endpoints(data_dir, sub_app_id, lambda endpoints, real_id: endpoints.set_url(real_id, url, sign_key))
