"""Templates as applications store and change them; their members are those of :mod:`openvod.kinds` (5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from openvod.base.wire import merged, read_wire
from openvod.kinds.names import TemplateKind
from openvod.kinds.registry import FAMILIES
from openvod.kinds.templates import Template


def read_body(kind: TemplateKind, plain: Mapping[str, Any]) -> Any:
    """Return the body of a template from wire members; ``Invalid("template.field")`` names the wrong one."""
    return read_wire(FAMILIES[kind].body, plain, "template.field")


def changed_template(
    found: Template, changes: Mapping[str, Any], name: str | None, comment: str | None, now: float
) -> Template:
    """Return a template with wire members changed, nested ones member by member; ``None`` leaves a text as it is."""
    return replace(
        found,
        body=read_body(found.kind, merged(found.body.to_wire(), changes)),
        name=found.name if name is None else name,
        comment=found.comment if comment is None else comment,
        updated_at=now,
    )
