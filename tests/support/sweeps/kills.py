"""kill -9 of a real server at seeded moments while a client uploads and resumes; then the books are checked."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from openvod_sdk import Client, FileResumeStore, RetryPolicy, UploadResult, parse_event
from openvod_sdk import sign as sign_permission
from support.server import PlatformServer, set_callback
from support.server.commands import openvod_json

MIB = 1024 * 1024
_MEDIA_BYTES = 9 * MIB + 12_345
_WINDOW_SECONDS = 0.45


@dataclass
class Sweep:
    """What was counted. Lost, doubled and orphan figures must be 0."""

    kills: int = 0
    uploads: int = 0
    parts_acknowledged: int = 0
    parts_lost: int = 0
    events: int = 0
    events_lost: int = 0
    events_doubled: int = 0
    redeliveries: int = 0
    orphan_bytes: int = 0
    different_files: int = 0

    def line(self) -> str:
        """The summary line."""
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in vars(self).items())

    @property
    def clean(self) -> bool:
        """True when nothing was lost, doubled or left over."""
        return not (
            self.parts_lost or self.events_lost or self.events_doubled or self.orphan_bytes or self.different_files
        )


@dataclass
class Receiver:
    """A real event receiver that notes every delivery."""

    url: str
    keys: Counter[str] = field(default_factory=Counter)
    files: dict[str, set[str]] = field(default_factory=dict)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run an event receiver on loopback."""
    noted = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = parse_event(self.rfile.read(int(self.headers["Content-Length"])))
            noted.keys[event.key] += 1
            noted.files.setdefault(event.file_id, set()).add(event.key)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        noted.url = f"http://127.0.0.1:{server.server_address[1]}/"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield noted
        server.shutdown()
        thread.join()


class WatchedTransport(httpx.AsyncHTTPTransport):
    """The real transport, noting which parts were acknowledged."""

    acknowledged: list[tuple[str, int, str]]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass on, and note a part's ETag once its answer is here."""
        answer = await super().handle_async_request(request)
        number = request.url.params.get("partNumber")
        if request.method == "PUT" and number and answer.status_code == 200:
            upload_id = request.url.params["uploadId"]
            self.acknowledged.append((upload_id, int(number), answer.headers["etag"].strip('"')))
        return answer


class WatchedClient(Client):
    """The SDK's client over a watched transport."""

    def __init__(self, acknowledged: list[tuple[str, int, str]], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._acknowledged = acknowledged

    def _http_client(self) -> httpx.AsyncClient:
        transport = WatchedTransport()
        transport.acknowledged = self._acknowledged
        return httpx.AsyncClient(transport=transport, timeout=httpx.Timeout(10))


def run_sweep(folder: Path, *, kills: int, seed: int) -> Sweep:
    """Run the sweep in ``folder``; the same seed kills at the same moments."""
    chance = random.Random(seed)
    sweep = Sweep()
    server = PlatformServer(folder / "data")
    key = server.create_key()
    results: list[tuple[UploadResult, bytes]] = []
    acknowledged: list[tuple[str, int, str]] = []
    with receiver() as noted:
        set_callback(server.data_dir, noted.url)
        client = WatchedClient(
            acknowledged, server.url, lambda: sign_permission(key.secret_id, key.secret_key),
            part_size=MIB, concurrency=3, resume_store=FileResumeStore(folder / "resume"),
            retry=RetryPolicy(attempts=200, first_delay=0.05, longest_delay=0.3),
        )  # fmt: skip
        server.start()
        while sweep.kills < kills:
            media = folder / f"media-{sweep.uploads}.mp4"
            content = chance.randbytes(_MEDIA_BYTES)
            media.write_bytes(content)
            results.append((_upload_under_fire(client, media, server, chance, sweep, kills, acknowledged), content))
            media.unlink()
            sweep.uploads += 1
        _await_events(noted, results)
        for result, content in results:
            sweep.different_files += httpx.get(result.media_url).content != content
        server.stop()
    _count_events(sweep, noted, results, server.data_dir)
    sweep.parts_acknowledged = len(acknowledged)
    openvod_json("storage", "collect", "--data-dir", str(server.data_dir), "--json")
    checked = openvod_json("storage", "check", "--data-dir", str(server.data_dir))
    sweep.orphan_bytes = checked["slack_bytes"] + sum(
        (server.data_dir / "blobs" / name[:2] / name).stat().st_size for name in checked["orphan_files"]
    )
    sweep.parts_lost += len(checked["missing_files"])
    return sweep


def _upload_under_fire(
    client: Client,
    media: Path,
    server: PlatformServer,
    chance: random.Random,
    sweep: Sweep,
    kills: int,
    acknowledged: list[tuple[str, int, str]],
) -> UploadResult:
    """Upload one file; meanwhile kill the server a few times at random moments, and look after each."""
    with ThreadPoolExecutor(1) as pool:
        upload = pool.submit(client.upload, media)
        for _ in range(chance.randint(1, 3)):
            time.sleep(chance.uniform(0.0, _WINDOW_SECONDS))
            if sweep.kills >= kills:
                break
            server.kill()
            sweep.kills += 1
            sweep.parts_lost += lost_parts(server.data_dir, list(acknowledged))
            server.start()
        return upload.result(90)


def lost_parts(data_dir: Path, acknowledged: list[tuple[str, int, str]]) -> int:
    """Count those of the last acknowledged parts (upload id, number, ETag) whose row or bytes are not on disk."""
    lost = 0
    with sqlite3.connect(data_dir / "openvod.sqlite3") as database:
        for upload_id, number, etag in acknowledged[-30:]:
            # A completed upload's bytes belong to its object, which the end of the sweep reads as a whole.
            state = "SELECT state FROM multipart_uploads WHERE upload_id = ?"
            if database.execute(state, (upload_id,)).fetchone() == ("completed",):
                continue
            query = "SELECT etag, blob_id, offset, size FROM parts WHERE upload_id = ? AND number = ?"
            row = database.execute(query, (upload_id, number)).fetchone()
            lost += row is None or row[0] != etag or _md5_at(data_dir, *row[1:]) != etag
    database.close()
    return lost


def _md5_at(data_dir: Path, blob_id: str, offset: int, size: int) -> str:
    with (data_dir / "blobs" / blob_id[:2] / blob_id).open("rb") as file:
        file.seek(offset)
        return hashlib.md5(file.read(size)).hexdigest()


def _await_events(noted: Receiver, results: list[tuple[UploadResult, bytes]]) -> None:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline and any(result.file_id not in noted.files for result, _ in results):
        time.sleep(0.1)


def _count_events(sweep: Sweep, noted: Receiver, results: list[tuple[UploadResult, bytes]], data_dir: Path) -> None:
    with sqlite3.connect(data_dir / "openvod.sqlite3") as database:
        stored = database.execute("SELECT subject, payload FROM events").fetchall()
    database.close()
    rows = Counter(subject for subject, _ in stored)
    sweep.events = len(stored)
    sweep.events_lost = sum(result.file_id not in noted.files for result, _ in results)
    sweep.events_doubled = sum(count - 1 for count in rows.values()) + sum(
        len(keys) - 1 for keys in noted.files.values()
    )
    sweep.redeliveries = sum(count - 1 for count in noted.keys.values())
    assert all(json.loads(payload)["FileUploadEvent"]["FileId"] == subject for subject, payload in stored)
