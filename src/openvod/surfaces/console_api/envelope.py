"""What holds for every request and answer: a limit of the body, headers."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openvod.base.errors import Exhausted, Invalid
from openvod.base.sizes import KIB
from openvod.base.text import percent_decoded, query_pairs
from openvod.surfaces.console_api.actions import PREFIX
from openvod.surfaces.console_api.problems import problem

#: The framework reads a body before it asks who sends it. Those of actions, which may hold pictures, are read after
#: that and have a limit of their own.
BODY_LIMIT = 64 * KIB
_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)


class Envelope:
    """Refuses bodies that are too large and addresses that are no text, and adds the headers that every answer has."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        size = 0
        large = Exhausted("request.too_large", f"the request body exceeds {BODY_LIMIT} bytes; send less")
        limited = not scope["path"].startswith(PREFIX)

        async def receive_some() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > BODY_LIMIT and limited:
                raise large
            return message

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                known = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(each for each in _HEADERS if each[0] not in known)]
            await send(message)

        try:
            percent_decoded(scope.get("raw_path") or b"", "the path")
            query_pairs(scope["query_string"])
        except Invalid as error:
            await problem(error)(scope, receive, send_with_headers)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        refused = limited and announced.isdigit() and int(announced[:18]) > BODY_LIMIT
        await (problem(large) if refused else self._app)(scope, receive_some, send_with_headers)
