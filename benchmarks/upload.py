"""Uploads into ours and into other servers, interleaved in one run: rate, CPU, memory, at equal work.

Each figure is the median of the rounds. CPU is that of the server's processes; the load generator shares the machine's
cores with them, as a proxy would. What an answer promises differs and is printed beside.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import socket
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from benchmarks.raw_http import status_of
from benchmarks.upload_peers import Peer, Request, dav, ours, raw, tus_node, tusd
from openvod.base.sizes import GIB, MIB

_CONNECTIONS = (1, 4, 16)
_PARTS = (8 * MIB, MIB)
_SAMPLE_SECONDS = 0.02


@dataclass(frozen=True)
class Round:
    """One upload: bytes per second, CPU-seconds per GiB of the server's tree, its largest resident size in bytes."""

    rate: float
    cpu: float
    memory: int


def upload(peer: Peer, connections: int, total: int, size: int, body: memoryview) -> Round:
    """Send ``total`` bytes in parts of ``size`` over some connections."""
    parts = max(connections, total // size // connections * connections)
    plans = peer.requests(connections, parts, size)
    process = psutil.Process(peer.pid)
    before, began = _cpu(process), time.monotonic()
    memory = 0
    with ThreadPoolExecutor(connections) as senders:
        sent = [senders.submit(_send, peer.port, plan, body) for plan in plans]
        while not all(each.done() for each in sent):
            memory = max(memory, _resident(process))
            time.sleep(_SAMPLE_SECONDS)
    seconds, cpu = time.monotonic() - began, _cpu(process) - before
    for each in sent:
        each.result()
    peer.forget()
    taken = sum(request.length for plan in plans for request in plan)
    return Round(taken / seconds, cpu / (taken / GIB), memory)


def _send(port: int, plan: Sequence[Request], body: memoryview) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for request in plan:
            connection.sendall(request.head(port))
            connection.sendall(body[: request.length])
            try:
                status = status_of(connection)
            except OSError as error:
                raise SystemExit(f"port {port}: {request.method} {request.target[:60]}: {error}") from error
            if status >= 300:
                raise SystemExit(f"port {port}: {request.method} {request.target[:60]} was answered with {status}")


def _tree(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _cpu(process: psutil.Process) -> float:
    return sum(times.user + times.system for times in (each.cpu_times() for each in _tree(process)))


def _resident(process: psutil.Process) -> int:
    return sum(each.memory_info().rss for each in _tree(process))


def md5_rate() -> float:
    """Return bytes per second of MD5 on one core of this machine."""
    block, began = os.urandom(8 * MIB), time.monotonic()
    digest = hashlib.md5(usedforsecurity=False)
    for _ in range(32):
        digest.update(block)
    return 32 * len(block) / (time.monotonic() - began)


def touch_memory(folder: Path, size: int) -> None:
    """Fill the page cache and free it: a virtual machine pays for memory that it touches for the first time."""
    path = folder / "touched"
    with path.open("wb") as file:
        for _ in range(size // MIB):
            file.write(bytes(MIB))
    path.unlink()


def main() -> None:
    """Print the table, then what the targets say of it."""
    options = _options()
    body = memoryview(os.urandom(max(_PARTS)))
    results: dict[tuple[str, int, int], list[Round]] = {}
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=options.folder)))
        peers = _started(stack, root, with_tusd=not options.without_tusd)
        touch_memory(root, 2 * int(options.gib * GIB))
        for _ in range(options.rounds):
            for size in _PARTS:
                for connections in _CONNECTIONS:
                    for peer in peers:
                        made = upload(peer, connections, int(options.gib * GIB), size, body)
                        results.setdefault((peer.name, size, connections), []).append(made)
    medians = {key: _median(rounds) for key, rounds in results.items()}
    if options.json:
        print(json.dumps([{"server": n, "part": s, "connections": c} | asdict(r) for (n, s, c), r in medians.items()]))
        return
    _print_table(peers, medians)
    _print_targets(medians)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=1.0, help="GiB per upload")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--folder", default=None, help="where the servers keep their files; default: as for temporary ones"
    )
    parser.add_argument("--without-tusd", action="store_true", help="leave out the peer that takes minutes to build")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _started(stack: ExitStack, root: Path, *, with_tusd: bool) -> list[Peer]:
    def folder(name: str) -> Path:
        made = root / name
        made.mkdir()
        return made

    starts = [
        ours(folder("ours")),
        ours(folder("hashless"), hashless=True),
        raw(folder("raw"), "md5"),
        raw(folder("raw-plain"), "plain"),
        tus_node(folder("tus")),
        dav(folder("dav")),
    ]
    starts += [tusd(folder("tusd"))] if with_tusd else []
    return [stack.enter_context(each) for each in starts]


def _median(rounds: Sequence[Round]) -> Round:
    return Round(
        statistics.median(each.rate for each in rounds),
        statistics.median(each.cpu for each in rounds),
        int(statistics.median(each.memory for each in rounds)),
    )


def _print_table(peers: Sequence[Peer], medians: dict[tuple[str, int, int], Round]) -> None:
    print(f"MD5 on one core: {md5_rate() / 1e6:.0f} MB/s")
    for size in _PARTS:
        print(f"\nparts of {size // MIB} MiB{'':<12} " + "".join(f"{c:>3} connections{'':<10}" for c in _CONNECTIONS))
        for peer in peers:
            cells = (medians[peer.name, size, connections] for connections in _CONNECTIONS)
            text = "".join(f"{r.rate / 1e6:5.0f} MB/s {r.cpu:4.2f} s {r.memory / MIB:4.0f} M  " for r in cells)
            print(f"{peer.name:<20} {text} {peer.durability}")
    print("\nMB/s, CPU-seconds of the server per GiB, largest resident size")


def _print_targets(medians: dict[tuple[str, int, int], Round]) -> None:
    def rate(name: str) -> float:
        return medians[name, 8 * MIB, 4].rate

    small = statistics.mean(medians["openvod", MIB, c].cpu for c in _CONNECTIONS)
    large = statistics.mean(medians["openvod", 8 * MIB, c].cpu for c in _CONNECTIONS)
    for words, ratio, wanted, least in (
        ("rate / @tus/server, 8 MiB x 4", rate("openvod") / rate("@tus/server"), 1.5, True),
        ("rate / nginx DAV, 8 MiB x 4", rate("openvod") / rate("nginx DAV"), 1.0, True),
        ("rate / raw Python with MD5, 8 MiB x 4", rate("openvod") / rate("raw Python"), 0.8, True),
        ("CPU of 1 MiB parts / of 8 MiB parts", small / large, 1.3, False),
    ):
        met = ratio >= wanted if least else ratio <= wanted
        print(f"{words}: {ratio:.2f} (target {'>=' if least else '<='} {wanted}) {'met' if met else 'NOT MET'}")


if __name__ == "__main__":
    main()
