"""What carrying an action out needs, however its caller was recognised: by a signature, or signed in to the console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openvod.access.audit import presentable
from openvod.access.model import AuditEntry, KeyPair
from openvod.access.ports import AccessTx
from openvod.access.service import application_for, check_is_on
from openvod.base.errors import OpenVodError
from openvod.base.ports import UnitOfWork
from openvod.surfaces.api.declaration import Action, Audit, Caller, Group, Request
from openvod.surfaces.api.parameters import validated
from openvod.surfaces.errors import api_code

_TAKING_IN = (Group.UPLOAD, Group.EDIT, Group.PROCESS)
_LONGEST_ID = 18


async def carry_out(
    uow: UnitOfWork[AccessTx], action: Action[Any, Any], key: KeyPair, plain: Mapping[str, Any], *, as_text: bool
) -> dict[str, Any]:
    """Validate parameters, find the application, run the action; what the caller may do was checked before."""
    request: Request = validated(action, plain, as_text=as_text)
    application = await uow.read(lambda tx: application_for(tx.access, key, request.sub_app_id))
    if action.group in _TAKING_IN:
        check_is_on(application)
    return dict(await action.run(Caller(key, application), request))


def is_logged(action: Action[Any, Any], outcome: str) -> bool:
    """Return whether the audit log keeps a call; calls past the rate limit would fill it."""
    return action.audit is Audit.LOGGED and outcome != "RequestLimitExceeded"


def audit_entry(
    action: Action[Any, Any],
    parameters: Mapping[str, Any],
    *,
    now: float,
    actor: str,
    own_application: int,
    outcome: str,
    request_id: str,
    address: str,
) -> AuditEntry:
    """Return what the audit log keeps of a call."""
    asked = parameters.get("SubAppId") or own_application
    return AuditEntry(
        at=now,
        secret_id=actor,
        sub_app_id=int(asked) if str(asked).isdigit() and len(str(asked)) < _LONGEST_ID else 0,
        action=action.name,
        parameters=presentable(parameters),
        outcome=outcome,
        request_id=request_id,
        address=address,
    )


def error_code(error: OpenVodError, action: Action[Any, Any] | None) -> str:
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
