"""Uploads over real HTTP to a loopback platform (upload-protocol.md 0, cos-storage.md 4)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import anycrc
import anyio
import anyio.lowlevel
import pytest
from starlette.responses import JSONResponse, Response

from openvod_sdk import (
    ApiError,
    ChecksumMismatch,
    Client,
    FileResumeStore,
    OpenVodSdkError,
    Progress,
    RetryPolicy,
    SourceChanged,
    StorageError,
    TransportError,
)
from support.loopback import Loopback, cos_error

MIB = 1 << 20
FAST = RetryPolicy(attempts=3, first_delay=0.001, longest_delay=0.002)


def test_multipart_upload(loopback: Loopback, client: Client, video: Path) -> None:
    """A file above the part size arrives whole, in parts, and the result says what was stored."""
    result = client.upload(video)
    content = video.read_bytes()
    assert loopback.objects == {"dir/video.mp4": content}
    assert (loopback.count("initiate"), loopback.count("part"), loopback.count("complete")) == (1, 3, 1)
    assert (result.file_id, result.media_url, result.cover_url) == ("5285890700000000101", "http://play/video.mp4", "")
    assert (result.size, result.resumed_bytes) == (len(content), 0)
    assert result.crc64 == anycrc.Model("CRC64-XZ").calc(content)


def test_what_apply_is_told(loopback: Loopback, client: Client, video: Path) -> None:
    """Name without extension, lower-case type, size in bytes; Commit: the same signature, a checksum (2.2, 2.4)."""
    result = client.upload(video)
    apply, commit = loopback.bodies
    size = video.stat().st_size
    assert apply == {"signature": "signature", "videoName": "Holiday", "videoType": "mp4", "videoSize": size}
    assert commit == {"signature": "signature", "vodSessionKey": "session", "videoCrc64": str(result.crc64)}


@pytest.mark.parametrize("size", [0, 1, MIB])
def test_small_file_is_one_request(loopback: Loopback, client: Client, tmp_path: Path, size: int) -> None:
    """Up to the part size, and when empty, a file is one PUT."""
    path = tmp_path / "small.mp4"
    path.write_bytes(b"x" * size)
    result = client.upload(path)
    assert loopback.objects["dir/video.mp4"] == b"x" * size
    assert (loopback.count("put"), loopback.count("initiate"), result.size) == (1, 0, size)


def test_cover_and_name(loopback: Loopback, client: Client, video: Path, tmp_path: Path) -> None:
    """A cover is announced, stored beside the video and named in the result; ``name`` is the display name."""
    cover = tmp_path / "face.jpg"
    cover.write_bytes(b"cover")
    result = client.upload(video, cover=cover, name="My film")
    assert loopback.objects["dir/cover.jpg"] == b"cover"
    assert result.cover_url == "http://play/cover.jpg"
    told = loopback.bodies[0]
    assert (told["videoName"], told["coverName"], told["coverType"], told["coverSize"]) == ("My film", "face", "jpg", 5)


def test_signature_callables(loopback: Loopback, video: Path) -> None:
    """A signature may come from a function or a coroutine function."""

    async def fetched() -> str:
        await anyio.lowlevel.checkpoint()
        return "from a coroutine"

    for get in (lambda: "from a function", fetched):
        Client(loopback.url, get, retry=FAST, resume=False).upload(video)
    assert [body["signature"] for body in loopback.bodies[::2]] == ["from a function", "from a coroutine"]


async def uploaded(client: Client, path: Path) -> int:
    """Upload in the running event loop, then through the blocking face inside it."""
    first = await client.aupload(path)
    second = client.upload(path)
    return first.crc64 if first.crc64 == second.crc64 else -1


@pytest.mark.parametrize("backend", ["asyncio"])
def test_inside_an_event_loop(client: Client, video: Path, backend: str) -> None:
    """Both faces work inside a running event loop."""
    assert anyio.run(uploaded, client, video, backend=backend) == anycrc.Model("CRC64-XZ").calc(video.read_bytes())


@pytest.mark.parametrize("operation", ["ApplyUploadUGC", "initiate", "part", "complete", "CommitUploadUGC"])
def test_server_faults_are_ridden_out(loopback: Loopback, client: Client, video: Path, operation: str) -> None:
    """Every step is repeated after a 5xx, and the file still arrives once and whole."""
    loopback.plan(operation, 503, 500)
    client.upload(video)
    assert loopback.objects["dir/video.mp4"] == video.read_bytes()


@pytest.mark.parametrize("operation", ["ApplyUploadUGC", "initiate", "CommitUploadUGC"])
def test_retries_end(loopback: Loopback, client: Client, video: Path, operation: str) -> None:
    """After the policy's attempts the fault is raised as an error of this package."""
    loopback.plan(operation, *[503] * 9)
    with pytest.raises(OpenVodSdkError):
        client.upload(video)
    assert loopback.count(operation) == FAST.attempts


def test_nobody_listens(video: Path, store: FileResumeStore) -> None:
    """A refused connection ends as TransportError."""
    with pytest.raises(TransportError):
        Client("http://127.0.0.1:9", "signature", retry=FAST, resume_store=store).upload(video)


def test_refusal_is_not_repeated(loopback: Loopback, client: Client, video: Path) -> None:
    """A business error is raised at once, with its code and message."""
    loopback.plan("ApplyUploadUGC", JSONResponse({"code": 10004, "message": "ugc upload | invalid signature"}))
    with pytest.raises(ApiError, match="invalid signature") as caught:
        client.upload(video)
    assert (caught.value.code, loopback.count("ApplyUploadUGC")) == (10004, 1)


def test_storage_refusal_of_a_small_file(loopback: Loopback, client: Client, tmp_path: Path) -> None:
    """A storage refusal carries status, code and message, and is not repeated."""
    path = tmp_path / "small.mp4"
    path.write_bytes(b"x")
    loopback.plan("put", cos_error(403, "AccessDenied", "not yours"))
    with pytest.raises(StorageError, match="not yours") as caught:
        client.upload(path)
    assert (caught.value.status, caught.value.code, loopback.count("put")) == (403, "AccessDenied", 1)


def test_damaged_part_is_sent_again(loopback: Loopback, client: Client, video: Path) -> None:
    """A part whose stored checksum differs is sent again."""
    wrong = Response(headers={"ETag": '"00000000000000000000000000000000"', "x-cos-hash-crc64ecma": "1"})
    loopback.plan("part", wrong)
    client.upload(video)
    assert loopback.count("part") == 4
    assert loopback.objects["dir/video.mp4"] == video.read_bytes()


def test_lasting_damage_is_reported(loopback: Loopback, client: Client, tmp_path: Path) -> None:
    """Storage that keeps answering another checksum ends the upload before Commit."""
    path = tmp_path / "small.mp4"
    path.write_bytes(b"x")
    loopback.plan("put", *[Response(headers={"ETag": '"0"'}) for _ in range(FAST.attempts)])
    with pytest.raises(ChecksumMismatch):
        client.upload(path)
    assert loopback.count("CommitUploadUGC") == 0


def test_whole_object_is_compared(loopback: Loopback, client: Client, video: Path) -> None:
    """A wrong CRC-64 of the completed object ends the upload before Commit."""
    body = "<R><ETag>e</ETag></R>"
    loopback.plan("complete", *[Response(body, headers={"x-cos-hash-crc64ecma": "1"}) for _ in range(9)])
    with pytest.raises(ChecksumMismatch):
        client.upload(video)
    assert loopback.count("CommitUploadUGC") == 0


@pytest.mark.parametrize(
    "refusal", [cos_error(400, "ExpiredToken"), cos_error(403, "AccessDenied", "Request has expired")]
)
def test_expired_credential_is_renewed(loopback: Loopback, client: Client, video: Path, refusal: Response) -> None:
    """An expired credential is renewed by Apply with the session key, and the upload goes on."""
    loopback.plan("initiate", refusal)
    client.upload(video)
    assert loopback.bodies[1] == {"signature": "signature", "vodSessionKey": "session"}
    assert (loopback.count("ApplyUploadUGC"), loopback.count("initiate")) == (2, 2)


def test_credential_near_its_end_is_renewed(loopback: Loopback, client: Client, video: Path) -> None:
    """A credential about to end is renewed before it is refused."""
    loopback.lifetime = 300
    client.upload(video)
    assert loopback.count("ApplyUploadUGC") > 1
    assert loopback.objects["dir/video.mp4"] == video.read_bytes()


def test_progress(client: Client, video: Path) -> None:
    """Progress never goes back, ends at the total, and names the phases in order."""
    seen: list[Progress] = []
    client.upload(video, on_progress=seen.append)
    done = [progress.bytes_done for progress in seen]
    assert done == sorted(done)
    assert (done[0], done[-1], seen[-1].phase) == (0, video.stat().st_size, "done")
    assert list(dict.fromkeys(progress.phase for progress in seen)) == ["apply", "upload", "commit", "done"]


def interrupted(loopback: Loopback, client: Client, video: Path) -> None:
    """Leave an upload with two parts stored, as an ended process does."""
    loopback.plan("complete", cos_error(403, "AccessDenied"))
    with pytest.raises(StorageError):
        client.upload(video)
    loopback.faults.clear()
    del loopback.parts[2]
    loopback.calls.clear()
    loopback.bodies.clear()


def test_resume_sends_what_is_missing(loopback: Loopback, client: Client, video: Path) -> None:
    """The next call takes up the session and sends only the missing part."""
    interrupted(loopback, client, video)
    result = client.upload(video)
    assert loopback.bodies[0] == {"signature": "signature", "vodSessionKey": "session"}
    assert (loopback.count("initiate"), loopback.count("part")) == (0, 1)
    assert result.resumed_bytes == MIB + 1000
    assert loopback.objects["dir/video.mp4"] == video.read_bytes()


def test_resume_checks_stored_parts(loopback: Loopback, client: Client, video: Path) -> None:
    """A stored part that differs from the file is sent again."""
    interrupted(loopback, client, video)
    loopback.parts[1] = b"\0" * MIB
    client.upload(video)
    assert loopback.count("part") == 2
    assert loopback.objects["dir/video.mp4"] == video.read_bytes()


def test_unknown_session_starts_anew(loopback: Loopback, client: Client, video: Path) -> None:
    """When the platform has forgotten the session, the upload begins again by itself."""
    interrupted(loopback, client, video)
    loopback.plan("ApplyUploadUGC", JSONResponse({"code": 10020, "message": "unknown session"}))
    client.upload(video)
    assert [("videoName" in body) for body in loopback.bodies] == [False, True, False]
    assert loopback.objects["dir/video.mp4"] == video.read_bytes()


def test_lost_answer_to_complete(loopback: Loopback, client: Client, video: Path) -> None:
    """NoSuchUpload with the whole object in place means done: Commit follows at once (3.2)."""
    interrupted(loopback, client, video)
    loopback.objects["dir/video.mp4"] = video.read_bytes()
    loopback.plan("list", cos_error(404, "NoSuchUpload"))
    result = client.upload(video)
    assert (loopback.count("part"), loopback.count("CommitUploadUGC")) == (0, 1)
    assert result.resumed_bytes == video.stat().st_size


def test_changed_file_is_another_upload(loopback: Loopback, client: Client, video: Path) -> None:
    """Other content under the same name does not resume the earlier one."""
    interrupted(loopback, client, video)
    video.write_bytes(b"\7" * (MIB + 5))
    client.upload(video)
    assert "videoName" in loopback.bodies[0]
    assert loopback.objects["dir/video.mp4"] == video.read_bytes()


def test_finished_upload_is_forgotten(loopback: Loopback, client: Client, video: Path, tmp_path: Path) -> None:
    """After success nothing is kept, so the same file can be uploaded again as new."""
    client.upload(video)
    assert list((tmp_path / "state").glob("*.json")) == []


def test_file_changed_during_upload(loopback: Loopback, client: Client, video: Path) -> None:
    """A file that changes on its way is not committed."""

    def touch(progress: Progress) -> None:
        if progress.phase == "upload":
            os.utime(video, ns=(1, 1))

    with pytest.raises(SourceChanged):
        client.upload(video, on_progress=touch)
    assert loopback.count("CommitUploadUGC") == 0


def _cut(path: Path) -> None:
    os.truncate(path, MIB // 2)


@pytest.mark.parametrize("part_size", [MIB, 64 * MIB], ids=["in parts", "as one body"])
@pytest.mark.parametrize("spoil", [_cut, Path.unlink], ids=["truncated", "removed"])
def test_file_that_loses_bytes_during_upload(
    loopback: Loopback, store: FileResumeStore, tmp_path: Path, spoil: Callable[[Path], None], part_size: int
) -> None:
    """A file that is cut or removed on its way is ``SourceChanged``, which names it; nothing of it is remembered."""
    video = tmp_path / "shrinks.mp4"
    video.write_bytes(os.urandom(4 * MIB))
    client = Client(loopback.url, "s", part_size=part_size, concurrency=1, retry=FAST, resume_store=store)

    def spoil_once(progress: Progress) -> None:
        if progress.phase == "upload" and progress.bytes_done and video.exists() and video.stat().st_size == 4 * MIB:
            spoil(video)

    with pytest.raises(SourceChanged, match=r"shrinks\.mp4"):
        client.upload(video, on_progress=spoil_once)
    assert loopback.count("CommitUploadUGC") == 0
    assert list((tmp_path / "state").glob("*.json")) == []


def test_file_name_that_is_not_utf8(loopback: Loopback, client: Client, tmp_path: Path) -> None:
    """Bytes of a name that are not UTF-8 become U+FFFD where the name is told; the content arrives."""
    video = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4"))
    video.write_bytes(b"x" * 10)
    client.upload(video)
    assert loopback.bodies[0]["videoName"] == "caf\ufffd"
    client.upload(video, name=os.fsdecode(b"na\xefve"))
    assert loopback.bodies[-2]["videoName"] == "na\ufffdve"


def test_missing_file(client: Client, tmp_path: Path) -> None:
    """A file that is not there is an OSError before anything is sent."""
    with pytest.raises(FileNotFoundError):
        client.upload(tmp_path / "none.mp4")


def test_refused_part_is_a_plain_error(loopback: Loopback, client: Client, video: Path) -> None:
    """A part that is refused for good raises StorageError itself, not a group around it."""
    loopback.plan("part", *[cos_error(403, "AccessDenied", "not yours") for _ in range(9)])
    with pytest.raises(StorageError, match="not yours"):
        client.upload(video)


def test_page_instead_of_json(loopback: Loopback, client: Client, video: Path) -> None:
    """A proxy's page in place of JSON is an error of this package."""
    loopback.plan("ApplyUploadUGC", *[Response("<html>hello</html>") for _ in range(9)])
    with pytest.raises(OpenVodSdkError):
        client.upload(video)


def test_secrets_stay_out_of_errors(loopback: Loopback, client: Client, video: Path) -> None:
    """No error text shows the signature or the credential's token."""
    loopback.plan("initiate", cos_error(403, "AccessDenied"))
    with pytest.raises(StorageError) as caught:
        client.upload(video)
    assert not any(secret in repr(caught.value) for secret in ("token-1", "signature=", "AKIDtemporary"))


def test_http_is_not_redirected(loopback: Loopback, client: Client, video: Path) -> None:
    """A redirect is never followed with a signature in hand."""
    loopback.plan("ApplyUploadUGC", *[Response(status_code=307, headers={"Location": "/elsewhere"}) for _ in range(9)])
    with pytest.raises(TransportError):
        client.upload(video)
