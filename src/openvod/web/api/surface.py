"""Server API 3.0 at ``/`` (``procedures-and-api.md`` 2).

Every answer is HTTP 200 with exactly ``application/json``, errors included: the SDKs read nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from openvod.access.audit import AuditLog, presentable
from openvod.access.model import MAIN_APPLICATION_ID, AuditEntry
from openvod.access.ports import AccessTx
from openvod.access.service import application_for, check_is_on, check_permitted
from openvod.base.errors import ClientDisconnected, Denied, Exhausted, Invalid, OpenVodError
from openvod.base.ports import Clock, UnitOfWork
from openvod.web.api.authentication import Authentication, Call
from openvod.web.api.declaration import Action, Caller, Group, Request
from openvod.web.api.limiter import RateLimiter
from openvod.web.api.parameters import validated
from openvod.web.api.replays import UsedSignatures
from openvod.web.errors import api_code
from openvod.web.wire import Answer, WireRequest, json_answer, unavailable

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
_TAKING_IN = (Group.UPLOAD, Group.EDIT, Group.PROCESS)
_LONGEST_ID = 18
_log = logging.getLogger("openvod.web.api")


class ApiSurface:
    """Authenticates, checks permission and rate, validates and dispatches."""

    def __init__(
        self,
        uow: UnitOfWork[AccessTx],
        authentication: Authentication,
        actions: Sequence[Action[Any]],
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
        action: Action[Any] | None = None
        call: Call | None = None
        try:
            call = await self._authentication.call(request)
            action = self._action(call)
            response = await self._carried_out(action, call)
        except OpenVodError as error:
            response = {"Error": {"Code": _code(error, action), "Message": error.message}}
        except ClientDisconnected:
            raise
        except Exception as error:
            _log.exception("API request %s failed", request.request_id)
            response = {"Error": {"Code": "InternalError", "Message": unavailable(error).message}}
        if call and action:
            await self._note(request, call, action, response)
        return json_answer({"Response": response | {"RequestId": request.request_id}})

    async def _note(self, request: WireRequest, call: Call, action: Action[Any], response: dict[str, Any]) -> None:
        """Write down what changed something, and what was refused; polling is neither."""
        outcome = response.get("Error", {}).get("Code", "")
        if action.group is Group.READ or action.name == "PullEvents" or outcome == "RequestLimitExceeded":
            return
        asked = call.parameters.get("SubAppId") or call.key.sub_app_id
        entry = AuditEntry(
            at=self._clock.now(),
            secret_id=call.key.secret_id,
            sub_app_id=int(asked) if str(asked).isdigit() and len(str(asked)) < _LONGEST_ID else 0,
            action=action.name,
            parameters=presentable(call.parameters),
            outcome=outcome,
            request_id=request.request_id,
            address=request.caller.address,
        )
        try:
            await self._audit.record(entry)
        except Exception:
            # What was done is done; its answer must not be lost with the note.
            _log.exception("call %s of %s could not be written into the audit log", request.request_id, action.name)

    def _action(self, call: Call) -> Action[Any]:
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

    async def _carried_out(self, action: Action[Any], call: Call) -> dict[str, Any]:
        check_permitted(call.key, action.group)
        if action.installation and call.key.sub_app_id != MAIN_APPLICATION_ID:
            raise Denied("key.not_permitted", f"{action.name} touches all applications; use a key of the main one")
        if not self._limiter.admits(call.key.secret_id, action.name, action.rate):
            raise Exhausted("api.rate", f"more than {action.rate} calls of {action.name} in a second; slow down")
        self._check_replay(action.group, call)
        request: Request = validated(action, call.parameters, as_text=call.as_text)
        application = await self._uow.read(lambda tx: application_for(tx.access, call.key, request.sub_app_id))
        if action.group in _TAKING_IN:
            check_is_on(application)
        return dict(await action.run(Caller(call.key, application), request))

    def _check_replay(self, group: Group, call: Call) -> None:
        """Refuse what would change something by a signature used before (decision 17); reading again changes nothing.

        Reads count as uses nevertheless: X-TC-Action need not be signed, so the same signature fits other actions.
        """
        age = self._used.age(call.key.secret_id, call.signature)
        if age is not None and age >= call.again_seconds and group is not Group.READ:
            raise Denied("api.replayed", f"this signature was used {age:.1f} s ago; sign every call anew")


def _code(error: OpenVodError, action: Action[Any] | None) -> str:
    """Return the wire's code: the action's own where it declares one for the field or for the error."""
    if action is None:
        return api_code(error)
    if own := action.codes.get(error.code):
        return own
    if error.code in _NESTED_FIELDS and (own := _problem_code(str(error.details.get("problem", "")))):
        return own
    if error.code == "api.value" or error.code in _NESTED_FIELDS:
        wanted = (f"InvalidParameterValue.{name}" for name in _field_names(str(error.details.get("field", ""))))
        return next((code for code in wanted if code in action.errors), api_code(error))
    return api_code(error)


#: Errors of values inside parameters: their ``field`` is a path, their ``problem`` what validation found.
_NESTED_FIELDS = frozenset({"template.field", "procedure.field"})


def _problem_code(problem: str) -> str:
    if problem == "missing":
        return "MissingParameter"
    if problem == "extra_forbidden":
        return "UnknownParameter"
    return "InvalidParameter" if problem.endswith(("_type", "_parsing", "_attributes_type")) else ""


def _field_names(path: str) -> Sequence[str]:
    """Return the wire's names for a field, the most exact first: ``AudioTemplate.Bitrate`` is ``AudioBitrate``."""
    names = [part for part in path.split(".") if not part.isdigit()]
    joined = [f"{names[-2].removesuffix('Template')}{names[-1]}"] if len(names) > 1 else []
    return [*joined, *reversed(names)]
