"""The programs that read uploaded files, behind the walls of the settings."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from openvod.adapters.ffmpeg.marks import check_image, put_asset
from openvod.adapters.ffmpeg.pictures import PillowPictures
from openvod.adapters.ffmpeg.probe import PyAvProber
from openvod.adapters.ffmpeg.process import FfmpegProcess
from openvod.adapters.sandbox.policy import Wall
from openvod.adapters.sandbox.trial import standing_walls
from openvod.app.settings import Settings
from openvod.kinds.plan.model import Asset


class MediaPrograms:
    """Prober, FFmpeg and picture tools of one process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def walls(self) -> frozenset[Wall]:
        """Return the walls around the programs: those of the settings that this machine can build."""
        return standing_walls() & frozenset(self._settings.sandbox.walls)

    @cached_property
    def prober(self) -> PyAvProber:
        """The prober of media files."""
        return PyAvProber(timeout=self._settings.probe.timeout_seconds, walls=self.walls)

    @cached_property
    def ffmpeg(self) -> FfmpegProcess:
        """The runner of FFmpeg."""
        readable = [str(path) for path in self._settings.sandbox.readable]
        return FfmpegProcess(walls=self.walls, readable=readable)

    def pictures(self) -> PillowPictures:
        """Return the reader of uploaded pictures; each one limits its own concurrent children."""
        return PillowPictures(walls=self.walls)

    def check_image(self, path: Path) -> str:
        """See :func:`openvod.adapters.ffmpeg.marks.check_image`."""
        return check_image(path, self.walls)

    def put_asset(self, asset: Asset, path: Path, image_path: str) -> None:
        """See :func:`openvod.adapters.ffmpeg.marks.put_asset`."""
        put_asset(asset, path, image_path, self.walls)
