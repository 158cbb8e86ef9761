"""The exceptions.

OpenVodSdkError
├── InvalidPermission        invalid parameters of a signature (names the field)
├── TransportError           no response, after all retries
├── ApiError                 the control plane refused: .code, .message
├── StorageError             storage refused: .status, .code, .message, .request_id
├── ChecksumMismatch         the stored object differs from the file
├── SourceChanged            the file changed during the upload
├── UploadCancelled          UploadControl.cancel() was called
└── EventError               a notification is malformed or not authentic
"""

from __future__ import annotations


class OpenVodSdkError(Exception):
    """Root of this SDK's errors."""


class InvalidPermission(OpenVodSdkError):
    """Invalid parameters of a signature; the message names the field."""


class TransportError(OpenVodSdkError):
    """There was no response, after all retries."""


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
    """The stored object differs from the file, even after a retry."""


class SourceChanged(OpenVodSdkError):
    """The file changed during the upload; upload it again."""


class UploadCancelled(OpenVodSdkError):
    """The upload was cancelled."""


class EventError(OpenVodSdkError):
    """A notification is malformed or not authentic."""
