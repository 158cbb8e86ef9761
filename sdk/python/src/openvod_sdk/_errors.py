"""The error tree.

OpenVodSdkError
├── InvalidPermission        a permission cannot be signed as asked (field named)
├── TransportError           no answer, after all retries
├── ApiError                 the control plane refused: .code, .message
├── StorageError             storage refused: .status, .code, .message, .request_id
├── ChecksumMismatch         what storage holds differs from the file
├── SourceChanged            the file changed while it was uploaded
├── UploadCancelled          UploadControl.cancel() was called
└── EventError               a notification is malformed or not authentic
"""

from __future__ import annotations


class OpenVodSdkError(Exception):
    """Root of this SDK's errors."""


class InvalidPermission(OpenVodSdkError):
    """A permission cannot be signed as asked; the message names the field."""


class TransportError(OpenVodSdkError):
    """No answer came, after all retries."""


class ApiError(OpenVodSdkError):
    """The control plane refused a call; ``code`` is its stable number."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{message} (code {code})")
        self.code = code
        self.message = message


class StorageError(OpenVodSdkError):
    """Storage refused a request; ``code`` is the name in its error document."""

    def __init__(self, status: int, code: str, message: str, request_id: str) -> None:
        super().__init__(f"{message} ({code}, HTTP {status}, request {request_id})")
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id


class ChecksumMismatch(OpenVodSdkError):
    """What storage holds differs from the file, again after a retry."""


class SourceChanged(OpenVodSdkError):
    """The file changed while it was uploaded; start again."""


class UploadCancelled(OpenVodSdkError):
    """The upload was cancelled."""


class EventError(OpenVodSdkError):
    """A notification is malformed or not authentic."""
