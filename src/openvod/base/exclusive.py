"""Administrative transactions, one at a time: what one reads before it creates, no other creates beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from openvod.base.ports import UnitOfWork

Tx = TypeVar("Tx")
R = TypeVar("R")


class OneAtATime(Generic[Tx]):
    """A unit of work whose writes hold a lock, taken by ``alone`` as the first thing in the transaction."""

    def __init__(self, uow: UnitOfWork[Tx], alone: Callable[[Tx], None]) -> None:
        self._uow = uow
        self._alone = alone

    async def read(self, work: Callable[[Tx], R]) -> R:
        """See :class:`openvod.base.ports.UnitOfWork`."""
        return await self._uow.read(work)

    async def peek(self, work: Callable[[Tx], R]) -> R:
        """See :class:`openvod.base.ports.UnitOfWork`."""
        return await self._uow.peek(work)

    async def write(self, work: Callable[[Tx], R]) -> R:
        """See :class:`openvod.base.ports.UnitOfWork`."""

        def one_at_a_time(tx: Tx) -> R:
            self._alone(tx)
            return work(tx)

        return await self._uow.write(one_at_a_time)
