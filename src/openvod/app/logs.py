"""The log formatter. It escapes control characters of untrusted input, against forged lines and terminal sequences."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Literal

from openvod.base.text import printable

LogFormat = Literal["text", "json"]
#: Loggers of libraries with handlers of their own.
_OTHERS = ("dbos",)
#: No record starts with this, so that a line of a traceback cannot look like a record.
_INDENT = "    | "


class LineFormatter(logging.Formatter):
    """Formats a record as one line, followed by its indented traceback."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        # Format without changing the record, which other handlers also use.
        moment = self.formatTime(record)
        line = f"{moment} {record.levelname} {record.name}: {printable(record.getMessage())}"
        trace = _trace(self, record)
        return "\n".join([line, *(f"{_INDENT}{printable(each)}" for each in trace.splitlines())])


class JsonFormatter(logging.Formatter):
    """Formats a record as JSON: ``time`` (ISO 8601, UTC), ``level``, ``logger``, ``message``, ``traceback``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object on one line."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        if trace := _trace(self, record):
            fields["traceback"] = trace
        return json.dumps(fields)


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    texts = [formatter.formatException(record.exc_info) if record.exc_info else "", record.stack_info or ""]
    return "\n".join(filter(None, texts))


def set_up_logging(level: str, form: LogFormat = "text") -> None:
    """Log to standard error with one formatter for all loggers."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else LineFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    for name in _OTHERS:
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
