"""Storage asks the upload session: what was committed or deleted is final, whatever a client still holds."""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import replace
from typing import Any

import httpx
import pytest

from openvod.storage.model import CompletedPart
from support.server.api import call
from support.server.wire import Applied, Wire, error_code, signature

_BODY = b"the bytes that were checked"


def _etag(body: bytes) -> str:
    return hashlib.md5(body).hexdigest()


def _committed(wire: Wire, **limits: object) -> tuple[Applied, str]:
    """Upload and commit a file with a cover; return the session and the file's address."""
    applied = wire.apply(sign=signature(wire.key, **limits), coverName="c", coverType="jpg")
    assert applied.put(_BODY).status_code == applied.put(b"cover", applied.cover_key).status_code == 200
    answer = wire.commit(applied)
    assert answer["code"] == 0, answer
    return applied, answer["data"]["video"]["url"]


def _again(applied: Applied, wire: Wire) -> Applied:
    """Apply once more for the same session, as a client does that resumes."""
    body = {"signature": applied.signature, "vodSessionKey": applied.data["vodSessionKey"]}
    answer = wire.ugc("ApplyUploadUGC", body)
    assert answer["code"] == 0, answer
    return replace(applied, data=answer["data"])


def _is_refused(answer: httpx.Response) -> bool:
    return answer.status_code in (403, 404) and error_code(answer) in ("AccessDenied", "NoSuchUpload")


@pytest.mark.parametrize("resumed", [False, True])
def test_a_committed_file_cannot_be_replaced(wire: Wire, resumed: bool) -> None:
    """Neither by a put, nor in parts, nor its cover; not with the old credential and not with that of a new Apply."""
    applied, url = _committed(wire)
    client = _again(applied, wire) if resumed else applied
    other = _BODY[::-1]
    assert _is_refused(client.put(other))
    assert _is_refused(client.put(b"another length"))
    assert _is_refused(client.put(b"evil ", client.cover_key))
    assert _is_refused(client.put(b"#EXTM3U", client.media_key.rpartition("/")[0] + "/beside.m3u8"))
    assert _is_refused(client.call("POST", client.media_key + ".ts", [("uploads", "")]))
    upload_id = client.initiate()
    assert client.put_part(upload_id, 1, other).status_code == 200
    assert _is_refused(client.complete(upload_id, [CompletedPart(1, _etag(other))]))
    assert wire.http.get(url).content == _BODY
    assert client.call("GET", client.cover_key).content == b"cover"


@pytest.mark.parametrize("limits", [{"maxUploads": 1}, {"oneTimeValid": 1}])
def test_limits_of_a_signature_hold_after_commit(wire: Wire, limits: dict[str, object]) -> None:
    """A permission for one upload is one for one file."""
    applied, url = _committed(wire, **limits)
    assert _is_refused(_again(applied, wire).put(_BODY[::-1]))
    assert wire.http.get(url).content == _BODY


def test_an_upload_that_was_open_at_commit_is_over(wire: Wire) -> None:
    """Multipart uploads of a session end with it: their parts, their Complete, their place in lists."""
    applied = wire.apply()
    assert applied.put(_BODY).status_code == 200
    upload_id = applied.initiate()
    assert applied.put_part(upload_id, 1, b"later").status_code == 200
    assert wire.commit(applied)["code"] == 0
    assert error_code(applied.put_part(upload_id, 2, b"later")) == "NoSuchUpload"
    assert error_code(applied.complete(upload_id, [CompletedPart(1, _etag(b"later"))])) == "NoSuchUpload"
    listed = applied.call("GET", "", [("uploads", ""), ("prefix", applied.media_key)])
    assert upload_id not in listed.text
    assert applied.call("GET", applied.media_key).content == _BODY


def test_repetitions_are_answered_as_before(wire: Wire) -> None:
    """Whose answer was lost asks again: the same bytes and the same Complete have the same answers after Commit."""
    applied = wire.apply()
    upload_id = applied.initiate()
    applied.put_part(upload_id, 1, _BODY)
    parts = [CompletedPart(1, _etag(_BODY))]
    before = applied.complete(upload_id, parts)
    assert wire.commit(applied)["code"] == 0
    after = applied.complete(upload_id, parts)
    assert (after.status_code, after.text) == (200, before.text)
    whole = applied.put(_BODY)
    assert (whole.status_code, whole.headers["etag"]) == (200, before.headers["etag"])
    assert error_code(applied.put(_BODY, headers={"x-cos-forbid-overwrite": "true"})) == "FileAlreadyExists"
    assert error_code(applied.put(_BODY, headers={"Content-MD5": _md5_header(b"?")})) == "BadDigest"


def _without_expiry(answer: dict[str, Any]) -> dict[str, Any]:
    """Leave of each ``verify_content`` what does not change with the second of its expiry: the id that it names."""
    data = dict(answer["data"])
    for name in ("video", "cover"):
        signed = base64.b64decode(data[name]["verify_content"])
        data[name] = {**data[name], "verify_content": signed[signed.index(b"&FileId=") :]}
    return {**answer, "data": data}


def test_the_whole_upload_may_come_again(wire: Wire) -> None:
    """A client that never heard of its Commit applies again and sends everything once more: it ends as it did."""
    applied, url = _committed(wire)
    before = wire.commit(applied)
    client = _again(applied, wire)
    upload_id = client.initiate()
    assert client.put_part(upload_id, 1, _BODY).status_code == 200
    done = client.complete(upload_id, [CompletedPart(1, _etag(_BODY))])
    assert (done.status_code, f'<ETag>"{_etag(_BODY)}"</ETag>' in done.text) == (200, True), (
        "the object is the first one"
    )
    assert _without_expiry(wire.commit(client)) == _without_expiry(before)
    assert wire.http.get(url).content == _BODY


def test_nothing_comes_back_after_deletion(wire: Wire) -> None:
    """The credential of a file that was deleted stores nothing any more, not even what was there."""
    applied, _ = _committed(wire)
    key = wire.key
    file_id = wire.commit(applied)["data"]["fileId"]
    call(wire, "DeleteMedia", {"FileId": file_id, "SubAppId": key.sub_app_id})
    for client in (applied, _again(applied, wire)):
        assert _is_refused(client.put(_BODY))
        assert _is_refused(client.call("POST", client.media_key, [("uploads", "")]))
        assert error_code(client.call("GET", client.media_key)) == "NoSuchKey"


def test_a_cover_for_a_deleted_file_is_not_taken(wire: Wire) -> None:
    """A session that only adds a cover closes with the file it is for."""
    applied, _ = _committed(wire)
    file_id = wire.commit(applied)["data"]["fileId"]
    cover = wire.apply(videoName=None, videoType=None, fileId=file_id, coverName="c", coverType="png")
    assert cover.put(b"first", cover.cover_key).status_code == 200
    call(wire, "DeleteMedia", {"FileId": file_id, "SubAppId": wire.key.sub_app_id})
    assert _is_refused(cover.put(b"second", cover.cover_key))


def _md5_header(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body).digest()).decode()


def test_the_same_checksum_is_not_the_same_bytes(wire: Wire) -> None:
    """A repetition is recognised by more than a length."""
    applied, _ = _committed(wire)
    other = bytes([*_BODY[:-1], _BODY[-1] ^ 1])
    assert zlib.crc32(other) != zlib.crc32(_BODY)
    assert _is_refused(applied.put(other))
