"""A real nginx on a free loopback port, in the foreground, as this user."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from support.server import PlatformServer, free_port

_PROGRAM = "/usr/sbin/nginx"
_CONFIGURATION = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  {server}
}}
"""
_EXAMPLE = Path(__file__).parents[3] / "examples" / "nginx" / "openvod.conf"


class Nginx:
    """One nginx with the directives of one location, or with ``server`` as it is. Use as a context manager."""

    def __init__(self, folder: Path, location: str = "", server: str = "") -> None:
        self._folder = folder
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        server = server.replace("listen 80;", f"listen 127.0.0.1:{port};")
        server = server or f"server {{ listen 127.0.0.1:{port}; location / {{ {location} }} }}"
        self._text = _CONFIGURATION.format(folder=folder, server=server)

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


def front_of(platform: PlatformServer, folder: Path) -> Nginx:
    """Return an nginx with the example's configuration, its places changed to a running platform's."""
    text = _EXAMPLE.read_text()
    places = {
        "server 127.0.0.1:8080;": f"server 127.0.0.1:{platform.port};",
        "/var/cache/nginx/openvod": f"{folder}/decisions",
        "root /var/lib/openvod;": f"root {platform.data_dir};",
    }
    for place, own in places.items():
        assert place in text
        text = text.replace(place, own)
    return Nginx(folder, server=text)
