"""``openvod upload | sign``: the client, on the SDK."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openvod.base.errors import Conflict, Denied, Invalid, OpenVodError, Unavailable

if TYPE_CHECKING:
    from rich.progress import TaskID

    from openvod_sdk import OpenVodSdkError, Progress, UploadResult

from openvod.app.cli.administration import AsJson, print_json

_INTERRUPTED = 130


def upload(
    file: Annotated[Path, typer.Argument(help="Media file.", exists=True, dir_okay=False)],
    server: Annotated[str, typer.Option(help="Base URL of the platform.", envvar="OPENVOD_SERVER")],
    signature: Annotated[str, typer.Option(help="Upload signature.")] = "",
    sign_url: Annotated[str, typer.Option(help="Address of the app server that signs.")] = "",
    token: Annotated[str, typer.Option(help="User's token for --sign-url.", envvar="OPENVOD_TOKEN")] = "",
    cover: Annotated[Path | None, typer.Option(help="Cover picture.", exists=True, dir_okay=False)] = None,
    name: Annotated[str | None, typer.Option(help="Display name; default: the file's.")] = None,
    part_size: Annotated[int, typer.Option(help="Part size in MiB.", min=1)] = 8,
    concurrency: Annotated[int, typer.Option(help="Parts at a time.", min=1, max=32)] = 4,
    as_json: AsJson = False,
) -> None:
    """Upload a file. Ctrl-C pauses; the same command resumes within a day."""

    from openvod_sdk import Client, OpenVodSdkError

    if bool(signature) == bool(sign_url):
        raise typer.BadParameter("give either --signature or --sign-url")
    get: str | Callable[[], str] = signature or (lambda: fetch_signature(sign_url, token, file))
    client = Client(server, get, part_size=part_size << 20, concurrency=concurrency)
    started = time.monotonic()
    try:
        with _progress_bar(file, quiet=as_json or not sys.stderr.isatty()) as report:
            result = client.upload(file, cover=cover, name=name, on_progress=report)
    except KeyboardInterrupt:
        typer.secho("\npaused: run the same command again to resume (possible for a day)", err=True, fg="yellow")
        raise typer.Exit(_INTERRUPTED) from None
    except OpenVodSdkError as error:
        raise _as_openvod_error(error) from error
    _show(result, time.monotonic() - started, as_json)


def sign(
    secret_id: Annotated[str, typer.Option(envvar="OPENVOD_SECRET_ID", help="secretId of the key pair.")],
    secret_key: Annotated[str, typer.Option(envvar="OPENVOD_SECRET_KEY", help="Its secretKey.")],
    expire: Annotated[int, typer.Option(help="Seconds of validity.")] = 86_400,
    class_id: Annotated[int | None, typer.Option(help="Category.")] = None,
    procedure: Annotated[str | None, typer.Option(help="Task flow to run after the upload.")] = None,
    task_priority: Annotated[int | None, typer.Option(help="-10 to 10.")] = None,
    task_notify_mode: Annotated[str | None, typer.Option(help="Finish, Change or None.")] = None,
    source_context: Annotated[str | None, typer.Option(help="Comes back in NewFileUpload.")] = None,
    session_context: Annotated[str | None, typer.Option(help="Comes back in ProcedureStateChanged.")] = None,
    one_time: Annotated[bool, typer.Option("--one-time", help="Valid for a single upload.")] = False,
    sub_app_id: Annotated[int | None, typer.Option(help="Application.")] = None,
    storage_region: Annotated[str | None, typer.Option(help="Storage region.")] = None,
) -> None:
    """Print an upload signature."""
    from openvod_sdk import OpenVodSdkError
    from openvod_sdk import sign as sign_permission

    try:
        text = sign_permission(
            secret_id,
            secret_key,
            expire=expire,
            class_id=class_id,
            procedure=procedure,
            task_priority=task_priority,
            task_notify_mode=task_notify_mode,
            source_context=source_context,
            session_context=session_context,
            one_time=one_time,
            sub_app_id=sub_app_id,
            storage_region=storage_region,
        )
    except OpenVodSdkError as error:
        raise _as_openvod_error(error) from error
    typer.echo(text)


def _as_openvod_error(error: OpenVodSdkError) -> OpenVodError:
    """Convert an error of the SDK to one that the command line prints."""
    from openvod_sdk import ApiError, InvalidPermission, SourceChanged, StorageError, TransportError

    if isinstance(error, InvalidPermission):
        return Invalid("sign.permission", str(error))
    if isinstance(error, TransportError):
        return Unavailable("upload.unreachable", str(error))
    if isinstance(error, SourceChanged):
        return Conflict("upload.source_changed", str(error))
    refused = isinstance(error, ApiError | StorageError)
    return Denied("upload.refused" if refused else "upload.failed", str(error))


def fetch_signature(url: str, token: str, file: Path) -> str:
    """Request a signature from an app server; raises ``OpenVodSdkError`` with the reason of a refusal."""
    import httpx

    from openvod_sdk import OpenVodSdkError, TransportError

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = httpx.post(url, json={"size": file.stat().st_size}, headers=headers, timeout=10)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TransportError(
            f"{url} cannot be reached ({error}); check the address and that the app server runs"
        ) from error
    try:
        parsed = answer.json()
        if answer.status_code == httpx.codes.OK and not parsed.get("code"):
            return str(parsed["data"]["signature"])
        reason = parsed.get("message") or parsed
    except (ValueError, KeyError, AttributeError):
        reason = f"HTTP {answer.status_code}"
    raise OpenVodSdkError(f"the app server refused the signature: {reason}")


@contextmanager
def _progress_bar(file: Path, *, quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as ProgressBar

    if quiet:
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
    )
    with ProgressBar(*columns, console=Console(stderr=True)) as bar:
        task: TaskID = bar.add_task(file.name, total=None)
        yield lambda p: bar.update(
            task, completed=p.bytes_done, total=p.bytes_total, description=f"{file.name} · {p.phase}"
        )


def _show(result: UploadResult, seconds: float, as_json: bool) -> None:
    fields = {
        "fileId": result.file_id,
        "videoUrl": result.media_url,
        "coverUrl": result.cover_url,
        "bytes": result.size,
        "crc64": str(result.crc64),
        "resumedBytes": result.resumed_bytes,
        "seconds": round(seconds, 3),
    }
    if as_json:
        print_json(fields)
        return
    for name, value in fields.items():
        typer.echo(f"{name:13}{value}")
