"""The command line as people and programs meet it: help, refusals, tables, completion, Ctrl-C."""

from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import typer

from openvod.app.cli.administration import show
from openvod.app.cli.commands import COMMANDS
from support.server.commands import in_process

# Typer loads pydantic by itself.
_HEAVY = (
    "sqlalchemy",
    "alembic",
    "pydantic_settings",
    "httpx",
    "rich",
    "fastapi",
    "cryptography",
    "PIL",
    "av",
    "dbos",
    "openvod_sdk",
)
_MOST_MODULES = 330
_ID = "5285890784273533167-5285890784273533167-5285890784273533167"
#: What makes an installation, or needs none.
_CREATE = {"serve", "keys create", "config show", "plan"}


def commands() -> Iterator[tuple[list[str], Any]]:
    """Yield the words and the function of every command."""
    for name, command in COMMANDS.items():
        found = getattr(import_module(f"openvod.app.cli.{command.module}"), command.name)
        if isinstance(found, typer.Typer):
            yield from inside([name], found)
        else:
            yield [name], found


def inside(words: list[str], group: typer.Typer) -> Iterator[tuple[list[str], Any]]:
    """Yield the commands of a group."""
    for each in group.registered_commands:
        assert each.callback
        yield [*words, each.name or each.callback.__name__], each.callback
    for sub in group.registered_groups:
        assert sub.typer_instance
        yield from inside([*words, str(sub.name)], sub.typer_instance)


def needs_installation(words: list[str], function: Any) -> bool:
    """Tell whether a command works on an installation that is there."""
    return "data_dir" in inspect.signature(function).parameters and " ".join(words) not in _CREATE


def call(words: Sequence[str], function: Any, data_dir: Path) -> list[str]:
    """Return a call of a command, with something in place of every argument and option that it must have."""
    given = list(words)
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        if parameter.default is not inspect.Parameter.empty:
            continue
        kind = getattr(parameter.annotation, "__origin__", parameter.annotation)
        value = next(iter(kind)).value if hasattr(kind, "__members__") else "1"
        notes = getattr(parameter.annotation, "__metadata__", ())
        is_option = any(type(note).__name__ == "OptionInfo" for note in notes)
        given += [f"--{parameter.name.replace('_', '-')}", value] if is_option else [value]
    return [*given, "--data-dir", str(data_dir)]


@pytest.mark.parametrize("name", sorted({command.module: name for name, command in COMMANDS.items()}.values()))
def test_help_loads_little(name: str) -> None:
    """``--help`` of a command loads neither database nor web framework: it answers in a quarter of a second."""
    program = (
        f"import sys; from openvod.app.cli.commands import run; status = run([{name!r}, '--help']);"
        f"print(status, len(sys.modules), [name for name in {_HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    status, count, heavy = done.stderr.strip().split(" ", 2)
    assert (status, heavy) == ("0", "[]")
    assert int(count) <= _MOST_MODULES
    assert "--help" in done.stdout


def test_the_table_tells_what_commands_tell() -> None:
    """The list of commands has the words of each command's own help."""
    for name, command in COMMANDS.items():
        found = getattr(import_module(f"openvod.app.cli.{command.module}"), command.name)
        told = found.info.help if isinstance(found, typer.Typer) else inspect.getdoc(found)
        assert isinstance(told, str)
        assert told.split()[0] == command.help.split()[0], name
    listed = in_process("--help").stdout
    assert all(name in listed for name in COMMANDS)


@pytest.mark.parametrize(
    ("words", "function"),
    [pytest.param(*each, id=" ".join(each[0])) for each in commands() if needs_installation(*each)],
)
def test_a_spelling_mistake_makes_no_installation(words: list[str], function: Any, tmp_path: Path) -> None:
    """Every command on a folder that holds none says so in one line, with the next step, and leaves nothing there."""
    typo = tmp_path / "dta"
    done = in_process(*call(words, function, typo))
    assert done.status == 2, done.stderr
    assert done.stderr.count("\n") == 1
    if "no installation" in done.stderr:
        assert "'openvod serve'" in done.stderr
    assert not typo.exists()


def test_refusals_are_one_line(tmp_path: Path) -> None:
    """A wrong call, a missing file, an unknown id: one line, exit status 2; with --json an object tells why."""
    data = ["--data-dir", str(tmp_path / "data")]
    assert in_process("keys", "create", *data).status == 0
    for arguments in (
        ["keys", "disable", "AKIDnone", *data],
        ["media", "show", "1", *data],
        ["tasks", "show", "none", *data],
        ["events", "show", "424242", *data],
        ["tasks", "start", "1", "--procedure", "LongVideoPreset", *data],
        ["procedures", "create", "missing.json", *data],
        ["templates", "create", "Transcode", "missing.json", *data],
        ["plan", "missing.mp4", "--procedure", "LongVideoPreset", *data],
        ["upload", "missing.mp4", "--server", "http://127.0.0.1:9", "--signature", "x"],
        ["keys", "list", "--no-such-option"],
        ["no-such-command"],
        ["keys", "no-such-command"],
        ["sign", "--secret-id", "a"],
    ):
        done = in_process(*arguments)
        assert (done.status, done.stderr.count("\n")) == (2, 1), (arguments, done.stderr)
        assert done.stderr.startswith("openvod: ")
    told = json.loads(in_process("tasks", "show", "none", *data, "--json").stdout)
    assert set(told["error"]) == {"code", "message"}


def test_who_cannot_be_reached_is_named(tmp_path: Path) -> None:
    """A refused connection tells the address and the next step."""
    video = tmp_path / "a.mp4"
    video.write_bytes(b"x")
    asked = ["upload", str(video), "--server", "http://127.0.0.1:9", "--sign-url", "http://127.0.0.1:9/signature"]
    done = in_process(*asked)
    assert (done.status, done.stderr.count("\n")) == (1, 1)
    assert "http://127.0.0.1:9/signature" in done.stderr
    assert "check the address" in done.stderr


def test_tables_cut_nothing() -> None:
    """In a pipe, values stand whole between tabs, however narrow the window is; a value is one word of one line."""
    out = StringIO()
    with redirect_stdout(out):
        show([{"taskId": _ID, "name": "two\nlines\tof text", "may": ["read", "sign"]}], as_json=False)
    assert out.getvalue() == f"taskId\tname\tmay\n{_ID}\ttwo lines of text\tread,sign\n"


def test_tables_are_aligned_on_terminals() -> None:
    """On a terminal columns begin where they began above, also behind Chinese names; nothing is cut at 80 columns."""

    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    with redirect_stdout(out):
        show([{"name": "测试", "id": _ID * 2}, {"name": "clip", "id": "7"}], as_json=False)
    assert out.getvalue() == f"name  id\n测试  {_ID * 2}\nclip  7\n"


def test_version() -> None:
    """``--version`` prints one line."""
    assert in_process("--version").stdout == "openvod 0.1.0\n"


@pytest.mark.parametrize(
    ("line", "found"), [("openvod ev", {"events"}), ("openvod events endpoints r", {"remove", "rotate"})]
)
def test_completion(line: str, found: set[str]) -> None:
    """A shell completes commands, those inside groups too."""
    environment = os.environ | {
        "_OPENVOD_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1),
    }  # fmt: skip
    done = subprocess.run(
        [str(Path(sys.executable).with_name("openvod"))], env=environment, capture_output=True, text=True, check=False
    )
    assert found <= set(done.stdout.split()), done.stderr
    assert "\t" not in done.stdout


#: Runs the program, which gets SIGINT as soon as it looks for its n-th module after its entry point. A shell that runs
#: this suite in the background ignores SIGINT, and children inherit that; a terminal's do not.
_INTERRUPTED = """\
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
class Interrupting:
    left = int(sys.argv.pop(1))
    def find_spec(self, name, path=None, target=None):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)
from openvod.app.cli.__main__ import main
sys.meta_path.insert(0, Interrupting())
main()
"""


@pytest.mark.parametrize("place", [1, 2, 40, 200, 400])
def test_interrupted_while_it_loads(place: int) -> None:
    """Ctrl-C at any moment of the start ends it without a trace; the moment is told by what is imported."""
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED, str(place), "api", "openapi"], capture_output=True, text=True, check=False
    )
    status, told = done.returncode, done.stderr
    assert status in (130, -signal.SIGINT)
    assert "Traceback" not in told
