"""Server API 3.0 at ``/`` (``procedures-and-api.md`` 2).

Every answer is HTTP 200 with exactly ``application/json``, errors included: the SDKs read nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from openvod.access.audit import AuditLog
from openvod.access.model import MAIN_APPLICATION_ID
from openvod.access.ports import AccessTx
from openvod.access.service import check_permitted
from openvod.base.errors import ClientDisconnected, Denied, Exhausted, Invalid, OpenVodError
from openvod.base.ports import Clock, UnitOfWork
from openvod.server.wire import Answer, WireRequest, json_answer, unavailable
from openvod.surfaces.api.authentication import Authentication, Call
from openvod.surfaces.api.calls import audit_entry, carry_out, error_code, is_logged
from openvod.surfaces.api.declaration import Action, Group
from openvod.surfaces.api.limiter import RateLimiter
from openvod.surfaces.api.replays import UsedSignatures

API_VERSION = "2018-07-17"
#: Actions of the original that OpenVOD does not offer, and never will under this name.
UNSUPPORTED_PREFIXES = (
    "EditMedia",
    "ComposeMedia",
    "Live",
    "Wechat",
    "WeChat",
    "Execute",
    "SplitMedia",
    "RestoreMedia",
)
_log = logging.getLogger("openvod.web.api")


class ApiSurface:
    """Authenticates, checks permission and rate, validates and dispatches."""

    def __init__(
        self,
        uow: UnitOfWork[AccessTx],
        authentication: Authentication,
        actions: Sequence[Action[Any, Any]],
        limiter: RateLimiter,
        used: UsedSignatures,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._uow = uow
        self._audit = audit
        self._clock = clock
        self._authentication = authentication
        self._actions = {action.name: action for action in actions}
        self._limiter = limiter
        self._used = used

    async def __call__(self, request: WireRequest) -> Answer:
        """Serve one request."""
        action: Action[Any, Any] | None = None
        call: Call | None = None
        try:
            call = await self._authentication.call(request)
            action = self._action(call)
            response = await self._carried_out(action, call)
        except OpenVodError as error:
            response = {"Error": {"Code": error_code(error, action), "Message": error.message}}
        except ClientDisconnected:
            raise
        except Exception as error:
            _log.exception("API request %s failed", request.request_id)
            response = {"Error": {"Code": "InternalError", "Message": unavailable(error).message}}
        if call and action:
            await self._note(request, call, action, response)
        return json_answer({"Response": response | {"RequestId": request.request_id}})

    async def _note(self, request: WireRequest, call: Call, action: Action[Any, Any], response: dict[str, Any]) -> None:
        """Write down what changed something, and what was refused; polling is neither."""
        outcome = response.get("Error", {}).get("Code", "")
        if not is_logged(action, outcome):
            return
        entry = audit_entry(
            action,
            call.parameters,
            now=self._clock.now(),
            actor=call.key.secret_id,
            own_application=call.key.sub_app_id,
            outcome=outcome,
            request_id=request.request_id,
            address=request.caller.address,
        )
        try:
            await self._audit.record(entry)
        except Exception:
            # What was done is done; its answer must not be lost with the note.
            _log.exception("call %s of %s could not be written into the audit log", request.request_id, action.name)

    def _action(self, call: Call) -> Action[Any, Any]:
        if call.version != API_VERSION:
            raise Invalid("api.version", f"X-TC-Version {call.version[:20]!r} is unknown; send {API_VERSION}")
        action = self._actions.get(call.action)
        if action is not None:
            return action
        if call.action.startswith(UNSUPPORTED_PREFIXES):
            raise Invalid("api.unsupported", f"{call.action[:60]} is not offered; `openvod api docs` lists what is")
        raise Invalid(
            "api.action", f"X-TC-Action {call.action[:60]!r} is unknown; `openvod api docs` lists what there is"
        )

    async def _carried_out(self, action: Action[Any, Any], call: Call) -> dict[str, Any]:
        check_permitted(call.key, action.group)
        if action.installation and call.key.sub_app_id != MAIN_APPLICATION_ID:
            raise Denied("key.not_permitted", f"{action.name} touches all applications; use a key of the main one")
        if not self._limiter.admits(call.key.secret_id, action.name, action.rate):
            raise Exhausted("api.rate", f"more than {action.rate} calls of {action.name} in a second; slow down")
        await self._check_replay(action.group, call)
        return await carry_out(self._uow, action, call.key, call.parameters, as_text=call.as_text)

    async def _check_replay(self, group: Group, call: Call) -> None:
        """Refuse what would change something by a signature used before (decision 17); reading again changes nothing.

        Reads count as uses nevertheless: X-TC-Action need not be signed, so the same signature fits other actions.
        """
        if group is Group.READ:
            self._used.note_read(call.key.secret_id, call.signature)
            return
        age = await self._used.age(call.key.secret_id, call.signature)
        if age is not None and age >= call.again_seconds:
            raise Denied("api.replayed", f"this signature was used {age:.1f} s ago; sign every call anew")
