"""The two back-end services of an app, ready for FastAPI, Flask and Django.

:class:`BackEnd` holds both, independent of any framework; these adapters use it:
``openvod_sdk.integrations.fastapi.router``, ``.flask.blueprint``, ``.django.urlpatterns``.
"""

from openvod_sdk.integrations._authentication import Authenticator, Identity, JwtAuthenticator, StaticTokenAuthenticator
from openvod_sdk.integrations._back_end import BackEnd, Reply, Request
from openvod_sdk.integrations._events import EventReceiver, EventStore, SqliteEventStore
from openvod_sdk.integrations._refused import Refused
from openvod_sdk.integrations._signatures import RateLimit, SignatureService

__all__ = [
    "Authenticator",
    "BackEnd",
    "EventReceiver",
    "EventStore",
    "Identity",
    "JwtAuthenticator",
    "RateLimit",
    "Refused",
    "Reply",
    "Request",
    "SignatureService",
    "SqliteEventStore",
    "StaticTokenAuthenticator",
]
