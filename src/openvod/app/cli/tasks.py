"""``openvod plan | tasks | templates | procedures``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from openvod.app.foundation import Foundation
    from openvod.app.services import Services
    from openvod.kinds.plan.model import Plan
    from openvod.kinds.probe import ProbeResult
    from openvod.kinds.templates import Template
    from openvod.tasks.model import SubTask, Task
    from openvod.tasks.service import TaskService

from openvod.access.model import MAIN_APPLICATION_ID
from openvod.app.cli.access import SubAppId
from openvod.app.cli.administration import (
    DEFAULT_DATA_DIR,
    AsJson,
    DataDir,
    print_json,
    show,
    with_services,
)
from openvod.base.errors import Invalid
from openvod.events.codec import iso_time
from openvod.kinds.names import TemplateKind

R = TypeVar("R")
tasks = typer.Typer(no_args_is_help=True, help="Processing tasks.")
templates = typer.Typer(no_args_is_help=True, help="Templates of every kind, presets included.")
procedures = typer.Typer(no_args_is_help=True, help="Procedures, which signatures can name.")
TaskId = Annotated[str, typer.Argument(help="The task's id.")]
Kind = Annotated[TemplateKind, typer.Argument(help="The template's kind.")]
BodyFile = Annotated[Path, typer.Argument(help="JSON file with wire members; - reads standard input.", allow_dash=True)]


def plan(
    file: Annotated[Path, typer.Argument(help="A media file.", exists=True, dir_okay=False)],
    procedure: Annotated[str, typer.Option(help="A procedure's name or a legacy call.")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    sub_app_id: SubAppId = 0,
    as_json: AsJson = False,
) -> None:
    """Show what a procedure would run on a file, without running it."""
    from openvod.app.foundation import Foundation
    from openvod.app.settings import load_settings
    from openvod.processing.preview import plan_document

    base = Foundation(data_dir, load_settings(data_dir))
    probe = asyncio.run(base.programs.prober.probe(str(file.absolute())))
    made = _planned(base, probe, procedure, sub_app_id or MAIN_APPLICATION_ID)
    if as_json:
        print_json(plan_document(made, probe))
    else:
        _print_plan(made, probe, file)


def _planned(base: Foundation, probe: ProbeResult, text: str, sub_app_id: int) -> Plan:
    """Plan with the templates of a data folder, or with the presets alone."""
    from openvod.app.services import plan_options
    from openvod.kinds.plan.model import Source
    from openvod.processing.planner import make_plan
    from openvod.processing.preview import wanted_items
    from openvod.tasks.legacy import legacy_procedure
    from openvod.tasks.presets import PRESET_PROCEDURES, PRESETS
    from openvod.tasks.service import resolve_procedure, template_for

    options, source = plan_options(base.settings), Source("", probe)
    if not base.folder.database.exists() and not base.on_postgresql:
        known = [definition for kind, definition in PRESETS if kind is TemplateKind.TRANSCODE]
        found = PRESET_PROCEDURES.get(text) or legacy_procedure(text, known)
        return make_plan(source, wanted_items(found), lambda kind, definition: PRESETS.get((kind, definition)), options)

    def work(tx: Any) -> Plan:
        found = resolve_procedure(tx.tasks, sub_app_id, text)
        return make_plan(
            source,
            wanted_items(found),
            lambda kind, definition: template_for(tx.tasks, sub_app_id, kind, definition),
            options,
        )

    return with_services(base.folder.path, lambda services: services.database.read(work))


def _print_plan(made: Plan, probe: ProbeResult, file: Path) -> None:
    from openvod.kinds.plan.estimate import cpu_seconds
    from openvod.kinds.plan.model import Source
    from openvod.media.layout import command_line

    video = probe.video_streams[0] if probe.video_streams else None
    shape = f"{video.width}x{video.height} {video.codec} {video.frame_rate:g} fps" if video else "no video"
    typer.echo(f"{file.name}: {shape}, {probe.duration:g} s, {probe.size} bytes\n")
    for job in made.jobs:
        wanted = ", ".join(f"{share.kind.value} {share.definition}" for share in job.shares)
        cost = cpu_seconds(job, Source("", probe))
        typer.secho(f"{job.name} ({job.work.value}, about {cost:g} CPU seconds): {wanted}", bold=True)
        for command in job.commands:
            typer.echo(f"  {command_line(command.arguments).replace(chr(123) + 'source' + chr(125), str(file))}")
        typer.echo("")
    for number, failure in made.failures.items():
        typer.secho(f"sub-task {number} cannot run: {failure.err_code_ext}: {failure.message}", fg="red")


def _with_tasks(data_dir: Path, use: Callable[[TaskService], Awaitable[R]]) -> R:
    return with_services(data_dir, lambda services: use(services.tasks))


@tasks.command("list")
def list_tasks(
    file_id: Annotated[str, typer.Option(help="Only those of one FileId.")] = "",
    status: Annotated[str, typer.Option(help="WAITING, PROCESSING, FINISH or ABORTED.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """List tasks, newest first."""
    found = _with_tasks(data_dir, lambda s: s.tasks(file_id=file_id, status=status.upper(), limit=limit))
    show([_task_row(task) for task in found], as_json)


def _task_row(task: Task) -> dict[str, Any]:
    return {
        "taskId": task.task_id,
        "type": task.type.value,
        "fileId": task.file_id,
        "status": task.status.value,
        "procedure": task.procedure.name,
        "priority": task.priority,
        "created": iso_time(task.created_at),
    }


@tasks.command("show")
def show_task(task_id: TaskId, data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """Show a task: the state, progress, commands and log of every sub-task."""
    task, subtasks = _with_tasks(data_dir, lambda service: service.show(task_id))
    if as_json:
        print_json(_task_row(task) | {"subTasks": [_subtask_json(subtask) for subtask in subtasks]})
        return
    typer.secho(f"{task.task_id}  {task.status.value}  {task.procedure.name}  FileId {task.file_id}", bold=True)
    for subtask in subtasks:
        state = f"{subtask.status.value} {subtask.progress} %"
        typer.echo(f"\n{subtask.number}  {subtask.kind.value} {subtask.definition}  {state}  {subtask.err_code_ext}")
        for text in (subtask.message, subtask.plan, subtask.log):
            if text.strip():
                typer.echo("   " + text.strip().replace("\n", "\n   "))


def _subtask_json(subtask: SubTask) -> dict[str, Any]:
    from openvod.tasks.codec import result_item

    wire = result_item(subtask) if subtask.kind.declaration.result else {}
    return wire | {
        "number": subtask.number,
        "status": subtask.status.value,
        "progress": subtask.progress,
        "plan": subtask.plan,
        "log": subtask.log,
    }


@tasks.command("abort")
def abort_task(task_id: TaskId, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Abort a waiting task at once, a running one within two seconds."""
    from openvod.processing.flow_records import abort

    async def use(services: Services) -> Task:
        await services.addresses.refresh()
        now = services.clock.now()
        return await services.database.write(lambda tx: abort(tx, task_id, now, services.addresses.url))

    task = with_services(data_dir, use)
    typer.echo(f"{task.task_id} {'is ABORTED' if task.status.terminal else 'will stop'}")


@tasks.command("rerun")
def rerun_task(
    task_id: TaskId,
    subtask: Annotated[int | None, typer.Option(help="Number of a sub-task; default: all failed ones.")] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Rerun a finished task; its event is sent again at the end."""
    task = _with_tasks(data_dir, lambda service: service.rerun(task_id, subtask))
    typer.echo(f"{task.task_id} is WAITING")


@tasks.command("start")
def start_task(
    file_id: Annotated[str, typer.Argument(help="Id of an existing file.")],
    procedure: Annotated[str, typer.Option(help="A procedure's name or a legacy call.")],
    sub_app_id: SubAppId = 0,
    priority: Annotated[int, typer.Option(min=-10, max=10)] = 0,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Run a procedure on an existing file."""
    app = sub_app_id or MAIN_APPLICATION_ID

    async def use(services: Services) -> tuple[str, str]:
        asset = await services.database.read(lambda tx: tx.media.asset(file_id))
        if asset is None or asset.sub_app_id != app:
            raise Invalid("media.unknown", f"FileId {file_id} does not exist in application {app}")
        return await services.tasks.start(app, file_id, procedure, priority=priority)

    for task_id in filter(None, with_services(data_dir, use)):
        typer.echo(task_id)


@templates.command("list")
def list_templates(
    kind: Annotated[TemplateKind | None, typer.Option(help="Only one kind.")] = None,
    sub_app_id: SubAppId = 0,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """List presets and custom templates."""
    app = sub_app_id or MAIN_APPLICATION_ID
    found = _with_tasks(data_dir, lambda service: service.templates(app, kind))
    show([_template_row(template, with_body=as_json) for template in found], as_json)


def _template_row(template: Template, *, with_body: bool) -> dict[str, Any]:
    row = {
        "kind": template.kind.value,
        "definition": template.definition,
        "type": "Preset" if template.preset else "Custom",
        "name": template.name,
    }
    return row | ({"body": template.body.to_wire()} if with_body else {})


@templates.command("create")
def create_template(
    kind: Kind,
    body: BodyFile,
    name: Annotated[str, typer.Option(help="A name for people.")] = "",
    image: Annotated[Path | None, typer.Option(help="Picture of an image watermark.", exists=True)] = None,
    sub_app_id: SubAppId = 0,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Create a custom template; print its id."""
    app = sub_app_id or MAIN_APPLICATION_ID
    plain = _read_json(body)

    picture = image and image.absolute()

    async def use(services: Services) -> Template:
        if picture is None:
            return await services.tasks.create_template(app, kind, plain, name=name)
        return await _create_watermark(services, app, plain, picture, name)

    typer.echo(str(with_services(data_dir, use).definition))


async def _create_watermark(services: Services, app: int, plain: Mapping[str, Any], image: Path, name: str) -> Template:
    from openvod.media.outputs import output_bucket
    from openvod.processing.watermarks import WatermarkService

    database, entropy = services.database, services.entropy
    region = await database.read(lambda tx: next(r for r in tx.access.regions() if r.is_default))
    bucket = await database.write(lambda tx: output_bucket(tx.storage, entropy, app, region.name))
    service = WatermarkService(
        database,
        services.storage.outputs,
        lambda path: services.base.programs.check_image(Path(path)),
        services.clock,
        entropy,
    )
    return await service.create(bucket, plain, str(image), name=name)


@templates.command("delete")
def delete_template(
    kind: Kind, definition: int, sub_app_id: SubAppId = 0, data_dir: DataDir = DEFAULT_DATA_DIR
) -> None:
    """Delete a custom template."""
    app = sub_app_id or MAIN_APPLICATION_ID
    _with_tasks(data_dir, lambda service: service.delete_template(app, kind, definition))


@procedures.command("list")
def list_procedures(sub_app_id: SubAppId = 0, data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """List presets and custom procedures."""
    from openvod.tasks.presets import PRESET_PROCEDURES

    app = sub_app_id or MAIN_APPLICATION_ID
    found = _with_tasks(data_dir, lambda service: service.procedures(app))
    rows = [
        {"name": each.name, "type": "Preset" if each.name in PRESET_PROCEDURES else "Custom", "comment": each.comment}
        | ({"body": each.to_wire()} if as_json else {})
        for each in found
    ]
    show(rows, as_json)


@procedures.command("create")
def create_procedure(body: BodyFile, sub_app_id: SubAppId = 0, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Create a custom procedure from its wire members."""
    app = sub_app_id or MAIN_APPLICATION_ID
    plain = _read_json(body)
    made = _with_tasks(data_dir, lambda service: service.create_procedure(app, plain))
    typer.echo(made.name)


@procedures.command("delete")
def delete_procedure(name: str, sub_app_id: SubAppId = 0, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Delete a custom procedure."""
    app = sub_app_id or MAIN_APPLICATION_ID
    _with_tasks(data_dir, lambda service: service.delete_procedure(app, name))


def _read_json(path: Path) -> dict[str, Any]:
    text = typer.get_text_stream("stdin").read() if str(path) == "-" else path.read_text(encoding="utf-8")
    try:
        plain = json.loads(text)
    except ValueError as error:
        raise Invalid("json.malformed", f"{path} is not JSON: {error}") from error
    if not isinstance(plain, dict):
        raise Invalid("json.malformed", f"{path} must hold one JSON object")
    return plain
