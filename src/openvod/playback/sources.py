"""The answer to players, made from what is known about a file: ``sources.json`` (docs/reference/playback.md)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from openvod.base.errors import NotFound
from openvod.kinds.players import DASH, HLS, Stream, Subtitle
from openvod.kinds.probe import ProbeResult
from openvod.media.layout import content_type
from openvod.media.model import MediaAsset, MediaOutput
from openvod.media.playable import for_players, hindrance
from openvod.media.states import FileState, FileStatus
from openvod.playback.model import PlayState
from openvod.playback.names import master_name
from openvod.playback.service import Package

UrlOf = Callable[[str], str]


@dataclass(frozen=True)
class Source:
    """One way to play a file; ``height`` 0 when it is not one."""

    kind: PlayState
    type: str
    url: str
    width: int = 0
    height: int = 0

    def plain(self) -> dict[str, Any]:
        """Return it as players read it."""
        return {"kind": self.kind.value, "type": self.type, "url": self.url, "width": self.width, "height": self.height}


@dataclass(frozen=True)
class Description:
    """The answer to players: ``sources`` with the best one first; ``status`` is the file's state."""

    file_id: str
    title: str
    category: str
    duration: float
    sources: Sequence[Source]
    status: FileStatus
    reason: str = ""
    poster: str = ""
    sprite: str = ""
    subtitles: Sequence[Subtitle] = ()

    @property
    def state(self) -> PlayState:
        """The state is that of the best source."""
        return self.sources[0].kind if self.sources else PlayState.WAITING

    @property
    def pending(self) -> bool:
        """Whether better sources may come."""
        return self.status.state in (FileState.CHECKING, FileState.PROCESSING)

    @property
    def addresses(self) -> Sequence[str]:
        """Every address in it."""
        others = [self.poster, self.sprite, *(subtitle.url for subtitle in self.subtitles)]
        return [source.url for source in self.sources] + [address for address in others if address]

    def signed(self, sign: Callable[[str], str]) -> Description:
        """Return it with every address signed."""
        return replace(
            self,
            sources=[replace(source, url=sign(source.url)) for source in self.sources],
            subtitles=[replace(subtitle, url=sign(subtitle.url)) for subtitle in self.subtitles],
            poster=sign(self.poster) if self.poster else "",
            sprite=sign(self.sprite) if self.sprite else "",
        )

    def plain(self) -> dict[str, Any]:
        """Return it as players read it."""
        return {
            "fileId": self.file_id,
            "title": self.title,
            "kind": "audio" if self.category == "Audio" else "video",
            "duration": round(self.duration, 3),
            "state": self.state.value,
            "pending": self.pending,
            "status": _told(self.status, plays=bool(self.sources)),
            "reason": self.reason,
            "poster": self.poster or None,
            "sources": [source.plain() for source in self.sources],
            "sprite": {"vtt": self.sprite} if self.sprite else None,
            "subtitles": [{"url": each.url, "language": each.language, "name": each.name} for each in self.subtitles],
        }


def describe(
    asset: MediaAsset, outputs: Sequence[MediaOutput], package: Package | NotFound, url: UrlOf, status: FileStatus
) -> Description:
    """Return the answer to players; ``package`` says how the original is packaged, or why it is not."""
    made = [for_players(output, asset.category) for output in outputs]
    streams = [each.stream for each in made if each.stream]
    found = [*_adaptive(streams), *_instant(asset, package, url), *_renditions(streams)]
    found += _progressive(asset, package, url)
    reason = str(package.details.get("reason", "")) if isinstance(package, NotFound) else ""
    duration = float(asset.probe.get("duration") or 0)
    if not duration and not isinstance(package, NotFound):
        duration = package.index.duration
    return Description(
        asset.file_id, asset.name, asset.category, duration, found, status, reason,
        poster=url(asset.cover_key) if asset.cover_key else "",
        sprite=next((each.sprite for each in made if each.sprite), ""),
        subtitles=[subtitle for each in made for subtitle in each.subtitles],
    )  # fmt: skip


def _told(status: FileStatus, *, plays: bool) -> dict[str, Any]:
    """Return a file's state as players read it; what no source was found for is not ready, whatever its rows say."""
    state = FileState.NOT_PLAYABLE if status.state is FileState.READY and not plays else status.state
    return {"state": state.value, "percent": status.percent, "reason": status.reason, "detail": status.detail}


def _adaptive(streams: Sequence[Stream]) -> list[Source]:
    """Return adaptive streams, HLS first: more players play it."""
    found = [_source(PlayState.LADDER, stream) for stream in streams if stream.adaptive]
    return sorted(found, key=lambda source: source.type == DASH)


def _renditions(streams: Sequence[Stream]) -> list[Source]:
    """Return streams of one size, the tallest first."""
    found = [_source(PlayState.RENDITION, stream) for stream in streams if not stream.adaptive]
    return sorted(found, key=lambda source: -source.height)


def _source(state: PlayState, stream: Stream) -> Source:
    return Source(state, stream.type, stream.url, stream.width, stream.height)


def _browsers_play(asset: MediaAsset) -> bool:
    """Return whether browsers play the file, by its probe; true while it is not probed yet."""
    return "video_streams" not in asset.probe or hindrance(ProbeResult.from_json(asset.probe)) is None


def _instant(asset: MediaAsset, package: Package | NotFound, url: UrlOf) -> list[Source]:
    if isinstance(package, NotFound) or not asset.has_original or asset.probe.get("encrypted"):
        return []
    video = package.index.video
    size = (video.width, video.height) if video else (0, 0)
    return [Source(PlayState.INSTANT, HLS, url(master_name(asset.media_key)), *size)]


def _progressive(asset: MediaAsset, package: Package | NotFound, url: UrlOf) -> list[Source]:
    plays = not isinstance(package, NotFound) or package.details.get("state") == PlayState.PROGRESSIVE.value
    if not plays or not asset.has_original or not _browsers_play(asset):
        return []
    known = content_type(asset.media_key)["Content-Type"]
    kind = known if known != "application/octet-stream" else f"{asset.category.lower()}/mp4"
    size = (int(asset.probe.get("width") or 0), int(asset.probe.get("height") or 0))
    return [Source(PlayState.PROGRESSIVE, kind, url(asset.media_key), *size)]
