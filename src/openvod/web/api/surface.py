"""Server API 3.0 at ``/`` (``procedures-and-api.md`` 2).

Every answer is HTTP 200 with exactly ``application/json``, errors included: the SDKs read nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from openvod.access.model import KeyPair
from openvod.access.ports import AccessTx
from openvod.access.service import application_for
from openvod.base.errors import ClientDisconnected, Denied, Exhausted, Invalid, OpenVodError
from openvod.base.ports import UnitOfWork
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
    ) -> None:
        self._uow = uow
        self._authentication = authentication
        self._actions = {action.name: action for action in actions}
        self._limiter = limiter
        self._used = used

    async def __call__(self, request: WireRequest) -> Answer:
        """Serve one request."""
        action: Action[Any] | None = None
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
        return json_answer({"Response": response | {"RequestId": request.request_id}})

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
        _check_permission(call.key, action.group)
        if not self._limiter.admits(call.key.secret_id, action.name, action.rate):
            raise Exhausted("api.rate", f"more than {action.rate} calls of {action.name} in a second; slow down")
        self._check_replay(action.group, call)
        request: Request = validated(action, call.parameters, as_text=call.as_text)
        application = await self._uow.read(lambda tx: application_for(tx.access, call.key, request.sub_app_id))
        return dict(await action.run(Caller(call.key.secret_id, application), request))

    def _check_replay(self, group: Group, call: Call) -> None:
        """Refuse what would change something by a signature used before (decision 17); reading again changes nothing.

        Reads count as uses nevertheless: X-TC-Action need not be signed, so the same signature fits other actions.
        """
        age = self._used.age(call.key.secret_id, call.signature)
        if age is not None and age >= call.again_seconds and group is not Group.READ:
            raise Denied("api.replayed", f"this signature was used {age:.1f} s ago; sign every call anew")


def _check_permission(key: KeyPair, group: Group) -> None:
    if key.groups and group.value not in key.groups:
        allowed = ", ".join(key.groups)
        raise Denied("key.not_permitted", f"this key may {allowed}, not {group.value}; use one that may")


def _code(error: OpenVodError, action: Action[Any] | None) -> str:
    """Return the wire's code: the action's own where it declares one for the field or for the error."""
    if action is None:
        return api_code(error)
    field = _field(str(error.details.get("field", "")))
    if own := action.codes.get(error.code):
        return own.replace("{field}", field).rstrip(".")
    declared = f"InvalidParameterValue.{field}"
    if error.code == "api.value" and declared in action.errors:
        return declared
    return api_code(error)


def _field(path: str) -> str:
    """Return the innermost name of a path such as ``StreamInfos.0.Video.Codec``."""
    return next((step for step in reversed(path.split(".")) if not step.isdigit()), "")
