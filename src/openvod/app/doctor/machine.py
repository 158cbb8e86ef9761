"""Checks of the machine: media programs, disk, clock, database."""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uvicorn
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from openvod.adapters.ffmpeg.encoder import decode, ffmpeg_path, make_video
from openvod.adapters.ffmpeg.marks import can_draw
from openvod.adapters.filesystem.folder import DataFolder
from openvod.adapters.reviewing import ChildReviewer
from openvod.app.descriptors import DESCRIPTORS_PER_CONNECTION, connection_limits, raise_descriptor_limit
from openvod.app.doctor.model import Finding, Level
from openvod.app.foundation import Foundation
from openvod.app.installation import establish, refuse_missing_database
from openvod.app.reviewers import reviewers
from openvod.app.sandbox import cures
from openvod.app.settings import ServerSettings, Settings
from openvod.base.errors import Invalid, OpenVodError
from openvod.base.sizes import GIB, MIB
from openvod.review.model import Reviewer
from openvod.server.uvicorn_parts import missing_parts

_ENCODERS = ("libx264", "libx265", "libsvtav1", "aac", "libmp3lame", "libopus", "libvorbis", "gif", "libwebp")
_FILTERS = ("scale", "zscale", "tonemap", "overlay", "pixelize", "gblur", "bwdif", "tile", "palettegen")
_SYNCS = 20
_SLOW_SYNC_SECONDS = 0.05
_WRITE_BYTES = 64 * MIB
_LOW_SPACE = 5 * GIB
_FEW_CONNECTIONS = 300
_SAMPLE = "A中"
_TIME_ERROR = 5
_TIMEX_BYTES = 512


async def check_ffmpeg() -> list[Finding]:
    """Check FFmpeg: its encoders and filters, and one second of video encoded and decoded."""
    program = ffmpeg_path()
    try:
        version = _output(program, "-version").splitlines()[0]
        missing = _missing(_output(program, "-encoders"), _ENCODERS) + _missing(_output(program, "-filters"), _FILTERS)
        with tempfile.TemporaryDirectory() as folder:
            clip = Path(folder) / "clip.mp4"
            make_video(clip, 1)
            frames = decode(clip).frames
    except (OSError, subprocess.SubprocessError, OpenVodError, IndexError) as error:
        return [
            Finding("ffmpeg", Level.FAIL, f"{program}: {error}", "set OPENVOD_FFMPEG to a working FFmpeg 7 or newer")
        ]
    findings = [Finding("ffmpeg", Level.OK, f"{_short(version)}; encoded and decoded {frames} frames")]
    if missing:
        advice = "templates that need them fail; unset OPENVOD_FFMPEG to use the binary that comes with OpenVOD"
        findings.append(Finding("ffmpeg parts", Level.WARN, f"missing: {', '.join(missing)}", advice))
    return findings


def _output(program: str, option: str) -> str:
    return subprocess.run(
        [program, "-hide_banner", option], capture_output=True, text=True, timeout=20, check=True
    ).stdout


def _missing(listing: str, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if not re.search(rf"^\s*\S+\s+{re.escape(name)}\s", listing, re.MULTILINE)]


def _short(version: str) -> str:
    return re.sub(r" Copyright.*", "", version)


async def check_extras(settings: Settings) -> list[Finding]:
    """Check optional parts: the configured reviewers, and a font with Chinese characters."""
    review = _reviewers(settings)
    if can_draw(_SAMPLE):
        return [*review, Finding("fonts", Level.OK, "a font has Latin and Chinese characters")]
    advice = "install one, such as Debian's fonts-noto-cjk, for text watermarks"
    return [*review, Finding("fonts", Level.WARN, f"no font has the characters {_SAMPLE!r}", advice)]


def _reviewers(settings: Settings) -> list[Finding]:
    try:
        loaded = reviewers(settings)
    except Invalid as error:
        return [Finding("review", Level.FAIL, error.message, "correct the setting; workers do not start without it")]
    return [_reviewer(topic, each) for topic, each in loaded.items()]


def _reviewer(topic: str, reviewer: Reviewer) -> Finding:
    """Report a reviewer; for those of OpenVOD, whether the packages of their model are installed."""
    if not isinstance(reviewer, ChildReviewer):
        return Finding("review", Level.OK, f"{topic}: {type(reviewer).__qualname__}")
    if absent := reviewer.missing():
        advice = f"{reviewer.model.install} for AI review"
        return Finding("review", Level.INFO, f"{topic}: not installed: {', '.join(absent)}", advice)
    return Finding("review", Level.OK, f"{topic}: the model {reviewer.model.name} is installed")


async def check_disk(folder: DataFolder, reserve: int) -> list[Finding]:
    """Measure free space, fsync latency and the rate of durable writes in the data folder."""
    free = shutil.disk_usage(folder.path).free
    level = Level.FAIL if free < reserve else Level.WARN if free < _LOW_SPACE else Level.OK
    advice = "" if level is Level.OK else f"free space; uploads are refused below {reserve / GIB:.2f} GiB"
    findings = [Finding("disk space", level, f"{free / GIB:.1f} GiB free", advice)]
    try:
        syncs, rate = _measure_disk(folder.path)
    except OSError as error:
        return [*findings, Finding("disk", Level.FAIL, f"{folder.path}: {error.strerror}", "make the folder writable")]
    typical, worst = statistics.median(syncs), max(syncs)
    level = Level.WARN if typical > _SLOW_SYNC_SECONDS else Level.OK
    advice = "every part waits for an fsync; use a local SSD" if level is Level.WARN else ""
    found = f"fsync {typical * 1000:.1f} ms, at worst {worst * 1000:.1f} ms; {rate / MIB:.0f} MiB/s written durably"
    return [*findings, Finding("disk speed", level, found, advice)]


def _measure_disk(folder: Path) -> tuple[list[float], float]:
    """Return the seconds of several fsyncs, and bytes per second of one large durable write."""
    with tempfile.TemporaryFile(dir=folder) as file:
        syncs = []
        for _ in range(_SYNCS):
            file.write(os.urandom(4096))
            file.flush()
            began = time.monotonic()
            os.fdatasync(file.fileno())
            syncs.append(time.monotonic() - began)
        block = os.urandom(MIB)
        began = time.monotonic()
        for _ in range(_WRITE_BYTES // MIB):
            file.write(block)
        file.flush()
        os.fdatasync(file.fileno())
        return syncs, _WRITE_BYTES / (time.monotonic() - began)


async def check_connections(server: ServerSettings) -> list[Finding]:
    """Report the limit of open files, and the connection limits that follow from it."""
    descriptors = raise_descriptor_limit()
    limits = connection_limits(server, descriptors)
    found = (
        f"{limits.total} concurrent, {limits.per_address} per address, {limits.operator} reserved for the operator; "
        f"the limit of open files is {descriptors}"
    )
    if limits.total * DESCRIPTORS_PER_CONNECTION > descriptors:
        advice = "raise the limit of open files (ulimit -Hn, LimitNOFILE=), or lower OPENVOD__SERVER__CONNECTIONS"
        return [Finding("connections", Level.FAIL, found, advice)]
    if limits.total < _FEW_CONNECTIONS:
        advice = "raise the limit of open files (ulimit -Hn, LimitNOFILE= of a systemd unit)"
        return [Finding("connections", Level.WARN, found, advice)]
    return [Finding("connections", Level.OK, found)]


async def check_http() -> list[Finding]:
    """Check that the installed uvicorn has the private parts that OpenVOD's protocol uses."""
    found = f"uvicorn {uvicorn.__version__}"
    if missing := missing_parts():
        advice = "install a uvicorn version that openvod requires: pip install --upgrade openvod"
        lost = "the server runs without fast paths and connection limits"
        return [Finding("http", Level.WARN, f"{found} has no {', '.join(missing)}; {lost}", advice)]
    return [Finding("http", Level.OK, f"{found}, with fast paths")]


async def check_sandbox(base: Foundation) -> list[Finding]:
    """Check which walls stand around the programs that read uploaded files."""
    standing = await asyncio.to_thread(base.programs.walls)
    level = Level.FAIL if base.settings.sandbox.required else Level.WARN
    found = [Finding("sandbox", Level.OK, f"stands: {', '.join(sorted(standing))}")] if standing else []
    missing = cures(base, standing).items()
    return [*found, *(Finding("sandbox", level, f"missing: {wall}", cure) for wall, cure in missing)]


async def check_clock() -> list[Finding]:
    """Check that the kernel's clock is synchronised: signatures expire by it."""
    if sys.platform != "linux":
        return []
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    if state == _TIME_ERROR:
        advice = "run an NTP client (chrony, systemd-timesyncd) unless the host keeps this machine's time"
        return [Finding("clock", Level.INFO, "the kernel reports an unsynchronised clock", advice)]
    return [Finding("clock", Level.OK, "synchronised")]


async def check_rights(base: Foundation) -> list[Finding]:
    """Check the permissions of the root key."""
    path = base.folder.root_key_path
    if not path.exists():
        return [Finding("root key", Level.INFO, "none yet", "the first `openvod serve` creates it")]
    mode = path.stat().st_mode & 0o777
    advice = f"chmod 600 {path}"
    if mode & 0o007:
        return [Finding("root key", Level.FAIL, f"mode {mode:o}: every user of this machine can read it", advice)]
    if mode & 0o070:
        return [Finding("root key", Level.WARN, f"mode {mode:o}: its group can read it", advice)]
    return [Finding("root key", Level.OK, "only its owner can read it")]


async def check_installation(base: Foundation) -> list[Finding]:
    """Check that database, data folder and store form one installation, as a start does."""
    if not base.folder.identity()[0]:
        return [Finding("installation", Level.INFO, "none yet", "the first `openvod serve` creates it")]
    try:
        refuse_missing_database(base)
        known = await asyncio.to_thread(establish, base)
    except (SQLAlchemyError, OpenVodError) as error:
        reason = getattr(error, "message", "") or str(error).splitlines()[0]
        return [Finding("installation", Level.FAIL, reason, "`openvod serve` does not start until this is fixed")]
    return [Finding("installation", Level.OK, f"database, folder and store belong to {known.installation_id[:8]}")]


async def check_database(base: Foundation) -> list[Finding]:
    """Open the database and time a query; check SQLite's file for damage."""
    kind = "PostgreSQL" if base.on_postgresql else "SQLite"
    if kind == "SQLite" and not base.folder.database.exists():
        return [Finding("database", Level.INFO, "none yet", "the first `openvod serve` creates it")]
    try:
        with base.database.engine.connect() as connection:
            began = time.monotonic()
            connection.execute(text("SELECT 1")).scalar()
            seconds = time.monotonic() - began
            damage = connection.execute(text("PRAGMA quick_check(1)")).scalar() if kind == "SQLite" else "ok"
    except (SQLAlchemyError, OpenVodError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0][:200]
        return [Finding("database", Level.FAIL, f"{kind}: {reason}", "check OPENVOD__DATABASE__URL and the server")]
    if damage != "ok":
        return [Finding("database", Level.FAIL, f"SQLite: {damage}", "restore the data folder from a backup")]
    return [Finding("database", Level.OK, f"{kind}, a query takes {seconds * 1000:.1f} ms")]
