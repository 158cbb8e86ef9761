"""What players are told of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from openvod.base.errors import NotFound
from openvod.kinds.players import DASH, HLS
from openvod.kinds.probe import AudioStream, ProbeResult, VideoStream
from openvod.kinds.registry import SubTaskKind
from openvod.media.model import MediaAsset, MediaOutput, ProbeState
from openvod.media.states import FileState, FileStatus
from openvod.playback.model import PlayState, not_packaged
from openvod.playback.service import Package
from openvod.playback.sources import Description, describe

_ASSET = MediaAsset(
    file_id="42", sub_app_id=1, name="holiday", type="mp4", class_id=0, bucket="b-1", region="r",
    media_key="b/d42/film.mp4", cover_key="b/d42/cover.jpg", size=1, source_context="", created_at=0.0, updated_at=0.0,
    expire_time="", probe_state=ProbeState.DONE, probe={"duration": 12.5, "width": 640, "height": 360},
)  # fmt: skip
_WAITS = not_packaged("codec", PlayState.WAITING)
_ITSELF = not_packaged("odd", PlayState.PROGRESSIVE)


def _output(kind: SubTaskKind, definition: int = 10, **members: Any) -> MediaOutput:
    return MediaOutput("42", kind.value, definition, members, 0.0)


def _ladder(definition: int = 10, **members: Any) -> MediaOutput:
    streams = [{"Type": "video", "Width": 426, "Height": 240}, {"Type": "video", "Width": 1280, "Height": 720}]
    plain = {"Url": f"https://a/adp.{definition}.m3u8", "Package": "HLS", "DrmType": "", "SubStreamSet": streams}
    return _output(SubTaskKind.ADAPTIVE_DYNAMIC_STREAMING, definition, **(plain | members))


def _transcode(name: str, height: int, codec: str = "h264") -> MediaOutput:
    streams: list[Mapping[str, Any]] = [{"Codec": codec}] if codec else []
    return _output(
        SubTaskKind.TRANSCODE, height, Url=f"https://a/{name}", Width=height * 2, Height=height, VideoStreamSet=streams
    )


def _told(
    *outputs: MediaOutput, package: Package | NotFound = _WAITS, asset: MediaAsset = _ASSET, pending: bool = False
) -> Description:
    return describe(
        asset,
        outputs,
        package,
        lambda key: f"https://a/{key}",
        status=FileStatus(FileState.PROCESSING if pending else FileState.READY),
    )


def test_nothing_yet() -> None:
    """A file that waits says why, and has what is known of it."""
    plain = _told(pending=True).plain()
    assert plain == {
        "fileId": "42", "title": "holiday", "kind": "video", "duration": 12.5, "state": "waiting", "pending": True,
        "status": {"state": "processing", "percent": 0, "reason": "", "detail": ""},
        "reason": "codec", "poster": "https://a/b/d42/cover.jpg", "sources": [], "sprite": None, "subtitles": [],
    }  # fmt: skip


def test_the_best_comes_first() -> None:
    """Ladder before transcodes, the tallest of them first, the file itself last; HLS before DASH."""
    dash = _ladder(20, Package="DASH", Url="https://a/adp.20.mpd")
    told = _told(
        _transcode("v.f1.mp4", 360), dash, _transcode("v.f2.m3u8", 720), _ladder(), package=_ITSELF
    )  # fmt: skip
    assert [(source.kind.value, source.type, source.height) for source in told.sources] == [
        ("ladder", HLS, 720),
        ("ladder", DASH, 720),
        ("rendition", HLS, 720),
        ("rendition", "video/mp4", 360),
        ("progressive", "video/mp4", 360),
    ]
    assert told.state is PlayState.LADDER


def test_what_browsers_do_not_play_is_left_out() -> None:
    """Protected ladders, HEVC, sound of films and other containers are no sources."""
    told = _told(
        _ladder(DrmType="Widevine"),
        _transcode("a.mp4", 720, "hevc"),
        _transcode("a.mp3", 0, ""),
        _transcode("a.flv", 1),
    )
    assert told.sources == []


def test_sound_of_songs_is_a_rendition() -> None:
    """Of a song, transcodes of its sound are what plays."""
    song = replace(_ASSET, type="mp3", probe={"category": "Audio", "duration": 3.0})
    told = _told(_transcode("a.m4a", 0, ""), asset=song)
    assert [(source.kind.value, source.type) for source in told.sources] == [("rendition", "audio/mp4")]
    assert told.plain()["kind"] == "audio"


def test_a_deleted_original_is_no_source() -> None:
    """What was made of a file plays on when its original is gone."""
    told = _told(_ladder(), package=_ITSELF, asset=replace(_ASSET, has_original=False))
    assert [source.kind.value for source in told.sources] == ["ladder"]


def test_every_address_is_signed() -> None:
    """Poster, sprites and subtitles are media too."""
    subtitle = {"Url": "https://a/zh.vtt", "Language": "zh", "Name": "中文"}
    sprite = _output(SubTaskKind.IMAGE_SPRITES, WebVttUrl="https://a/sprite.vtt")
    told = _told(_ladder(SubtitleSet=[subtitle]), sprite)
    assert len(told.addresses) == 4
    signed = told.signed(lambda address: f"{address}?sign")
    assert sorted(signed.addresses) == sorted(f"{address}?sign" for address in told.addresses)
    assert signed.plain()["subtitles"] == [{"url": "https://a/zh.vtt?sign", "language": "zh", "name": "中文"}]


@pytest.mark.parametrize(("state", "kinds"), [(_WAITS, []), (_ITSELF, ["progressive"])])
def test_odd_files(state: NotFound, kinds: list[str]) -> None:
    """What is not packaged plays as it is only where browsers can."""
    assert [source.kind.value for source in _told(package=state).sources] == kinds


def test_ready_means_that_something_plays() -> None:
    """What no source was found for is told as not playable, whatever its rows say."""
    assert _told().plain()["status"]["state"] == "not_playable"
    assert _told(package=_ITSELF).plain()["status"]["state"] == "ready"


def _probed(pictures: str, *sounds: str, container: str = "mov,mp4,m4a,3gp,3g2,mj2", encrypted: bool = False) -> Any:
    videos = (VideoStream(1, 360, 640, pictures, 25),) if pictures else ()
    # The last sound is the default one.
    audios = tuple(AudioStream(1, 44_100, codec, default=codec == sounds[-1]) for codec in sounds)
    probe = ProbeResult(1, container, 1, 640, 360, 9.0, 0, 9.0, 9.0, "Video", videos, audios, encrypted)
    return replace(_ASSET, probe=probe.to_json())


@pytest.mark.parametrize(
    ("asset", "offered"),
    [
        (_probed("h264", "aac"), True),
        (_probed("vp9", "opus", container="matroska,webm"), True),
        (_ASSET, True),
        (_probed("hevc"), False),
        (_probed("theora", "vorbis", container="ogg"), False),
        (_probed("h264", "mp2"), False),
        (_probed("h264", "aac", "ac3"), False),
        (_probed("h264", "ac3", "aac"), True),
        (_probed("h264", encrypted=True), False),
    ],
)
def test_only_what_browsers_decode_is_offered_as_it_is(asset: MediaAsset, offered: bool) -> None:
    """Encrypted files and codecs that browsers lack are no sources, whatever their container promises."""
    sources = _told(package=_ITSELF, asset=asset).sources
    assert [source.kind for source in sources] == ([PlayState.PROGRESSIVE] if offered else [])


def test_the_type_is_a_registered_one() -> None:
    """A QuickTime file is told as one, not by its ending."""
    asset = replace(_ASSET, type="mov", media_key="b/d42/film.mov")
    assert [source.type for source in _told(package=_ITSELF, asset=asset).sources] == ["video/quicktime"]
