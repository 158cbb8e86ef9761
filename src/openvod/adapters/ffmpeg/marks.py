"""Writes watermark files: checked pictures, SVG without scripts, and text with a font that has its glyphs."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from fontTools.ttLib import TTFont, TTLibError
from PIL import Image, ImageColor, ImageDraw, ImageFont

from openvod.adapters.ffmpeg import picture_child
from openvod.adapters.sandbox.children import python_child
from openvod.adapters.sandbox.policy import Policy, Walls, reader_arguments
from openvod.adapters.sandbox.trial import standing_walls
from openvod.kinds.failure import Failure
from openvod.kinds.plan.model import Asset

_CHECK_SECONDS = 20
_UNREADABLE = "the watermark's picture is not a readable JPEG, PNG or GIF"
_MAX_PIXELS = 4096 * 4096
_PADDING = 2
_FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("/Library/Fonts"),
                 Path("/System/Library/Fonts"))  # fmt: skip
#: Preferred font families when several have the glyphs: replacements for the two font names of the wire.
_PREFERRED = {
    "simkai.ttf": ("kai", "cjk", "wqy", "hei", "song", "droidsansfallback", "unifont"),
    "arial.ttf": ("arial", "liberationsans-regular", "dejavusans.", "notosans-regular"),
}
_SVG = "{http://www.w3.org/2000/svg}"


def put_asset(asset: Asset, path: Path, image_path: str, walls: Walls = standing_walls) -> None:
    """Write an asset; raises :class:`Failure` for one that cannot be used."""
    if asset.kind == "image":
        check_image(Path(image_path), walls)
        shutil.copyfile(image_path, path)
    elif asset.kind == "svg":
        _put_svg(path, str(asset.options["svg"]))
    else:
        _put_text(path, asset)


def check_image(path: Path, walls: Walls = standing_walls) -> str:
    """Return the extension of a watermark picture; raises :class:`Failure` for one that cannot be used.

    A child process in the sandbox of ``walls`` decodes the picture, because anybody may have drawn it.
    """
    confined = reader_arguments(Policy(walls()), _CHECK_SECONDS)
    command = python_child(picture_child.__name__, *confined, _MAX_PIXELS)
    try:
        with path.open("rb") as picture:
            done = subprocess.run(
                command, stdin=picture, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/",
                timeout=_CHECK_SECONDS, check=False,
            )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure("InvalidInput", _UNREADABLE) from error
    extension, _, size = done.stdout.decode("utf-8", "replace").partition("\n")
    if extension == picture_child.TOO_LARGE:
        raise Failure("InvalidInput", f"the watermark's picture has {size} pixels, too many; make it smaller")
    if extension not in picture_child.EXTENSIONS.values():
        raise Failure("InvalidInput", _UNREADABLE)
    return extension


def _put_svg(path: Path, text: str) -> None:
    """Write an SVG; refuse scripts and references to other files or URLs."""
    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper():
        raise Failure("InvalidInput", "SvgContent has a document type or entities; remove them")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - entities, which are the danger, are refused above
    except ElementTree.ParseError as error:
        raise Failure("InvalidInput", f"SvgContent is not an SVG: {error}") from error
    if root.tag not in (f"{_SVG}svg", "svg"):
        raise Failure("InvalidInput", "SvgContent is not an SVG: its root element is not svg")
    for element in root.iter():
        _check_element(element)
    path.write_text(text, encoding="utf-8")


def _check_element(element: ElementTree.Element) -> None:
    name = str(element.tag).rpartition("}")[2].lower()
    if name in ("script", "foreignobject", "iframe", "audio", "video"):
        raise Failure("InvalidInput", f"SvgContent contains <{name}>; only drawing elements are allowed")
    for attribute, value in element.attrib.items():
        local = attribute.rpartition("}")[2].lower()
        if local.startswith("on"):
            raise Failure("InvalidInput", f"SvgContent has the event attribute {local}; remove it")
        refers = local in ("href", "src") and not value.strip().startswith(("#", "data:image/"))
        if refers or _has_outside_url(value) or (name == "style" and "@import" in (element.text or "")):
            raise Failure("InvalidInput", f"SvgContent refers to an outside resource in {local}; embed it")
    if name == "style" and ("@import" in (element.text or "") or _has_outside_url(element.text or "")):
        raise Failure("InvalidInput", "SvgContent's style refers to an outside resource; embed it")


def _has_outside_url(value: str) -> bool:
    pieces = value.lower().split("url(")[1:]
    return any(not piece.strip(" \"'").startswith("#") for piece in pieces)


def _put_text(path: Path, asset: Asset) -> None:
    options = asset.options
    text, size = str(options["text"]), int(options["size"])
    path_of_font, number = _font_for(str(options["font"]), text)
    font = ImageFont.truetype(str(path_of_font), size=size, index=number)
    measure = ImageDraw.Draw(Image.new("RGBA", (1, 1)))
    left, top, right, bottom = measure.multiline_textbbox((0, 0), text, font=font)
    width, height = int(right - left) + 2 * _PADDING, int(bottom - top) + 2 * _PADDING
    if width * height > _MAX_PIXELS:
        raise Failure("InvalidInput", "TextContent makes a picture that is too large; choose a smaller FontSize")
    red, green, blue = ImageColor.getrgb("#" + str(options["color"])[2:])[:3]
    image = Image.new("RGBA", (max(width, 1), max(height, 1)), (red, green, blue, 0))
    fill = (red, green, blue, round(255 * float(options["alpha"])))
    ImageDraw.Draw(image).multiline_text((_PADDING - left, _PADDING - top), text, font=font, fill=fill)
    image.save(path, "PNG")


def can_draw(text: str) -> bool:
    """Return whether an installed font has every character of ``text``."""
    try:
        _font_for("", text)
    except Failure:
        return False
    return True


def _font_for(wanted: str, text: str) -> tuple[Path, int]:
    """Return a font that has every character, of the requested family if possible."""
    needed = {ord(character) for character in text if not character.isspace()}
    preferred = _PREFERRED.get(wanted, ())

    def rank(font: tuple[Path, int]) -> int:
        name = font[0].name.lower().replace("_", "-")
        return next((place for place, word in enumerate(preferred) if word in name), len(preferred))

    for path, number in sorted(_fonts(), key=rank):
        if needed <= _characters(path, number):
            return path, number
    known = frozenset[int]().union(*(_characters(path, number) for path, number in _fonts()))
    missing = "".join(chr(code) for code in sorted(needed - known)[:5]) or text[:5]
    raise Failure(
        "InvalidInput.ConfigurationUnsupported",
        f"no font on this machine has the character {missing!r}; install one, such as Debian's fonts-noto-cjk",
    )


@cache
def _fonts() -> tuple[tuple[Path, int], ...]:
    """Return every installed font with its index in the file, regular styles first."""
    files = [
        path
        for folder in _FONT_FOLDERS
        if folder.is_dir()
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in (".ttf", ".otf", ".ttc")
    ]
    files.sort(key=lambda path: any(word in path.name.lower() for word in ("bold", "italic", "oblique", "mono")))
    return tuple((path, 0) for path in files)


@cache
def _characters(path: Path, number: int) -> frozenset[int]:
    """Return the code points of a font."""
    try:
        with TTFont(path, fontNumber=number, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())
    except (TTLibError, OSError):
        return frozenset()
