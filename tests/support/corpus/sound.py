"""Sound alone, and pictures that stand still."""

from __future__ import annotations

from pathlib import Path

from support.corpus.build import AAC, SONG, STILL, Workshop, encoded, ffmpeg, heard, remuxed, seen, written
from support.corpus.case import TWO_SECONDS, Build, Probed, about, picture, sound
from support.corpus.raw import endless_wav


def _heard(codec: str, rate: int = 44_100) -> Probed:
    return Probed("Audio", 0, 0, TWO_SECONDS, video=(), audio=(codec,), sampling_rate=rate, channels=1)


def _covered(*codec: str) -> Build:
    """Build a song with a cover picture."""

    def build(workshop: Workshop, path: Path) -> None:
        still = str(workshop.base(STILL))
        maps = ("-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic")
        ffmpeg(*heard(), "-i", still, *maps, *codec, str(path))

    return build


SOUNDS = (
    sound("song.mp3", "MP3", encoded(*heard(), "-c:a", "libmp3lame"), _heard("mp3")),
    sound("song.m4a", "AAC", remuxed(SONG), _heard("aac")),
    sound("song.flac", "FLAC", encoded(*heard()), _heard("flac")),
    sound("song.ogg", "Vorbis", encoded(*heard(), "-c:a", "libvorbis"), _heard("vorbis")),
    sound("song.wav", "PCM", encoded(*heard()), _heard("pcm_s16le")),
    sound("song.aac", "AAC without a container", encoded(*heard(), *AAC), _heard("aac")),
    sound("voice.amr", "a voice message", encoded(*heard(rate=8000), "-c:a", "libopencore_amrnb", "-b:a", "12.2k"),
          _heard("amr_nb", 8000)),
    sound("telephone.wav", "mono at 8 kHz", encoded(*heard(rate=8000), "-c:a", "pcm_mulaw"), _heard("pcm_mulaw", 8000)),
    sound("studio.flac", "24 bits at 96 kHz", encoded(*heard(rate=96_000), "-sample_fmt", "s32"),
          _heard("flac", 96_000)),
    sound("covered.mp3", "a song with its cover", _covered("-c:a", "libmp3lame"), _heard("mp3")),
    sound("covered.m4a", "a song with its cover", _covered(*AAC), _heard("aac")),
    sound("covered.flac", "a song with its cover", _covered("-c:a", "flac"), _heard("flac")),
    sound("sound-only.mp4", "a film's container without a picture", remuxed(SONG), _heard("aac")),
    sound("endless.wav", "a header that was never filled in: size 2^32 - 1", written(endless_wav),
          _heard("pcm_s16le", 8000)),
)  # fmt: skip

PICTURES = (
    picture("still.jpg", "one JPEG", encoded(*STILL.arguments),
            Probed("Image", 320, 180, about(0.0, 0.05), video=("mjpeg",))),
    picture("still.gif", "a GIF that does not move", encoded(*seen(), "-frames:v", "1"),
            Probed("Image", 320, 180, about(0.0, 0.1), video=("gif",))),
    picture("still.webp", "one WebP", encoded(*seen(), "-frames:v", "1", "-update", "1"),
            Probed("Image", 320, 180, about(0.0, 0.05), video=("webp",))),
)  # fmt: skip
