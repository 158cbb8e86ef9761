"""Files that are no film, or that mean harm."""

from __future__ import annotations

from pathlib import Path

from support.corpus import ebml, iso
from support.corpus.build import FILM, STILL, Recipe, Workshop, edited, pointing, seen, written
from support.corpus.case import Build, Output, Probed, Span, refused, unplayable, video
from support.corpus.raw import archive, avi_with_subtitle, bmp, huge_h264, many_programs, noise, png, program

_TEXT = b"This is a text that somebody called a film.\n" * 40
_PAGE = b"<!DOCTYPE html><html><head><title>404</title></head><body><video src='x.mp4'></video></body></html>\n"
_LINES = b"1\n00:00:00,000 --> 00:00:02,000\nA line.\n\n2\n00:00:02,000 --> 00:00:04,000\nAnother.\n"
_SDP = (
    b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
)
_HLS = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{url}\n#EXT-X-ENDLIST\n"
_KEYED = _HLS.replace("#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="{http}/key"\n#EXTINF')
_DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S" '
    'minBufferTime="PT2S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period>'
    '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{file}</BaseURL>'
    "</Representation></AdaptationSet></Period></MPD>"
)
_ASX = '<asx version="3.0"><entry><ref href="{http}/a.wmv"/></entry></asx>\n'
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file://{file}"/></svg>'

_RAW = Recipe("raw.h264", (*seen(seconds=1), "-c:v", "libx264", "-profile:v", "baseline", "-preset", "ultrafast"))


def _hls(url: str, template: str = _HLS) -> str:
    return template.replace("{url}", url)


def _elsewhere(kind: bytes) -> Build:
    """Build a film whose samples are said to lie in the lure."""

    def build(workshop: Workshop, path: Path) -> None:
        target = str(workshop.lure.path)
        reference = iso.alias(target) if kind == b"alis" else f"file://{target}".encode() + b"\0"
        path.write_bytes(iso.external(kind, reference)(workshop.base(FILM).read_bytes()))

    return build


def _playlist_as_subtitle(workshop: Workshop, path: Path) -> None:
    playlist = _hls(f"http://127.0.0.1:{workshop.lure.port}/a.ts") + f"file://{workshop.lure.path}\n"
    path.write_bytes(avi_with_subtitle(workshop.base(STILL).read_bytes(), playlist.encode()))


def _reference_movie(workshop: Workshop, path: Path) -> None:
    path.write_bytes(iso.reference_movie(f"http://127.0.0.1:{workshop.lure.port}/a.mov"))


NO_MEDIA = (
    refused("empty.mp4", "no byte", written(lambda: b"")),
    refused("one-byte.mp4", "one byte", written(lambda: b"\0")),
    refused("text.mp4", "a text", written(lambda: _TEXT)),
    refused("page.mp4", "an error page saved as a film", written(lambda: _PAGE)),
    refused("lines.srt", "subtitles", written(lambda: _LINES)),
    refused("archive.mp4", "a ZIP file", written(archive)),
    refused("program.mp4", "an ELF file", written(program)),
    refused("noise.mp4", "noise after a good ftyp", written(lambda: iso.FTYP + noise(20_000))),
    refused("zeros.mp4", "64 KiB of zeros", written(lambda: bytes(65_536))),
    refused("noise.ts", "noise", written(lambda: noise(50_000))),
)

POINTING = (
    refused("passwords.m3u8", "a playlist of /etc/passwd", pointing(_hls("file:///etc/passwd"))),
    refused("file.m3u8", "a playlist of a film beside it", pointing(_hls("file://{file}"))),
    refused("address.m3u8", "a playlist of an address", pointing(_hls("{http}/a.ts"))),
    refused("key.m3u8", "a playlist with its key at an address", pointing(_hls("{file}", _KEYED))),
    refused("playlist.mp4", "a playlist called a film", pointing(_hls("{http}/a.ts"))),
    refused("list.ffconcat", "a list of files", pointing("ffconcat version 1.0\nfile '{file}'\n")),
    refused("manifest.mpd", "a DASH manifest", pointing(_DASH)),
    refused("session.sdp", "a session description", written(lambda: _SDP)),
    refused("list.asx", "a Windows playlist", pointing(_ASX)),
    refused("pointer.mov", "a QuickTime film that only points to another", _reference_movie),
    video("playlist-as-subtitle.avi", "a playlist where a subtitle file should be", _playlist_as_subtitle,
          Probed("Video", 320, 180, video=("mjpeg",)), Output(duration=Span(0.01, 0.2), has_audio=False)),
    refused("drawing.svg", "a drawing that shows a file", pointing(_SVG)),
    unplayable("elsewhere-url.mp4", "samples in another file, by URL", _elsewhere(b"url "), Probed("Video", 320, 180)),
    unplayable("elsewhere-alias.mov", "samples in another file, by alias", _elsewhere(b"alis"),
               Probed("Video", 320, 180)),
)  # fmt: skip

BOMBS = (
    unplayable("claims-16k.png", "a PNG header of 16,384 x 16,384 without pixels",
               written(lambda: png(16_384, 16_384, whole=False)), Probed("Image", 16_384, 16_384)),
    unplayable("claims-30k.bmp", "a BMP header of 30,000 x 30,000 without pixels",
               written(lambda: bmp(30_000, 30_000)), Probed("Image", 30_000, 30_000)),
    unplayable("claims-16k.h264", "a parameter set of 16,000 x 16,000 over small pictures", edited(_RAW, huge_h264),
               Probed("Video", 16_000, 16_000), heavy=True),
    unplayable("picture-bomb.png", "30,000 x 30,000 pixels in half a megabyte",
               written(lambda: png(30_000, 30_000, whole=True)), Probed("Image", 30_000, 30_000)),
    unplayable("2000-tracks.mkv", "2,000 tracks", written(lambda: ebml.many_tracks(2000)), Probed("Video")),
    refused("2000-streams.ts", "2,000 announced streams, none of which comes",
            written(lambda: many_programs(10, 200))),
    refused("deep.mkv", "tags in tags, 20,000 deep", written(lambda: ebml.deep_tags(20_000))),
    refused("deep.mp4", "boxes in boxes, 3,000 deep", written(lambda: iso.nested(3_000))),
    refused("absurd-size.mkv", "a codec header of 2^55 bytes", written(ebml.absurd_size)),
    refused("absurd-box.mp4", "a box of 2^63 - 1 bytes",
            written(lambda: iso.FTYP + b"\0\0\0\1moov" + b"\x7f" + b"\xff" * 7 + bytes(64))),
    unplayable("sample-bomb-20m.mp4", "an index of 20,000,000 samples in 5 kB: it fits into memory",
               written(lambda: iso.bomb_of_samples(20_000_000)), Probed("Video", 320, 180), heavy=True),
    unplayable("sample-bomb-50m.mp4", "an index of 50,000,000 samples in 5 kB: it does not",
               written(lambda: iso.bomb_of_samples(50_000_000)), Probed("Video", 320, 180), heavy=True),
)  # fmt: skip

HOSTILE = (*NO_MEDIA, *POINTING, *BOMBS)
