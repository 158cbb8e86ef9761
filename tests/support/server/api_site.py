"""An application on a running platform, used over its server API."""

from __future__ import annotations

import time
from typing import Any

from support.server import PlatformServer
from support.server.api import code, paced
from support.server.wire import Wire


class ApiSite:
    """One key of a platform, and the calls that tests of tasks make with it."""

    def __init__(self, server: PlatformServer, *, seconds: float) -> None:
        self.server = server
        self.key = server.create_key()
        self.wire = Wire(server.url, self.key)
        self._seconds = seconds

    def call(self, action: str, **body: Any) -> dict[str, Any]:
        """Call an action."""
        return paced(self.wire, action, body)

    def detail(self, task_id: str) -> dict[str, Any]:
        """Return a task's detail; asserts that there is one."""
        answer = self.call("DescribeTaskDetail", TaskId=task_id)
        assert code(answer) == "", answer
        return answer

    def end_of(self, task_id: str) -> dict[str, Any]:
        """Wait for a task's end; return its detail."""
        deadline = time.monotonic() + self._seconds
        while time.monotonic() < deadline:
            detail = self.detail(task_id)
            if detail["Status"] in ("FINISH", "ABORTED"):
                return detail
            time.sleep(0.2)
        raise AssertionError(f"{task_id} has no end: {self.server.log()}")
