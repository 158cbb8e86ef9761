"""What a check finds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """Good, worth knowing, worth a change, broken."""

    OK = "ok"
    INFO = "info"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One line of the report. ``what`` was looked at, ``found`` is what was measured, ``advice`` the next step."""

    what: str
    level: Level
    found: str
    advice: str = ""


Check = Callable[[], Awaitable[list[Finding]]]
