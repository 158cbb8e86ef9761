"""A template with its id, and the declaration of a family of templates.

A template's ``definition`` is its id. Presets have fixed ids, custom ones start at :data:`FIRST_CUSTOM_DEFINITION` and
are counted per application and kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openvod.base.wire import Wire
from openvod.kinds.names import TemplateKind

FIRST_CUSTOM_DEFINITION = 1_000_000


@dataclass(frozen=True)
class Template:
    """A template with its id. Times are Unix seconds, 0 for presets."""

    kind: TemplateKind
    definition: int
    body: Any
    name: str = ""
    comment: str = ""
    preset: bool = False
    created_at: float = 0.0
    updated_at: float = 0.0


@dataclass(frozen=True)
class TemplateFamily:
    """All templates of one kind: the model of their members, ``quota`` of an application (5), their presets.

    ``noun`` is the part of the API's action names: ``Create<noun>``, ``Describe<noun>s`` with :attr:`members`; empty
    without such actions. ``full`` is the API's error code for an application that used up its quota.
    """

    kind: TemplateKind
    body: type[Wire]
    noun: str
    quota: int = 100
    full: str = "LimitExceeded.TooMuchTemplate"
    presets: tuple[Template, ...] = ()

    @property
    def members(self) -> str:
        """The member of a response that holds the templates."""
        return f"{self.noun}Set"


def preset(kind: TemplateKind, definition: int, body: Wire) -> Template:
    """Return a preset whose name is made of its kind and id."""
    return Template(kind, definition, body, name=f"{kind.value}-{definition}", preset=True)
