"""What is packaged, judged by a real decoder against the original."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from openvod.base.errors import NotFound
from openvod.playback.boxes import box, boxes
from openvod.playback.model import Range, first_seconds
from openvod.playback.segments import fragment, length_of, part_of, plan, whole_file
from support.corpus.build import AAC, H264, heard, seen
from support.media.packaged import clip, filled, frames, index_of, packaged

_B_FRAMES = ("-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-pix_fmt", "yuv420p")
_VARIABLE = ("-vf", "select='not(mod(n,7))+not(mod(n,3))'", "-fps_mode", "vfr")
_TO_MOV = ("-f", "mov")

CLIPS: dict[str, tuple[str, ...]] = {
    "index last": (*seen(seconds=9), *heard(9), *H264, *AAC),
    "index first": (*seen(seconds=9), *heard(9), *H264, *AAC, "-movflags", "+faststart"),
    "B frames with an edit list": (*seen(seconds=9), *heard(9), *_B_FRAMES, "-g", "50", *AAC),
    "B frames without edit lists": (
        *seen(seconds=5), *heard(5), *_B_FRAMES, "-g", "25", *AAC, "-use_editlist", "0",
    ),
    "negative composition offsets": (
        *seen(seconds=5), *heard(5), *_B_FRAMES, "-g", "25", *AAC, "-movflags", "+negative_cts_offsets",
    ),
    "variable frame rate": (*seen(seconds=8), *heard(8), *_VARIABLE, *_B_FRAMES, "-g", "20", *AAC),
    "odd key frames": (
        *seen(seconds=9), *heard(9), *_B_FRAMES, "-force_key_frames", "0.2,0.24,3.3,3.5,8.9", "-g", "999", *AAC,
    ),
    "every frame a key frame": (*seen(seconds=3), *heard(3), *_B_FRAMES[:2], "-g", "1", "-pix_fmt", "yuv420p", *AAC),
    "one frame": (*seen(seconds=2), *H264, "-frames:v", "1"),
    "pictures alone": (*seen(seconds=5), *_B_FRAMES, "-g", "30"),
    "a late picture": ("-itsoffset", "0.4", *seen(seconds=5), *heard(5), *_B_FRAMES, "-g", "30", *AAC),
    "QuickTime": (*seen(seconds=5), *heard(5), *_B_FRAMES, "-g", "30", *AAC, *_TO_MOV),
    "6 channels": (*seen(seconds=3), *heard(3), *H264, *AAC, "-ac", "6"),
}  # fmt: skip


@pytest.mark.parametrize("name", CLIPS)
def test_what_is_packaged_is_the_original(name: str, tmp_path: Path) -> None:
    """Every picture comes out with its moment, and every sound that is heard: nothing lost, moved or changed."""
    data = clip(tmp_path / "clip.mp4", *CLIPS[name])
    made = packaged(data)
    expected = frames(data)
    assert expected
    assert frames(made) == expected
    if index_of(data).audio:
        assert _heard(made) == _heard(data)


def _heard(data: bytes) -> list[tuple[float, str]]:
    """What is decoded before the first moment only prepares the decoder; players cut it off in ways of their own."""
    return [(float(time), digest) for time, digest in frames(data, "audio") if time >= 0.05]


def test_sound_alone(tmp_path: Path) -> None:
    """A song is cut every few seconds, and all of it comes out."""
    data = clip(tmp_path / "song.m4a", *heard(13), *AAC)
    segments = plan(index_of(data))
    assert [round(segment.seconds) for segment in segments] == [2, 4, 4, 3]
    assert _heard(packaged(data)) == _heard(data)
    assert len(_heard(data)) > 500


def test_segments_begin_at_key_frames_and_the_sound_matches(tmp_path: Path) -> None:
    """Each segment decodes alone, begins with a key frame, and its sound covers its time to a packet."""
    data = clip(tmp_path / "clip.mp4", *seen(seconds=20), *heard(20), *_B_FRAMES, "-g", "25", *AAC)
    index = index_of(data)
    segments = plan(index)
    assert [round(segment.begin) for segment in segments] == [0, 2, 6, 10, 14, 18]
    assert index.video
    assert index.audio
    for segment in segments:
        picture, sound = segment.spans
        assert picture.track.samples.keys is not None
        assert picture.first in picture.track.samples.keys
        packet = 1024 / sound.track.timescale
        assert abs(sound.track.seconds(sound.first) - segment.begin) <= packet
        alone = whole_file(index)[0]
        assert isinstance(alone, bytes)
        decoded = frames(alone + filled(fragment(segment), data))
        assert len(decoded) == picture.last - picture.first
        assert abs(float(decoded[0].time) - segment.begin) < 0.001


def _with_long_offsets(data: bytes) -> bytes:
    """Rewrite the index with 64-bit offsets, and the media box with a 64-bit size."""

    def rewritten(parent: memoryview) -> bytes:
        parts = []
        for kind, body in boxes(parent):
            if kind in (b"trak", b"mdia", b"minf", b"stbl"):
                parts.append(box(kind, rewritten(body)))
            elif kind == b"stco":
                (count,) = struct.unpack_from(">I", body, 4)
                long = struct.pack(f">{count}Q", *struct.unpack_from(f">{count}I", body, 8))
                parts.append(box(b"co64", bytes(body[:8]), long))
            else:
                parts.append(box(kind, bytes(body)))
        return b"".join(parts)

    top = {kind: bytes(body) for kind, body in boxes(memoryview(data))}
    assert list(top) == [b"ftyp", b"free", b"mdat", b"moov"]
    media = top[b"mdat"]
    wide = struct.pack(">I4sQ", 1, b"mdat", 16 + len(media)) + media
    return box(b"ftyp", top[b"ftyp"]) + wide + box(b"moov", rewritten(memoryview(top[b"moov"])))


def test_64_bit_offsets(tmp_path: Path) -> None:
    """Files beyond 4 GiB have wide offsets and sizes; they mean the same."""
    data = clip(tmp_path / "clip.mp4", *seen(seconds=4), *heard(4), *H264, *AAC)
    wide = _with_long_offsets(data)
    assert b"co64" in wide
    assert packaged(wide)[:40] == packaged(data)[:40]
    assert frames(packaged(wide)) == frames(data)


def _reason(data: bytes) -> tuple[str, str]:
    with pytest.raises(NotFound) as caught:
        plan(index_of(data))
    assert caught.value.code == "playback.not_packaged"
    return str(caught.value.details["state"]), str(caught.value.details["reason"])


_ENCRYPTED = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb",
              "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8")  # fmt: skip

ODD: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    "rare key frames": (
        "mp4", (*seen(rate="5", seconds=40), *H264[:6], "-g", "9999", "-keyint_min", "9999", "-sc_threshold", "0"),
        "progressive", "key frames",
    ),
    "mp3 inside": ("mp4", (*seen(), *heard(), *H264, "-c:a", "libmp3lame"), "progressive", "no AAC"),
    "high bit depth": ("mp4", (*seen(), *_B_FRAMES[:4], "-pix_fmt", "yuv420p10le"), "waiting", "profile 110"),
    "old codec": ("mp4", (*seen(), "-c:v", "mpeg4"), "waiting", "mp4v"),
    "hevc": ("mp4", (*seen(), "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=0"),
             "waiting", "hev1"),
    "fragments": ("mp4", (*seen(), *H264, "-movflags", "+frag_keyframe+empty_moov"), "progressive", "fragments"),
    "fragments of hevc": (
        "mp4", (*seen(), "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=0", "-movflags",
                "+frag_keyframe+empty_moov"), "waiting", "video track is 'hev1'",
    ),
    "encrypted": ("mp4", (*seen(), *heard(), *H264, *AAC, *_ENCRYPTED), "waiting", "video track is encrypted"),
    "rare sound in fragments": ("mp4", (*seen(), *heard(), *H264, "-c:a", "ac3", "-movflags",
                                        "+frag_keyframe+empty_moov+delay_moov"), "waiting", "audio track is 'ac-3'"),
    "webm": ("webm", (*seen(), "-c:v", "libvpx", "-deadline", "realtime"), "progressive", "no MP4"),
    "mkv": ("mkv", (*seen(), *heard(), *H264, *AAC), "waiting", "no MP4"),
    "avi": ("avi", (*seen(), "-c:v", "mpeg4"), "waiting", "no MP4"),
    "wav": ("wav", heard(), "progressive", "no MP4"),
    "flv": ("flv", (*seen(), *heard(), *H264, *AAC), "waiting", "no MP4"),
    "mp3": ("mp3", (*heard(), "-c:a", "libmp3lame"), "progressive", "no MP4"),
    "short sound": ("mp4", (*seen(seconds=12), *heard(3), *H264, *AAC), "progressive", "differ"),
    "late sound": ("mp4", (*seen(seconds=6), "-itsoffset", "2", *heard(4), *H264, *AAC), "progressive", "differ"),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_files_say_why_and_what_plays_instead(name: str, tmp_path: Path) -> None:
    """What cannot be packaged has a state that players act on, and a reason that people understand."""
    ending, arguments, state, words = ODD[name]
    found, reason = _reason(clip(tmp_path / f"clip.{ending}", *arguments))
    assert found == state
    assert words in reason


def test_the_default_sound_is_packaged(tmp_path: Path) -> None:
    """Of two sound tracks the one that the file enables is heard."""
    sounds = (*seen(seconds=2), *heard(2), *heard(1), "-map", "0", "-map", "1", "-map", "2", *H264, *AAC)
    first = clip(tmp_path / "first.mp4", *sounds)
    second = clip(tmp_path / "second.mp4", *sounds, "-disposition:a:0", "0", "-disposition:a:1", "default")
    tracks = [index_of(data).audio for data in (first, second)]
    assert [round(track.end - track.begin) for track in tracks if track] == [2, 1]


@pytest.mark.parametrize("seconds", [0.5, 3.0, 7.3, 100.0])
def test_a_preview_has_the_first_seconds_and_no_more(seconds: float, tmp_path: Path) -> None:
    """The clip of a preview plays as one file, holds every frame before its end, and none after it."""
    data = clip(tmp_path / "clip.mp4", *seen(seconds=9), *heard(9), *_B_FRAMES, "-g", "50", *AAC)
    pieces = whole_file(first_seconds(index_of(data), seconds))
    made = filled(pieces, data)
    assert len(made) == length_of(pieces)
    before = [frame for frame in frames(data) if frame.time < seconds]
    shown = frames(made)
    assert [frame for frame in shown if frame.time < seconds] == before
    # A later frame may be needed to decode an earlier one; never more of them than frames depend on each other.
    assert len(shown) - len(before) <= 3
    assert all(frame.time < seconds for frame in frames(made, "audio"))


def test_parts_of_an_answer(tmp_path: Path) -> None:
    """Any byte range of a segment is that range of its bytes."""
    data = clip(tmp_path / "clip.mp4", *seen(seconds=2), *heard(2), *H264, *AAC)
    pieces = fragment(plan(index_of(data))[0])
    assert any(isinstance(piece, Range) for piece in pieces)
    whole = filled(pieces, data)
    for start, length in ((0, 1), (0, len(whole)), (100, 5000), (len(whole) - 1, 1), (len(whole) // 2, 10**9)):
        assert filled(list(part_of(pieces, start, length)), data) == whole[start : start + length]


def test_a_turned_picture_stays_turned(tmp_path: Path) -> None:
    """Phones film upright: the matrix says so and is kept."""
    straight = tmp_path / "straight.mp4"
    clip(straight, *seen(seconds=2), *H264)
    turned = clip(tmp_path / "turned.mp4", "-display_rotation", "90", "-i", str(straight), "-c", "copy")
    track = index_of(turned).video
    assert track
    # There is a picture.
    assert track.matrix != index_of(straight.read_bytes()).video.matrix  # type: ignore[union-attr]
    assert track.matrix in packaged(turned)


@pytest.mark.parametrize("change", ["cut", "sizes", "chunks"])
def test_an_index_that_lies_is_refused(change: str, tmp_path: Path) -> None:
    """Counts beyond the bytes that are there, and bytes beyond the file, are refused at once."""
    data = clip(tmp_path / "clip.mp4", *seen(seconds=2), *H264, "-movflags", "+faststart")
    changes: dict[str, Callable[[], bytes]] = {
        "cut": lambda: data[:-2000],
        "sizes": lambda: _patched(data, b"stsz", 12, 0xFFFFFFFF),
        "chunks": lambda: _patched(data, b"stco", 8, 0xFFFFFFFF),
    }
    assert _reason(changes[change]())[0] == "waiting"


def _patched(data: bytes, kind: bytes, place: int, value: int) -> bytes:
    at = data.index(kind) + place
    return data[:at] + struct.pack(">I", value) + data[at + 4 :]
