"""The command line: its table of commands, and the output of failures.

Only the module of the requested command is imported, so that ``openvod sign --help`` loads no database code.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer
from typer import TyperException

from openvod.app.cli.administration import print_json
from openvod.base.errors import Invalid, NotFound, OpenVodError

_USAGE, _INTERRUPTED = 2, 130
#: Commands that end by signal and log their failures with tracebacks.
_PROGRAMS = ("serve", "worker", "app-server")


@dataclass(frozen=True)
class _Command:
    """Where a command, or a group of them, is defined; ``help`` is its line in the list of commands."""

    module: str
    name: str
    help: str


COMMANDS = {
    "serve": _Command("serve", "serve", "Run the platform until SIGTERM."),
    "worker": _Command("serve", "worker", "Run task flows beside a server, until SIGTERM."),
    "plan": _Command("tasks", "plan", "Show what a procedure would run on a file, without running it."),
    "demo": _Command("demo", "demo", "Start everything, upload a generated video, wait for its event, play it."),
    "app-server": _Command("serve", "app_server", "Run the reference app server."),
    "upload": _Command("client", "upload", "Upload a file; Ctrl-C pauses."),
    "sign": _Command("client", "sign", "Print an upload signature."),
    "verify-signature": _Command("tools", "verify_signature", "Check an upload signature."),
    "scrub": _Command("tools", "scrub", "Read every stored object again and compare it with its checksums."),
    "adopt": _Command("installation", "adopt", "Make database, data folder and store one installation."),
    "restore": _Command("installation", "restore", "Accept a restored, older database beside newer files."),
    "doctor": _Command("tools", "doctor", "Check machine, data folder, server and network."),
    "keys": _Command("access", "keys", "Key pairs that sign uploads and API calls."),
    "apps": _Command("access", "apps", "Applications (SubAppId)."),
    "regions": _Command("access", "regions", "Storage regions."),
    "classes": _Command("access", "classes", "Media categories (classId)."),
    "audit": _Command("access", "audit", "Who changed what."),
    "api": _Command("api", "api", "The server API 3.0, and the API of the console."),
    "console": _Command("console", "console", "Users of the console."),
    "events": _Command("events", "events", "Events, and the endpoints that receive them."),
    "media": _Command("media", "media", "Media assets."),
    "tasks": _Command("tasks", "tasks", "Processing tasks."),
    "templates": _Command("tasks", "templates", "Templates of every kind, presets included."),
    "procedures": _Command("tasks", "procedures", "Procedures, which signatures can name."),
    "config": _Command("serve", "config", "Settings."),
    "storage": _Command("serve", "storage", "Maintenance of the store."),
}


def run(arguments: Sequence[str], application: typer.Typer | None = None) -> int:
    """Run a command in this process and return its exit status.

    0: success; 1: failure, or a check found a problem; 2: wrong usage (an option, a path, an id); 130: Ctrl-C. A
    failure is one line on standard error, or with ``--json`` an object on standard output.
    """
    command = application or application_for(arguments)
    try:
        return int(command(args=list(arguments), prog_name="openvod", standalone_mode=False) or 0)
    except KeyboardInterrupt:
        typer.echo("", err=True)
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader closed the pipe; write nothing more, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except typer.Abort:
        return _INTERRUPTED
    except Exception as error:
        if _command_words(arguments)[:1] and _command_words(arguments)[0] in _PROGRAMS and not _is_foreseen(error):
            raise
        status, code, message = _explained(error)
        # A group without a command has already printed its help.
        if message:
            _refuse(code, message, as_json="--json" in arguments)
        return status


def application_for(arguments: Sequence[str]) -> typer.Typer:
    """Return the application with the module of the requested command; for other commands, only names."""
    application = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
    application.callback()(_options)
    wanted = next(iter(_command_words(arguments)), "")
    for name, command in COMMANDS.items():
        _add(application, name, command, load=name == wanted)
    return application


def _add(application: typer.Typer, name: str, command: _Command, *, load: bool) -> None:
    if not load:
        application.command(name, help=command.help)(_not_loaded)
        return
    found: Any = getattr(import_module(f"openvod.app.cli.{command.module}"), command.name)
    if isinstance(found, typer.Typer):
        application.add_typer(found, name=name)
    else:
        application.command(name)(found)


def _not_loaded() -> None:
    raise AssertionError("a command runs that is not in the arguments")


def _show_version(wanted: bool) -> None:
    if wanted:
        from openvod import __version__

        typer.echo(f"openvod {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version.")
    ] = False,
) -> None:
    """Self-hosted video on demand."""


def _command_words(arguments: Sequence[str]) -> list[str]:
    """Return the words that may name commands; for shell completion, those of the line to complete."""
    if "_OPENVOD_COMPLETE" in os.environ:
        arguments = os.environ.get("COMP_WORDS", os.environ.get("_TYPER_COMPLETE_ARGS", "")).split()[1:]
    return [word for word in arguments if not word.startswith("-")]


def _is_foreseen(error: Exception) -> bool:
    return isinstance(error, OpenVodError | TyperException | OSError) or _is_setting(error)


def _is_setting(error: Exception) -> bool:
    """Return whether an error is a failed validation of settings, without importing pydantic."""
    return type(error).__name__ == "ValidationError" and hasattr(error, "errors")


def _explained(error: Exception) -> tuple[int, str, str]:
    """Return exit status, code and message of a failure."""
    if isinstance(error, OpenVodError):
        from openvod.surfaces.errors import public_code

        return _USAGE if isinstance(error, Invalid | NotFound) else 1, public_code(error), error.message
    if isinstance(error, TyperException):
        message = error.format_message().rstrip(".")
        return error.exit_code, "usage", message and f"{message}; --help shows the usage"
    if isinstance(error, OSError):
        place = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        return _USAGE, "os", f"{place}{error.strerror or error}"
    if _is_setting(error):
        first = error.errors()[0]  # type: ignore[attr-defined]  # pydantic's, see above
        field = "__".join(str(part) for part in first["loc"]).upper()
        return _USAGE, "settings.invalid", f"setting OPENVOD__{field}: {first['msg']}"
    return 1, "internal", f"{type(error).__name__}: {error}; this is a bug in OpenVOD, please report it"


def _refuse(code: str, message: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"error": {"code": code, "message": message}})
    else:
        typer.secho(f"openvod: {message}", err=True, fg="red")
