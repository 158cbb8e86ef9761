"""Receivers that exist: what the original's samples expect (``upload-protocol.md`` 6.2), and receivers behind TLS."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from openvod.events.endpoints import EndpointOptions
from openvod_sdk import Client, sign
from support.events import add_endpoint
from support.server import PlatformServer, set_callback
from support.server.api import call
from support.server.certificates import make_certificates
from support.server.commands import openvod_json
from support.server.wire import Wire
from support.sweeps.workers import wait_for

Body = Mapping[str, Any]


@dataclass
class Heard:
    """What a receiver answered: event type, status and text, in order; ``url`` is where it listens."""

    url: str = ""
    answers: list[tuple[str, int, str]] = field(default_factory=list)

    def of(self, event_type: str) -> list[tuple[int, str]]:
        """Return the answers to a type of event."""
        return [(status, text) for kind, status, text in self.answers if kind == event_type]


@contextmanager
def receiver(answer: Callable[[Body], tuple[int, str]], tls: ssl.SSLContext | None = None) -> Iterator[Heard]:
    """Run a receiver on loopback that answers what ``answer`` makes of an event."""
    heard = Heard()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, text = answer(event)
            heard.answers.append((event["EventType"], status, text))
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *arguments: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        heard.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}/"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield heard
        finally:
            server.shutdown()
            thread.join()


def scf_sample(wire: Wire) -> Callable[[Body], tuple[int, str]]:
    """Expect what ``callback_scf`` expects; it orders a transcode by the API before it answers an upload."""

    def process(event: Body) -> None:
        file_id = event["FileUploadEvent"]["FileId"]
        task = {"TranscodeTaskSet": [{"Definition": 100010}]}
        # A session context of the app's own, as every flow of its has: the other sample refuses one without.
        context = {"SessionContext": '{"UserId":"u1"}', "SubAppId": wire.key.sub_app_id}
        ordered = call(wire, "ProcessMedia", {"FileId": file_id, "MediaProcessTask": task} | context)
        assert ordered["TaskId"]

    def note(event: Body) -> None:
        change = event["ProcedureStateChangeEvent"]
        assert change["TaskId"]
        assert change["FileId"]
        if change["Status"] != "FINISH":
            return
        assert change["ErrCode"] == 0
        for result in change["MediaProcessResultSet"]:
            if result["Type"] == "Transcode":
                transcoded = result["TranscodeTask"]
                assert transcoded["ErrCode"] == 0
                assert isinstance(transcoded["Input"]["Definition"], int)
                assert transcoded["Output"]["Url"].startswith("http")

    handlers = {"NewFileUpload": process, "ProcedureStateChanged": note}

    def answer(event: Body) -> tuple[int, str]:
        try:
            handlers.get(event["EventType"], lambda _: None)(event)
        except (AssertionError, KeyError, TypeError):
            return 400, "Bad Request"
        return 200, ""

    return answer


def short_video_sample(event: Body) -> tuple[int, str]:
    """Expect what ``short-video`` expects of its two events; anything else is refused."""
    try:
        if event["EventType"] == "NewFileUpload":
            upload = event["FileUploadEvent"]
            basic = upload["MediaBasicInfo"]
            assert all(isinstance(basic[name], str) for name in ("Name", "CoverUrl", "CreateTime", "MediaUrl"))
            assert json.loads(basic["SourceInfo"]["SourceContext"])["UserId"]
            assert upload["MetaData"]["Width"] > 0
            assert upload["MetaData"]["Height"] > 0
        elif event["EventType"] == "ProcedureStateChanged":
            change = event["ProcedureStateChangeEvent"]
            assert json.loads(change["SessionContext"])["UserId"]
            if change["Status"] == "FINISH":
                for result in change["AiContentReviewResultSet"]:
                    kind = result["Type"]
                    assert kind in ("Porn", "Terrorism", "Political")
                    review = result[f"{kind}Task"]
                    assert review["Status"] == "SUCCESS"
                    assert review["Output"]["Suggestion"] in ("pass", "review", "block")
        else:
            return 403, "unknown event"
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        return 403, f"{type(error).__name__}: {error}"
    return 200, "Handle callback success"


def test_sample_receivers(server: PlatformServer, video: Path) -> None:
    """The original's two sample receivers understand an upload and its task flows, first try."""
    key = server.create_key()
    wire = Wire(server.url, key)
    with receiver(scf_sample(wire)) as scf, receiver(short_video_sample) as short_video:
        set_callback(server.data_dir, scf.url)
        add_endpoint(server.data_dir, key.sub_app_id, "short-video", short_video.url, EndpointOptions())
        server.start()
        signature = sign(
            key.secret_id, key.secret_key, procedure="QCVB_ProcessUGCFile(0,0,0,20)",
            source_context='{"UserId":"u1"}', session_context='{"UserId":"u1"}',
        )  # fmt: skip
        Client(server.url, lambda: signature, resume=False).upload(video)
        # One flow by the signature, one ordered by the first receiver.
        assert wait_for(lambda: len(scf.of("ProcedureStateChanged")) == 2, 90), (scf.answers, server.log())
        understood = (200, "Handle callback success")
        assert wait_for(lambda: len(short_video.of("ProcedureStateChanged")) == 2, 20), short_video.answers
    assert scf.of("NewFileUpload") == [(200, "")]
    assert scf.of("ProcedureStateChanged") == [(200, "")] * 2
    assert short_video.of("NewFileUpload") == [understood]
    assert set(short_video.of("ProcedureStateChanged")) == {understood}
    wire.http.close()


@pytest.mark.parametrize("trusted", [True, False])
def test_receivers_behind_tls(tmp_path: Path, video: Path, *, trusted: bool) -> None:
    """A receiver whose certificate is trusted gets its events; one that is not gets none, and the attempt says why."""
    certificates = make_certificates(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificates.certificate, certificates.key)
    trust = {"SSL_CERT_FILE": str(certificates.authority)} if trusted else {}
    server = PlatformServer(tmp_path / "data", {"OPENVOD__TASKS__WORKERS": "0"} | trust)
    key = server.create_key()
    with receiver(lambda _: (200, ""), tls) as heard:
        set_callback(server.data_dir, heard.url)
        with server:
            signature = sign(key.secret_id, key.secret_key)
            Client(server.url, lambda: signature, resume=False).upload(video)

            def attempts() -> list[dict[str, Any]]:
                listed = openvod_json("events", "list", "--data-dir", str(server.data_dir), "--json")
                shown = openvod_json("events", "show", str(listed[0]["eventId"]), "--data-dir", str(server.data_dir))
                found: list[dict[str, Any]] = shown["attempts"]
                return found

            assert wait_for(lambda: bool(attempts()), 20, 0.3)
            first = attempts()[0]
    if trusted:
        assert heard.of("NewFileUpload") == [(200, "")]
        assert first["status"] == 200
    else:
        assert heard.answers == []
        assert "certificate" in first["error"].lower(), first
