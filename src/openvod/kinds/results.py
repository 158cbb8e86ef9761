"""From a job's files to what the wire tells of them (``events.md`` 4.3; layout: ``procedures-and-api.md`` 9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from openvod.base.errors import Invalid
from openvod.kinds.plan.model import Share
from openvod.kinds.playlists import (
    MediaPlaylist,
    Variant,
    master_playlist,
    peak_and_average,
    read_media_playlist,
    sprite_vtt,
    with_key,
    with_target_duration,
)
from openvod.kinds.probe import ProbeResult, media_metadata
from openvod.tasks.model import Failure, SubTaskKind

#: Sub-streams announce the whole ladder; a page of snapshots as well.
_NO_MARK = {"DigitalWatermarkType": "None", "CopyRightWatermarkText": "", "BlindWatermarkDefinition": 0}


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
        """Probe a file, or several put end to end (an initialisation segment and its first media segment)."""
        ...


@dataclass(frozen=True)
class Results:
    """What a sub-task tells: ``url`` makes an address of a name; ``key_url`` serves the key of encrypted streams."""

    url: Callable[[str], str]
    key_url: str
    picture_duration: float


async def describe(share: Share, files: ShareFiles, results: Results) -> dict[str, Any]:
    """Return the ``Output`` member; adds master playlists and WebVTT to the files.

    Raises :class:`Failure` when the job left nothing that plays.
    """
    match share.kind:
        case SubTaskKind.TRANSCODE:
            return await _transcode(share, files, results)
        case SubTaskKind.ADAPTIVE_DYNAMIC_STREAMING:
            return await _adaptive(share, files, results)
        case SubTaskKind.IMAGE_SPRITES:
            return _sprite(share, files, results)
        case SubTaskKind.ANIMATED_GRAPHICS:
            return _animation(share, files, results)
        case _:
            return _snapshots(share, files, results)


async def _transcode(share: Share, files: ShareFiles, results: Results) -> dict[str, Any]:
    if share.facts["container"] == "hls":
        return await _hls_transcode(share, files, results)
    name = _only(files)
    probe = await _probed(files, name)
    return _stream_output(share, results.url(name), probe, files.sizes()[name], files.md5(name))


async def _hls_transcode(share: Share, files: ShareFiles, results: Results) -> dict[str, Any]:
    name = f"v.f{share.definition}.m3u8"
    playlist = _playlist(files, name)
    sizes = files.sizes()
    total = sum(sizes[s.name] for s in playlist.segments) + sizes[name] + sizes.get(playlist.init, 0)
    probe = await _probed(files, *_first(playlist))
    output = _stream_output(share, results.url(name), probe, total, files.md5(name))
    seconds = round(playlist.seconds, 3)
    return output | {"Duration": seconds, "Bitrate": round(total * 8 / max(seconds, 0.001)), "Container": "hls"}


def _stream_output(share: Share, url: str, probe: ProbeResult, size: int, md5: str) -> dict[str, Any]:
    metadata = media_metadata(probe)
    kept = ("Bitrate", "Height", "Width", "Duration", "Container", "VideoStreamSet", "AudioStreamSet")
    return {"Url": url, "Definition": share.definition, **{name: metadata[name] for name in kept}, "Size": size,
            "Md5": md5, **_NO_MARK}  # fmt: skip


async def _adaptive(share: Share, files: ShareFiles, results: Results) -> dict[str, Any]:
    dash = share.facts["format"] == "MPEG-DASH"
    streams = await _dash_streams(share, files) if dash else await _hls_streams(share, files, results)
    name = f"adp.{share.definition}.{'mpd' if dash else 'm3u8'}"
    return {
        "Definition": share.definition,
        "Package": "DASH" if dash else "HLS",
        "DrmType": share.facts["drm"],
        "Url": results.url(name),
        "Size": sum(files.sizes().values()),
        "SubStreamSet": streams,
        "SubtitleSet": [],
        "DefaultSubtitleId": "",
        "DrmEncryptType": "",
        **_NO_MARK,
    }


async def _hls_streams(share: Share, files: ShareFiles, results: Results) -> list[dict[str, Any]]:
    """Write the master playlist from what the segments really are; encrypt them afterwards."""
    rungs: Sequence[Mapping[str, Any]] = share.facts["rungs"]
    streams: list[dict[str, Any]] = []
    variants: list[Variant] = []
    playlists: list[tuple[str, MediaPlaylist]] = []
    audio: dict[str, Any] = {}
    if share.facts["audio"]:
        name = f"audio_{share.definition}_0.m3u8"
        playlist = _playlist(files, name)
        playlists.append((name, playlist))
        sound = (await _probed(files, *_first(playlist))).audio_streams[0]
        rates = _rates(files, playlist)
        audio = {"uri": name, "codec": sound.codec_string, "channels": sound.channels, "rates": rates}
        streams.append({"Type": "audio", "Width": 0, "Height": 0, "Size": _total(files, name, playlist)})
    for place, rung in enumerate(rungs):
        name = f"video_{share.definition}_{place}.m3u8"
        playlist = _playlist(files, name)
        playlists.append((name, playlist))
        video = (await _probed(files, *_first(playlist))).video_streams[0]
        peak, average = _rates(files, playlist)
        more = audio.get("rates", (0, 0))
        variants.append(
            Variant(name, video.codec_string, video.width, video.height, rung["fps"], peak + more[0], average + more[1])
        )
        streams.append({"Type": "video", "Width": video.width, "Height": video.height,
                        "Size": _total(files, name, playlist)})  # fmt: skip
    master = master_playlist(variants, audio.get("uri", ""), audio.get("codec", ""), audio.get("channels", 2))
    files.write(f"adp.{share.definition}.m3u8", master)
    if share.facts["drm"]:
        for name, playlist in playlists:
            files.encrypt([segment.name for segment in playlist.segments])
            files.write(name, with_key(files.read(name), results.key_url))
    return [stream for stream in streams if stream["Type"] == "video"] + [s for s in streams if s["Type"] == "audio"]


async def _dash_streams(share: Share, files: ShareFiles) -> list[dict[str, Any]]:
    sizes = files.sizes()
    if f"adp.{share.definition}.mpd" not in sizes:
        raise Failure("InternalError", "the packager left no manifest")
    rungs: Sequence[Mapping[str, Any]] = share.facts["rungs"]

    def size_of(representation: int) -> int:
        return sum(
            size for name, size in sizes.items() if name.startswith(f"dash_{share.definition}_{representation}_")
        )

    streams = [
        {"Type": "video", "Width": rung["width"], "Height": rung["height"], "Size": size_of(place)}
        for place, rung in enumerate(rungs)
    ]
    audio = {"Type": "audio", "Width": 0, "Height": 0, "Size": size_of(len(rungs))}
    await _probed(files, f"dash_{share.definition}_0_init.mp4", f"dash_{share.definition}_0_1.m4s")
    return [*streams, audio] if share.facts["audio"] else streams


def _sprite(share: Share, files: ShareFiles, results: Results) -> dict[str, Any]:
    facts = share.facts
    pictures = list(files.sizes())
    if not pictures:
        raise _nothing()
    vtt = f"imageSprite/imageSprite_{share.definition}.vtt"
    text = sprite_vtt(
        [name.rpartition("/")[2] for name in pictures], count=facts["count"], rows=facts["rows"],
        columns=facts["columns"], width=facts["width"], height=facts["height"], every=facts["every"],
        duration=results.picture_duration,
    )  # fmt: skip
    files.write(vtt, text)
    return {
        "Definition": share.definition,
        "Height": facts["height"],
        "Width": facts["width"],
        "TotalCount": facts["count"],
        "ImageUrlSet": [results.url(name) for name in pictures],
        "WebVttUrl": results.url(vtt),
    }


def _animation(share: Share, files: ShareFiles, results: Results) -> dict[str, Any]:
    name = _only(files)
    facts, size = share.facts, files.sizes()[name]
    return {
        "Url": results.url(name),
        "Definition": share.definition,
        "Container": facts["format"],
        "Height": facts["height"],
        "Width": facts["width"],
        "Bitrate": round(size * 8 / max(facts["end"] - facts["start"], 0.001)),
        "Size": size,
        "Md5": files.md5(name),
        "StartTimeOffset": facts["start"],
        "EndTimeOffset": facts["end"],
    }


def _snapshots(share: Share, files: ShareFiles, results: Results) -> dict[str, Any]:
    urls = [results.url(name) for name in files.sizes()]
    if not urls:
        raise _nothing()
    facts = share.facts
    if share.kind is SubTaskKind.COVER_BY_SNAPSHOT:
        return {"CoverUrl": urls[0]}
    if share.kind is SubTaskKind.SAMPLE_SNAPSHOT:
        return {
            "Definition": share.definition,
            "SampleType": facts["sampleType"],
            "Interval": facts["interval"],
            "ImageUrlSet": urls,
            "WaterMarkDefinition": facts["marks"],
        }
    if len(urls) != len(facts["times"]):
        raise _nothing()
    moments = zip(facts["times"], urls, strict=True)
    return {
        "Definition": share.definition,
        "PicInfoSet": [
            {"TimeOffset": round(moment * 1000), "Url": url, "WaterMarkDefinition": facts["marks"]}
            for moment, url in moments
        ],
    }


def _only(files: ShareFiles) -> str:
    names = list(files.sizes())
    if len(names) != 1:
        raise _nothing()
    return names[0]


def _playlist(files: ShareFiles, name: str) -> MediaPlaylist:
    if name not in files.sizes():
        raise _nothing()
    text = files.read(name)
    told = with_target_duration(text)
    if told != text:
        files.write(name, told)
    return read_media_playlist(told)


def _first(playlist: MediaPlaylist) -> list[str]:
    return ([playlist.init] if playlist.init else []) + [playlist.segments[0].name]


def _rates(files: ShareFiles, playlist: MediaPlaylist) -> tuple[int, int]:
    sizes = files.sizes()
    return peak_and_average([sizes[s.name] for s in playlist.segments], playlist.segments)


def _total(files: ShareFiles, name: str, playlist: MediaPlaylist) -> int:
    sizes = files.sizes()
    return sizes[name] + sizes.get(playlist.init, 0) + sum(sizes[s.name] for s in playlist.segments)


async def _probed(files: ShareFiles, *names: str) -> ProbeResult:
    """An output that cannot be probed was made from a source that cannot be read."""
    try:
        probe = await files.probe(*names)
    except Invalid as error:
        raise _nothing() from error
    if not probe.video_streams and not probe.audio_streams:
        raise _nothing()
    return probe


def _nothing() -> Failure:
    return Failure("SourceFileError.ContentMalformed", "nothing could be read from the file; upload it again")
