"""Flask: ``app.register_blueprint(blueprint(back_end))``."""

from __future__ import annotations

from flask import Blueprint, Response, request

from openvod_sdk.integrations import BackEnd, Request


def blueprint(back_end: BackEnd, prefix: str = "", name: str = "openvod") -> Blueprint:
    """Return a blueprint that serves every path of ``back_end`` below ``prefix``."""
    routes = Blueprint(name, __name__, url_prefix=prefix or None)

    def serve() -> Response:
        path = request.path.removeprefix(prefix)
        neutral = Request(
            method=request.method,
            path=path,
            headers={key.lower(): value for key, value in request.headers.items()},
            body=request.stream.read(back_end.longest_body(path) + 1),
            query=request.args.to_dict(),
        )
        reply = back_end.handle(neutral)
        return Response(reply.body, reply.status, dict(reply.headers))

    for path in back_end.paths:
        routes.add_url_rule(path, endpoint=path.strip("/").replace("/", "_"), view_func=serve,
                            methods=["GET", "POST", "OPTIONS"])  # fmt: skip
    return routes
