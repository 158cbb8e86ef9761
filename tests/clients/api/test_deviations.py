"""What the official API SDKs do that a server must absorb (procedures-and-api.md 2.4, 2.5, 2.7), seen on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from clients.api.recorder import Recorder, Reply, Seen, recording
from clients.api.sdks import GO, JAVA, NODE, PYTHON, SDKS, Program, Sdk, settings_of
from clients.builds import Builds
from openvod.signing import tc3
from support.server.wire import Wire

pytestmark = [pytest.mark.clients, pytest.mark.timeout(600)]
READ = "DescribeAllClass"
_EACH = [pytest.param(sdk, id=sdk.name) for sdk in SDKS]
TEMPLATE = {
    "Container": "mp4",
    "Name": "表 & =",
    "RemoveVideo": 0,
    "VideoTemplate": {"Codec": "libx264", "Fps": 25, "Bitrate": 512},
    "AudioTemplate": {"Codec": "libfdk_aac", "Bitrate": 64, "SampleRate": 44100},
}


@pytest.fixture
def recorder(wire: Wire) -> Iterator[Recorder]:
    """A way to the shared platform."""
    with recording(wire.url) as recorder:
        yield recorder


Speak = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def speak(builds: Builds, wire: Wire, recorder: Recorder) -> Speak:
    """Have an SDK make calls through the recorder; return what it said to each."""

    def calls(sdk: Sdk, *asked: tuple[str, Mapping[str, Any]], **changes: Any) -> list[dict[str, Any]]:
        endpoint = str(changes.pop("endpoint", "127.0.0.1:{port}")).format(port=recorder.port)
        with Program(sdk, builds, settings_of(wire.key, endpoint, **changes)) as program:
            return [program.call(action, parameters) for action, parameters in asked]

    return calls


def signs(seen: Seen, wire: Wire, host: str) -> bool:
    """Tell whether a request was signed for ``host`` exactly."""
    credential = tc3.parse_authorization(seen.headers["authorization"])
    signature = tc3.sign(
        credential.secret_id, wire.key.secret_key, date=credential.date, service=credential.service,
        signed_headers=credential.signed_headers, method=seen.method, raw_query=seen.query,
        headers=seen.headers | {"host": host}, body=seen.body,
    )  # fmt: skip
    return signature == credential.signature


def service_of(seen: Seen) -> str:
    """The service in a request's scope."""
    return tc3.parse_authorization(seen.headers["authorization"]).service


def test_node_signs_the_host_without_its_port(speak: Speak, recorder: Recorder, wire: Wire) -> None:
    """Node's Host header has the port, its signature has not."""
    [said] = speak(NODE, (READ, {}))
    assert "ok" in said
    seen, host = recorder.seen[-1], f"127.0.0.1:{recorder.port}"
    assert seen.headers["host"] == host
    assert signs(seen, wire, "127.0.0.1")
    assert not signs(seen, wire, host)


@pytest.mark.parametrize("sdk", [NODE, JAVA], ids=lambda sdk: sdk.name)
def test_services_from_the_endpoint(sdk: Sdk, speak: Speak, recorder: Recorder) -> None:
    """Node and Java take the endpoint's text before its first dot for the service."""
    [said] = speak(sdk, (READ, {}))
    assert "ok" in said
    assert service_of(recorder.seen[-1]) == "127"
    [said] = speak(sdk, (READ, {}), endpoint="localhost:{port}")
    assert "ok" in said
    assert service_of(recorder.seen[-1]).startswith("localhost")


@pytest.mark.parametrize("sdk", [PYTHON, GO], ids=lambda sdk: sdk.name)
def test_services_that_are_vod(sdk: Sdk, speak: Speak, recorder: Recorder, wire: Wire) -> None:
    """Python and Go sign for vod, with the port."""
    [said] = speak(sdk, (READ, {}))
    assert "ok" in said
    assert service_of(recorder.seen[-1]) == "vod"
    assert signs(recorder.seen[-1], wire, f"127.0.0.1:{recorder.port}")


@pytest.mark.parametrize("sdk", _EACH)
def test_content_types(sdk: Sdk, speak: Speak, recorder: Recorder) -> None:
    """Java's JSON comes with a charset, that of the others without."""
    speak(sdk, (READ, {}))
    suffix = "; charset=utf-8" if sdk is JAVA else ""
    assert recorder.seen[-1].headers["content-type"] == f"application/json{suffix}"


def test_python_endpoint_with_its_scheme(speak: Speak, recorder: Recorder) -> None:
    """Given as ``http://host:port``, the scheme lands in the Host header, and the call works."""
    [said] = speak(PYTHON, (READ, {}), endpoint="http://127.0.0.1:{port}")
    assert recorder.seen[-1].headers["host"].startswith("http://")
    assert "ok" in said


def test_python_unsigned_payload(speak: Speak, recorder: Recorder) -> None:
    """The SDK's setting leaves the body out of the signature, and says so in a header."""
    [said] = speak(PYTHON, (READ, {}), unsignedPayload=True)
    assert recorder.seen[-1].headers["x-tc-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert "ok" in said


@pytest.mark.parametrize("sign_method", ["TC3-HMAC-SHA256", "HmacSHA1", "HmacSHA256"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("sdk", _EACH)
def test_every_method_and_signature(
    sdk: Sdk, method: str, sign_method: str, speak: Speak, recorder: Recorder, wire: Wire
) -> None:
    """Nested parameters arrive in every form that the SDK can send, and refusals surface with their codes."""
    made, refused = speak(
        sdk, ("CreateTranscodeTemplate", TEMPLATE), ("CreateTranscodeTemplate", {**TEMPLATE, "Container": "exe"}),
        method=method, signMethod=sign_method,
    )  # fmt: skip
    assert "ok" in made, made
    assert refused["error"] == "InvalidParameterValue.Container"
    seen = recorder.seen[-1]
    assert seen.method == method
    assert ("authorization" in seen.headers) is sign_method.startswith("TC3")
    if method == "GET":
        assert "VideoTemplate.Codec=libx264" in seen.query
    listed, deleted = speak(
        sdk, ("DescribeTranscodeTemplates", {"Definitions": [made["ok"]["Definition"]]}),
        ("DeleteTranscodeTemplate", {"Definition": made["ok"]["Definition"]}), method=method, signMethod=sign_method,
    )  # fmt: skip
    assert listed["ok"]["TranscodeTemplateSet"][0]["Name"] == TEMPLATE["Name"]
    assert "ok" in deleted


def test_go_decodes_strictly(speak: Speak, recorder: Recorder) -> None:
    """A number where a text is declared fails Go's whole answer, so a transcode's Definition is a text."""
    asked = ("DescribeTranscodeTemplates", {"Definitions": [100010]})
    [said] = speak(GO, asked)
    assert said["ok"]["TranscodeTemplateSet"][0]["Definition"] == "100010"

    def number(reply: Reply) -> None:
        reply.body = reply.body.replace(b'"100010"', b"100010")

    recorder.spoil = number
    [said] = speak(GO, asked)
    assert said["error"] == "ClientError.ParseJsonError"


@pytest.mark.parametrize("sdk", _EACH)
def test_why_errors_have_one_content_type(sdk: Sdk, speak: Speak, recorder: Recorder) -> None:
    """Python sees errors in exactly ``application/json`` only; with a charset its answer is an object of nothing."""
    asked = ("DeleteClass", {"ClassId": 999_999_999})
    [said] = speak(sdk, asked)
    assert said["error"] == "InvalidParameterValue.ClassId"

    def with_charset(reply: Reply) -> None:
        reply.content_type += "; charset=utf-8"

    recorder.spoil = with_charset
    [said] = speak(sdk, asked)
    assert ("error" in said) is (sdk is not PYTHON)


@pytest.mark.parametrize("sdk", [PYTHON, NODE], ids=lambda sdk: sdk.name)
def test_why_errors_are_http_200(sdk: Sdk, speak: Speak, recorder: Recorder) -> None:
    """With another status the code does not surface."""

    def bad_request(reply: Reply) -> None:
        reply.status = 400

    recorder.spoil = bad_request
    [said] = speak(sdk, ("DeleteClass", {"ClassId": 999_999_999}))
    assert "error" in said
    assert said["error"] != "InvalidParameterValue.ClassId"


def test_retries_sign_anew(speak: Speak, recorder: Recorder) -> None:
    """Python's own retries after lost answers are new signatures, no replays (decision 17)."""
    answers: list[bytes] = []

    def lost(reply: Reply) -> None:
        answers.append(reply.body)
        reply.status = 502

    recorder.spoil = lost
    speak(PYTHON, ("ApplyUpload", {"MediaType": "mp4"}), retries=True)
    assert len({seen.headers["authorization"] for seen in recorder.seen}) == len(answers) == 3
    assert all(b"VodSessionKey" in answer for answer in answers)
