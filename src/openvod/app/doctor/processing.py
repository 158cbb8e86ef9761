"""Checks that FFmpeg can read stored files from a worker's environment."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from openvod.adapters.ffmpeg.encoder import make_video
from openvod.adapters.sql.database import Transaction
from openvod.app.doctor.model import Finding, Level
from openvod.app.foundation import Foundation
from openvod.base.errors import OpenVodError
from openvod.base.sizes import GIB
from openvod.kinds.plan.graph import GUARDED, HEAD
from openvod.kinds.plan.model import SOURCE, Command
from openvod.media.query import MediaQuery
from openvod.processing.flow_records import probe_of
from openvod.processing.ports import ProcessFailed, ProcessLimits

_FIRST_FRAMES = Command(
    (*HEAD, *GUARDED, "-i", SOURCE, "-map", "0:v:0", "-frames:v", "2", "-f", "rawvideo", "frames.raw"), 1.0
)
_SECONDS = 30.0
_SEARCHED = 50
_ADVICE = (
    "check OPENVOD_FFMPEG, the permissions of the data folder, OPENVOD__TASKS__MEMORY_BYTES, "
    "and OPENVOD__SANDBOX__READABLE"
)


async def check_processing(base: Foundation) -> list[Finding]:
    """Run FFmpeg on a stored file like a worker: with the same path, folder and limits."""
    source = await _stored_video(base)
    what = "a stored file" if source else "a clip in the data folder"
    try:
        with tempfile.TemporaryDirectory(prefix="doctor-", dir=base.folder.scratch) as folder:
            if not source:
                source = str(Path(folder, "clip.mp4"))
                make_video(Path(source), 1)
            limits = ProcessLimits(_SECONDS, _SECONDS, base.settings.tasks.memory_bytes, GIB, GIB)
            await base.programs.ffmpeg.run(folder, _FIRST_FRAMES, {SOURCE: source}, limits, _ignore_progress)
            if not os.path.getsize(f"{folder}/frames.raw"):  # noqa: ASYNC240 - a command line of its own
                return [Finding("processing", Level.FAIL, f"FFmpeg decoded no picture of {source}", _ADVICE)]
    except ProcessFailed as error:
        reason = (error.log.strip().splitlines() or [error.ending.value])[-1]
        return [Finding("processing", Level.FAIL, f"FFmpeg on {source}: {reason}", _ADVICE)]
    except (OSError, OpenVodError) as error:
        return [Finding("processing", Level.FAIL, str(error), _ADVICE)]
    return [Finding("processing", Level.OK, f"FFmpeg reads {what} as a worker does")]


async def _stored_video(base: Foundation) -> str:
    """Return the path of a recent video that is a single file; empty without one."""
    if not base.on_postgresql and not base.folder.database.exists():
        return ""
    try:
        blob_id = await base.database.read(_newest_video)
    except (SQLAlchemyError, OpenVodError):
        return ""  # the check of the database reports it
    return base.blobs.files.locate(blob_id) if blob_id and base.blobs.files else ""


def _newest_video(tx: Transaction) -> str:
    for application in tx.access.applications():
        for asset in tx.media.search(MediaQuery(application.sub_app_id, limit=_SEARCHED)).assets:
            probe = probe_of(asset)
            stored = tx.storage.object(asset.bucket, asset.media_key) if asset.has_original else None
            if probe and probe.video_streams and stored and len(stored.extents) == 1 and not stored.extents[0].offset:
                return stored.extents[0].blob_id
    return ""


async def _ignore_progress(_: float) -> None:
    """Ignore progress."""
