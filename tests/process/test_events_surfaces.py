"""The event log from outside: live stream, command line, several endpoints, a platform that judges addresses."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from openvod.adapters.filesystem.folder import DataFolder
from openvod.adapters.sql.database import Transaction, open_database, sqlite_url
from openvod.adapters.system import SystemClock, SystemEntropy
from openvod.events.codec import event_body
from openvod.events.model import EventConfig, EventState, NewEvent, Transport
from openvod.events.pull import PullService
from openvod.events.types import EventType
from openvod.events.watch import LogWatch
from openvod_sdk import parse_event
from support.server import PlatformServer, run_async, set_callback
from support.server.commands import openvod, openvod_json
from support.sweeps.events import Receiver


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PlatformServer]:
    """A platform without workers, with its default endpoint nowhere."""
    platform = PlatformServer(tmp_path / "data", {"OPENVOD__TASKS__WORKERS": "0"})
    platform.create_key()
    yield platform
    if platform.process is not None and platform.process.poll() is None:
        platform.stop()


def _write(data_dir: Path, *numbers: int, file_id: str = "5") -> None:
    """Write events as another process does."""

    def work(tx: Transaction) -> None:
        application = tx.access.applications()[0].sub_app_id
        for number in numbers:
            body = event_body(EventType.NEW_FILE_UPLOAD, {"FileId": file_id, "Number": number})
            tx.events.add(NewEvent(application, "NewFileUpload", file_id, body, EventState.PENDING, time.time()))

    database = open_database(sqlite_url(DataFolder(data_dir).database))
    try:
        run_async(database.write(work))
    finally:
        database.close()


def _cli(server: PlatformServer, *arguments: str) -> str:
    done = openvod("events", *arguments, "--data-dir", str(server.data_dir))
    assert done.returncode == 0, done.stderr
    return done.stdout


def _await_arrivals(receiver: Receiver, count: int, seconds: float = 20) -> list[int]:
    deadline = time.monotonic() + seconds
    while len(receiver.arrivals) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    return [number for _, number, _, _ in receiver.arrivals]


def _messages(lines: Iterator[str], count: int) -> list[dict[str, Any]]:
    """Read server-sent events."""
    found: list[dict[str, Any]] = []
    for line in lines:
        if line.startswith("data: "):
            found.append(json.loads(line.removeprefix("data: ")))
        if len(found) == count:
            break
    return found


def test_the_live_stream_resumes_and_is_guarded(server: PlatformServer) -> None:
    """Events of other processes arrive at once; ``Last-Event-ID`` resumes; strangers are refused; a stop ends it."""
    server.start()
    made = openvod_json("events", "token", "--data-dir", str(server.data_dir), "--json")
    _write(server.data_dir, 0)
    with httpx.stream("GET", made["url"], params={"token": made["token"]}, timeout=20) as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
        _write(server.data_dir, 1, 2)
        live = _messages(answer.iter_lines(), 2)
    assert [(m["Sequence"], m["Event"]["FileUploadEvent"]["Number"]) for m in live] == [(2, 1), (3, 2)]
    bearer = {"Authorization": f"Bearer {made['token']}"}
    with httpx.stream("GET", made["url"], headers=bearer | {"Last-Event-ID": "1"}, timeout=20) as answer:
        lines = answer.iter_lines()
        resumed = _messages(lines, 2)
        assert [(m["Id"], m["FileId"]) for m in resumed] == [(m["Id"], "5") for m in live]
        began = time.monotonic()
        assert server.stop() == 0
        assert list(lines)[-1:] in ([], [""])
    assert time.monotonic() - began < 15
    server.start()
    for token in ("", "x", made["token"][:-1] + "z", made["token"].replace("-", "0-", 1)):
        refused = httpx.get(made["url"], params={"token": token})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "event_stream.denied")
    assert httpx.get(made["url"], headers=bearer | {"Last-Event-ID": "-1"}).status_code == 400


def test_endpoints_by_command_line(server: PlatformServer) -> None:
    """Several endpoints get the same ids; disabled ones go on where they stopped; resend and replay keep the id."""
    with Receiver(1, 0.0) as first, Receiver(2, 0.0) as second:
        set_callback(server.data_dir, first.url)
        added = json.loads(_cli(server, "endpoints", "add", "audit", second.url, "--types", "NewFileUpload", "--json"))
        assert added["secret"].startswith("whsec_")
        _cli(server, "endpoints", "add", "deletions", second.url, "--types", "FileDeleted")
        server.start()
        _write(server.data_dir, 0, 1)
        assert (_await_arrivals(first, 2), _await_arrivals(second, 2)) == ([0, 1], [0, 1])
        assert [a[2] for a in first.arrivals] == [a[2] for a in second.arrivals]
        _cli(server, "endpoints", "disable", "audit")
        time.sleep(0.7)
        _write(server.data_dir, 2)
        assert _await_arrivals(first, 3) == [0, 1, 2]
        assert len(second.arrivals) == 2
        _cli(server, "endpoints", "enable", "audit")
        assert _await_arrivals(second, 3) == [0, 1, 2]
        shown = json.loads(_cli(server, "show", first.arrivals[0][2]))
        assert (shown["id"], shown["state"]) == (first.arrivals[0][2], "delivered")
        assert [(e["endpoint"], e["state"]) for e in shown["endpoints"]] == [
            ("default", "delivered"), ("audit", "delivered"), ("deletions", "skipped"),
        ]  # fmt: skip
        _cli(server, "resend", str(shown["eventId"]), "--endpoint", "audit")
        assert _await_arrivals(second, 4)[-1] == 0
        assert second.arrivals[-1][2] == shown["id"]
        _cli(server, "replay", "--since", "2020-01-01T00:00:00Z")
        assert _await_arrivals(first, 6) == [0, 1, 2, 0, 1, 2]
        rows = json.loads(_cli(server, "endpoints", "list", "--json"))
        assert [(row["name"], row["health"], row["unread"], row["dead"]) for row in rows] == [
            ("default", "good", 0, 0), ("audit", "good", 0, 0), ("deletions", "good", 0, 0),
        ]  # fmt: skip
        tailed = [json.loads(line) for line in _cli(server, "tail", "--after", "0", "--no-follow").splitlines()]
        assert [(line["sequence"], line["id"]) for line in tailed] == [(n + 1, first.arrivals[n][2]) for n in range(3)]
        _cli(server, "endpoints", "remove", "deletions")
        assert json.loads(_cli(server, "endpoints", "rotate", "audit", "--json"))["secret"] != added["secret"]


def test_dead_letters_are_kept_and_sent_again(server: PlatformServer) -> None:
    """After the last retry the file's next event passes; the dead letter is listed and can be replayed."""
    with Receiver(3, 0.0) as receiver:
        url = receiver.url
        options = ("--retry-delays", "0.05,0.05", "--timeout", "1")
        _cli(server, "endpoints", "add", "flaky", "http://127.0.0.1:9/", *options)
        server.start()
        _write(server.data_dir, 0)
        deadline = time.monotonic() + 20
        while '"dead"' not in _cli(server, "list", "--json") and time.monotonic() < deadline:
            time.sleep(0.2)
        (row,) = json.loads(_cli(server, "endpoints", "list", "--json"))
        assert (row["dead"], "Connect" in row["lastError"]) == (1, True)
        _cli(server, "endpoints", "add", "good", url)
        _cli(server, "endpoints", "remove", "flaky")
        _cli(server, "endpoints", "add", "flaky", url, "--from-start")
        assert _await_arrivals(receiver, 1) == [0]


def test_private_addresses_are_refused_on_a_public_platform(server: PlatformServer) -> None:
    """A platform with a public name sends nothing into its own network, neither set nor dialled, unless permitted."""
    with Receiver(4, 0.0) as receiver:
        set_callback(server.data_dir, receiver.url)
        server.environment |= {"OPENVOD__SERVER__PUBLIC_URL": "https://vod.example.com"}
        server.start()
        _write(server.data_dir, 0)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            (row,) = json.loads(_cli(server, "endpoints", "list", "--json"))
            if row["lastError"]:
                break
        assert "loopback" in row["lastError"]
        assert "OPENVOD__EVENTS__ALLOW_PRIVATE" in row["lastError"]
        refused = openvod("events", "set-url", receiver.url, "--data-dir", str(server.data_dir))
        assert (refused.returncode, "loopback" in refused.stderr) == (1, True)
        server.stop()
        assert receiver.arrivals == []
        server.environment |= {"OPENVOD__EVENTS__ALLOW_PRIVATE": '["127.0.0.0/8"]'}
        server.start()
        # On a slow machine the refused attempts have come to the schedule's third delay, half a minute.
        assert _await_arrivals(receiver, 1, seconds=60) == [0]


def test_a_long_poll_ends_with_the_first_event(server: PlatformServer) -> None:
    """A puller that waits gets an event of another process within a moment, and nothing after its seconds."""
    database = open_database(sqlite_url(DataFolder(server.data_dir).database))
    watch = LogWatch(database)
    pull = PullService(database, watch, SystemClock(), SystemEntropy())

    async def looks() -> None:
        while True:
            await watch.look()
            await asyncio.sleep(0.02)

    async def work() -> tuple[float, float]:
        application = (await database.read(lambda tx: tx.access.applications()))[0].sub_app_id
        await database.write(lambda tx: tx.endpoints.put_config(application, EventConfig(Transport.PULL)))
        looking = asyncio.create_task(looks())
        began = time.monotonic()
        assert await pull.pull(application, seconds=0.5) == ()
        empty = time.monotonic() - began
        waiting = asyncio.create_task(pull.pull(application))
        await asyncio.sleep(0.3)
        began = time.monotonic()
        await asyncio.to_thread(_write, server.data_dir, 7)
        (pulled,) = await waiting
        looking.cancel()
        assert parse_event(pulled.event.payload.encode()).type == "NewFileUpload"
        return empty, time.monotonic() - began

    try:
        empty, waited = run_async(work())
    finally:
        database.close()
    assert 0.5 <= empty < 2
    assert waited < 2
