"""What COS clients need around them: an app server that applies and commits, as section 5 of the protocol has it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import httpx

from clients.drivers.base import NOT_YET, Driver, Job, Outcome, Run
from clients.stage import Stage, as_json

_PATIENCE_SECONDS = 40
#: What a client of storage alone never meets.
STORAGE_LACKS: dict[str, str] = NOT_YET | {
    "calls Apply": "the app server applies, the COS SDK only stores",
    "calls Commit": "the app server commits, the COS SDK only stores",
    "signature": "a COS SDK gets a credential, not an upload signature",
    "cover only": "which file a cover belongs to is no matter of a COS SDK",
    "reload": "not in a page",
}


class StorageRun(Run):
    """A run of a COS client, committed by the app server once everything is stored."""

    def __init__(self, inner: Run, commit: Callable[[], Outcome]) -> None:
        self._inner = inner
        self._commit = commit

    def wait(self, timeout: float) -> Outcome:
        """Wait for the client, then commit."""
        outcome = self._inner.wait(timeout)
        return outcome if outcome.error else self._commit()

    def kill(self) -> None:
        """Kill the client."""
        self._inner.kill()

    def strike(self) -> bool:
        """Strike the client."""
        return self._inner.strike()

    def tell(self, command: str, *arguments: object) -> None:
        """Tell the client."""
        self._inner.tell(command, *arguments)

    def close(self) -> None:
        """Close the client."""
        self._inner.close()


class StorageDriver(Driver):
    """A COS SDK. Its app server keeps one session per scenario and hands out credentials at ``/credential``."""

    lacks: ClassVar[Mapping[str, str]] = STORAGE_LACKS
    stores_only = True

    def store(self, stage: Stage, job: Job, places: list[dict[str, Any]], credential: Mapping[str, Any]) -> Run:
        """Start the client: each place names ``file`` (media or cover), ``path``, ``bucket``, ``region``, ``key``."""
        raise NotImplementedError

    def start(self, stage: Stage, job: Job) -> Run:
        """Apply, or apply again for the same session, then have the client store."""
        session = job.state / "session"
        key = session.read_text() if session.exists() else ""
        data = _apply(stage, job, self.display_name, key)
        session.write_text(data["vodSessionKey"])

        def credential() -> dict[str, Any]:
            renewed = _apply(stage, job, self.display_name, session.read_text())
            return {**renewed["tempCertificate"], "timestamp": renewed["timestamp"]}

        stage.app.pages["/credential"] = lambda: ("application/json", as_json(credential()))
        bucket = f"{data['storageBucket']}-{data['storageAppId']}"
        places = [
            {"file": file, "path": str(path), "bucket": bucket, "region": data["storageRegionV5"],
             "key": data[member]["storagePath"][1:]}
            for file, member, path in (("media", "video", job.media), ("cover", "cover", job.cover)) if path
        ]  # fmt: skip
        run = self.store(stage, job, places, {**data["tempCertificate"], "timestamp": data["timestamp"]})
        return StorageRun(run, lambda: _commit(stage, data["vodSessionKey"]))


def _apply(stage: Stage, job: Job, name: Callable[[Any], str], session_key: str) -> dict[str, Any]:
    body: dict[str, Any] = {"signature": stage.sign()}
    if session_key:
        body["vodSessionKey"] = session_key
    for kind, path in (("video", job.media), ("cover", job.cover)):
        if path and not session_key:
            body[f"{kind}Name"], body[f"{kind}Type"] = name(path), path.suffix[1:]
            if "maxVideoSize" not in stage.scenario.signing.changes:
                # Else the limit is met at Apply; here it must hold while bytes arrive.
                body[f"{kind}Size"] = path.stat().st_size
    answer = _call(stage, "ApplyUploadUGC", body)
    assert answer["code"] == 0, answer
    data: dict[str, Any] = answer["data"]
    return data


def _commit(stage: Stage, session_key: str) -> Outcome:
    answer = _call(stage, "CommitUploadUGC", {"signature": stage.sign(), "vodSessionKey": session_key})
    if answer["code"]:
        return Outcome(error=json.dumps(answer))
    data = answer["data"]
    return Outcome(data["fileId"], data["video"]["url"], data.get("cover", {}).get("url", ""))


def _call(stage: Stage, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Call the control plane; what gets no answer is sent again, as an app server does while the platform restarts."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            with stage.wire() as wire:
                return wire.ugc(action, body)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
