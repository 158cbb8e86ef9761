"""FastAPI: ``app.include_router(router(back_end))``."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi import Request as FastApiRequest
from fastapi.concurrency import run_in_threadpool

from openvod_sdk.integrations import BackEnd, Request


def router(back_end: BackEnd, prefix: str = "") -> APIRouter:
    """Return a router that serves every path of ``back_end`` below ``prefix``."""
    routes = APIRouter(prefix=prefix)

    async def serve(request: FastApiRequest) -> Response:
        path = request.url.path.removeprefix(prefix)
        neutral = Request(
            method=request.method,
            path=path,
            headers=dict(request.headers),
            body=await _read(request, back_end.longest_body(path) + 1),
            query=dict(request.query_params),
        )
        reply = await run_in_threadpool(back_end.handle, neutral)
        return Response(reply.body, reply.status, dict(reply.headers))

    for path in back_end.paths:
        routes.add_api_route(path, serve, methods=["GET", "POST", "OPTIONS"], include_in_schema=False)
    return routes


async def _read(request: FastApiRequest, most: int) -> bytes:
    """Read the body, and stop after ``most`` bytes."""
    body = bytearray()
    async for data in request.stream():
        body += data[: most - len(body)]
        if len(body) >= most:
            break
    return bytes(body)
