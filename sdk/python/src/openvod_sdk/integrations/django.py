"""Django: ``urlpatterns += urlpatterns_of(back_end)``."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path as route
from django.views.decorators.csrf import csrf_exempt

from openvod_sdk.integrations import BackEnd, Request


def urlpatterns_of(back_end: BackEnd, prefix: str = "") -> list[Any]:
    """Return URL patterns that serve every path of ``back_end`` below ``prefix`` (no leading slash).

    The views are exempt from CSRF checks, because bearer tokens or signatures authorise them, not cookies.
    """
    root = f"/{prefix.strip('/')}" if prefix else ""

    @csrf_exempt  # type: ignore[untyped-decorator]  # Django has no types here
    def serve(request: HttpRequest) -> HttpResponse:
        path = request.path.removeprefix(root)
        neutral = Request(
            method=request.method or "GET",
            path=path,
            headers={key.lower(): value for key, value in request.headers.items()},
            body=request.read(back_end.longest_body(path) + 1),
            query=request.GET.dict(),
        )
        reply = back_end.handle(neutral)
        return HttpResponse(reply.body, status=reply.status, headers=dict(reply.headers))

    return [route(f"{root}{path}".removeprefix("/"), serve) for path in back_end.paths]
