"""What a sandboxed child may do, decided by its parent."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Wall(StrEnum):
    """A part of the sandbox that the kernel may lack."""

    FILES = "files"
    SYSTEM_CALLS = "system calls"
    NETWORK = "network"


ALL_WALLS = frozenset(Wall)
#: Returns the walls to build; the first call may take a tenth of a second.
Walls = Callable[[], frozenset[Wall]]


@dataclass(frozen=True)
class Policy:
    """The files of one child, and the walls around it. Paths are absolute; folders include what is below them.

    ``execute`` are the programs that it may become, with their libraries. With none it stays the program that it is.
    """

    walls: frozenset[Wall]
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    execute: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return the policy as an argument of the child."""
        return json.dumps([sorted(self.walls), self.read, self.write, self.execute])

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the policy that the parent passed."""
        walls, read, write, execute = json.loads(text)
        return cls(frozenset(map(Wall, walls)), tuple(read), tuple(write), tuple(execute))


def reader_arguments(policy: Policy, cpu_seconds: int) -> tuple[str, ...]:
    """Return the arguments by which a child that reads in Python is confined; for its parent."""
    return str(cpu_seconds), str(os.getpid()), policy.to_json()


def read_arguments(arguments: Sequence[str]) -> tuple[Policy, int, int]:
    """Return policy, CPU seconds and parent from what :func:`reader_arguments` made; for the child."""
    return Policy.from_json(arguments[2]), int(arguments[0]), int(arguments[1])
