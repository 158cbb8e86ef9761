"""The envelope of API 3.0: limits, clock, replays, versions, rate, key groups (procedures-and-api.md 2)."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from openvod.access.service import IssuedKey
from openvod.app.cli.administration import with_services
from openvod.app.services import Services
from openvod.base.sizes import KIB, MIB
from openvod.surfaces.api.replays import TC3_AGAIN_SECONDS
from support.server import PlatformServer
from support.server.api import call, send, signed, signed_v1
from support.server.api import code as code_of
from support.server.wire import Wire

READ = "DescribeAllClass"


@pytest.fixture
def own_key(shared_server: PlatformServer) -> IssuedKey:
    """A key that no other test has spent rate or signatures of."""
    return shared_server.create_key()


@pytest.mark.parametrize(("size", "code"), [(10 * MIB, ""), (10 * MIB + 1, "RequestSizeLimitExceeded")])
def test_tc3_bodies_end_at_10_mb(wire: Wire, size: int, code: str) -> None:
    """A body of exactly 10 MiB is served, one byte more is not."""
    assert code_of(call(wire, READ, b"{}".ljust(size))) == code


@pytest.mark.parametrize(("size", "code"), [(MIB, ""), (MIB + 1, "RequestSizeLimitExceeded")])
def test_v1_bodies_end_at_1_mb(wire: Wire, size: int, code: str) -> None:
    """With the older signatures the limit is 1 MiB."""
    room = size - len(signed_v1(wire, READ, {"ExtInfo": "", "Nonce": 10_000}).content)
    # The encoded signature's length varies by some characters from one nonce to the next.
    for nonce in range(10_000, 10_500):
        request = signed_v1(wire, READ, {"ExtInfo": "x" * room, "Nonce": nonce})
        if len(request.content) == size:
            assert code_of(send(wire, request)) == code
            return
    pytest.fail("no form of that size was made")


@pytest.mark.parametrize(("size", "code"), [(32 * KIB, ""), (32 * KIB + 1, "RequestSizeLimitExceeded")])
def test_queries_end_at_32_kb(wire: Wire, size: int, code: str) -> None:
    """A GET whose query has exactly 32 KiB is served, one byte more is not."""
    query = "ExtInfo=".ljust(size, "x")
    assert code_of(send(wire, signed(wire, READ, method="GET", query=query))) == code


@pytest.mark.parametrize(("seconds", "code"), [(-280, ""), (280, ""), (-310, "e"), (310, "e")])
@pytest.mark.parametrize("form", ["tc3", "v1"])
def test_clock(wire: Wire, own_key: IssuedKey, form: str, seconds: int, code: str) -> None:
    """Five minutes of difference pass in both directions, more does not."""
    then = int(time.time()) + seconds
    if form == "tc3":
        request = signed(wire, READ, key=own_key, timestamp=then)
    else:
        request = signed_v1(wire, READ, {"Timestamp": then}, key=own_key)
    assert code_of(send(wire, request)) == (code and "AuthFailure.SignatureExpire")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("algorithm", ["HmacSHA1", "HmacSHA256"])
def test_v1_signatures(wire: Wire, algorithm: str, method: str) -> None:
    """The older form is served by both algorithms and both methods; any change of a signed parameter is refused."""
    made = send(wire, signed_v1(wire, READ, {"ExtInfo": "a b&c=ä"}, algorithm=algorithm, method=method))
    assert made["ClassInfoSet"][0]["ClassId"] == 0
    changed = signed_v1(wire, READ, {"ExtInfo": "a"}, algorithm=algorithm, method=method, ExtInfo="b")
    assert code_of(send(wire, changed)) == "AuthFailure.SignatureFailure"


def test_unknown_signature_methods(wire: Wire) -> None:
    """A method that does not exist is refused by name, whether in a parameter or in the header."""
    refused = send(wire, signed_v1(wire, READ, algorithm="HmacMD5"))
    assert code_of(refused) == "AuthFailure.InvalidAuthorization"
    assert "HmacMD5" in refused["Error"]["Message"]
    request = signed(wire, READ)
    request.headers["Authorization"] = request.headers["Authorization"].replace("SHA256", "SM3")
    assert code_of(send(wire, request)) == "AuthFailure.InvalidAuthorization"


def test_unsigned_forms(wire: Wire) -> None:
    """A form without a signature is refused as such, in the envelope of this API."""
    answer = wire.http.post(f"{wire.url}/", data={"Action": READ, "Version": "2018-07-17"})
    assert answer.json()["Response"]["Error"]["Code"] == "AuthFailure.InvalidAuthorization"


@pytest.mark.parametrize(
    ("action", "changes", "code"),
    [
        (READ, {"version": "2024-07-18"}, "NoSuchVersion"),
        (READ, {"version": ""}, "NoSuchVersion"),
        ("DescribeEverything", {}, "InvalidAction"),
        ("", {}, "InvalidAction"),
        ("describeallclass", {}, "InvalidAction"),
        ("EditMedia", {}, "UnsupportedOperation"),
        ("ComposeMedia", {}, "UnsupportedOperation"),
    ],
)
def test_versions_and_actions(wire: Wire, action: str, changes: dict[str, Any], code: str) -> None:
    """What does not exist, and what is deliberately not offered, have codes of their own."""
    assert code_of(call(wire, action, **changes)) == code


def test_rate(wire: Wire, own_key: IssuedKey) -> None:
    """Of 60 calls at once at least 20 pass, the others have RequestLimitExceeded; another action is not touched."""
    requests = [signed(wire, READ, {"ExtInfo": str(number)}, key=own_key) for number in range(60)]
    with ThreadPoolExecutor(20) as pool:
        codes = list(pool.map(lambda request: code_of(send(wire, request)), requests))
    assert set(codes) <= {"", "RequestLimitExceeded"}
    assert codes.count("") >= 20
    assert code_of(call(wire, "DescribeReviewTemplates", key=own_key)) == ""


def test_key_groups(wire: Wire, shared_server: PlatformServer, own_key: IssuedKey) -> None:
    """A key that may read does not edit; the refusal names what it may."""

    async def limit(services: Services) -> None:
        def work(tx: Any) -> None:
            tx.access.put_key_pair(replace(tx.access.key_pair(own_key.secret_id), groups=("read", "upload")))

        await services.database.write(work)

    with_services(shared_server.data_dir, limit)
    assert code_of(call(wire, READ, key=own_key)) == ""
    refused = call(wire, "CreateClass", {"ParentId": -1, "ClassName": "x"}, key=own_key)
    assert code_of(refused) == "AuthFailure.UnauthorizedOperation"
    assert "read, upload" in refused["Error"]["Message"]


def test_tc3_replays(wire: Wire, own_key: IssuedKey) -> None:
    """A captured call changes nothing after 3 seconds, nor does its signature with another action; reads may repeat."""
    body = {"ParentId": -1, "ClassName": "captured"}
    create, read = signed(wire, "CreateClass", body, key=own_key), signed(wire, READ, {}, key=own_key)
    # Neither action is signed by the SDKs: the signature of a read fits a write with the same body.
    crossed = signed(wire, READ, {"MediaType": "mp4"}, key=own_key)
    made = send(wire, create)
    assert code_of(send(wire, read)) == ""
    assert code_of(send(wire, crossed)) == "UnknownParameter"
    # Two equal calls of one second are legitimate: the second is carried out, and meets the first one's category.
    assert code_of(send(wire, create)) == "FailedOperation.ClassNameDuplicate"
    time.sleep(TC3_AGAIN_SECONDS + 0.2)
    assert call(wire, "DeleteClass", {"ClassId": made["ClassId"]}, key=own_key).keys() == {"RequestId"}
    assert code_of(send(wire, create)) == "AuthFailure.SignatureExpire"
    crossed.headers["X-TC-Action"] = "ApplyUpload"
    assert code_of(send(wire, crossed)) == "AuthFailure.SignatureExpire"
    assert code_of(send(wire, read)) == ""


def test_equal_calls_of_one_second(wire: Wire, own_key: IssuedKey) -> None:
    """Two equal uploads in the same second are two uploads."""
    request = signed(wire, "ApplyUpload", {"MediaType": "mp4"}, key=own_key)
    assert len({send(wire, request)["VodSessionKey"] for _ in range(3)}) == 3


def test_v1_replays(wire: Wire, own_key: IssuedKey) -> None:
    """A nonce is good for one change; reading again is harmless."""
    apply = signed_v1(wire, "ApplyUpload", {"MediaType": "mp4"}, key=own_key)
    assert code_of(send(wire, apply)) == ""
    assert code_of(send(wire, apply)) == "AuthFailure.SignatureExpire"
    read = signed_v1(wire, READ, key=own_key)
    assert [code_of(send(wire, read)) for _ in range(2)] == ["", ""]


def test_every_parameter_form_reaches_the_action(wire: Wire) -> None:
    """JSON, query and form give the same answer, nested template members and non-ASCII texts included."""
    video = {"Codec": "libx264", "Fps": 25, "Bitrate": 512}
    audio = {"Codec": "aac", "Bitrate": 64, "SampleRate": 44100}
    flat = {"Container": "mp4", "Name": "表"}
    flat |= {f"VideoTemplate.{name}": str(value) for name, value in video.items()}
    flat |= {f"AudioTemplate.{name}": str(value) for name, value in audio.items()}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in flat.items())
    action, body = "CreateTranscodeTemplate", {"Container": "mp4", "Name": "表"}
    body |= {"VideoTemplate": video, "AudioTemplate": audio}  # type: ignore[dict-item]  # what must be refused
    made = [
        call(wire, action, body),
        send(wire, signed(wire, action, method="GET", query=query)),
        send(wire, signed_v1(wire, action, flat)),
        send(wire, signed_v1(wire, action, flat, method="GET")),
    ]
    assert not [each["Error"] for each in made if "Error" in each]
    ids = [each["Definition"] for each in made]
    listed = call(wire, "DescribeTranscodeTemplates", {"Definitions": ids})
    assert "Error" not in listed, listed
    listed = listed["TranscodeTemplateSet"]
    varying = {"Definition", "CreateTime", "UpdateTime"}
    shown = [{name: value for name, value in row.items() if name not in varying} for row in listed]
    assert len(shown) == 4
    assert all(row == shown[0] for row in shown)
