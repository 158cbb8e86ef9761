"""Plans: what shares a pass, what is copied, what is refused; without running anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from openvod.kinds.adaptive_dynamic_streaming import AdaptiveInput
from openvod.kinds.animated_graphics import AnimatedGraphicInput
from openvod.kinds.content_review import ReviewInput
from openvod.kinds.cover_by_snapshot import CoverBySnapshotInput
from openvod.kinds.head_tail import HeadTailInput
from openvod.kinds.image_sprites import ImageSpriteInput
from openvod.kinds.names import TemplateKind
from openvod.kinds.plan.model import Clip, Encoder, Item, Limits, Plan, Source, WorkClass
from openvod.kinds.probe import AudioStream, ProbeResult, VideoStream
from openvod.kinds.registry import SubTaskKind
from openvod.kinds.sample_snapshot import SampleSnapshotInput
from openvod.kinds.snapshot_by_time_offset import SnapshotByTimeOffsetInput
from openvod.kinds.templates import Template
from openvod.kinds.transcode import TranscodeInput
from openvod.kinds.watermark import WatermarkInput
from openvod.processing.planner import Options, make_plan
from openvod.tasks.presets import PRESETS
from openvod.tasks.templates import read_body

K = SubTaskKind
VIDEO = VideoStream(
    6_000_000, 1080, 1920, "h264", 30, frame_rate=30.0, pixel_format="yuv420p", key_frame_seconds=2.0, index=0,
    key_frame_grid=2.0, seconds=60.0,
)  # fmt: skip
AUDIO = AudioStream(128_000, 44_100, "aac", index=1, channels=2, profile="LC")
PROBE = ProbeResult(
    45_000_000, "mov,mp4,m4a,3gp,3g2,mj2", 6_128_000, 1920, 1080, 60.0, 0, 60.0, 60.0, "Video", (VIDEO,), (AUDIO,)
)
SOURCE = Source("1", PROBE)
INPUTS = {
    K.ADAPTIVE_DYNAMIC_STREAMING: AdaptiveInput(definition=10),
    K.IMAGE_SPRITES: ImageSpriteInput(definition=10),
    K.COVER_BY_SNAPSHOT: CoverBySnapshotInput(definition=10, position_type="Time", position_value=0),
    K.SAMPLE_SNAPSHOT: SampleSnapshotInput(definition=10),
    K.TRANSCODE: TranscodeInput(definition=100030),
    K.ANIMATED_GRAPHICS: AnimatedGraphicInput(definition=20000, start_time_offset=1, end_time_offset=3),
}


def source(video: dict[str, Any] | None = None, **changes: Any) -> Source:
    """Return the usual source with changes to its video stream and to the whole."""
    stream = replace(VIDEO, **(video or {}))
    return Source("1", replace(PROBE, video_streams=(stream,), width=stream.width, height=stream.height, **changes))


def plan(*wanted: SubTaskKind | tuple[SubTaskKind, Any], of: Source = SOURCE, custom: Any = None, **more: Any) -> Plan:
    """Plan sub-tasks, by kind with the usual input or with one of their own."""
    pairs = [each if isinstance(each, tuple) else (each, INPUTS[each]) for each in wanted]
    templates: dict[tuple[TemplateKind, int], Template] = {**PRESETS, **(custom or {})}
    items = [Item(number, kind, value, **more) for number, (kind, value) in enumerate(pairs)]
    options = Options(Encoder(), Limits(), installed_reviews=frozenset({K.PORN}))
    return make_plan(of, items, lambda kind, definition: templates.get((kind, definition)), options)


def custom(kind: TemplateKind, definition: int, plain: dict[str, Any]) -> dict[Any, Template]:
    """Return a custom template by its key."""
    return {(kind, definition): Template(kind, definition, read_body(kind, plain))}


def arguments(made: Plan, job: int = 0, command: int = 0) -> tuple[str, ...]:
    """Return one command's arguments."""
    return made.jobs[job].commands[command].arguments


def after(made: tuple[str, ...], option: str) -> list[str]:
    """Return every value of an option."""
    return [made[place + 1] for place, text in enumerate(made) if text == option]


def test_one_decode_for_all_that_needs_frames() -> None:
    """Ladder, transcode and sprite share one process, cover and animation run before it: seen first, done first."""
    made = plan(K.ADAPTIVE_DYNAMIC_STREAMING, K.IMAGE_SPRITES, K.COVER_BY_SNAPSHOT, K.TRANSCODE, K.ANIMATED_GRAPHICS)
    assert [(job.work, [share.number for share in job.shares]) for job in made.jobs] == [
        (WorkClass.LIGHT, [2]),
        (WorkClass.LIGHT, [4]),
        (WorkClass.ENCODE, [0, 3, 1]),
    ]
    assert arguments(made, 2).count("-i") == 1


def test_each_rung_is_scaled_from_the_next_larger_one() -> None:
    """The cascade: 1080, 720, 480, 240, each from the one before; frames are dropped once, first, and repeated last."""
    graph = after(arguments(plan(K.ADAPTIVE_DYNAMIC_STREAMING)), "-filter_complex")[0]
    sizes = [part.split("scale=")[1].split(":flags")[0] for part in graph.split(";") if "scale=" in part]
    assert sizes == ["1920:1080", "1280:720", "854:480", "426:240"]
    assert graph.startswith("[0:0]select=")
    assert graph.count("select=") == 1
    assert [chain.split("fps=")[1].split("[")[0] for chain in graph.split(";") if "fps=" in chain] == ["24"] * 4


def test_rungs_share_key_frames() -> None:
    """Every encoded rung has the same fixed distance of key frames, and none at scene cuts."""
    made = arguments(plan(K.ADAPTIVE_DYNAMIC_STREAMING))
    assert after(made, "-g:v") == ["144"] * 4
    assert after(made, "-sc_threshold:v") == ["0"] * 4
    assert len(after(made, "-c:a")) == 1, "sound is encoded once, as a rendition of its own"


def test_rungs_above_the_source_are_left_out() -> None:
    """A 720p source gets three rungs; one smaller than the smallest rung still gets one, at its own size."""

    def rungs(of: Source, definition: int = 10) -> list[tuple[int, int]]:
        item = (K.ADAPTIVE_DYNAMIC_STREAMING, AdaptiveInput(definition=definition))
        facts = plan(item, of=of).jobs[0].shares[0].facts
        return [(rung["width"], rung["height"]) for rung in facts["rungs"]]

    assert rungs(source({"width": 1280, "height": 720})) == [(426, 240), (854, 480), (1280, 720)]
    assert rungs(source({"width": 160, "height": 120})) == [(160, 120)]
    assert rungs(source({"width": 1080, "height": 1920})) == [(240, 426), (480, 854), (720, 1280), (1080, 1920)]
    assert rungs(source({"width": 1600, "height": 900}))[-1] == (1280, 720)
    assert rungs(source({"width": 1600, "height": 900}), 20)[-1] == (1600, 900), "20 does not forbid the source's size"


def test_the_top_rung_is_copied_when_the_source_fits() -> None:
    """The source's own stream is the top rung; the others keep its rate and put key frames where it has them."""
    made = plan(K.ADAPTIVE_DYNAMIC_STREAMING, of=source({"bitrate": 1_100_000}))
    options = arguments(made)
    assert after(options, "-c:v") == ["libx264", "libx264", "libx264", "copy"]
    assert after(options, "-force_key_frames:v") == ["source"] * 3
    assert "fps=" not in after(options, "-filter_complex")[0]


@pytest.mark.parametrize(
    "unfit",
    [
        {"bitrate": 1_500_000},
        {"bitrate": 1_000_000, "codec": "hevc"},
        {"bitrate": 1_000_000, "pixel_format": "yuv422p"},
        {"bitrate": 1_000_000, "key_frame_seconds": 12.0},
        {"bitrate": 1_000_000, "key_frame_seconds": 0.0},
        {"bitrate": 1_000_000, "frame_rate": 60.0},
        {"bitrate": 1_000_000, "interlaced": True},
        {"bitrate": 1_000_000, "pixel_aspect": 1.5},
        {"bitrate": 1_000_000, "width": 1442, "height": 1082},
    ],
)
def test_what_does_not_fit_is_encoded(unfit: dict[str, Any]) -> None:
    """Each property that would make a copied stream differ from the template keeps it from being copied."""
    made = plan(K.ADAPTIVE_DYNAMIC_STREAMING, of=source(unfit))
    assert "copy" not in after(arguments(made), "-c:v")


def test_rotation_keeps_a_stream_from_being_copied() -> None:
    """A turned phone video is encoded upright, 1080 wide."""
    made = plan(K.TRANSCODE, of=source({"bitrate": 1_000_000}, rotate=90))
    assert "copy" not in after(arguments(made), "-c:v")
    assert "scale=720:1280" in after(arguments(made), "-filter_complex")[0]


def test_remux_needs_no_decoder() -> None:
    """Remux 876 copies both streams, in a job of its own that does not wait for encoders."""
    made = plan((K.TRANSCODE, TranscodeInput(definition=876)), K.ADAPTIVE_DYNAMIC_STREAMING)
    assert made.jobs[0].work is WorkClass.LIGHT
    assert "-filter_complex" not in arguments(made)
    assert after(arguments(made), "-c:v") == after(arguments(made), "-c:a") == ["copy"]


def test_snapshots_seek() -> None:
    """A snapshot's command seeks, a second early, before it opens the file: its cost does not grow with the video."""
    wanted = SnapshotByTimeOffsetInput(definition=10, ext_time_offset_set=("30s", "100%"), time_offset_set=(1500,))
    made = plan((K.SNAPSHOT_BY_TIME_OFFSET, wanted))
    starts = [after(command.arguments, "-ss") for command in made.jobs[0].commands]
    assert starts == [["29"], ["58.95"], ["0.5"]]
    assert all(command.arguments.index("-ss") < command.arguments.index("-i") for command in made.jobs[0].commands)


@pytest.mark.parametrize(
    ("of", "copied"),
    [
        (SOURCE, {"mp4": 2, "hls": 2}),
        (source({"hidden": True}), {"mp4": 1, "hls": 1}),
        (source({"mirrored": True}), {"mp4": 2, "hls": 1}),
        (source(rotate=90), {"mp4": 2, "hls": 1}),
        (source(container="avi"), {"mp4": 1, "hls": 1}),
        (source({"seconds": 0.04}), {"mp4": 1, "hls": 1}),
        (source(audio_streams=(replace(AUDIO, hidden=True),)), {"mp4": 1, "hls": 1}),
    ],
    ids=["plain", "edits", "mirror", "turn", "no times", "one picture", "edited sound"],
)
def test_a_remux_copies_what_packets_carry(of: Source, copied: dict[str, int]) -> None:
    """What the container tells beside its packets, and the new one cannot tell, is encoded into the stream."""
    for definition, container in ((875, "mp4"), (876, "hls")):
        made = arguments(plan((K.TRANSCODE, TranscodeInput(definition=definition)), of=of))
        assert made.count("copy") == copied[container], container
        again = arguments(plan((K.TRANSCODE, TranscodeInput(definition=definition)), of=of, separate=True))
        assert again.count("copy") == 0, "a copy that failed is not tried again"


def test_flv_holds_mp3_of_few_rates() -> None:
    """MP3 of 48 kHz is copied into MP4, and encoded for FLV, which has no number for that rate."""
    copy = {"VideoTemplate": {"Codec": "copy"}, "AudioTemplate": {"Codec": "copy"}}
    own = custom(TemplateKind.TRANSCODE, 1, {"Container": "flv", **copy})
    for rate, copies in ((44_100, 2), (48_000, 1)):
        of = source(audio_streams=(replace(AUDIO, codec="mp3", sampling_rate=rate),))
        made = plan((K.TRANSCODE, TranscodeInput(definition=1)), of=of, custom=own)
        assert arguments(made).count("copy") == copies


def test_the_default_sound_is_heard() -> None:
    """The track that the container calls the default is mapped, else the first."""
    second = replace(AUDIO, index=2)
    assert "0:1" in after(arguments(plan(K.TRANSCODE, of=source(audio_streams=(AUDIO, second)))), "-map")
    of = source(audio_streams=(AUDIO, replace(second, default=True)))
    assert "0:2" in after(arguments(plan(K.TRANSCODE, of=of)), "-map")


def test_clips_around_a_film_are_held_and_heard_as_it_is() -> None:
    """Put end to end, each film's last picture lasts as long as its sound, and its default sound is the one heard."""
    second = replace(AUDIO, index=2, default=True)
    of = source({"seconds": 0.04}, audio_streams=(AUDIO, second))
    of = replace(of, clips={"9": Clip("b", "k", replace(PROBE, audio_streams=(AUDIO, second), duration=4.0))})
    own = custom(TemplateKind.HEAD_TAIL, 7, {"TailCandidateSet": ["9"]})
    wanted = TranscodeInput(definition=100030, head_tail_set=(HeadTailInput(definition=7),))
    (graph,) = after(arguments(plan((K.TRANSCODE, wanted), of=of, custom=own)), "-filter_complex")
    assert [text in graph for text in ("trim=end=60.0", "trim=end=4.0")] == [True, False]
    assert [text in graph for text in ("[0:2]aformat", "[1:2]aformat")] == [True, True]


def test_what_was_probed_before_is_not_copied() -> None:
    """Rows of a probe that did not look for edits count as if there were some."""
    plain = PROBE.to_json()
    for stream in (*plain["video_streams"], *plain["audio_streams"]):
        del stream["hidden"]
    of = Source("1", ProbeResult.from_json(plain))
    assert arguments(plan((K.TRANSCODE, TranscodeInput(definition=875)), of=of)).count("copy") == 0


def test_sparse_series_read_key_frames_only() -> None:
    """A sprite alone decodes key frames when each of its moments has one, else every frame."""
    assert after(arguments(plan(K.IMAGE_SPRITES)), "-skip_frame") == ["nokey"]
    assert after(arguments(plan(K.IMAGE_SPRITES, of=source({"key_frame_grid": 0.0}))), "-skip_frame") == []
    assert after(arguments(plan(K.IMAGE_SPRITES, of=source({"key_frame_grid": 4.0}))), "-skip_frame") == []
    dense = plan(K.IMAGE_SPRITES, of=source({"key_frame_seconds": 15.0, "key_frame_grid": 15.0}))
    assert after(arguments(dense), "-skip_frame") == []
    assert dense.jobs[0].work is WorkClass.ENCODE


def test_another_way_after_a_failure() -> None:
    """What failed together is planned apart; after running out of memory with one thread and a faster preset."""
    made = plan(K.ADAPTIVE_DYNAMIC_STREAMING, K.TRANSCODE, K.IMAGE_SPRITES, separate=True, thrifty=True)
    assert [len(job.shares) for job in made.jobs] == [1, 1, 1]
    encode = next(job for job in made.jobs if job.shares[0].kind is K.TRANSCODE)
    assert after(encode.commands[0].arguments, "-threads:v") == ["1"]
    assert after(encode.commands[0].arguments, "-preset:v") == ["superfast"]


def test_the_source_is_guarded() -> None:
    """Only local protocols and container readers that look at one file are allowed, before the source is named."""
    for made in (plan(K.TRANSCODE), plan(K.COVER_BY_SNAPSHOT), plan((K.PORN, ReviewInput(definition=10)))):
        options = arguments(made)
        assert after(options, "-protocol_whitelist") == ["file,pipe,fd"]
        readers = after(options, "-format_whitelist")[0].split(",")
        assert not {"hls", "dash", "concat", "sdp", "image2", "lavfi", "tee"} & set(readers)
        assert options.index("-format_whitelist") < options.index("{source}")


@pytest.mark.parametrize(
    ("wanted", "of", "code"),
    [
        ((K.TRANSCODE, TranscodeInput(definition=999)), SOURCE, "InvalidInput.DefinitionNotExist"),
        ((K.ADAPTIVE_DYNAMIC_STREAMING, AdaptiveInput(definition=999)), SOURCE, "InvalidInput.DefinitionNotExist"),
        ((K.TRANSCODE, TranscodeInput(definition=10, start_time_offset=99)), SOURCE, "InvalidInput.InvalidTimeOffset"),
        ((K.SNAPSHOT_BY_TIME_OFFSET, SnapshotByTimeOffsetInput(definition=10, ext_time_offset_set=("61s",))), SOURCE,
         "InvalidInput.InvalidTimeOffset"),
        ((K.SNAPSHOT_BY_TIME_OFFSET, SnapshotByTimeOffsetInput(definition=10, ext_time_offset_set=("x",))), SOURCE,
         "InvalidInput.InvalidTimeOffset"),
        ((K.SNAPSHOT_BY_TIME_OFFSET, SnapshotByTimeOffsetInput(definition=10)), SOURCE,
         "InvalidInput.InvalidTimeOffset"),
        ((K.TRANSCODE, TranscodeInput(definition=875)), source({"codec": "vp9"}),
         "InvalidInput.ConfigurationUnsupported"),
        ((K.TRANSCODE, TranscodeInput(definition=875, end_time_offset=3)), SOURCE,
         "InvalidInput.ConfigurationUnsupported"),
        ((K.TRANSCODE, TranscodeInput(definition=10, watermark_set=(WatermarkInput(definition=5),))), SOURCE,
         "InvalidInput.DefinitionNotExist"),
        ((K.TRANSCODE, TranscodeInput(definition=10, override_parameter={"RemoveVideo": 1, "RemoveAudio": 1})), SOURCE,
         "InvalidInput"),
        ((K.TRANSCODE, TranscodeInput(definition=10)), Source("1", replace(PROBE, video_streams=())),
         "SourceFileError.NoVideoMedia"),
        ((K.TRANSCODE, TranscodeInput(definition=1010)), Source("1", replace(PROBE, audio_streams=())),
         "SourceFileError.ContentUnsupported"),
        ((K.TRANSCODE, TranscodeInput(definition=10)), source({"width": 16_000, "height": 16_000}),
         "SourceFileError.ContentUnsupported"),
        ((K.TRANSCODE, TranscodeInput(definition=10)), source(duration=90_000.0), "SourceFileError.ContentUnsupported"),
        ((K.TERRORISM, ReviewInput(definition=10)), SOURCE, "InvalidInput.ConfigurationUnsupported"),
        ((K.ANIMATED_GRAPHICS, AnimatedGraphicInput(definition=20000, start_time_offset=0, end_time_offset=0)),
         source(duration=3600.0, video_duration=3600.0), "InvalidInput.InvalidTimeOffset"),
    ],
)  # fmt: skip
def test_what_cannot_be_met_fails_alone(wanted: tuple[SubTaskKind, Any], of: Source, code: str) -> None:
    """A sub-task that cannot be met fails with the wire's code, before anything runs; its neighbour is planned."""
    made = plan(wanted, K.COVER_BY_SNAPSHOT, of=of)
    assert made.failures[0].err_code_ext == code
    assert made.failures[0].message
    assert (1 in made.failures) == code.startswith(("SourceFileError.NoVideoMedia", "SourceFileError.ContentUns")) or [
        share.number for job in made.jobs for share in job.shares
    ] == [1]


def test_override_parameter() -> None:
    """Members of the override replace those of the template, nested ones member by member."""
    wanted = TranscodeInput(definition=100030, override_parameter={"VideoTemplate": {"Bitrate": 900, "Height": 480}})
    options = arguments(plan((K.TRANSCODE, wanted)))
    assert after(options, "-b:v") == ["900k"]
    assert "scale=854:480" in after(options, "-filter_complex")[0]


def test_hdr_is_kept_where_asked_and_tone_mapped_otherwise() -> None:
    """An HDR10 source becomes 10-bit H.265 with its colours where the template keeps it, else it is tone-mapped."""
    of = source({"dynamic_range": "hdr10", "pixel_format": "yuv420p10le", "codec": "hevc"})
    kept = custom(TemplateKind.TRANSCODE, 5, {"Container": "mp4", "VideoTemplate": {
        "Codec": "libx265", "Fps": 0, "Bitrate": 3000, "PreserveHDRSwitch": "ON"}})  # fmt: skip
    made = plan((K.TRANSCODE, TranscodeInput(definition=5)), K.TRANSCODE, of=of, custom=kept)
    graph = after(arguments(made), "-filter_complex")[0]
    assert graph.count("tonemap=mobius") == 1
    assert graph.count("format=yuv420p10le") == 1
    assert any("transfer=smpte2084" in value for value in after(arguments(made), "-x265-params:v"))


def test_plans_are_values() -> None:
    """The same question has the same answer: plans can be compared and printed."""
    assert plan(K.ADAPTIVE_DYNAMIC_STREAMING, K.IMAGE_SPRITES) == plan(K.ADAPTIVE_DYNAMIC_STREAMING, K.IMAGE_SPRITES)
