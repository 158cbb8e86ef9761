"""Builds results from a job's files (``events.md`` 4.3; layout: ``procedures-and-api.md`` 9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from openvod.base.errors import Invalid
from openvod.kinds.failure import Failure
from openvod.kinds.playlists import (
    MediaPlaylist,
    peak_and_average,
    read_media_playlist,
    with_target_duration,
)
from openvod.kinds.probe import ProbeResult

#: Members of outputs for digital watermarks, which OpenVOD does not make.
NO_DIGITAL_WATERMARK = {"DigitalWatermarkType": "None", "CopyRightWatermarkText": "", "BlindWatermarkDefinition": 0}


class ShareFiles(Protocol):
    """The files that a job left for one sub-task, by path inside the sub-task's folder."""

    def sizes(self) -> Mapping[str, int]:
        """Return every file's size in bytes, by name, in natural order."""
        ...

    def read(self, name: str) -> str:
        """Return a text file."""
        ...

    def write(self, name: str, text: str) -> None:
        """Create or replace a text file."""
        ...

    def md5(self, name: str) -> str:
        """Return a file's MD5."""
        ...

    def encrypt(self, names: Sequence[str]) -> None:
        """Encrypt segments in place with the file's key, AES-128-CBC, IV = place in the list."""
        ...

    async def probe(self, *names: str) -> ProbeResult:
        """Probe a file, or the concatenation of several (an initialisation segment and its first media segment)."""
        ...


@dataclass(frozen=True)
class Results:
    """Inputs of a result: ``url`` turns a file's name into its URL; ``key_url`` serves the key of encrypted streams."""

    url: Callable[[str], str]
    key_url: str
    picture_duration: float


def addresses(files: ShareFiles, results: Results) -> list[str]:
    """Return the address of every file; :class:`Failure` when there is none."""
    urls = [results.url(name) for name in files.sizes()]
    if not urls:
        raise nothing_read()
    return urls


def only_file(files: ShareFiles) -> str:
    """Return the name of the one file that was written; :class:`Failure` for none or several."""
    names = list(files.sizes())
    if len(names) != 1:
        raise nothing_read()
    return names[0]


def stored_playlist(files: ShareFiles, name: str) -> MediaPlaylist:
    """Return the job's playlist; corrects its target duration in the stored file."""
    if name not in files.sizes():
        raise nothing_read()
    text = files.read(name)
    corrected = with_target_duration(text)
    if corrected != text:
        files.write(name, corrected)
    return read_media_playlist(corrected)


def first_segment(playlist: MediaPlaylist) -> list[str]:
    """Return the files whose concatenation can be probed."""
    return ([playlist.init] if playlist.init else []) + [playlist.segments[0].name]


def bit_rates(files: ShareFiles, playlist: MediaPlaylist) -> tuple[int, int]:
    """Return the peak and the average in bit/s."""
    sizes = files.sizes()
    return peak_and_average([sizes[s.name] for s in playlist.segments], playlist.segments)


def total_size(files: ShareFiles, name: str, playlist: MediaPlaylist) -> int:
    """Return the bytes of a playlist with its segments."""
    sizes = files.sizes()
    return sizes[name] + sizes.get(playlist.init, 0) + sum(sizes[s.name] for s in playlist.segments)


async def probed(files: ShareFiles, *names: str) -> ProbeResult:
    """Probe an output; :class:`Failure` when it has no streams, because its source could then not be read."""
    try:
        probe = await files.probe(*names)
    except Invalid as error:
        raise nothing_read() from error
    if not probe.video_streams and not probe.audio_streams:
        raise nothing_read()
    return probe


def nothing_read() -> Failure:
    """Return the failure of a sub-task whose job wrote no playable output."""
    return Failure("SourceFileError.ContentMalformed", "nothing could be read from the file; upload it again")
