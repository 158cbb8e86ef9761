"""The SDK's two back-end services behind FastAPI, Flask and Django, as an app's users reach them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl

import anyio
import httpx

from openvod_sdk.integrations import BackEnd, SignatureService, StaticTokenAuthenticator

BEARER = {"Authorization": "Bearer sesame"}
EVENT = {"EventType": "NewFileUpload", "FileUploadEvent": {"FileId": "77", "MediaBasicInfo": {}}}
PATHS = ["/signature", "/signature/web", "/ugc-upload/", "/get_vod_sign", "/ugc_upload_sign", "/GetUploadSign"]


@dataclass(frozen=True)
class Answer:
    """What a client sees; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


Send = Callable[..., Answer]


def through_fastapi(back_end: BackEnd, prefix: str) -> Send:
    """Serve through FastAPI."""
    from fastapi import FastAPI

    from openvod_sdk.integrations.fastapi import router

    app = FastAPI()
    app.include_router(router(back_end, prefix))

    async def request(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
            return await client.request(method, path, content=body, headers=dict(headers))

    def send(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        got = anyio.run(request, method, path, body, headers or {})
        return Answer(got.status_code, dict(got.headers), got.content)

    return send


def through_flask(back_end: BackEnd, prefix: str) -> Send:
    """Serve through Flask."""
    from flask import Flask

    from openvod_sdk.integrations.flask import blueprint

    app = Flask("an app")
    app.register_blueprint(blueprint(back_end, prefix))

    def send(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        got = app.test_client().open(path, method=method, data=body, headers=dict(headers or {}))
        return Answer(got.status_code, {k.lower(): v for k, v in got.headers.items()}, got.data)

    return send


def through_django(back_end: BackEnd, prefix: str) -> Send:
    """Serve through Django, with its CSRF checks on."""
    import django
    from django.conf import settings
    from django.test import Client
    from django.test.utils import override_settings

    if not settings.configured:
        middleware = ["django.middleware.csrf.CsrfViewMiddleware"]
        settings.configure(ALLOWED_HOSTS=["testserver"], SECRET_KEY="only for tests", MIDDLEWARE=middleware)
        django.setup()
    from openvod_sdk.integrations.django import urlpatterns_of

    urls = ModuleType("urls_of_this_test")
    urls.urlpatterns = urlpatterns_of(back_end, prefix)  # type: ignore[attr-defined]  # a module made by the test

    def send(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        given = dict(headers or {})
        kind = given.pop("Content-Type", "application/octet-stream")
        with override_settings(ROOT_URLCONF=urls):
            client = Client(enforce_csrf_checks=True)
            got = client.generic(method, path, body, content_type=kind, headers=given)
        return Answer(got.status_code, {k.lower(): v for k, v in got.headers.items()}, got.content)

    return send


FRAMEWORKS = {"fastapi": through_fastapi, "flask": through_flask, "django": through_django}


def service(**options: Any) -> SignatureService:
    """A signature service with one user, ``alice``."""
    return SignatureService("AKIDapp", "app key", StaticTokenAuthenticator({"sesame": "alice"}), **options)


def signed(signature: str) -> dict[str, str]:
    """Return the signed values."""
    return dict(parse_qsl(base64.b64decode(signature, validate=True)[20:].decode()))
