"""``openvod keys | apps | regions | classes``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from openvod.access.categories import TOP, CategoryService
from openvod.access.model import Group, KeyPair
from openvod.access.service import main_application_id
from openvod.app.cli.administration import (
    DEFAULT_DATA_DIR,
    AsJson,
    DataDir,
    print_json,
    show,
    with_access,
    with_endpoints,
    with_services,
)
from openvod.events.codec import iso_time
from openvod.events.model import DEFAULT_ENDPOINT

R = TypeVar("R")
keys = typer.Typer(no_args_is_help=True, help="Key pairs that sign uploads and API calls.")
apps = typer.Typer(no_args_is_help=True, help="Applications (SubAppId).")
regions = typer.Typer(no_args_is_help=True, help="Storage regions.")
classes = typer.Typer(no_args_is_help=True, help="Media categories (classId).")
SubAppId = Annotated[int, typer.Option("--sub-app-id", help="Application; 0 is the main one.")]
audit = typer.Typer(no_args_is_help=True, help="Who changed what.")
May = Annotated[
    list[Group] | None,
    typer.Option(help="What the key may be used for; repeat it for several. Without it: everything."),
]
SecretId = Annotated[str, typer.Argument(help="The key's secretId.")]


@keys.command("create")
def create_key(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    sub_app_id: SubAppId = 0,
    note: str = "",
    may: May = None,
    as_json: AsJson = False,
) -> None:
    """Create a key pair, and the installation when there is none. The secret is shown only once."""
    issued = with_access(data_dir, lambda access: access.create_key(sub_app_id, note, may or ()), create=True)
    if as_json:
        print_json({"secretId": issued.secret_id, "secretKey": issued.secret_key, "subAppId": issued.sub_app_id})
        return
    typer.echo(f"secretId   {issued.secret_id}\nsecretKey  {issued.secret_key}\nsubAppId   {issued.sub_app_id}")
    typer.echo("Keep the secretKey now: it is not shown again.", err=True)


@keys.command("list")
def list_keys(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """List key pairs, without secrets."""
    show([_key_row(key) for key in with_access(data_dir, lambda access: access.keys())], as_json)


@keys.command("disable")
def disable_key(secret_id: SecretId, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Refuse what the key signs from now on."""
    with_access(data_dir, lambda access: access.set_key_enabled(secret_id, False))


@keys.command("enable")
def enable_key(secret_id: SecretId, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Accept what the key signs again."""
    with_access(data_dir, lambda access: access.set_key_enabled(secret_id, True))


@keys.command("permit")
def permit_key(secret_id: SecretId, may: May = None, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Limit what a key may be used for; without --may, everything."""
    with_access(data_dir, lambda access: access.set_key_groups(secret_id, may or ()))


@keys.command("delete")
def delete_key(secret_id: SecretId, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Delete a disabled key pair permanently."""
    with_access(data_dir, lambda access: access.delete_key(secret_id))


@apps.command("create")
def create_application(name: str, data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """Create an application."""
    application = with_access(data_dir, lambda access: access.create_application(name))
    show([{"subAppId": application.sub_app_id, "name": application.name}], as_json)


@apps.command("list")
def list_applications(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """List applications."""
    found = with_access(data_dir, lambda access: access.applications())
    endpoints = with_endpoints(data_dir, 0, lambda service, _: service.endpoints())
    urls = {each.sub_app_id: each.url for each in endpoints if each.name == DEFAULT_ENDPOINT}
    show(
        [{"subAppId": a.sub_app_id, "name": a.name, "callbackUrl": urls.get(a.sub_app_id, "")} for a in found], as_json
    )


@regions.command("list")
def list_regions(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """List storage regions."""
    show([asdict(region) for region in with_access(data_dir, lambda access: access.regions())], as_json)


@regions.command("enable")
def enable_region(
    name: str,
    default: Annotated[bool, typer.Option("--default", help="Make it the default region.")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Enable a storage region."""
    with_access(data_dir, lambda access: access.enable_region(name, default=default))


@regions.command("disable")
def disable_region(name: str, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Disable a storage region; what it holds stays."""
    with_access(data_dir, lambda access: access.disable_region(name))


@classes.command("create")
def create_class(
    name: str,
    parent: Annotated[int, typer.Option(help="classId to put it in; -1: at the top.")] = TOP,
    sub_app_id: SubAppId = 0,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Create a category."""
    created = _with_categories(
        data_dir, lambda categories: categories.create(main_application_id(sub_app_id), name, parent)
    )
    show([asdict(created)], as_json)


@classes.command("list")
def list_classes(sub_app_id: SubAppId = 0, data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """List categories."""
    listed = _with_categories(data_dir, lambda categories: categories.tree(main_application_id(sub_app_id)))
    show([asdict(each.category) | {"level": each.level} for each in listed], as_json)


@audit.command("list")
def list_audit(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    limit: Annotated[int, typer.Option(help="How many, from the newest.")] = 50,
    before: Annotated[int, typer.Option(help="Number of the last entry seen; 0: begin with the newest.")] = 0,
    as_json: AsJson = False,
) -> None:
    """List API calls that changed something or were refused."""
    found = with_services(data_dir, lambda services: services.access.audit.entries(before, limit))
    show([{"number": number} | asdict(entry) | {"at": iso_time(entry.at)} for number, entry in found], as_json)


def _with_categories(data_dir: Path, use: Callable[[CategoryService], Awaitable[R]]) -> R:
    return with_services(data_dir, lambda services: use(services.access.categories))


def _key_row(key: KeyPair) -> dict[str, Any]:
    return {
        "secretId": key.secret_id,
        "subAppId": key.sub_app_id,
        "enabled": key.enabled,
        "created": iso_time(key.created_at),
        "note": key.note,
        "may": [group.value for group in key.groups] or ["everything"],
    }
