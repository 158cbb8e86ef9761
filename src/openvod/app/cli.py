"""The command line ``openvod``; the commands themselves live in ``cli_*`` beside this module."""

from __future__ import annotations

import typer

from openvod.app import (
    cli_access,
    cli_api,
    cli_client,
    cli_console,
    cli_demo,
    cli_events,
    cli_media,
    cli_serve,
    cli_tasks,
    cli_tools,
)

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Self-hosted video on demand.", pretty_exceptions_enable=False
)
app.command("serve")(cli_serve.serve)
app.command("worker")(cli_serve.worker)
app.command("plan")(cli_tasks.plan)
app.command("demo")(cli_demo.demo)
app.command("app-server")(cli_serve.app_server)
app.command("upload")(cli_client.upload)
app.command("sign")(cli_client.sign)
app.command("verify-signature")(cli_tools.verify_signature)
app.command("scrub")(cli_tools.scrub)
app.command("doctor")(cli_tools.doctor)
app.add_typer(cli_access.keys, name="keys")
app.add_typer(cli_access.apps, name="apps")
app.add_typer(cli_access.regions, name="regions")
app.add_typer(cli_access.classes, name="classes")
app.add_typer(cli_access.audit, name="audit")
app.add_typer(cli_api.api, name="api")
app.add_typer(cli_console.console, name="console")
app.add_typer(cli_events.events, name="events")
app.add_typer(cli_media.media, name="media")
app.add_typer(cli_tasks.tasks, name="tasks")
app.add_typer(cli_tasks.templates, name="templates")
app.add_typer(cli_tasks.procedures, name="procedures")
app.add_typer(cli_serve.config, name="config")
app.add_typer(cli_serve.storage, name="storage")


def main() -> None:
    """Entry point of the ``openvod`` program."""
    app()


if __name__ == "__main__":
    main()
