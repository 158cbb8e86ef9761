"""What can go wrong, as one tree.

::

    OpenVodSdkError
    ├── SignatureError        (also ValueError)  a signature cannot be minted, or does not verify
    ├── EventError            (also ValueError)  a notification body is no event
    ├── SourceError           the local file cannot be read, or changed during its upload
    ├── UploadCancelled       UploadControl.cancel() was called
    ├── TransportError        no answer: refused, reset, timed out; worth a later call, which resumes
    ├── ProtocolError         an answer came, but it is not what the protocol promises
    ├── ApiError              the control plane answered a non-zero ``code``
    ├── StorageError          the storage endpoint answered a COS error
    └── ChecksumMismatch      stored bytes differ from local ones, also after repeating

Messages name the offending field and the next step; they never contain a secret.
"""

from __future__ import annotations


class OpenVodSdkError(Exception):
    """Root of every error that this package raises on purpose."""


class SignatureError(OpenVodSdkError, ValueError):
    """A signature cannot be minted from these values, or a received one does not verify."""


class EventError(OpenVodSdkError, ValueError):
    """A notification body is not an event of format 3.0 or 2.0."""


class SourceError(OpenVodSdkError):
    """The local file cannot be read, has no usable name, or changed while it was being uploaded."""


class UploadCancelled(OpenVodSdkError):
    """The upload was cancelled through its :class:`~openvod_sdk.UploadControl`."""


class TransportError(OpenVodSdkError):
    """No answer came, even after repeating. The session is kept: the same call resumes."""


class ProtocolError(OpenVodSdkError):
    """An answer came that the protocol does not know, such as a proxy's page in place of JSON."""


class ApiError(OpenVodSdkError):
    """The control plane refused (``upload-protocol.md`` 2.6).

    ``code`` is the protocol's number (10004 invalid signature, 10010 expired signature, ...), ``status`` the HTTP
    status, 200 for a business error.
    """

    def __init__(self, action: str, code: int, message: str, status: int = 200) -> None:
        super().__init__(f"{action}: {message} (code {code}, HTTP {status})")
        self.action = action
        self.code = code
        self.message = message
        self.status = status


class StorageError(OpenVodSdkError):
    """The storage endpoint refused (``cos-storage.md`` 4.6).

    ``code`` is the COS code (``NoSuchUpload``); empty for a HEAD or an answer without XML. ``request_id`` finds the
    request in the server's log.
    """

    def __init__(self, operation: str, status: int, code: str = "", message: str = "", request_id: str = "") -> None:
        super().__init__(
            f"{operation}: {code or 'HTTP error'}: {message or 'no message'} (HTTP {status}, request {request_id})"
        )
        self.operation = operation
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id


class ChecksumMismatch(OpenVodSdkError):
    """``what`` has another checksum in storage than locally; ``expected`` is the local value."""

    def __init__(self, what: str, expected: str, actual: str) -> None:
        super().__init__(f"{what}: stored checksum {actual} differs from the local {expected}; upload the file again")
        self.what = what
        self.expected = expected
        self.actual = actual
