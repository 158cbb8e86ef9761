"""UGC control plane: ``POST /v3/index.php?Action=…`` (``upload-protocol.md`` 2)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from openvod.base.errors import ClientDisconnected, Invalid, OpenVodError
from openvod.base.ports import Clock
from openvod.base.sizes import KIB
from openvod.server.unproven import UnprovenBodies
from openvod.server.wire import Answer, WireRequest, json_answer, unavailable
from openvod.signing import verify_content
from openvod.surfaces.errors import ugc_code, ugc_message
from openvod.upload.codec import ClientHosts, apply_data, parse_apply, parse_body, parse_checksums, success, text_field
from openvod.upload.service import UploadService

PATH = "/v3/index.php"
REPORT_PATHS = ("/ugcupload_new", "/ugcupload")
_BODY_LIMIT = 64 * KIB
_VERIFY_CONTENT_SECONDS = 3600
_log = logging.getLogger("openvod.web.ugc")
Body = dict[str, Any]


class UgcSurface:
    """Prepare, Apply and Commit. Business errors are HTTP 200 with a non-zero ``code`` (2.1)."""

    def __init__(
        self,
        uploads: UploadService,
        clock: Clock,
        hosts: Callable[[str], ClientHosts],
        verify_key: str,
        bodies: UnprovenBodies,
    ) -> None:
        self._uploads = uploads
        self._clock = clock
        self._hosts = hosts
        self._verify_key = verify_key
        self._bodies = bodies
        self._actions: dict[str, Callable[[Body, WireRequest], Awaitable[Body]]] = {
            "PrepareUploadUGC": self._prepare,
            "ApplyUploadUGC": self._apply,
            "CommitUploadUGC": self._commit,
        }

    async def __call__(self, request: WireRequest) -> Answer:
        """Serve one request."""
        try:
            return json_answer(success(await self._data(request)))
        except OpenVodError as error:
            return _failure(error)
        except ClientDisconnected:
            raise
        except Exception as error:
            _log.exception("control plane request %s failed", request.request_id)
            return _failure(unavailable(error))

    async def _data(self, request: WireRequest) -> Body:
        if request.method != "POST":
            raise Invalid("upload.method", f"{request.method} is not accepted here; send POST with a JSON body")
        name = request.argument("Action") or ""
        action = self._actions.get(name)
        if action is None:
            raise Invalid("upload.action", f"Action {name[:40]!r} is unknown; known are: {', '.join(self._actions)}")
        async with self._bodies.received(request, _BODY_LIMIT) as received:
            body = await received.content()
        return await action(parse_body(body), request)

    async def _prepare(self, body: Body, request: WireRequest) -> Body:
        """No candidates: that switches region races off in every SDK (2.8)."""
        app_id = await self._uploads.prepare(text_field(body, "signature", required=True))
        return {"appId": app_id, "cosRegionList": []}

    async def _apply(self, body: Body, request: WireRequest) -> Body:
        signature = text_field(body, "signature", required=True)
        applied = await self._uploads.apply(signature, parse_apply(body), request.caller)
        hosts = self._hosts(request.host)
        return apply_data(applied.session, applied.credential, hosts, applied.region.short_name, applied.now)

    async def _commit(self, body: Body, request: WireRequest) -> Body:
        signature = text_field(body, "signature", required=True)
        session_key = text_field(body, "vodSessionKey", required=True)
        committed = await self._uploads.commit(signature, session_key, parse_checksums(body), request.caller)
        data: Body = {
            "fileId": committed.file_id,
            "video": {"url": committed.media_url, "verify_content": self._verify_content(committed.file_id)},
        }
        if committed.cover_url:
            data["cover"] = {"url": committed.cover_url, "verify_content": self._verify_content(committed.cover_id)}
        return data

    def _verify_content(self, file_id: str) -> str:
        return verify_content.mint(self._verify_key, file_id, int(self._clock.now()) + _VERIFY_CONTENT_SECONDS)


async def accept_report(request: WireRequest) -> Answer:
    """Accept a client's statistics report and discard it (``upload-protocol.md`` 3.6)."""
    await request.drain()
    return json_answer({})


def _failure(error: OpenVodError) -> Answer:
    return json_answer({"code": ugc_code(error), "message": ugc_message(error)})
