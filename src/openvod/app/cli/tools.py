"""``openvod verify-signature | scrub | doctor``: diagnosis."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from openvod.signing.diagnosis import Diagnosis
    from openvod.storage.scrubber import Scrubbed, Scrubber, Verdict

from openvod.access.model import DEFAULT_REGION
from openvod.app.cli.administration import (
    DEFAULT_DATA_DIR,
    AsJson,
    DataDir,
    existing,
    print_json,
    with_services,
)
from openvod.app.doctor.model import Check, Finding, Level
from openvod.base.errors import OpenVodError
from openvod.events.codec import iso_time
from openvod.signing.probe_token import probe_token

_PROBE_SECONDS = 300
_COLOURS = {Level.OK: "green", Level.INFO: "blue", Level.WARN: "yellow", Level.FAIL: "red"}
_TIMES = frozenset({"currentTimeStamp", "expireTime"})


def verify_signature(
    signature: Annotated[str, typer.Option(help="The upload signature; - reads it from standard input.")],
    secret_key: Annotated[str, typer.Option(help="The SecretKey of the signature.", envvar="OPENVOD_SECRET_KEY")],
    expected: Annotated[str, typer.Option(help="The intended parameter text, to find the first difference.")] = "",
    as_json: AsJson = False,
) -> None:
    """Check a signature and show what to change; exit status 1 when it is invalid."""
    from openvod.signing.diagnosis import diagnose

    text = sys.stdin.read().strip() if signature == "-" else signature
    found = diagnose(text, secret_key, time.time(), expected=expected)
    if as_json:
        print_json({"valid": found.valid, "problems": found.problems, "fields": found.fields})
    else:
        _show_diagnosis(found)
    if not found.valid:
        raise typer.Exit(1)


def _show_diagnosis(found: Diagnosis) -> None:
    for name, value in found.fields:
        when = f"  ({iso_time(float(value))})" if name in _TIMES and value.isdigit() and len(value) < 12 else ""
        typer.echo(f"{name:<18} {value}{when}")
    for problem in found.problems:
        typer.secho(f"wrong: {problem}", fg="red")
    if found.valid:
        typer.secho("valid: a platform with this key accepts it now", fg="green")


def scrub(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """Read every stored object again and compare it with its checksums; exit status 1 when one differs.

    A server may run at the same time.
    """
    from openvod.storage.scrubber import Verdict

    result = with_services(data_dir, lambda services: _scrubbed(services.storage.scrubber, quiet=as_json))
    if as_json:
        print_json(result)
    else:
        counts = ", ".join(f"{name} {result[name]}" for name in ("objects", "bytes", *(v.value for v in Verdict)))
        typer.echo(f"{counts}, {result['seconds']} s")
    if result["wrong"]:
        raise typer.Exit(1)


async def _scrubbed(scrubber: Scrubber, *, quiet: bool) -> dict[str, Any]:
    from rich.progress import Progress

    from openvod.storage.scrubber import Verdict

    counts: Counter[Verdict] = Counter()
    wrong: list[dict[str, str]] = []
    total, began = 0, time.monotonic()
    with Progress(disable=quiet or not sys.stderr.isatty(), transient=True) as progress:
        line = progress.add_task("reading", total=None)
        async for each in scrubber.scrub():
            counts[each.verdict] += 1
            total += each.stored.size
            progress.update(line, description=f"{counts.total()} objects, {total // 1_000_000} MB")
            if each.verdict is not Verdict.INTACT:
                wrong.append(_row(each))
                if not quiet:
                    typer.secho(
                        f"{each.verdict.value}: {each.stored.bucket}/{each.stored.key}: {each.reason}", fg="red"
                    )
    return {
        "objects": counts.total(),
        "bytes": total,
        **{verdict.value: counts[verdict] for verdict in Verdict},
        "seconds": round(time.monotonic() - began, 1),
        "wrong": wrong,
    }


def _row(each: Scrubbed) -> dict[str, str]:
    stored = each.stored
    return {"bucket": stored.bucket, "key": stored.key, "verdict": each.verdict.value, "reason": each.reason}


def doctor(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Annotated[str, typer.Option(help="Public URL; default: the setting, or the server's last.")] = "",
    insecure: Annotated[bool, typer.Option("--insecure", help="Do not verify certificates.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check machine, data folder, server and network; exit status 1 when a check fails."""
    findings = asyncio.run(_examined(existing(data_dir), url, verify=not insecure, quiet=as_json))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    if any(finding.level is Level.FAIL for finding in findings):
        raise typer.Exit(1)


async def _examined(data_dir: Path, url: str, *, verify: bool, quiet: bool) -> list[Finding]:
    from openvod.app.doctor.machine import (
        check_clock,
        check_connections,
        check_database,
        check_disk,
        check_extras,
        check_ffmpeg,
        check_http,
        check_installation,
        check_rights,
        check_sandbox,
    )
    from openvod.app.doctor.network import NetworkChecks, check_official_hosts
    from openvod.app.doctor.processing import check_processing
    from openvod.app.foundation import Foundation
    from openvod.app.settings import load_settings

    base = Foundation(data_dir, load_settings(data_dir))
    public_url = url or base.public_url
    try:
        token = probe_token(base.keys.probe_token, int(time.time()) + _PROBE_SECONDS)
    except OpenVodError:
        token = ""  # the check of the root key reports its problems
    checks: tuple[Check, ...] = (
        check_ffmpeg,
        partial(check_extras, base.settings),
        partial(check_disk, base.folder, base.settings.storage.reserve_bytes),
        partial(check_connections, base.settings.server),
        check_http,
        check_clock,
        partial(check_rights, base),
        partial(check_installation, base),
        partial(check_database, base),
        partial(check_sandbox, base),
        partial(check_processing, base),
        NetworkChecks(public_url, token, verify=verify).check,
        partial(check_official_hosts, public_url, "bucket-1250000000", DEFAULT_REGION),
    )
    findings: list[Finding] = []
    with closing(base):
        for check in checks:
            for finding in await check():
                findings.append(finding)
                if not quiet:
                    _show_finding(finding)
    return findings


def _show_finding(finding: Finding) -> None:
    typer.secho(f"{finding.level.value:<5}", fg=_COLOURS[finding.level], nl=False)
    typer.echo(f"{finding.what:<20} {finding.found}")
    if finding.advice:
        typer.echo(f"{'':<26}→ {finding.advice}")
