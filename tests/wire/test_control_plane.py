"""The UGC control plane: exact answers, and a clear one for every bad input (upload-protocol.md 2)."""

from __future__ import annotations

import base64
import time
from typing import Any

import httpx
import pytest

from support.server import PlatformServer
from support.server.api import call
from support.server.wire import Wire, signature

NOW = int(time.time())


def _refused(wire: Wire, **body: object) -> tuple[int, str]:
    fields: dict[str, Any] = {"signature": signature(wire.key), "videoName": "clip", "videoType": "mp4"} | body
    answer = wire.ugc("ApplyUploadUGC", {k: v for k, v in fields.items() if v is not None})
    assert set(answer) == {"code", "message"}
    return answer["code"], answer["message"]


def test_apply_answers_every_member_that_an_sdk_reads(wire: Wire) -> None:
    """Names, JSON types and formats of the Apply answer are those of section 2.3."""
    data = wire.apply(coverName="c", coverType="png", videoSize=7, coverSize=3).data
    certificate = data["tempCertificate"]
    for number in (data["storageAppId"], data["appId"], data["timestamp"], certificate["expiredTime"]):
        assert type(number) is int
    assert data["storageAppId"] < 2**31
    assert len(str(data["timestamp"])) == len(str(certificate["expiredTime"])) == 10
    assert data["storageRegionV5"] == data["StorageRegionV5"] == "ap-chongqing"
    assert data["storageRegion"] == "cq"
    assert "storageUploadDomain" not in data
    directory = data["video"]["storagePath"].rsplit("/", 1)[0]
    assert data["cover"]["storagePath"].startswith(f"{directory}/")
    assert data["domain"] == httpx.URL(wire.url).netloc.decode()
    for text in (certificate["secretId"], certificate["token"]):
        assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
    assert len(certificate["token"]) < 1024


def test_prepare_offers_no_race(wire: Wire) -> None:
    """Prepare answers an empty list, which switches races and QUIC off in every SDK (2.8)."""
    answer = wire.ugc("PrepareUploadUGC", {"signature": signature(wire.key)})
    assert answer["code"] == 0
    assert answer["data"]["cosRegionList"] == []


def test_every_signature_fault_has_its_code(wire: Wire, shared_server: PlatformServer) -> None:
    """Each way in which a signature can be wrong is refused with the right code and a message that says so."""
    good = signature(wire.key)
    raw = base64.b64decode(good)
    disabled = shared_server.create_key()
    shared_server.administer(lambda access: access.set_key_enabled(disabled.secret_id, False))
    flipped = base64.b64encode(bytes([raw[0] ^ 1]) + raw[1:]).decode()
    table = [
        ("%%%", 10004, "Base64"),
        (base64.b64encode(b"short").decode(), 10004, "too short"),
        (base64.b64encode(bytes(20) + b"secretId=\xff\xfe").decode(), 10004, "UTF-8"),
        (base64.b64encode(bytes(20) + b"a=b").decode(), 10004, "secretId"),
        (signature(wire.key, secretId="AKIDnobody"), 10004, "unknown"),
        (signature(disabled), 10005, "disabled"),
        (flipped, 10004, "does not match"),
        (signature(wire.key, currentTimeStamp="1700000000.5"), 10004, "currentTimeStamp"),
        (signature(wire.key, expireTime=None), 10004, "expireTime"),
        (signature(wire.key, random="abc"), 10004, "random"),
        (signature(wire.key, currentTimeStamp=NOW - 100, expireTime=NOW - 10), 10010, "expired"),
        (signature(wire.key, currentTimeStamp=NOW + 3600, expireTime=NOW + 7200), 10004, "future"),
        (signature(wire.key, taskPriority=11), 10004, "taskPriority"),
        (signature(wire.key, sourceContext="x" * 251), 10004, "sourceContext"),
        (signature(wire.key, oneTimeValid=2), 10004, "oneTimeValid"),
        (signature(wire.key, procedure="Nope"), 10032, "procedure"),
        (signature(wire.key, procedure="没有"), 10032, "does not exist"),
        (signature(wire.key, procedure="QCVB_SimpleProcessFile({10,20)"), 10032, "character"),
        (signature(wire.key, storageRegion="ap-nowhere"), 10030, "ap-chongqing"),
        (signature(wire.key, classId=77), 10031, "classId"),
        (signature(wire.key, vodSubAppId=1999999999), 10012, "vodSubAppId"),
    ]
    for text, code, fragment in table:
        got, message = _refused(wire, signature=text)
        assert (got, fragment in message) == (code, True), (text[:30], got, message)


@pytest.mark.parametrize("procedure", ["LongVideoPreset", "QCVB_SimpleProcessFile({1,1,1,1})", "QCVB_ProcessUGCFile"])
def test_known_procedures_are_accepted(wire: Wire, procedure: str) -> None:
    """A preset, a legacy call and a bare legacy name open a session; the guide's odd call too (3.1, 3.3)."""
    assert wire.apply(sign=signature(wire.key, procedure=procedure)).data["vodSessionKey"]


def test_another_applications_key_is_refused(wire: Wire, shared_server: PlatformServer) -> None:
    """A key of one application cannot act for another, neither at Apply nor at Commit."""
    other = shared_server.administer(lambda access: access.create_application("other"))
    key = shared_server.create_key(other.sub_app_id)
    foreign = Wire(wire.url, key, wire.http)
    assert _refused(foreign, signature=signature(key, vodSubAppId=1500000001))[0] == 10012
    applied = wire.apply()
    assert wire.commit(applied, signature(key))["code"] == 10012
    assert foreign.apply().data["appId"] == other.sub_app_id


def test_one_time_signature_is_used_once(wire: Wire) -> None:
    """First use opens a session; the same request again is a lost answer; another request is refused (1.4)."""
    once = signature(wire.key, oneTimeValid=1)
    first = wire.apply(sign=once)
    again = wire.apply(sign=once)
    assert again.data["video"] == first.data["video"]
    assert _refused(wire, signature=once, videoName="different")[0] == 10011
    resumed = wire.ugc("ApplyUploadUGC", {"signature": once, "vodSessionKey": first.data["vodSessionKey"]})
    assert resumed["data"]["video"] == first.data["video"]
    assert first.put(b"x" * 10).status_code == 200
    assert wire.commit(first, once)["code"] == 0
    unused = signature(wire.key, oneTimeValid=1)
    assert wire.commit(first, unused)["code"] == 0
    assert _refused(wire, signature=unused)[0] == 10011


@pytest.mark.parametrize(
    ("body", "fragment"),
    [
        (b"not json", "JSON"),
        (b"[1]", "object"),
        (b"", "JSON"),
        (b'{"signature": 7}', "signature"),
        (b"{}", "signature"),
        (b"[" * 50_000, "JSON"),
    ],
)
def test_bodies_that_are_no_request(wire: Wire, body: bytes, fragment: str) -> None:
    """A body that is no JSON object with a signature is an invalid request, whatever its Content-Type."""
    answer = wire.ugc("ApplyUploadUGC", content=body)
    assert answer["code"] == 10001
    assert fragment in answer["message"]


def test_large_body_unknown_action_and_method(wire: Wire) -> None:
    """Bodies over 64 KiB, unknown actions and other methods are refused by name."""
    assert "65536" in wire.ugc("ApplyUploadUGC", content=b'{"signature":"' + b"x" * 70_000 + b'"}')["message"]
    assert "DeleteAll" in wire.ugc("DeleteAll", {})["message"]
    answer = wire.http.get(f"{wire.url}/v3/index.php?Action=ApplyUploadUGC").json()
    assert answer["code"] == 10001
    assert "POST" in answer["message"]


@pytest.mark.parametrize(
    ("fields", "code", "fragment"),
    [
        ({"videoType": "exe"}, 10040, "videoType"),
        ({"videoType": 5}, 10001, "videoType"),
        ({"videoSize": -1}, 10042, "videoSize"),
        ({"videoSize": 10**15}, 10042, "videoSize"),
        ({"videoSize": "12"}, 10001, "videoSize"),
        ({"videoSize": True}, 10001, "videoSize"),
        ({"videoSize": 1.5}, 10001, "videoSize"),
        ({"videoName": "../../etc/passwd"}, 10043, "path"),
        ({"videoName": "a\\b"}, 10043, "path"),
        ({"videoName": "a\x01b"}, 10043, "control"),
        ({"videoName": "x" * 10_000}, 10043, "10000"),
        ({"coverName": "c", "coverType": "svg"}, 10041, "coverType"),
        ({"coverType": "png", "coverSize": -4}, 10042, "coverSize"),
        ({"vodSessionKey": "nope"}, 10020, "apply again"),
        ({"vodSessionKey": 5}, 10001, "vodSessionKey"),
        ({"videoName": None, "videoType": None}, 10001, "videoType"),
        ({"ExpireTime": "soon"}, 10001, "ExpireTime"),
        ({"ExpireTime": "2020-01-01T00:00:00Z"}, 10001, "has passed"),
        ({"ExpireTime": "2020-01-01"}, 10001, "has passed"),
        ({"ExpireTime": 1_900_000_000}, 10001, "ExpireTime"),
        ({"ExpireTime": ["2030-01-01T00:00:00Z"]}, 10001, "ExpireTime"),
        ({"ExpireTime": "2" * 5_000}, 10001, "ExpireTime"),
        ({"storageRegion": "x" * 5_000}, 10001, "storageRegion"),
        ({"fileId": {"a": 1}, "coverName": "c", "coverType": "png"}, 10001, "fileId"),
        ({"vodSessionKey": "k" * 5_000}, 10001, "vodSessionKey"),
        ({"videoName": None, "videoType": None, "coverType": "png", "fileId": "123"}, 10033, "fileId"),
    ],
)
def test_fields_that_cannot_be(wire: Wire, fields: dict[str, Any], code: int, fragment: str) -> None:
    """Every field that is wrong is refused with a stable code and named in the message."""
    got, message = _refused(wire, **fields)
    assert (got, fragment in message) == (code, True), (got, message)


@pytest.mark.parametrize("moment", ["2999-01-01T00:00:00Z", "2999-01-01T08:00:00+08:00", "9999-12-31T23:59:59Z", ""])
def test_expire_times_that_can_be(wire: Wire, moment: str) -> None:
    """A moment to come, in any offset, and never: the committed file keeps it in UTC."""
    applied = wire.apply(ExpireTime=moment)
    applied.put(b"x")
    file_id = wire.commit(applied)["data"]["fileId"]
    info = call(wire, "DescribeMediaInfos", {"FileIds": [file_id]})["MediaInfoSet"][0]["BasicInfo"]
    assert info["ExpireTime"] == ("2999-01-01T00:00:00Z" if moment.startswith("2999") else "9999-12-31T23:59:59Z")


@pytest.mark.parametrize("moment", ["soon", "2020-01-01T00:00:00Z", "1900000000", "2030-13-01T00:00:00Z", "9" * 400])
@pytest.mark.parametrize("action", ["ApplyUpload", "PullUpload"])
def test_expire_times_of_servers_that_cannot_be(wire: Wire, action: str, moment: str) -> None:
    """API 3.0 refuses a moment that is none, or that has passed, by its name."""
    fields = {"ApplyUpload": {"MediaType": "mp4"}, "PullUpload": {"MediaUrl": "http://127.0.0.1:9/a.mp4"}}[action]
    error = call(wire, action, fields | {"ExpireTime": moment})["Error"]
    assert error["Code"] in ("InvalidParameterValue.ExpireTime", "InvalidParameter.ExpireTime", "InvalidParameterValue")
    assert "ExpireTime" in error["Message"]


def test_mime_subtypes_of_android_become_extensions(wire: Wire) -> None:
    """``quicktime`` and friends are accepted and stored under the extension (2.2)."""
    assert wire.apply(videoType="quicktime").media_key.endswith(".mov")
    assert wire.apply(videoType="MP4").media_key.endswith(".mp4")


def test_commit_before_during_and_after(wire: Wire) -> None:
    """Commit refuses what is not there or differs, then answers the same result for ever."""
    applied = wire.apply(videoSize=10, coverName="c", coverType="jpg")
    assert wire.commit(applied)["code"] == 10021
    assert applied.put(b"x" * 9).status_code == 200
    assert "9" in wire.commit(applied)["message"]
    assert wire.commit(applied)["code"] == 10022
    assert applied.put(b"x" * 10).status_code == 200
    missing_cover = wire.commit(applied)
    assert (missing_cover["code"], "cover" in missing_cover["message"]) == (10021, True)
    assert applied.put(b"jpeg", applied.cover_key).status_code == 200
    first = wire.commit(applied)
    assert first["code"] == 0
    assert type(first["data"]["fileId"]) is str
    again = wire.commit(applied, signature(wire.key))
    assert again["data"]["fileId"] == first["data"]["fileId"]
    assert again["data"]["video"]["url"] == first["data"]["video"]["url"]
    assert wire.ugc("CommitUploadUGC", {"signature": signature(wire.key), "vodSessionKey": "nope"})["code"] == 10020


def test_commit_with_the_expired_signature_that_opened_the_session(wire: Wire) -> None:
    """A long upload may end after its signature did; only that very signature is excused (1.4)."""
    now = int(time.time())
    expires = now + 3
    short = signature(wire.key, currentTimeStamp=now, expireTime=expires)
    applied = wire.apply(sign=short)
    assert applied.put(b"x").status_code == 200
    time.sleep(max(0.0, expires + 1.2 - time.time()))
    other = signature(wire.key, currentTimeStamp=now, expireTime=expires)
    assert wire.commit(applied, other)["code"] == 10010
    assert wire.commit(applied, short)["code"] == 0


def test_resume_keeps_the_place_and_renews_the_credential(wire: Wire) -> None:
    """A resumed Apply answers the same paths with fresh, working credentials (2.5)."""
    first = wire.apply(coverName="c", coverType="png")
    body = {"signature": signature(wire.key), "vodSessionKey": first.data["vodSessionKey"]}
    second = wire.ugc("ApplyUploadUGC", body)["data"]
    for member in ("video", "cover", "storageBucket", "storageRegionV5", "vodSessionKey"):
        assert second[member] == first.data[member]
    assert second["tempCertificate"]["secretId"] != first.data["tempCertificate"]["secretId"]
    first.data = second
    assert first.put(b"y").status_code == 200


def test_cover_replacement_by_file_id(wire: Wire) -> None:
    """A cover for a committed file replaces the old one, which then is gone."""
    applied = wire.apply(coverName="c", coverType="png")
    applied.put(b"video")
    applied.put(b"old", applied.cover_key)
    done = wire.commit(applied)["data"]
    replacing = wire.apply(videoName=None, videoType=None, fileId=done["fileId"], coverName="n", coverType="jpg")
    assert "video" not in replacing.data
    assert replacing.put(b"new", replacing.cover_key).status_code == 200
    answer = wire.commit(replacing)
    assert (answer["code"], answer["data"]["fileId"]) == (0, done["fileId"])
    assert wire.http.get(answer["data"]["cover"]["url"]).content == b"new"
    assert wire.http.get(done["cover"]["url"]).status_code == 404
    assert wire.http.get(done["video"]["url"]).content == b"video"


def test_preflight_and_reports(wire: Wire) -> None:
    """Browsers get their preflight without configuration, reporters their empty answer (3.6)."""
    headers = {"Origin": "https://app.example", "Access-Control-Request-Headers": "content-type"}
    preflight = wire.http.options(f"{wire.url}/v3/index.php?Action=ApplyUploadUGC", headers=headers)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://app.example"
    assert preflight.headers["access-control-allow-headers"] == "content-type"
    assert wire.http.post(f"{wire.url}/ugcupload_new", json={"any": 1}).json() == {}
