"""The reference app server: signature distribution and event receiver on the SDK's FastAPI integration.

It shows app developers what an app server needs. The events are its only state.
"""

from __future__ import annotations

import hmac
import logging
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Header, HTTPException
from fastapi.responses import JSONResponse
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from openvod.base.errors import Invalid
from openvod_sdk.integrations import (
    Authenticator,
    BackEnd,
    EventReceiver,
    Identity,
    JwtAuthenticator,
    RateLimit,
    Refused,
    SignatureService,
    SqliteEventStore,
    StaticTokenAuthenticator,
)
from openvod_sdk.integrations.fastapi import router

_NO_EVENTS = (
    "no webhook secret is set; set OPENVOD_APP_SERVER__WEBHOOK_SECRET to the one that 'openvod events set-url' "
    "printed ('openvod events endpoints rotate default' makes a new one)"
)
_log = logging.getLogger("openvod.app_server")


class AppServerSettings(BaseSettings):
    """Settings of ``openvod app-server``, from ``OPENVOD_APP_SERVER__*``."""

    model_config = SettingsConfigDict(env_prefix="OPENVOD_APP_SERVER__", extra="forbid")

    secret_id: str = Field("", description="secretId that signs uploads.")
    secret_key: SecretStr = Field(SecretStr(""), description="Its secretKey.")
    data_file: Path = Field(Path("app-server.sqlite3"), description="File that keeps received events.")
    static_tokens: dict[str, str] = Field(default_factory=dict, description='For trials: {"token": "user id"} as JSON.')
    jwt_secret: SecretStr = Field(SecretStr(""), description="Shared secret (HS256) of users' tokens.")
    jwks_url: str = Field("", description="Address of the keys that sign users' tokens.")
    jwt_audience: str = Field("", description="Expected `aud` of users' tokens.")
    jwt_issuer: str = Field("", description="Expected `iss` of users' tokens.")
    blocked_users: frozenset[str] = Field(frozenset(), description="User ids that may not upload.")
    uploads_per_hour: int = Field(60, ge=1, description="Signatures for each user and hour.")
    max_size: int = Field(0, ge=0, description="Largest announced file in bytes; 0 for no limit.")
    signature_seconds: int = Field(7200, ge=1, le=7_776_000, description="How long a signature is valid.")
    one_time: bool = Field(False, description="Sign for a single upload.")
    procedure: str = Field("", description="Procedure that processes uploads.")
    class_id: int = Field(0, ge=0, description="Category of uploads.")
    sub_app_id: int = Field(0, ge=0, description="Application of uploads; 0 is the key's own.")
    webhook_secret: SecretStr = Field(
        SecretStr(""), description="Secret of the endpoint (whsec_…); `openvod events set-url` prints it once."
    )
    event_sign_key: SecretStr = Field(
        SecretStr(""), description="Key of the older Sign and T, which do not protect the body."
    )
    accept_unsigned_events: bool = Field(False, description="Accept unsigned events; for trials only.")
    admin_token: SecretStr = Field(
        SecretStr(""), description="Token for reading received events; empty: reading is disabled."
    )


def load_settings() -> AppServerSettings:
    """Read the settings from the environment."""
    return AppServerSettings()


def create_app(settings: AppServerSettings) -> FastAPI:
    """Build the app; raises ``Invalid`` when a needed setting is missing."""
    store = SqliteEventStore(settings.data_file)
    receiver = _receiver(settings, store)
    back_end = BackEnd(_signatures(settings), receiver)
    app = FastAPI(title="OpenVOD reference app server", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/received")
    def received(authorization: Annotated[str, Header()] = "", fileId: str = "") -> list[dict[str, Any]]:  # noqa: N803
        """List received events, newest first."""
        _require_admin(settings, authorization)
        return store.find(fileId)

    @app.get("/healthz")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    if receiver is None:

        @app.post("/events")
        def refuse() -> JSONResponse:
            return JSONResponse({"code": 40303, "message": _NO_EVENTS}, 403)

    app.include_router(router(back_end))
    return app


def run(settings: AppServerSettings, host: str, port: int) -> None:
    """Serve until a signal ends it."""
    uvicorn.run(create_app(settings), host=host, port=port, log_config=None, access_log=False)


def _signatures(settings: AppServerSettings) -> SignatureService:
    if not settings.secret_id or not settings.secret_key.get_secret_value():
        raise Invalid(
            "app_server.key",
            "OPENVOD_APP_SERVER__SECRET_ID and __SECRET_KEY are missing; create them with 'openvod keys create'",
        )
    return SignatureService(
        settings.secret_id,
        settings.secret_key.get_secret_value(),
        _authenticator(settings),
        permit=lambda identity, source_context: _permission(settings, identity),
        rate_limit=RateLimit(settings.uploads_per_hour),
        expire=settings.signature_seconds,
        one_time=settings.one_time,
        max_size=settings.max_size,
    )


def _receiver(settings: AppServerSettings, store: SqliteEventStore) -> EventReceiver | None:
    """Return the receiver, or ``None`` without a secret to verify events."""
    secret, sign_key = settings.webhook_secret.get_secret_value(), settings.event_sign_key.get_secret_value()
    if not (secret or sign_key or settings.accept_unsigned_events):
        _log.warning("/events refuses every event: %s", _NO_EVENTS)
        return None
    try:
        return EventReceiver(
            store, webhook_secret=secret or (), sign_key=sign_key, allow_unsigned=settings.accept_unsigned_events
        )
    except ValueError as error:
        raise Invalid("app_server.webhook_secret", f"OPENVOD_APP_SERVER__WEBHOOK_SECRET: {error}") from error


def _authenticator(settings: AppServerSettings) -> Authenticator:
    secret = settings.jwt_secret.get_secret_value()
    chosen = [bool(secret), bool(settings.jwks_url), bool(settings.static_tokens)]
    if sum(chosen) != 1:
        raise Invalid(
            "app_server.authentication",
            "set exactly one of OPENVOD_APP_SERVER__JWT_SECRET, __JWKS_URL and __STATIC_TOKENS",
        )
    if settings.static_tokens:
        return StaticTokenAuthenticator(settings.static_tokens)
    return JwtAuthenticator(
        secret=secret, jwks_url=settings.jwks_url, audience=settings.jwt_audience, issuer=settings.jwt_issuer
    )


def _permission(settings: AppServerSettings, identity: Identity) -> dict[str, Any]:
    """The app's own rule: which users may upload, and the parameters of their uploads."""
    if identity.user_id in settings.blocked_users:
        raise Refused(403, 40304, "this user may not upload")
    options: dict[str, Any] = {
        "procedure": settings.procedure or None,
        "class_id": settings.class_id or None,
        "sub_app_id": settings.sub_app_id or None,
        "user_id": identity.user_id,
        "max_video_size": settings.max_size or None,
    }
    return options


def _require_admin(settings: AppServerSettings, authorization: str) -> None:
    expected = settings.admin_token.get_secret_value()
    given = authorization.removeprefix("Bearer ")
    if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
        raise HTTPException(401, "the admin token is missing or wrong")
