"""Attributes that are worked out when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801 - used like a function, as ``property`` is
    """``functools.cached_property`` without the lock that this has in Python 3.11, a microsecond for each attribute.

    Threads that ask at the same time may each work it out.
    """

    def __init__(self, work_out: Callable[[Any], T]) -> None:
        self._work_out = work_out
        self._name = work_out.__name__
        self.__doc__ = work_out.__doc__

    def __get__(self, instance: Any, owner: type) -> T:
        """Work it out; later readers find it in the instance's dictionary."""
        value = instance.__dict__[self._name] = self._work_out(instance)
        return value
