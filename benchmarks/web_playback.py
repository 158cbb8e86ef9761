"""Segments served by ours, by ours through nginx (``examples/nginx``), and by nginx alone, interleaved in one run.

What counts is CPU time of the whole server tree for one request, whoever waits for whom. Clients keep their
connections; each fetches whole segments, one after the other.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from openvod.base.sizes import KIB, MIB
from support.server import PlatformServer
from support.server.nginx import Nginx, front_of
from support.server.wire import Wire

_SIZES = (256 * KIB, MIB, 4 * MIB)
_FILES, _CONNECTIONS, _SECONDS, _TURNS = 8, 4, 2.0, 3
_PATIENT = "keepalive_requests 10000000;"
_ACCEL = {"OPENVOD__PLAYBACK__ACCEL": "x-accel-redirect"}
_OWN_TARGET, _ACCEL_TARGET = 0.5, 1.0


@dataclass(frozen=True)
class Served:
    """A server under test: its processes, and the addresses of its segments by size."""

    processes: Sequence[psutil.Process]
    urls: Mapping[int, Sequence[str]]

    def cpu(self) -> float:
        """CPU seconds of all its processes so far, those that ended included."""
        tree = [each for root in self.processes for each in (root, *root.children(recursive=True))]
        return sum(map(_cpu_of, tree))


def _cpu_of(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        # Its parent's times have it now.
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def fetch_all(urls: Sequence[str], size: int, until: float) -> int:
    """Fetch segments in turn over one connection; return how many."""
    place = urlsplit(urls[0])
    buffer = bytearray(MIB)
    fetched = 0
    with socket.create_connection((place.hostname, place.port)) as connection:
        while time.monotonic() < until:
            request = f"GET {urlsplit(urls[fetched % len(urls)]).path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n"
            connection.sendall(request.encode())
            head = b""
            while b"\r\n\r\n" not in head:
                received = connection.recv(4096)
                assert received, "the server closed the connection"
                head += received
            assert head.startswith(b"HTTP/1.1 200"), head
            left = size - (len(head) - head.index(b"\r\n\r\n") - 4)
            while left:
                # The kernel throws the bytes away: the client's own copying is not what is measured.
                taken = connection.recv_into(buffer, min(left, MIB), socket.MSG_TRUNC)
                assert taken
                left -= taken
            fetched += 1
    return fetched


def round_of(served: Served, size: int, seconds: float) -> float:
    """Return CPU milliseconds for one request."""
    counts: list[int] = []
    until = time.monotonic() + seconds
    before = served.cpu()
    threads = [
        threading.Thread(target=lambda: counts.append(fetch_all(served.urls[size], size, until)))
        for _ in range(_CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counts) == _CONNECTIONS
    return 1000 * (served.cpu() - before) / sum(counts)


@contextmanager
def all_served(folder: Path) -> Iterator[Mapping[str, Served]]:
    """Start everything with the same bytes in it."""
    with ExitStack() as stack:
        settings = {"OPENVOD__TASKS__WORKERS": "0"}
        ours = stack.enter_context(PlatformServer(folder / "own", settings))
        behind = stack.enter_context(PlatformServer(folder / "behind", settings | _ACCEL))
        for place in ("static", "front", "files"):
            (folder / place).mkdir()
        static = stack.enter_context(Nginx(folder / "static", f"{_PATIENT} sendfile on; root {folder / 'files'};"))
        front = stack.enter_context(front_of(behind, folder / "front"))
        own_urls, behind_urls = _uploaded(ours), _uploaded(behind)
        yield {
            "nginx": Served([_process(static)], _copies(folder / "files", static.url)),
            "ours": Served([_tree_of(ours)], own_urls),
            "ours through nginx": Served(
                [_tree_of(behind), _process(front)],
                {size: [f"{front.url}{urlsplit(url).path}" for url in urls] for size, urls in behind_urls.items()},
            ),
        }


def _tree_of(server: PlatformServer) -> psutil.Process:
    assert server.process is not None
    return psutil.Process(server.process.pid)


def _process(nginx: Nginx) -> psutil.Process:
    return psutil.Process(nginx.process.pid)


def _body(size: int, number: int) -> bytes:
    return bytes([number]) * size


def _copies(folder: Path, url: str) -> Mapping[int, Sequence[str]]:
    for size in _SIZES:
        for number in range(_FILES):
            (folder / f"{size}-{number}").write_bytes(_body(size, number))
    return {size: [f"{url}/{size}-{number}" for number in range(_FILES)] for size in _SIZES}


def _uploaded(server: PlatformServer) -> Mapping[int, Sequence[str]]:
    wire = Wire(server.url, server.create_key())

    def upload(size: int, number: int) -> str:
        applied = wire.apply()
        applied.put(_body(size, number))
        return str(wire.commit(applied)["data"]["video"]["url"])

    urls = {size: [upload(size, number) for number in range(_FILES)] for size in _SIZES}
    wire.http.close()
    return urls


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=_SECONDS)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder, all_served(Path(folder)) as served:
        costs: dict[tuple[str, int], list[float]] = {}
        for turn in range(_TURNS + 1):
            for size in _SIZES:
                for name, each in served.items():
                    cost = round_of(each, size, seconds)
                    # The first turn warms caches.
                    if turn:
                        costs.setdefault((name, size), []).append(cost)
    for size in _SIZES:
        base = statistics.median(costs["nginx", size])
        for name, target in (("nginx", 0.0), ("ours", _OWN_TARGET), ("ours through nginx", _ACCEL_TARGET)):
            cost = statistics.median(costs[name, size])
            aim = f" (target {target:g})" if target else ""
            print(
                f"{size // KIB:5} KiB {name:<20} {cost:6.3f} CPU ms a request, {base / cost:5.2f} of nginx's rate{aim}"
            )


if __name__ == "__main__":
    main()
