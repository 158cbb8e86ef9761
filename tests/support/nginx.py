"""A real nginx on a free loopback port, in the foreground, as this user."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from support.server import free_port

_PROGRAM = "/usr/sbin/nginx"
_CONFIGURATION = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ {location} }} }}
}}
"""


class Nginx:
    """One nginx with the directives of one location. Use as a context manager."""

    def __init__(self, folder: Path, location: str) -> None:
        self._folder = folder
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._text = _CONFIGURATION.format(folder=folder, port=self._port, location=location)

    def __enter__(self) -> Self:
        path = self._folder / "nginx.conf"
        path.write_text(self._text)
        command = [_PROGRAM, "-p", str(self._folder), "-c", str(path)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                httpx.get(self.url)
            except httpx.HTTPError:
                time.sleep(0.02)
            else:
                return self
        raise AssertionError(f"nginx did not start: {(self._folder / 'error.log').read_text()}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait(10)
