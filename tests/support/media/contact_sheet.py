"""One labelled picture of what the platform makes, for people: ``python -m support.media.contact_sheet OUT.png``."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from openvod.kinds.names import TemplateKind
from support.corpus.build import PATCHES, ffmpeg
from support.media.rendition import picture_at
from support.sweeps.flow_bench import FlowBench, Order, outcome

Plain = Mapping[str, Any]
_COLUMNS = 4
_CELL, _PICTURE = (400, 262), (384, 216)
_MARGIN, _LABEL_SIZE = 8, 16
_PAPER, _INK, _FAILED = (245, 245, 245), (20, 20, 20), (190, 0, 0)
_MOMENT = 1.5
_SECONDS = 4
_SMOOTH = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "16", "-pix_fmt", "yuv420p")
_LIGHT = "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
_FONT, _RED, _BLUE = "simkai.ttf", (255, 0, 0), (0, 0, 255)


@dataclass(frozen=True)
class Shot:
    """A picture with its label; what failed has words instead."""

    label: str
    picture: Image.Image | None
    words: str = ""


#: A film as a camera of high dynamic range would have taken it: white at 203 cd/m² of the 10 000 there could be.
_AS_HDR = (
    "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv,zscale=t=linear:npl=203,"
    "format=gbrpf32le,zscale=p=bt2020:t=smpte2084:m=bt2020nc:r=tv:npl=203,format=yuv420p10le"
)


def _sources(folder: Path) -> dict[str, Path]:
    """Make a test pattern, a film with fine detail, an upright one, and the detailed one in high dynamic range."""
    pattern = f"testsrc2=size=1280x720:rate=25:duration={_SECONDS},{PATCHES}"
    tone = ("-f", "lavfi", "-i", f"sine=frequency=440:duration={_SECONDS}", "-c:a", "aac")
    hdr = ("-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params", _LIGHT)

    def detailed(size: str) -> str:
        return f"mandelbrot=size={size}:rate=25:end_scale=0.2,trim=duration={_SECONDS},format=yuv420p"

    made = {
        "pattern": ("-f", "lavfi", "-i", pattern, *tone, *_SMOOTH, "-g", "50"),
        "film": ("-f", "lavfi", "-i", detailed("1280x720"), *_SMOOTH),
        "upright": ("-f", "lavfi", "-i", detailed("360x640"), *_SMOOTH),
        "bright": ("-f", "lavfi", "-i", f"{detailed('640x360')},{_AS_HDR}", *hdr),
    }
    for name, arguments in made.items():
        ffmpeg(*arguments, str(folder / f"{name}.mp4"))
    return {name: folder / f"{name}.mp4" for name in made}


def _pictures(folder: Path) -> tuple[Path, Path]:
    """Make a still mark and an animated one: red, then blue, half a second each."""
    still, moving = folder / "mark.png", folder / "mark.gif"
    mark = Image.new("RGBA", (160, 80), (0, 0, 0, 0))
    draw = ImageDraw.Draw(mark)
    draw.rounded_rectangle((0, 0, 159, 79), 30, fill=(*_RED, 255))
    draw.text((36, 24), "MARK", fill="white", font=ImageFont.load_default(32))
    mark.save(still)
    red, blue = (Image.new("RGB", (160, 80), colour) for colour in (_RED, _BLUE))
    red.save(moving, save_all=True, append_images=[blue], duration=500, loop=0)
    return still, moving


class Sheet:
    """Asks for everything at once, then collects a picture of each."""

    def __init__(self, bench: FlowBench, folder: Path) -> None:
        self._bench = bench
        self._sources = _sources(folder)
        still, moving = _pictures(folder)
        self._corners = [
            self._mark({"CoordinateOrigin": corner, "XPos": "3%", "YPos": "20px"}, still)
            for corner in ("TopLeft", "TopRight", "BottomLeft", "BottomRight")
        ]
        self._moving = self._mark({"CoordinateOrigin": "BottomRight", "XPos": "5%", "YPos": "5%"}, moving)
        text = {"FontType": _FONT, "FontSize": "64px", "FontColor": "0xFFFFFF", "FontAlpha": 1}
        body = {"Type": "text", "XPos": "27%", "YPos": "40px", "TextTemplate": text}
        self._text = bench.template(TemplateKind.WATERMARK, body)

    def _mark(self, place: Plain, image: Path) -> int:
        body = {"Type": "image", **place, "ImageTemplate": {"Width": "15%"}}
        return self._bench.template(TemplateKind.WATERMARK, body, image=image)

    def _film(self, **members: object) -> int:
        video = {"Codec": "libx264", "Fps": 0, "Bitrate": 0, "Vcrf": 18, **members}
        return self._bench.template(TemplateKind.TRANSCODE, {"Container": "mp4", "VideoTemplate": video})

    def shots(self) -> list[Shot]:
        """Return every picture of the sheet."""
        film: list[tuple[str, Plain]] = [
            ("watermarks in four corners", {"WatermarkSet": [{"Definition": each} for each in self._corners]}),
            ("text watermark", {"WatermarkSet": [{"Definition": self._text, "TextContent": "开放点播 OpenVOD"}]}),
            ("GIF watermark, its first picture", {"WatermarkSet": [{"Definition": self._moving}]}),
            ("mosaic of 30 % x 40 % at 35 %, 30 %", {"MosaicSet": [
                {"XPos": "35%", "YPos": "30%", "Width": "30%", "Height": "40%"}]}),
        ]  # fmt: skip
        bench = self._bench
        bench.procedure("films", Transcode=[{"Definition": self._film(), **members} for _, members in film])
        gauss = self._film(Width=640, Height=360, ResolutionAdaptive="close", FillType="gauss")
        bench.procedure("upright", Transcode=[{"Definition": gauss}])
        bench.procedure("bright", Transcode=[{"Definition": self._film()}])
        bench.procedure("ladders", AdaptiveDynamicStreaming=[{"Definition": 10}, {"Definition": 20}])
        sprite = {"SampleType": "Time", "SampleInterval": 1, "RowCount": 2, "ColumnCount": 2, "Width": 192,
                  "Height": 108, "ResolutionAdaptive": "close"}  # fmt: skip
        bench.procedure(
            "stills",
            SnapshotByTimeOffset=[{"Definition": 10, "ExtTimeOffsetSet": ["0s", "75%"]}],
            SampleSnapshot=[{"Definition": 10}],
            ImageSprite=[{"Definition": bench.template(TemplateKind.IMAGE_SPRITE, sprite)}],
        )
        names = {"films": "film", "upright": "upright", "bright": "bright", "ladders": "pattern", "stills": "pattern"}
        flows = bench.run([Order(self._sources[source], procedure) for procedure, source in names.items()])
        films, upright, bright, ladders, stills = (flow.results for flow in flows)
        shots = self._stills(stills)
        shots += [self._frame(label, member, _MOMENT - 0.3) for (label, _), member in zip(film, films, strict=True)]
        shots.append(self._frame("gauss fill of an upright film", upright[0], _MOMENT))
        shots.append(self._frame("HDR film tone-mapped to 8 bits", bright[0], _MOMENT))
        shots.append(Shot("the HDR film as it is, taken for 8 bits", picture_at(self._sources["bright"], _MOMENT)))
        shots.append(Shot("the film that the HDR film was made of", picture_at(self._sources["film"], _MOMENT)))
        shots.append(self._rung("HLS, top rung of preset 10", ladders[0]))
        shots.append(self._rung("MPEG-DASH, preset 20", ladders[1]))
        return [*shots, self._review()]

    def _stills(self, members: list[Plain]) -> list[Shot]:
        snapshots, samples, sprite = members
        labels = [("snapshot at 0 s", snapshots, 0), ("snapshot at 75 %", snapshots, 1)]
        labels += [("sample 5 of 10", samples, 4), ("sprite, one a second", sprite, 0)]
        return [self._still(label, member, place) for label, member, place in labels]

    def _still(self, label: str, member: Plain, place: int) -> Shot:
        if outcome(member) != "ok":
            return Shot(label, None, member["Message"])
        output = member["Output"]
        urls = output.get("ImageUrlSet") or [picture["Url"] for picture in output["PicInfoSet"]]
        with Image.open(self._bench.fetch(urls[place])) as image:
            return Shot(f"{label} ({image.width}x{image.height})", image.convert("RGB"))

    def _frame(self, label: str, member: Plain, seconds: float) -> Shot:
        if outcome(member) != "ok":
            return Shot(label, None, member["Message"])
        picture = picture_at(self._bench.fetch(member["Output"]["Url"]), seconds)
        return Shot(f"{label} ({picture.width}x{picture.height})", picture)

    def _rung(self, label: str, member: Plain) -> Shot:
        if outcome(member) != "ok":
            return Shot(label, None, member["Message"])
        path = self._bench.outputs / f"rung-{member['Output']['Package']}.png"
        # Of all rungs FFmpeg takes the largest, as a player on a good line does.
        ffmpeg("-i", member["Output"]["Url"], "-ss", f"{_MOMENT:g}", "-frames:v", "1", "-update", "1", str(path))
        with Image.open(path) as image:
            picture = image.convert("RGB")
        return Shot(f"{label} ({picture.width}x{picture.height})", picture)

    def _review(self) -> Shot:
        """A review without a reviewer fails aloud: nobody may take silence for a clean bill."""
        template = {"PoliticalConfigure": {"OcrReviewInfo": {"Switch": "ON"}}}
        definition = self._bench.template(TemplateKind.CONTENT_REVIEW, template)
        plain = {"Name": "review", "AiContentReviewTask": {"Definition": definition}}
        self._bench.command("procedures", "create", self._bench.body(plain))
        (member,) = self._bench.run_one(self._sources["pattern"], "review").items
        return Shot("review of texts, none installed", None, f"{member.err_code_ext}: {member.message}")


def drawn(shots: list[Shot]) -> Image.Image:
    """Lay the pictures out in a grid, each in its own shape, with its label below."""
    rows = -(-len(shots) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * _CELL[0], rows * _CELL[1]), _PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(_LABEL_SIZE)
    for place, shot in enumerate(shots):
        x, y = place % _COLUMNS * _CELL[0] + _MARGIN, place // _COLUMNS * _CELL[1] + _MARGIN
        if shot.picture:
            small = shot.picture.copy()
            small.thumbnail(_PICTURE)
            sheet.paste(small, (x + (_PICTURE[0] - small.width) // 2, y + (_PICTURE[1] - small.height) // 2))
        else:
            draw.rectangle((x, y, x + _PICTURE[0], y + _PICTURE[1]), outline=_FAILED, width=2)
            draw.multiline_text((x + 12, y + 40), _wrapped(shot.words), fill=_FAILED, font=font)
        draw.text((x, y + _PICTURE[1] + 8), shot.label, fill=_INK, font=font)
    return sheet


def _wrapped(words: str, width: int = 42) -> str:
    lines = [""]
    for word in words.split():
        joined = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], joined] if len(joined) <= width else [*lines, word]
    return "\n".join(lines)


def make_sheet(path: Path) -> list[Shot]:
    """Run the platform, write the sheet; return what is on it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with FlowBench(folder / "bench", preset="ultrafast", encode_jobs=2, light_jobs=2, flows=16) as bench:
            shots = Sheet(bench, folder).shots()
    drawn(shots).save(path)
    return shots


def main() -> None:
    """Read the command line and write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help="the PNG to write")
    path = parser.parse_args().path
    for shot in make_sheet(path):
        print(f"{shot.label}{': ' + shot.words if shot.words else ''}")


if __name__ == "__main__":
    main()
