"""What cannot be made says why, and leaves its neighbours alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from openvod.kinds.names import TemplateKind
from support.media.rendition import examined
from support.sweeps.flow_bench import outcome
from support.templates.asks import (
    GOOD,
    MARKS,
    SPRITE,
    TRANSCODE,
    WATERMARK,
    video_of,
)
from support.templates.bad import BAD
from support.templates.kitchen import FLOWS, Run
from support.templates.look import (
    named,
)
from support.templates.sources import (
    Plain,
)

pytestmark = FLOWS


@pytest.mark.parametrize("name", named(list(BAD)))
def test_bad(name: str, run: Run) -> None:
    """What cannot be made fails with the code that says whose fault it is, and words that say what to do."""
    member, bad = run.members[name], BAD[name]
    assert outcome(member) == bad.code, member["Message"]
    assert [word for word in bad.words if word not in member["Message"]] == [], member["Message"]
    assert 10 < len(member["Message"]) < 200
    assert member["Output"] is None


@pytest.mark.parametrize("name", named(list(BAD)))
def test_bad_leaves_others_alone(name: str, run: Run) -> None:
    """What stands beside something bad in the same flow, in the same pass, succeeds."""
    companion = run.companions[name]
    assert outcome(companion) == "ok", companion["Message"]
    seen = examined(run.bench.fetch(companion["Output"]["Url"]))
    assert (seen.width, seen.height) == (160, 90)


@pytest.mark.parametrize(
    ("kind", "body", "image", "words"),
    [
        (WATERMARK, MARKS["top left"].body, b"no picture at all", "not a readable JPEG, PNG or GIF"),
        (WATERMARK, MARKS["top left"].body, b"", "not a readable JPEG, PNG or GIF"),
        (WATERMARK, {"Type": "text"}, None, "TextTemplate is required"),
        (WATERMARK, {**MARKS["top left"].body, "XPos": "ten"}, b"\x89PNG", "not a readable JPEG, PNG or GIF"),
        (WATERMARK, {"Type": "svg", "SvgTemplate": {"Width": "10X%"}}, None, "SvgTemplate.Width: must look like"),
        (TRANSCODE, {"Container": "avi", "VideoTemplate": video_of()}, None, "Container"),
        (TRANSCODE, {"Container": "mp4", "VideoTemplate": video_of(Fps=101)}, None, "VideoTemplate.Fps"),
        (TRANSCODE, {"Container": "mp4", "RemoveVideo": 1, "RemoveAudio": 1, "VideoTemplate": video_of()}, None,
         "every stream"),
        (SPRITE, {"SampleType": "Time", "SampleInterval": 1, "RowCount": 100, "ColumnCount": 1, "Height": 200}, None,
         "15000 px"),
    ],
)  # fmt: skip
def test_refused_templates(
    kind: TemplateKind, body: Plain, image: bytes | None, words: str, run: Run, tmp_path: Path
) -> None:
    """What is wrong with a template, its picture included, is said when it is created."""
    options = []
    if image is not None:
        picture = tmp_path / "picture.png"
        picture.write_bytes(image)
        options = ["--image", str(picture)]
    assert words in run.bench.refused("templates", "create", kind.value, run.bench.body(body), *options)


def test_refused_overrides(run: Run) -> None:
    """What replaces members of a template is judged when the procedure is created, by the template's own rules."""
    item = {"Definition": 100_010, "OverrideParameter": {"VideoTemplate": {"Codec": "x"}}}
    body = run.bench.body({"Name": "overridden", "MediaProcessTask": {"TranscodeTaskSet": [item]}})
    words = run.bench.refused("procedures", "create", body)
    assert [word for word in ("OverrideParameter", "VideoTemplate.Codec", "libx264") if word not in words] == []


def test_every_ask_is_judged() -> None:
    """No good ask goes unlooked at: each is named in a test or a table of this folder."""
    judging = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in GOOD if f'"{name}"' not in judging] == []
