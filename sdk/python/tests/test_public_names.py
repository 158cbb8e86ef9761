"""What the package offers."""

from __future__ import annotations

import importlib
import pkgutil

import openvod_sdk
from openvod_sdk import integrations

PUBLIC = {
    "ApiError", "ChecksumMismatch", "Client", "Event", "EventError", "FileResumeStore", "InvalidPermission",
    "OpenVodSdkError", "Progress", "ResumeStore", "RetryPolicy", "SourceChanged", "StorageError", "TransportError",
    "Unfinished", "UploadCancelled", "UploadControl", "UploadResult", "parse_event", "sign", "sign_link",
    "sign_play_token", "sign_player", "verify_event", "verify_webhook",
}  # fmt: skip
INTEGRATIONS = {
    "Authenticator", "BackEnd", "EventReceiver", "EventStore", "Identity", "JwtAuthenticator", "RateLimit", "Refused",
    "Reply", "Request", "SignatureService", "SqliteEventStore", "StaticTokenAuthenticator",
}  # fmt: skip


def test_public_names_are_pinned() -> None:
    """A name is added to or taken from the package only together with this list."""
    assert set(openvod_sdk.__all__) == PUBLIC
    assert set(integrations.__all__) == INTEGRATIONS


def test_public_names_exist_and_are_documented() -> None:
    """Every public name resolves and says what it is."""
    for module in (openvod_sdk, integrations):
        for name in module.__all__:
            assert getattr(module, name).__doc__, name


def test_everything_else_is_private() -> None:
    """Modules of the package are private, but for the integrations that are imported by path."""
    found = {info.name for info in pkgutil.iter_modules(openvod_sdk.__path__)}
    assert {name for name in found if not name.startswith("_")} == {"integrations"}


def test_errors_have_one_root() -> None:
    """``except OpenVodSdkError`` catches every error class of the package."""
    errors = importlib.import_module("openvod_sdk._errors")
    classes = [
        value for value in vars(errors).values() if isinstance(value, type) and value.__module__ == errors.__name__
    ]
    assert len(classes) == 9
    assert all(issubclass(kind, openvod_sdk.OpenVodSdkError) for kind in classes)
