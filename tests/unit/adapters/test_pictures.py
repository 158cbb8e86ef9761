"""Pictures of strangers, read in a child."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from openvod.adapters.ffmpeg.pictures import PillowPictures
from openvod.base.errors import Invalid, Unavailable
from support.server import run_async


def _picture(kind: str, mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, (40, 20), 1).save(out, kind, **options)
    return out.getvalue()


def _opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize(
    ("kind", "mode", "extension"),
    [("JPEG", "RGB", "jpg"), ("JPEG", "CMYK", "jpg"), ("PNG", "RGBA", "png"), ("PNG", "P", "png"), ("GIF", "P", "gif")],
)
def test_a_picture_stays_what_it_is(kind: str, mode: str, extension: str) -> None:
    """Form and size stay; the bytes are new ones that every reader takes."""
    found, data = run_async(PillowPictures().reencode(_picture(kind, mode)))
    image = _opened(data)
    assert (found, image.format, image.size) == (extension, kind, (40, 20))


def test_what_is_no_picture_in_it_goes() -> None:
    """Notes of the camera, and anything appended, are left out; the turn that they ask for is made."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "secret place"
    _, data = run_async(PillowPictures().reencode(_picture("JPEG", exif=exif) + b"<script>secret</script>"))
    assert _opened(data).size == (20, 40)
    assert b"secret" not in data
    _, data = run_async(PillowPictures().reencode(_picture("PNG", exif=exif)))
    assert b"secret" not in data


def test_an_animation_keeps_its_frames() -> None:
    """A GIF goes on moving."""
    out = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=50)
    _, data = run_async(PillowPictures().reencode(out.getvalue()))
    assert getattr(_opened(data), "n_frames", 1) == 3


@pytest.mark.parametrize("data", [b"", b"no picture", _picture("BMP"), _picture("PNG")[:60], b"GIF89a"])
def test_what_cannot_be_read_is_refused(data: bytes) -> None:
    """Other forms and broken files are the caller's fault."""
    with pytest.raises(Invalid) as refused:
        run_async(PillowPictures().reencode(data))
    assert refused.value.code == "picture.unreadable"


def test_a_bomb_is_refused() -> None:
    """A small file that claims many pixels is not unpacked."""
    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    with pytest.raises(Invalid) as refused:
        run_async(PillowPictures().reencode(out.getvalue()))
    assert refused.value.code == "picture.unreadable"


def test_a_reader_that_takes_too_long_is_ended() -> None:
    """The caller gets an answer in time."""
    with pytest.raises(Unavailable) as failed:
        run_async(PillowPictures(timeout=0.01).reencode(_picture("PNG")))
    assert failed.value.code == "picture.failed"
