"""What strangers sent cannot forge a log line, move a terminal's cursor, or break a JSON log."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvod.app.cli.administration import print_json, show
from openvod.app.logs import JsonFormatter, LineFormatter, LogFormat, set_up_logging
from openvod.base.text import printable

_EVIL = "a\n2026-01-01 00:00:00,000 INFO openvod: signed in\r\x1b[2J\x9b1A\u202edlrow\u2028\x7f\ud800\x00"


@contextmanager
def _logger(formatter: logging.Formatter) -> Iterator[tuple[logging.Logger, io.StringIO]]:
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(formatter)
    logger = logging.Logger("openvod.test")
    logger.addHandler(handler)
    yield logger, output


def test_a_record_is_a_line() -> None:
    """Newlines, escapes and bidirectional controls in a key are written out, in arguments and in tracebacks."""
    with _logger(LineFormatter()) as (logger, output):
        logger.info("no object has the key %s", _EVIL)
        try:
            raise ValueError(_EVIL)
        except ValueError:
            logger.exception("failed for %r", "x")
    lines = output.getvalue().split("\n")
    records = [line for line in lines if re.match(r"\d{4}-", line)]
    assert [record.split(" ")[2] for record in records] == ["INFO", "ERROR"], "no third one was forged"
    assert all(line.startswith("    | ") for line in lines[2:-1])
    assert "a\\n2026" in records[0]
    assert "\\u001b[2J\\u009b1A\\u202edlrow\\u2028\\u007f\\ud800\\u0000" in records[0]


def test_json_records() -> None:
    """A JSON log has one object on each line, with the text as it came."""
    with _logger(JsonFormatter()) as (logger, output):
        logger.warning("key %s", _EVIL)
        try:
            raise ValueError(_EVIL)
        except ValueError:
            logger.exception("failed")
    first, second = (json.loads(line) for line in output.getvalue().splitlines())
    assert (first["message"], first["level"], first["logger"]) == (f"key {_EVIL}", "WARNING", "openvod.test")
    assert _EVIL in second["traceback"]


@given(st.text(st.characters(categories=None)))
def test_nothing_that_moves_a_cursor_is_left(text: str) -> None:
    """Any text becomes one line of visible characters, which any stream can encode."""
    shown = printable(text)
    assert shown.splitlines() in ([], [shown])
    assert not re.search("[\x00-\x1f\x7f-\x9f]", shown)
    shown.encode()


@pytest.mark.parametrize("form", ["text", "json"])
def test_everything_passes_the_formatter(form: LogFormat, capsys: pytest.CaptureFixture[str]) -> None:
    """Libraries that would print their own lines, and warnings, log through it as well."""
    before = logging.getLogger().handlers[:]
    try:
        set_up_logging("info", form)
        for name in ("openvod.web", "dbos", "uvicorn.error", "py.warnings"):
            logging.getLogger(name).warning("of %s: %s", name, _EVIL)
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 4
        assert all((line[0] == "{") == (form == "json") for line in lines)
    finally:
        logging.getLogger().handlers[:] = before
        logging.getLogger("dbos").handlers.clear()
        logging.captureWarnings(False)


def test_tables_and_documents_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """The command line shows names of strangers too; its JSON is the same JSON."""
    show([{"Name": _EVIL}], as_json=False)
    shown = capsys.readouterr().out
    assert shown.count("\n") == 2
    assert "\x1b" not in shown
    print_json({"Name": _EVIL})
    shown = capsys.readouterr().out
    assert (json.loads(shown), "\x1b" in shown, shown.count("\n")) == ({"Name": _EVIL}, False, 1)
