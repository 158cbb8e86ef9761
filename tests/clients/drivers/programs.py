"""Clients in processes: a program gets one JSON argument, reads commands as lines and prints one JSON object."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from clients.drivers.base import NOT_YET, PROGRAMS, Driver, Job, ProgramRun, Run
from clients.drivers.storage import STORAGE_LACKS, StorageDriver
from clients.scenarios import Meddling, Signer
from clients.stage import DOMAIN, Stage
from support.faults.calls import Call

_PAGES = PROGRAMS.parent / "pages"
_NO_PAGE: dict[str, str] = {"reload": "not in a page"}
_NO_CONTROLS: dict[str, str] = {
    "pause": "no pause in this SDK",
    "cancel": "no cancel in this SDK but to end the process",
    "renewal": "keeps its first credential",
    "set clock": "the program takes no commands",
}


def request_of(driver: Driver, stage: Stage, job: Job) -> dict[str, Any]:
    """Return what every program gets: where things are, and what to upload."""
    application = f"http://127.0.0.1:{stage.app.plain_port}"
    return {
        "tlsPort": stage.proxy.tls_port,
        "plainPort": stage.proxy.plain_port,
        "authority": str(stage.certificates.authority),
        "packages": str(driver.packages),
        "pages": str(_PAGES),
        "state": str(job.state),
        "signatureUrl": f"{application}/signature",
        "credentialUrl": f"{application}/credential",
        "media": str(job.media) if job.media else None,
        "cover": str(job.cover) if job.cover else None,
        "name": driver.display_name(job.media) if job.media else "",
    }


def run_program(program: str, request: Mapping[str, Any]) -> ProgramRun:
    """Start a program by its interpreter."""
    interpreter = sys.executable if program.endswith(".py") else "node"
    return ProgramRun([interpreter, str(PROGRAMS / program)], request, os.environ)


class VodPython(Driver):
    """vod-python-sdk: a server's upload through API 3.0."""

    name = "vod-python 1.4.4"
    speaks_api = True
    lacks: ClassVar[Mapping[str, str]] = (
        {need: reason for need, reason in NOT_YET.items() if need != "manifest"}
        | _NO_PAGE
        | _NO_CONTROLS
        | {
            "cover only": "API 3.0 uploads have no cover alone",
            "resume": "asks for a new place at each upload: nothing to resume",
            "signature": "signs each call with the secret key, no upload signature",
            "limits": "signs each call with the secret key, no upload signature",
            "calls Prepare": "not in this SDK",
        }
    )
    #: API 3.0 allows five minutes of difference (``upload-protocol.md`` 5).
    differs: ClassVar[Mapping[str, str]] = {
        "client's clock 1 h behind": "AuthFailure.SignatureExpire",
        "client's clock 1 h ahead": "AuthFailure.SignatureExpire",
    }

    def start(self, stage: Stage, job: Job) -> Run:
        """Run the program with the scenario's key."""
        return run_program("vod_python.py", self.request(stage, job))

    def request(self, stage: Stage, job: Job) -> dict[str, Any]:
        """Return what a program of API 3.0 gets."""
        key, signing = stage.key(), stage.scenario.signing
        return request_of(self, stage, job) | {
            "secretId": key.secret_id,
            "secretKey": key.secret_key,
            "subAppId": stage.main_application if signing.signer is Signer.OTHER_APPLICATION else None,
            "procedure": signing.changes.get("procedure"),
            "storageRegion": signing.changes.get("storageRegion"),
        }


class VodWx(Driver):
    """vod-wx-sdk-v2 in Node on a stub ``wx``."""

    name = "vod-wx 1.1.2"
    #: It announces no sizes, so storage refuses; and shows two words for whatever storage says.
    differs: ClassVar[Mapping[str, str]] = {
        "limit: size: one byte over": "cos error",
        "limit: cover: one byte over": "cos error",
    }
    lacks: ClassVar[Mapping[str, str]] = (
        NOT_YET
        | _NO_PAGE
        | {
            "cover only": "the mini-program SDK demands a media file",
            "renewal": "hands its first credential back for ever",
        }
    )

    def start(self, stage: Stage, job: Job) -> Run:
        """Run the program."""
        return run_program("vod_wx.cjs", request_of(self, stage, job))


class Android(Driver):
    """A script of what the Android SDK sends, since the SDK itself needs a phone."""

    name = "Android (scripted)"
    system = "android"
    lacks: ClassVar[Mapping[str, str]] = NOT_YET | _NO_PAGE | {"cover only": "the mobile SDKs publish media"}

    def start(self, stage: Stage, job: Job) -> Run:
        """Run the program."""
        return run_program("mobile.py", request_of(self, stage, job) | {"system": self.system})

    def check(self, stage: Stage) -> None:
        """Plain HTTP to storage, TLS to the control plane; a clock error made it apply again."""
        control = (Call.PREPARE, Call.APPLY, Call.COMMIT)
        assert all(seen.secure == (seen.call in control) for seen in stage.proxy.seen)
        assert stage.proxy.count(Call.APPLY) > 1 or stage.scenario.meddling is not Meddling.SET_CLOCK
        self.check_own(stage)

    def check_own(self, stage: Stage) -> None:
        """A small file is put although a multipart upload was opened."""
        assert stage.scenario.name != "small file" or (
            stage.proxy.count(Call.INITIATE) == stage.proxy.count(Call.PUT) == 1
        )


class Ios(Android):
    """A script of what the iOS SDK sends: another ``Host`` on Commit, other limits, strict types."""

    name = "iOS (scripted)"
    system = "ios"

    def check_own(self, stage: Stage) -> None:
        """Apply goes to the host that the SDK knows, Commit to the one that Apply named."""
        hosts = {Call.APPLY: "vod2.qcloud.com", Call.COMMIT: DOMAIN}
        assert all(seen.host == hosts[seen.call] for seen in stage.proxy.seen if seen.call in hosts)


class ProgramStorageDriver(StorageDriver):
    """A COS SDK in a program."""

    program: str

    def store(self, stage: Stage, job: Job, places: list[dict[str, Any]], credential: Mapping[str, Any]) -> Run:
        """Run the program."""
        return run_program(self.program, request_of(self, stage, job) | {"places": places, "credential": credential})


class CosPython(ProgramStorageDriver):
    """cos-python-sdk-v5."""

    name = "cos-python 1.9.44"
    program = "cos_python.py"
    lacks: ClassVar[Mapping[str, str]] = STORAGE_LACKS | _NO_CONTROLS
    #: It signs with the device's time and never corrects it (``cos-storage.md`` 2.5); storage's words about a part go
    #: to its log, and its exception has words of its own.
    differs: ClassVar[Mapping[str, str]] = {
        "client's clock 1 h ahead": "RequestTimeTooSkewed",
        "limit: size: one byte over": "some upload_part fail after max_retry",
    }


class CosNodejs(ProgramStorageDriver):
    """cos-nodejs-sdk-v5."""

    name = "cos-nodejs 2.15.4"
    program = "cos_nodejs.cjs"
