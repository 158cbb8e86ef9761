"""Every refusal as ``{code, message, field}``, from the one error table."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from openvod.base.errors import Exhausted, Invalid, NotFound, OpenVodError
from openvod.server.wire import unavailable
from openvod.surfaces.console_api.model import Problem
from openvod.surfaces.errors import http_status, public_code

_log = logging.getLogger("openvod.web.console")
_PLACES = frozenset({"body", "query", "path", "header", "cookie"})


def add_handlers(app: FastAPI) -> None:
    """Answer every kind of error alike."""

    @app.exception_handler(OpenVodError)
    async def foreseen(_: Request, error: OpenVodError) -> JSONResponse:
        return problem(error)

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        path = [str(part) for part in first["loc"] if str(part) not in _PLACES]
        reason = str(first["msg"]).removeprefix("Value error, ")
        field = ".".join(path)
        return problem(Invalid("api.value", f"{field or 'body'}: {reason[:1].lower()}{reason[1:]}", field=field))

    @app.exception_handler(HTTPException)
    async def routed(request: Request, error: HTTPException) -> JSONResponse:
        if isinstance(error.__cause__, OpenVodError):
            return problem(error.__cause__)
        path = request.url.path
        if error.status_code == 405:
            return problem(Invalid("api.method", f"{request.method} is not accepted at {path}"), 405)
        if error.status_code == 404:
            return problem(NotFound("api.route", f"there is no {path}; /api/openapi.json lists what there is"))
        return problem(Invalid("api.type", f"the request cannot be read: {error.detail}"), error.status_code)

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> JSONResponse:
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem(unavailable(error), 500)


def problem(error: OpenVodError, status: int = 0) -> JSONResponse:
    """Return the answer for an error."""
    refusal = Problem(
        code=public_code(error),
        message=error.message,
        field=str(error.details.get("field", "")),
        api_code=str(error.details.get("api_code", "")),
    )
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, Exhausted) and (wait := error.details.get("retry_after")):
        headers["Retry-After"] = str(wait)
    return JSONResponse(refusal.model_dump(by_alias=True), status or http_status(error), headers)
