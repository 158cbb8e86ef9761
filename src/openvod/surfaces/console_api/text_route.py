"""Bodies of the console's API are checked for invalid text before a route parses them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from openvod.base.errors import Invalid
from openvod.base.text import json_value
from openvod.server.wire import apart


class TextRoute(APIRoute):
    """A route whose requests read JSON through the door; use it for every router."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the usual handler over such requests."""
        usual = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return await usual(_TextRequest(request.scope, request.receive))

        return handler


class _TextRequest(Request):
    """See :class:`TextRoute`."""

    async def json(self) -> Any:
        """Return the body's value; what is no text in it is refused by its field's name."""
        try:
            body = await self.body()
            return await apart(len(body), lambda: json_value(body))
        except Invalid as error:
            # The framework lets no other kind of error pass from here.
            raise HTTPException(400, error.message) from error
