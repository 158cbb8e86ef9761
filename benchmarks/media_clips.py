"""Generated sources: moving pictures with scenes, camera moves, blur and grain, made when first asked for."""

from __future__ import annotations

import asyncio
import functools
from dataclasses import dataclass
from pathlib import Path

from benchmarks.media_runs import QUIET, run
from openvod.adapters.ffmpeg.probe import PyAvProber
from openvod.kinds.plan.model import Source

#: 1080p30, five scenes of {d} seconds, cut hard: a zoom into detail, a pan, a turning and recoloured picture, a
#: hand-held one out of focus whose light changes, and a smooth sky. Lenses soften and sensors add grain: so do these.
#: The ladder's 1080p rung of it has about 80 VMAF points, evenly over the scenes.
_SCENES = (
    "mandelbrot=s=1920x1080:r=30:maxiter=300:end_scale=0.1:end_pts=600,trim=duration={d},gblur=sigma=2,format=yuv420p[a];"
    "mandelbrot=s=2880x1620:r=1:maxiter=400:start_scale=0.02:start_x=-0.743643:start_y=-0.131825,trim=end_frame=1,"
    "gblur=sigma=4,format=yuv420p,loop=loop=-1:size=1,fps=30,trim=duration={d},split=3[p][q][r];"
    "[p]crop=1920:1080:x=75*t:y=40*t[b];"
    "[q]hue=h=120:s=0.6,rotate=a=0.05*t:ow=1920:oh=1080[c];"
    "[r]crop=1920:1080:x=300+20*sin(2*t):y=200+12*cos(3*t),gblur=sigma=3,eq=brightness=0.1*sin(t):eval=frame[e];"
    "gradients=s=1920x1080:r=30:d={d}:speed=0.02:n=4:seed=1,format=yuv420p[f];"
    "[a][b][c][e][f]concat=n=5,setsar=1,noise=alls=5:allf=t:all_seed=1[v];"
    "anoisesrc=c=pink:a=0.2:d={all}:seed=1[n];sine=f=220:beep_factor=4:d={all}[s];"
    "[n][s]amix,aformat=sample_rates=48000:channel_layouts=stereo[sound]"
)
_SOUND = ("-c:a", "aac", "-b:a", "128k")
_LARGE_KBPS, _LEAN_KBPS = 8000, 1000
#: With sound, ten minutes of it are about 500 MB.
_PART_SECONDS, _PART_KBPS, _PARTS = 10, 6550, 60


@dataclass(frozen=True)
class Clip:
    """A file and what the platform's own probe says of it."""

    path: Path
    source: Source


class Clips:
    """Clips in ``folder``, each made when it is first used; ``seconds`` is the length of :attr:`large` and others."""

    def __init__(self, folder: Path, seconds: int) -> None:
        self._folder = folder
        self._seconds = seconds

    @functools.cached_property
    def large(self) -> Clip:
        """1080p30 of about 8 Mbit/s."""
        graph = _SCENES.format(d=f"{self._seconds / 5:g}", all=self._seconds)
        generated = ("-filter_complex", graph, "-map", "[v]", "-map", "[sound]")
        return self._made("large.mp4", *generated, *_video(_LARGE_KBPS), *_SOUND)

    @functools.cached_property
    def lean(self) -> Clip:
        """The same pictures, small enough to be the top rung of the ladder themselves."""
        return self._made("lean.mp4", "-i", str(self.large.path), *_video(_LEAN_KBPS), "-c:a", "copy")

    @functools.cached_property
    def short(self) -> Clip:
        """Ten seconds with a key frame every two and nowhere else, so that their middle is far from any."""
        looped = ("-stream_loop", "-1", "-i", str(self.large.path), "-t", str(_PART_SECONDS))
        return self._made("short.mp4", *looped, *_video(_PART_KBPS), "-sc_threshold", "0", *_SOUND)

    @functools.cached_property
    def long(self) -> Clip:
        """Ten minutes and about 500 MB: :attr:`short` sixty times, its packets copied."""
        looped = ("-stream_loop", str(_PARTS - 1), "-i", str(self.short.path), "-c", "copy")
        return self._made("long.mp4", *looped)

    def _made(self, name: str, *arguments: str) -> Clip:
        path = self._folder / name
        run([*QUIET, *arguments, str(path)], self._folder)
        return Clip(path, Source("", asyncio.run(PyAvProber().probe(str(path)))))


def _video(kbps: int) -> list[str]:
    """Options of an upload as cameras and editors make it: bounded bitrate, a key frame every two seconds."""
    rate = ["-b:v", f"{kbps}k", "-maxrate", f"{kbps * 11 // 10}k", "-bufsize", f"{kbps * 2}k"]
    return ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "60", *rate]
