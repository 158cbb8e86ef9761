"""The result of a check."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """Severity of a finding: ok, for information, change recommended, broken."""

    OK = "ok"
    INFO = "info"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One line of the report: ``what`` was checked, ``found`` is the result, ``advice`` the next step."""

    what: str
    level: Level
    found: str
    advice: str = ""


Check = Callable[[], Awaitable[list[Finding]]]
