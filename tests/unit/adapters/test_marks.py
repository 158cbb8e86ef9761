"""Files that watermarks are drawn from: what is taken, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from openvod.adapters.ffmpeg import marks
from openvod.adapters.ffmpeg.marks import check_image, put_asset
from openvod.kinds.failure import Failure
from openvod.kinds.plan.model import Asset

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{}</svg>'


def svg(inner: str, folder: Path) -> None:
    """Put a drawing."""
    put_asset(Asset("m.svg", "svg", {"svg": SVG.format(inner)}), folder / "m.svg", "")


@pytest.mark.parametrize(
    "inner",
    [
        "<script>1</script>",
        '<rect onload="x()"/>',
        '<image href="http://example.com/a.png"/>',
        '<image xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="file:///etc/passwd"/>',
        '<rect style="fill:url(http://example.com/a)"/>',
        "<style>@import 'x.css';</style>",
        "<foreignObject/>",
    ],
)
def test_drawings_neither_run_nor_fetch(inner: str, tmp_path: Path) -> None:
    """A drawing with a script, an event or an outside reference is refused, and says which."""
    with pytest.raises(Failure) as caught:
        svg(inner, tmp_path)
    assert caught.value.err_code_ext == "InvalidInput"
    assert not (tmp_path / "m.svg").exists()


def test_entities_are_refused(tmp_path: Path) -> None:
    """A document type never reaches the parser."""
    bomb = '<!DOCTYPE x [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>'
    with pytest.raises(Failure, match="document type"):
        put_asset(Asset("m.svg", "svg", {"svg": bomb}), tmp_path / "m.svg", "")


def test_plain_drawings_are_taken(tmp_path: Path) -> None:
    """Shapes, gradients inside the drawing and embedded pictures are fine."""
    svg('<linearGradient id="g"/><rect fill="url(#g)"/><image href="data:image/png;base64,AA=="/>', tmp_path)
    assert (tmp_path / "m.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(("form", "suffix"), [("PNG", "png"), ("JPEG", "jpg"), ("GIF", "gif")])
def test_pictures(form: str, suffix: str, tmp_path: Path) -> None:
    """The three forms that the wire names are taken, by content and not by name."""
    Image.new("RGB", (4, 4)).save(tmp_path / "x", form)
    assert check_image(tmp_path / "x") == suffix


def test_what_is_no_picture(tmp_path: Path) -> None:
    """Anything else is refused with words, other image forms included."""
    (tmp_path / "x").write_bytes(b"GIF89a broken")
    with pytest.raises(Failure, match="not a readable JPEG, PNG or GIF"):
        check_image(tmp_path / "x")
    Image.new("RGB", (4, 4)).save(tmp_path / "y", "BMP")
    with pytest.raises(Failure, match="not a readable JPEG, PNG or GIF"):
        check_image(tmp_path / "y")


def text(words: str, folder: Path) -> Image.Image:
    """Draw a text."""
    options = {"text": words, "font": "arial.ttf", "size": 24, "color": "0xFF0000", "alpha": 0.5}
    put_asset(Asset("t.png", "text", options), folder / "t.png", "")
    return Image.open(folder / "t.png")


@pytest.mark.fonts
def test_text_is_drawn_in_colour_and_opacity(tmp_path: Path) -> None:
    """A text becomes a picture with its colour, and half transparent."""
    with text("OpenVOD", tmp_path) as image:
        assert image.width > image.height > 10
        assert image.getchannel("A").getextrema()[1] in range(126, 130)
        assert [image.getchannel(name).getextrema() for name in "RGB"] == [(255, 255), (0, 0), (0, 0)]


def test_missing_glyphs_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a font for a character, the refusal names it and what to install."""
    monkeypatch.setattr(marks, "_fonts", lambda: ())
    with pytest.raises(Failure) as caught:
        text("水印", tmp_path)
    assert "'印水'" in caught.value.message or "'水印'" in caught.value.message
    assert "fonts-noto-cjk" in caught.value.message
