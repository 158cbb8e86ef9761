"""A platform that pulls files, ordered about over API 3.0."""

from __future__ import annotations

from typing import Any

from openvod.app.cli.administration import with_services
from support.server import PlatformServer
from support.server.api import code, events_of
from support.server.api_site import ApiSite
from support.server.commands import openvod

PULL_SECONDS = 60.0


class PullSite(ApiSite):
    """A platform and a client of API 3.0."""

    def __init__(self, server: PlatformServer) -> None:
        super().__init__(server, seconds=PULL_SECONDS)

    def pull(self, url: str, **body: Any) -> str:
        """Order a pull; return its task's id."""
        answer = self.call("PullUpload", MediaUrl=url, **body)
        assert code(answer) == "", answer
        return str(answer["TaskId"])

    def ended(self, task_id: str) -> dict[str, Any]:
        """Wait for a pull's end; return its task as told, asserting that the one event told the same."""
        task: dict[str, Any] = self.end_of(task_id)["PullUploadTask"]
        told = [body["PullCompleteEvent"] for body in self.events("PullComplete")]
        assert [each for each in told if each["TaskId"] == task_id] == [task]
        return task

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of a kind."""
        return events_of(self.server.data_dir, kind)

    def failed(self, task_id: str, ext: str = "SourceFileError.DownloadNotAccessible", number: int = 60000) -> str:
        """Wait for a failure; return its words, asserting that nothing came of the pull."""
        task = self.ended(task_id)
        assert (task["ErrCodeExt"], task["ErrCode"], task["Status"]) == (ext, number, "FINISH"), task
        assert (task["FileId"], task["FileUrl"], task["MediaBasicInfo"], task["MetaData"]) == ("", "", None, None)
        self.check()
        return str(task["Message"])

    def check(self) -> None:
        """Assert that everything stored belongs to a file that there is."""

        def work(tx: Any) -> list[str]:
            keys = [stored.key for stored in tx.storage.all_objects()]
            return [key for key in keys if tx.media.asset(key.split("/")[1][8:]) is None]

        assert with_services(self.server.data_dir, lambda services: services.database.read(work)) == []

    def stop(self) -> None:
        """End the platform; asserts that disk and ledger agree."""
        self.wire.http.close()
        self.server.stop()
        done = openvod("storage", "check", "--data-dir", str(self.server.data_dir))
        assert done.returncode == 0, done.stdout + done.stderr
