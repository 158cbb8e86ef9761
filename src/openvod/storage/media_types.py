"""What a key's extension says of an object's content."""

from __future__ import annotations

import mimetypes

#: Python's table follows the machine's files; a server's answers must not, hence a table of its own first.
_MEDIA_TYPES = {
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "mp4v": "video/mp4",
    "f4v": "video/mp4",
    "mov": "video/quicktime",
    "qt": "video/quicktime",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "flv": "video/x-flv",
    "avi": "video/x-msvideo",
    "wmv": "video/x-ms-wmv",
    "asf": "video/x-ms-asf",
    "mpg": "video/mpeg",
    "mpeg": "video/mpeg",
    "ts": "video/mp2t",
    "mts": "video/mp2t",
    "m2ts": "video/mp2t",
    "m2t": "video/mp2t",
    "3gp": "video/3gpp",
    "3g2": "video/3gpp2",
    "mk3d": "video/x-matroska",
    "ogv": "video/ogg",
    "mpe": "video/mpeg",
    "m1v": "video/mpeg",
    "m2v": "video/mpeg",
    "vob": "video/mpeg",
    "divx": "video/x-msvideo",
    "wm": "video/x-ms-wm",
    "rm": "application/vnd.rn-realmedia",
    "rmvb": "application/vnd.rn-realmedia-vbr",
    "mxf": "application/mxf",
    "dv": "video/dv",
    "ogg": "audio/ogg",
    "m3u8": "application/vnd.apple.mpegurl",
    "mpd": "application/dash+xml",
    "m4s": "video/iso.segment",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "m4b": "audio/mp4",
    "m4r": "audio/mp4",
    "mp2": "audio/mpeg",
    "mpga": "audio/mpeg",
    "oga": "audio/ogg",
    "opus": "audio/ogg",
    "spx": "audio/ogg",
    "wma": "audio/x-ms-wma",
    "mka": "audio/x-matroska",
    "weba": "audio/webm",
    "ac3": "audio/ac3",
    "ec3": "audio/eac3",
    "eac3": "audio/eac3",
    "aif": "audio/aiff",
    "aiff": "audio/aiff",
    "caf": "audio/x-caf",
    "ape": "audio/x-ape",
    "w64": "audio/x-w64",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "amr": "audio/amr",
    "vtt": "text/vtt",
    "zip": "application/zip",
    "heif": "image/heif",
    "heic": "image/heic",
    "avif": "image/avif",
    "jfif": "image/jpeg",
    "apng": "image/apng",
    "webp": "image/webp",
}
_known_types = mimetypes.MimeTypes()


def media_type_of(key: str) -> str:
    """Infer a Content-Type from a key's extension; ``application/octet-stream`` when it says nothing."""
    extension = key.rsplit("/", 1)[-1].rpartition(".")[2].lower() if "." in key.rsplit("/", 1)[-1] else ""
    return _MEDIA_TYPES.get(extension) or _known_types.guess_type(f"x.{extension}")[0] or "application/octet-stream"
