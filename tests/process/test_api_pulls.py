"""PullUpload against real HTTP servers on loopback: what arrives, what is refused, and what a crash leaves."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.faults.origin import Handler, Origin, chunked
from support.server import PlatformServer
from support.server.api import call, code
from support.server.commands import openvod
from support.server.pull_site import PULL_SECONDS, PullSite
from support.sweeps.workers import make_clip

pytestmark = pytest.mark.xdist_group("api-pulls")
_LARGEST = 4_000_000


@pytest.fixture(scope="module")
def origin() -> Iterator[Origin]:
    """Where files are pulled from."""
    server = Origin()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A real clip of a few hundred kB."""
    return make_clip(tmp_path_factory.mktemp("clips") / "short.mp4", seconds=4, rich=True).read_bytes()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PullSite]:
    """A platform that may fetch from one loopback address only."""
    environment = {
        "OPENVOD__EVENTS__ALLOW_PRIVATE": json.dumps(["127.0.0.1/32"]),
        "OPENVOD__PULLS__STALL_SECONDS": "1",
        "OPENVOD__PULLS__MAX_BYTES": str(_LARGEST),
        "OPENVOD__PULLS__JOBS": "8",
    }
    with PlatformServer(tmp_path_factory.mktemp("pulls") / "data", environment) as server:
        made = PullSite(server)
        yield made
        made.stop()


def test_a_pulled_file(site: PullSite, origin: Origin, content: bytes, cover: Path) -> None:
    """File and cover arrive byte for byte, the procedure runs, event and detail tell the same; no NewFileUpload."""
    media = origin.put("/clip.mp4", lambda h: h.whole(content))
    picture = origin.put("/cover.jpg", lambda h: h.whole(cover.read_bytes()))
    task_id = site.pull(
        f"{media}?sign=a%2Fb", MediaName="名", CoverUrl=picture, Procedure="QCVB_SimpleProcessFile(0,0,0,10)",
        SessionContext="ctx", SessionId="pull-1", TasksPriority=3, SourceContext="src",
        ExpireTime="2100-01-01T00:00:00Z",
    )  # fmt: skip
    task = site.ended(task_id)
    assert (task["Status"], task["ErrCode"], task["ErrCodeExt"], task["Message"]) == ("FINISH", 0, "", "SUCCESS")
    assert (task["SessionContext"], task["SessionId"], task["Progress"]) == ("ctx", "pull-1", 100)
    assert httpx.get(task["FileUrl"]).content == content
    basic = task["MediaBasicInfo"]
    assert (basic["Name"], basic["Type"], basic["ExpireTime"]) == ("名", "mp4", "2100-01-01T00:00:00Z")
    assert basic["SourceInfo"]["SourceContext"] == "src"
    assert httpx.get(basic["CoverUrl"]).content == cover.read_bytes()
    assert (task["MetaData"]["Width"], type(task["MetaData"]["Size"])) == (320, int)
    assert site.events("NewFileUpload") == []
    flow = site.detail(task["ProcedureTaskId"])
    assert flow["ProcedureTask"]["FileId"] == task["FileId"]
    assert flow["ProcedureTask"]["SessionContext"] == "ctx"
    deadline = time.monotonic() + PULL_SECONDS
    while site.detail(task["ProcedureTaskId"])["Status"] != "FINISH":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    (item,) = site.detail(task["ProcedureTaskId"])["ProcedureTask"]["MediaProcessResultSet"]
    assert item["SampleSnapshotTask"]["Status"] == "SUCCESS"
    listed = site.call("DescribeTasks", FileId=task["FileId"])["TaskSet"]
    assert {row["TaskType"] for row in listed} == {"PullUpload", "Procedure"}
    site.check()


@pytest.mark.parametrize("how", ["chunked", "until the end"])
def test_bodies_of_unknown_length(site: PullSite, origin: Origin, content: bytes, how: str) -> None:
    """A chunked body, and one that ends with the connection, arrive whole."""

    def unannounced(h: Handler) -> None:
        h.head(200, {})
        h.wfile.write(content)

    answer = chunked(content) if how == "chunked" else unannounced
    task = site.ended(site.pull(origin.put("/unknown.mp4", answer)))
    assert httpx.get(task["FileUrl"]).content == content


@pytest.mark.parametrize("kind", ["announced", "chunked"])
def test_truncated_bodies(site: PullSite, origin: Origin, content: bytes, kind: str) -> None:
    """A body that ends too early is tried again, and fails when it never comes whole."""

    def announced(h: Handler) -> None:
        h.head(200, {"Content-Length": str(len(content) + 1)})
        h.wfile.write(content)

    path = f"/cut-{kind}.mp4"
    url = origin.put(path, announced if kind == "announced" else chunked(content, ends=False))
    assert "closed before the end" in site.failed(site.pull(url))
    assert origin.asked[path] == 3


def test_a_passing_fault_is_tried_again(site: PullSite, origin: Origin, content: bytes) -> None:
    """A cut connection and a busy server are passing trouble; the third try brings the file."""

    def answer(h: Handler) -> None:
        turn = origin.asked["/flaky.mp4"]
        if turn == 1:
            h.head(200, {"Content-Length": str(len(content))})
            h.wfile.write(content[:1000])
        elif turn == 2:
            h.send_error(503)
        else:
            h.whole(content)

    task = site.ended(site.pull(origin.put("/flaky.mp4", answer)))
    assert httpx.get(task["FileUrl"]).content == content
    assert origin.asked["/flaky.mp4"] == 3
    site.check()


@pytest.mark.parametrize("when", ["head", "body"])
def test_silent_senders(site: PullSite, origin: Origin, when: str) -> None:
    """Who says nothing for longer than the setting has failed, before the head as within the body."""
    released = threading.Event()

    def answer(h: Handler) -> None:
        if when == "body":
            h.head(200, {"Content-Length": "1000"})
            h.wfile.write(b"x" * 10)
        released.wait(20)

    try:
        message = site.failed(site.pull(origin.put(f"/silent-{when}.mp4", answer)))
    finally:
        released.set()
    assert "1 s" in message


def test_redirects(site: PullSite, origin: Origin, content: bytes) -> None:
    """Five redirects are followed, relative ones too; a sixth is one too many."""
    for n in range(6):
        target = f"/hop{n + 1}.mp4" if n % 2 else f"{origin.url}/hop{n + 1}.mp4"
        # A lambda keeps its loop's value.
        origin.put(f"/hop{n}.mp4", lambda h, to=target: h.whole(b"", 302, Location=to))  # type: ignore[misc]
    origin.put("/hop6.mp4", lambda h: h.whole(content))
    task = site.ended(site.pull(f"{origin.url}/hop1.mp4"))
    assert httpx.get(task["FileUrl"]).content == content
    assert "redirects more than 5 times" in site.failed(site.pull(f"{origin.url}/hop0.mp4"))


def test_redirects_to_forbidden_places(site: PullSite, origin: Origin) -> None:
    """Each hop is judged: none of these is dialled, though a listener waits at one of them."""
    neighbour = Origin("127.0.0.2")
    try:
        places = [
            f"{neighbour.url}/a.mp4",
            "http://169.254.169.254/latest/meta-data",
            "http://10.0.0.1/a.mp4",
            "http://[::1]/a.mp4",
            "http://2130706434/a.mp4",
            "http://user@127.0.0.1/a.mp4",
            "file:///etc/passwd",
            "ftp://127.0.0.1/a.mp4",
        ]
        tasks = []
        for n, place in enumerate(places):
            # A lambda keeps its loop's value.
            url = origin.put(f"/away{n}.mp4", lambda h, to=place: h.whole(b"", 302, Location=to))  # type: ignore[misc]
            tasks.append(site.pull(url))
        for task_id in tasks:
            site.failed(task_id)
        assert [origin.asked[f"/away{n}.mp4"] for n in range(len(places))] == [1] * len(places)
        assert sum(neighbour.asked.values()) == 0
    finally:
        neighbour.stop()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2/a.mp4",
        "http://localhost.localdomain@127.0.0.1/a.mp4",
        "http://169.254.169.254/a.mp4",
        "http://10.1.2.3/a.mp4",
        "http://192.168.0.1/a.mp4",
        "http://[::ffff:10.0.0.1]/a.mp4",
        "http://0x0a000001/a.mp4",
        "http://0/a.mp4",
        "ftp://example.com/a.mp4",
        "file:///etc/passwd.mp4",
        "example.com/a.mp4",
        "http://exa mple.com/a.mp4",
    ],
)
def test_forbidden_addresses(site: PullSite, origin: Origin, url: str) -> None:
    """An address that may not be dialled is refused at once, for the file as for its cover; no task is opened."""
    before = site.call("DescribeTasks", Limit=100)["TaskSet"]
    assert code(site.call("PullUpload", MediaUrl=url)) == "InvalidParameterValue.MediaUrl"
    with_cover = site.call("PullUpload", MediaUrl=f"{origin.url}/clip.mp4", CoverUrl=url.replace(".mp4", ".jpg"))
    assert code(with_cover) == "InvalidParameterValue.CoverUrl"
    assert site.call("DescribeTasks", Limit=100)["TaskSet"] == before


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"MediaUrl": None}, "MissingParameter"),
        ({"MediaUrl": ""}, "InvalidParameterValue.MediaUrl"),
        ({"MediaUrl": "{origin}/manifest.mpd"}, "FailedOperation.MediaType"),
        ({"MediaType": "MPD"}, "FailedOperation.MediaType"),
        ({"MediaType": "m3u8"}, "FailedOperation.MediaType"),
        ({"MediaType": "exe"}, "FailedOperation.MediaType"),
        ({"MediaUrl": "{origin}/without"}, "FailedOperation.MediaType"),
        ({"CoverUrl": "{origin}/cover.exe"}, "FailedOperation.CoverType"),
        ({"ExpireTime": "tomorrow"}, "InvalidParameter.ExpireTime"),
        ({"ExpireTime": "2001-01-01T00:00:00Z"}, "InvalidParameterValue.ExpireTime"),
        ({"StorageRegion": "na-nowhere"}, "InvalidParameterValue.StorageRegion"),
        ({"ClassId": 999}, "InvalidParameterValue.ClassId"),
        ({"Procedure": "nowhere"}, "InvalidParameterValue.Procedure"),
        ({"MediaStoragePath": "/a.mp4"}, "InvalidParameterValue.MediaStoragePath"),
        ({"SessionId": "s" * 51}, "InvalidParameterValue.SessionIdTooLong"),
        ({"SessionContext": "c" * 1001}, "InvalidParameterValue.SessionContextTooLong"),
        ({"TasksPriority": 11}, "InvalidParameterValue"),
        ({"SubAppId": 9}, "InvalidParameterValue.SubAppId"),
    ],
)
def test_refused_orders(site: PullSite, origin: Origin, changes: dict[str, Any], expected: str) -> None:
    """Each fault has its code, uses no SessionId up and opens no task."""
    before = site.call("DescribeTasks", Limit=100)["TaskSet"]
    body = {"MediaUrl": "{origin}/clip.mp4", "SessionId": "refused"} | changes
    body = {k: v.format(origin=origin.url) if isinstance(v, str) else v for k, v in body.items()}
    assert code(site.call("PullUpload", **body)) == expected
    assert site.call("DescribeTasks", Limit=100)["TaskSet"] == before


def test_a_session_id_counts_once(site: PullSite, origin: Origin, content: bytes) -> None:
    """The same SessionId does not pull twice."""
    url = origin.put("/once.mp4", lambda h: h.whole(content))
    task_id = site.pull(url, SessionId="refused")
    assert code(site.call("PullUpload", MediaUrl=url, SessionId="refused")) == "InvalidParameterValue.SessionId"
    assert site.ended(task_id)["ErrCode"] == 0
    assert origin.asked["/once.mp4"] == 1


@pytest.mark.parametrize("kind", ["announced", "chunked"])
def test_too_large(site: PullSite, origin: Origin, kind: str) -> None:
    """The limit holds before a byte is read when the size is announced, and while reading when it is not."""
    large = b"x" * (_LARGEST + 1)
    url = origin.put(f"/large-{kind}.mp4", (lambda h: h.whole(large)) if kind == "announced" else chunked(large))
    assert "larger" in site.failed(site.pull(url), "SourceFileError.ContentUnsupported")


@pytest.mark.parametrize("kind", ["404", "encoded", "no HTTP", "nobody listens", "cover missing"])
def test_bad_sources(site: PullSite, origin: Origin, content: bytes, kind: str) -> None:
    """A source that has no file to give is told as such; its words name the reason."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    origin.put("/encoded.mp4", lambda h: h.whole(content, Content_Encoding="gzip"))
    origin.put("/no-http.mp4", lambda h: void(h.wfile.write(b"SSH-2.0-x\r\n")))
    url, words = {
        "404": (f"{origin.url}/absent.mp4", "404"),
        "encoded": (f"{origin.url}/encoded.mp4", "gzip"),
        "no HTTP": (f"{origin.url}/no-http.mp4", "not HTTP"),
        "nobody listens": (f"http://127.0.0.1:{closed}/a.mp4", "127.0.0.1"),
        "cover missing": (origin.put("/fine.mp4", lambda h: h.whole(content)), "404"),
    }[kind]
    extra = {"CoverUrl": f"{origin.url}/absent.jpg"} if kind == "cover missing" else {}
    assert words in site.failed(site.pull(url, **extra))


def void(_: object) -> None:
    """Return nothing."""


def test_a_file_that_is_no_media(site: PullSite, origin: Origin) -> None:
    """What is no media is stored like a client's upload of it: the pull ends well, without MetaData."""
    task = site.ended(site.pull(origin.put("/text.mp4", lambda h: h.whole(b"no media at all"))))
    assert (task["ErrCode"], task["MetaData"]) == (0, None)
    assert httpx.get(task["FileUrl"]).content == b"no media at all"


def test_a_crash_in_mid_download(tmp_path: Path, content: bytes) -> None:
    """Killed while bytes arrive, the platform pulls the file again: one file, one event, nothing half visible."""
    origin, halfway, free = Origin(), threading.Event(), threading.Event()

    def answer(h: Handler) -> None:
        h.head(200, {"Content-Length": str(len(content))})
        h.wfile.write(content[: len(content) // 2])
        h.wfile.flush()
        halfway.set()
        free.wait(30)
        h.wfile.write(content[len(content) // 2 :])

    url = origin.put("/slow.mp4", answer)
    server = PlatformServer(tmp_path / "data").start()
    site = PullSite(server)
    try:
        task_id = site.pull(url, Procedure="LongVideoPreset")
        assert halfway.wait(20)
        assert site.detail(task_id)["Status"] == "PROCESSING"
        assert site.detail(task_id)["PullUploadTask"]["FileId"] == ""
        server.kill()
        halfway.clear()
        server.start()
        assert halfway.wait(20)
        free.set()
        task = site.ended(task_id)
        assert (task["ErrCode"], origin.asked["/slow.mp4"]) == (0, 2)
        assert httpx.get(task["FileUrl"]).content == content
        rows = site.call("DescribeTasks")["TaskSet"]
        assert sorted(row["TaskType"] for row in rows) == ["Procedure", "PullUpload"]
        site.check()
    finally:
        free.set()
        site.stop()
        origin.stop()


def test_abort(tmp_path: Path, content: bytes) -> None:
    """A waiting pull can be aborted, one on its way cannot by the API; the command line stops it within a moment."""
    origin, begun, free = Origin(), threading.Event(), threading.Event()

    def answer(h: Handler) -> None:
        h.head(200, {"Content-Length": "10000000"})
        begun.set()
        while not free.is_set():
            h.wfile.write(b"x" * 1000)
            time.sleep(0.05)

    url = origin.put("/endless.mp4", answer)
    server = PlatformServer(tmp_path / "data", {"OPENVOD__PULLS__JOBS": "1"}).start()
    site = PullSite(server)
    try:
        running = site.pull(url)
        assert begun.wait(20)
        waiting = site.pull(url)
        assert site.detail(waiting)["Status"] == "WAITING"
        assert code(call(site.wire, "ManageTask", {"TaskId": waiting, "OperationType": "Abort"})) == ""
        told = site.ended(waiting)
        assert (told["ErrCode"], told["Message"]) == (70000, "the task was aborted")
        assert site.detail(waiting)["Status"] == "ABORTED"
        refused = site.call("ManageTask", TaskId=running, OperationType="Abort")
        assert code(refused) == "FailedOperation"
        stopped = openvod("tasks", "abort", running, "--data-dir", str(server.data_dir))
        assert stopped.returncode == 0, stopped.stderr
        assert site.ended(running)["Message"] == "the task was aborted"
        assert site.detail(running)["Status"] == "ABORTED"
        assert origin.asked["/endless.mp4"] == 1
        site.check()
    finally:
        free.set()
        site.stop()
        origin.stop()
