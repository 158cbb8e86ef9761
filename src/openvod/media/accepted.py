"""Which types of files are accepted, and what reads them: the one table, from which refusals and documents are made.

The wire names a list (``upload-protocol.md`` 2.5). What else FFmpeg reads here is accepted as well; what nothing reads
is accepted only where the wire says so, and is stored and handed out as it came.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FileType:
    """An accepted ending, lower-case without dot: its category and FFmpeg's reader, "" where nothing reads it.

    ``wire``: the wire's own list has it.
    """

    ending: str
    category: str
    reader: str
    wire: bool = True


def _rows(category: str, reader: str, endings: str, more: str = "") -> tuple[FileType, ...]:
    listed = tuple(FileType(ending, category, reader) for ending in endings.split())
    return listed + tuple(FileType(ending, category, reader, wire=False) for ending in more.split())


_VIDEO, _AUDIO, _IMAGE = "Video", "Audio", "Image"
#: By category and reader: first what the wire names, then what is read here besides.
FILE_TYPES: tuple[FileType, ...] = (
    *_rows(_VIDEO, "mov", "mp4 mov m4v mp4v f4v 3gp qt", "3g2"),
    *_rows(_VIDEO, "matroska", "mkv webm", "mk3d"),
    *_rows(_VIDEO, "mpegts", "ts", "mts m2ts m2t"),
    *_rows(_VIDEO, "mpeg", "mpg mpeg mpe vob dat"),
    *_rows(_VIDEO, "mpegvideo", "", "m1v m2v"),
    *_rows(_VIDEO, "avi", "avi", "divx"),
    *_rows(_VIDEO, "asf", "wmv wm asf"),
    *_rows(_VIDEO, "flv", "flv"),
    *_rows(_VIDEO, "rm", "rm rmvb"),
    *_rows(_VIDEO, "mxf", "mxf"),
    *_rows(_VIDEO, "ogg", "", "ogv"),
    *_rows(_VIDEO, "dv", "", "dv"),
    *_rows(_VIDEO, "nut", "", "nut"),
    *_rows(_VIDEO, "", "m3u8 mpd asx ram"),
    *_rows(_AUDIO, "mp3", "mp3", "mp2 mpga"),
    *_rows(_AUDIO, "mov", "m4a", "m4b m4r"),
    *_rows(_AUDIO, "flac", "flac"),
    *_rows(_AUDIO, "ogg", "ogg", "oga opus spx"),
    *_rows(_AUDIO, "wav", "wav"),
    *_rows(_AUDIO, "rm", "ra"),
    *_rows(_AUDIO, "aac", "aac"),
    *_rows(_AUDIO, "amr", "amr"),
    *_rows(_AUDIO, "asf", "", "wma"),
    *_rows(_AUDIO, "matroska", "", "mka weba"),
    *_rows(_AUDIO, "ac3", "", "ac3"),
    *_rows(_AUDIO, "eac3", "", "ec3 eac3"),
    *_rows(_AUDIO, "aiff", "", "aif aiff"),
    *_rows(_AUDIO, "caf", "", "caf"),
    *_rows(_AUDIO, "ape", "", "ape"),
    *_rows(_AUDIO, "w64", "", "w64"),
    *_rows(_IMAGE, "jpeg_pipe", "jpg jpeg", "jfif"),
    *_rows(_IMAGE, "png_pipe", "png", "apng"),
    *_rows(_IMAGE, "gif", "gif"),
    *_rows(_IMAGE, "bmp_pipe", "bmp"),
    *_rows(_IMAGE, "tiff_pipe", "tiff tif"),
    *_rows(_IMAGE, "webp_pipe", "webp"),
    *_rows(_IMAGE, "mov", "heif", "heic avif"),
    *_rows(_IMAGE, "", "ai cdr eps"),
)
_CATEGORIES = {each.ending: each.category for each in FILE_TYPES}


def media_category(kind: str) -> str:
    """Return ``Video``, ``Audio`` or ``Image`` for an accepted type (``events.md`` 4.1)."""
    return _CATEGORIES.get(kind, _VIDEO)


def accepted(*categories: str) -> frozenset[str]:
    """Return the accepted endings of some categories."""
    return frozenset(each.ending for each in FILE_TYPES if each.category in categories)


VIDEO_TYPES, AUDIO_TYPES, COVER_TYPES = accepted(_VIDEO), accepted(_AUDIO), accepted(_IMAGE)


def endings_of(*categories: str) -> str:
    """Return the accepted endings of some categories in the order of the table, for a message."""
    return ", ".join(each.ending for each in FILE_TYPES if each.category in categories)
