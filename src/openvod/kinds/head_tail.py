"""Clips before and after a transcode, and their templates."""

from __future__ import annotations

from pydantic import Field

from openvod.base.wire import Wire
from openvod.kinds.fields import FillType
from openvod.kinds.names import TemplateKind
from openvod.kinds.templates import TemplateFamily


class HeadTailInput(Wire):
    """Clips before and after, by template id."""

    definition: int


class HeadTailTemplate(Wire):
    """Clips put before and after a video, named by ``FileId``; the one whose shape is nearest is taken."""

    head_candidate_set: tuple[str, ...] = Field((), max_length=6)
    tail_candidate_set: tuple[str, ...] = Field((), max_length=6)
    fill_type: FillType = "black"


#: No noun: the API has no actions for these templates.
TEMPLATE = TemplateFamily(TemplateKind.HEAD_TAIL, HeadTailTemplate, noun="")
