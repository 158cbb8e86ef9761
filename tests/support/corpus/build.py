"""Where the files of the corpus are made: on demand, once, from shared bases."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from openvod.adapters.ffmpeg.encoder import ffmpeg_path
from support.corpus.case import Build, Case

_LIMIT_SECONDS = 60

#: A white patch in the top left corner and dark ones in the others tell a turned picture from a straight one.
PATCHES = (
    "drawbox=x=0:y=0:w=iw/4:h=ih/4:color=white:t=fill,drawbox=x=iw*3/4:y=0:w=iw/4:h=ih/4:color=black:t=fill,"
    "drawbox=x=0:y=ih*3/4:w=iw/4:h=ih/4:color=black:t=fill,drawbox=x=iw*3/4:y=ih*3/4:w=iw/4:h=ih/4:color=black:t=fill"
)
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25")
AAC = ("-c:a", "aac", "-b:a", "64k")


def seen(size: str = "320x180", rate: str = "25", seconds: float = 2) -> tuple[str, ...]:
    """Return the FFmpeg input that is a moving picture with the patches."""
    return ("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds:g},{PATCHES}")


def heard(seconds: float = 2, rate: int = 44_100) -> tuple[str, ...]:
    """Return the FFmpeg input that is a tone."""
    return ("-f", "lavfi", "-i", f"sine=frequency=440:sample_rate={rate}:duration={seconds:g}")


@dataclass(frozen=True)
class Recipe:
    """A base that several cases share: a file name and FFmpeg's arguments."""

    name: str
    arguments: tuple[str, ...]


#: Two seconds of picture and sound, index last.
FILM = Recipe("film.mp4", (*seen(), *heard(), *H264, *AAC))
#: The same, index first.
FAST_FILM = Recipe("fast.mp4", (*FILM.arguments, "-movflags", "+faststart"))
#: The same picture alone.
SILENT_FILM = Recipe("silent.mp4", (*seen(), *H264))
SONG = Recipe("song.m4a", (*heard(), *AAC))
STILL = Recipe("still.jpg", (*seen(), "-frames:v", "1", "-update", "1"))


@dataclass(frozen=True)
class Lure:
    """What hostile files point to: a valid film beside them, and an address that listens."""

    path: Path
    port: int


class Workshop:
    """Makes each file at most once, below ``folder``, and remembers what that took (wall seconds by case name)."""

    def __init__(self, folder: Path, lure: Lure) -> None:
        self.seconds: dict[str, float] = {}
        self.lure = lure
        self._bases = folder / "bases"
        self._files = folder / "files"
        self._bases.mkdir()
        self._files.mkdir()

    def file(self, case: Case) -> Path:
        """Return the path of a case's file."""
        path = self._files / case.name
        if not path.exists():
            started = time.monotonic()
            case.build(self, path)
            self.seconds[case.name] = time.monotonic() - started
        return path

    def base(self, recipe: Recipe) -> Path:
        """Return the path of a base."""
        path = self._bases / recipe.name
        if not path.exists():
            ffmpeg(*recipe.arguments, str(path))
        return path

    def scratch(self, name: str, content: bytes) -> Path:
        """Write an input that is no base of others."""
        path = self._bases / name
        path.write_bytes(content)
        return path


def ffmpeg(*arguments: str) -> bytes:
    """Run FFmpeg and return its standard output; a failure shows its words."""
    command = [ffmpeg_path(), "-v", "error", "-nostdin", "-y", *arguments]
    done = subprocess.run(command, capture_output=True, timeout=_LIMIT_SECONDS, check=False)
    assert done.returncode == 0, done.stderr[-2000:].decode("utf-8", "replace")
    return done.stdout


def encoded(*arguments: str) -> Build:
    """Build with FFmpeg from generated inputs."""

    def build(_: Workshop, path: Path) -> None:
        ffmpeg(*arguments, str(path))

    return build


def remuxed(base: Recipe, *arguments: str, before: tuple[str, ...] = ()) -> Build:
    """Build with FFmpeg from a base, its packets unchanged unless ``arguments`` say otherwise."""

    def build(workshop: Workshop, path: Path) -> None:
        ffmpeg(*before, "-i", str(workshop.base(base)), "-c", "copy", *arguments, str(path))

    return build


def edited(base: Recipe, edit: Callable[[bytes], bytes]) -> Build:
    """Build by changing the bytes of a base."""

    def build(workshop: Workshop, path: Path) -> None:
        path.write_bytes(edit(workshop.base(base).read_bytes()))

    return build


def joined(*bases: Recipe) -> Build:
    """Build by writing bases one after the other."""

    def build(workshop: Workshop, path: Path) -> None:
        path.write_bytes(b"".join(workshop.base(base).read_bytes() for base in bases))

    return build


def written(make: Callable[[], bytes]) -> Build:
    """Build from hand-made bytes."""

    def build(_: Workshop, path: Path) -> None:
        path.write_bytes(make())

    return build


def pointing(template: str) -> Build:
    """Build a text that points elsewhere: ``{file}``, ``{relative}`` (to the root) and ``{http}`` are the lure's."""

    def build(workshop: Workshop, path: Path) -> None:
        lure = workshop.lure
        text = template.replace("{file}", str(lure.path)).replace("{relative}", str(lure.path).lstrip("/"))
        path.write_text(text.replace("{http}", f"http://127.0.0.1:{lure.port}"))

    return build
