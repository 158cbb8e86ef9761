"""The table of accepted types, and what is made from it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from openvod.adapters.ffmpeg import probe_child
from openvod.base.errors import Invalid
from openvod.kinds.plan.graph import DEMUXERS
from openvod.media.accepted import COVER_TYPES, FILE_TYPES, media_category
from openvod.storage.media_types import media_type_of
from openvod.upload.model import FileRequest, check_cover, check_video

_ROOT = Path(__file__).parents[3]
_WIRE = (
    "wmv rm mov mpeg mp4 3gp flv avi rmvb ts asf mpg webm mkv m3u8 wm asx ram mpe vob dat mp4v m4v f4v mxf qt ogg "
    "mp3 m4a flac wav ra aac amr jpg jpeg png gif bmp tiff ai cdr eps tif heif"
)


def test_what_the_wire_names_is_accepted() -> None:
    """The wire's own list is in the table, each ending once."""
    endings = [each.ending for each in FILE_TYPES]
    assert len(endings) == len(set(endings))
    assert set(_WIRE.split()) <= {each.ending for each in FILE_TYPES if each.wire}


@pytest.mark.parametrize("ending", ["mts", "m2ts", "ogv", "wma", "opus", "heic", "avif", "jfif", "m4b", "mka", "MTS"])
def test_what_can_be_decoded_is_accepted(ending: str) -> None:
    """Types that the wire's list forgot and that are read here."""
    assert check_video(FileRequest("a", ending, 1)).type == ending.lower()


def test_readers_are_those_that_run() -> None:
    """Every reader of the table is allowed to the probe and to FFmpeg."""
    for readers in (DEMUXERS.split(","), probe_child._FORMATS.split(",")):
        assert {each.reader for each in FILE_TYPES} - {""} <= set(readers)


def test_every_type_has_a_media_type() -> None:
    """What is read is handed out under a type of its category."""
    for each in FILE_TYPES:
        kind = media_type_of(f"a.{each.ending}")
        if each.reader and each.ending not in ("dat", "rm", "rmvb", "mxf", "nut", "ra"):
            assert kind.partition("/")[0] == each.category.lower(), (each.ending, kind)


def test_categories() -> None:
    """A type belongs to one category, an unknown one counts as video."""
    assert [media_category(kind) for kind in ("mka", "avif", "mts", "exe")] == ["Audio", "Image", "Video", "Video"]
    assert {"heic", "jfif"} <= COVER_TYPES


def test_a_refusal_names_what_is_accepted() -> None:
    """Whoever sends another type is told the whole list."""
    with pytest.raises(Invalid, match=r"videoType 'exe' is not accepted; send one of mp4, .*opus.*jfif"):
        check_video(FileRequest("a", "exe", 1))
    with pytest.raises(Invalid, match=r"coverType 'mp4' is not accepted; send one of jpg, .*avif"):
        check_cover(FileRequest("a", "mp4", 1))


def test_documents_are_made_of_the_table() -> None:
    """The page and the console's list are what the script would write."""
    script = str(_ROOT / "scripts" / "file_types.py")
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
