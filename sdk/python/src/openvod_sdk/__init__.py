"""OpenVOD SDK for Python: sign uploads, upload files, receive events.

>>> from openvod_sdk import Client, sign
>>> signature = sign("AKID…", "…", source_context="user-7")
>>> result = Client("http://127.0.0.1:8080", signature).upload("holiday.mp4")
"""

from openvod_sdk._client import Client, UploadResult
from openvod_sdk._errors import (
    ApiError,
    ChecksumMismatch,
    EventError,
    InvalidPermission,
    OpenVodSdkError,
    SourceChanged,
    StorageError,
    TransportError,
    UploadCancelled,
)
from openvod_sdk._events import Event, parse_event, verify_event
from openvod_sdk._playback import sign_link, sign_play_token, sign_player
from openvod_sdk._progress import Progress, UploadControl
from openvod_sdk._resume import FileResumeStore, ResumeStore, Unfinished
from openvod_sdk._sign import sign
from openvod_sdk._transport import RetryPolicy
from openvod_sdk._webhook import verify_webhook

__version__ = "0.1.0"
__all__ = [
    "ApiError",
    "ChecksumMismatch",
    "Client",
    "Event",
    "EventError",
    "FileResumeStore",
    "InvalidPermission",
    "OpenVodSdkError",
    "Progress",
    "ResumeStore",
    "RetryPolicy",
    "SourceChanged",
    "StorageError",
    "TransportError",
    "Unfinished",
    "UploadCancelled",
    "UploadControl",
    "UploadResult",
    "parse_event",
    "sign",
    "sign_link",
    "sign_play_token",
    "sign_player",
    "verify_event",
    "verify_webhook",
]
