"""NudeNet as a plug-in: what its answers mean, and the model itself where somebody has installed it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import pytest

from openvod.adapters.nudenet import NudeNetReviewer
from openvod.base.errors import Unavailable
from openvod.review.model import FrameFindings, ReviewFrame

_PORN = ("FEMALE_GENITALIA_EXPOSED", "MALE_GENITALIA_EXPOSED", "ANUS_EXPOSED", "FEMALE_BREAST_EXPOSED")
_INNOCENT = ("FACE_FEMALE", "FACE_MALE", "BELLY_EXPOSED", "MALE_BREAST_EXPOSED", "BUTTOCKS_COVERED", "FEET_EXPOSED")
_AREA = [134, 67, 506, 341]


def answered(*seen: object) -> FrameFindings:
    """Return the findings of one frame whose child says that it saw these."""
    code = f"import sys; sys.stdin.read(); print({json.dumps({'frames': [seen]})!r})"
    reviewer = NudeNetReviewer(packages=(), command=(sys.executable, "-I", "-c", code))
    return asyncio.run(reviewer.review([ReviewFrame(0, "a")]))[0]


def test_what_its_classes_mean() -> None:
    """Bare sexes and breasts are porn, bare buttocks sexy, with score and place; the rest is of no consequence."""
    found = answered(*([kind, 0.615, _AREA] for kind in (*_PORN, "BUTTOCKS_EXPOSED", *_INNOCENT))) or ()
    assert [(f.label, f.confidence, f.area) for f in found] == [
        *[("porn", 61.5, tuple(_AREA))] * 4,
        ("sexy", 61.5, tuple(_AREA)),
    ]


@pytest.mark.parametrize(
    "seen", [["KNEE_EXPOSED", 0.9, _AREA], ["ANUS_EXPOSED", 0.9, None], ["ANUS_EXPOSED", 2, _AREA]]
)
def test_answers_that_are_none(seen: object) -> None:
    """A class that nobody has thought about, or no place, is a failure and not innocence."""
    with pytest.raises(Unavailable, match=r"review\.failed"):
        answered(seen)


def test_how_it_is_installed() -> None:
    """It is an extra of its own, which the message names: it comes with nothing else."""
    reviewer = NudeNetReviewer(packages=("no_such_package",))
    with pytest.raises(Unavailable) as refused:
        asyncio.run(reviewer.review([ReviewFrame(0, "a")]))
    assert "pip install 'openvod[review-nudenet]'" in refused.value.message


@pytest.mark.skipif(bool(NudeNetReviewer().missing()), reason="NudeNet is AGPL-3.0 and installed by who wants it")
def test_the_model_itself(tmp_path: Path) -> None:
    """Where it is installed it runs in the same child and finds nothing in a test chart."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    chart = tmp_path / "chart.png"
    subprocess.run([program, "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=640x360", "-frames:v", "1", str(chart)],
                   check=True)  # fmt: skip
    assert asyncio.run(NudeNetReviewer().review([ReviewFrame(0, str(chart))])) == [[]]
