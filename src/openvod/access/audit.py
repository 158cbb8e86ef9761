"""The audit log: who changed what, and what was refused to whom."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from openvod.access.model import AuditEntry
from openvod.access.ports import AccessTx
from openvod.base.ports import Clock, UnitOfWork

KEPT_SECONDS = 180 * 86_400.0
_LONGEST_TEXT = 200
_LONGEST_PARAMETERS = 4000
_SECRETS = frozenset(("SignKey", "EncryptedKey", "PlayKey", "VodSessionKey"))


class AuditLog:
    """Writes and reads entries; they are kept for half a year."""

    def __init__(self, uow: UnitOfWork[AccessTx], clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    async def record(self, entry: AuditEntry) -> None:
        """Store an entry."""
        await self._uow.write(lambda tx: tx.access.add_audit_entry(entry))

    async def entries(self, after: int = 0, limit: int = 100) -> Sequence[tuple[int, AuditEntry]]:
        """Return numbered entries from the newest on; ``after`` is the number of the last one seen."""
        return await self._uow.read(lambda tx: tx.access.audit_entries(after, limit))

    async def forget_old(self) -> int:
        """Delete what was kept long enough; return how much."""
        before = self._clock.now() - KEPT_SECONDS
        return await self._uow.write(lambda tx: tx.access.forget_audit_entries(before))


def presentable(parameters: Mapping[str, Any]) -> str:
    """Return parameters as JSON for the log: secrets blotted out, long texts cut."""
    return json.dumps(_shown(parameters), ensure_ascii=False, separators=(",", ":"))[:_LONGEST_PARAMETERS]


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: "***" if name in _SECRETS else _shown(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_shown(each) for each in value]
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return f"{value[:_LONGEST_TEXT]}… ({len(value)} characters)"
    return value
