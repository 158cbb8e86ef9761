"""All kinds of sub-tasks and all families of templates. A new kind is a file beside this one and one line here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import unique
from typing import TYPE_CHECKING, Any, Self

from pydantic import create_model

from openvod.base.wire import Wire
from openvod.kinds import (
    adaptive_dynamic_streaming,
    animated_graphics,
    content_review,
    cover_by_snapshot,
    head_tail,
    image_sprites,
    review_audio_video,
    sample_snapshot,
    snapshot_by_time_offset,
    transcode,
    watermark,
)
from openvod.kinds.kind import Kind, MediaKind, ReviewKind
from openvod.kinds.names import TemplateKind
from openvod.kinds.plan.model import KindName
from openvod.kinds.templates import TemplateFamily


@unique
class SubTaskKind(KindName):
    """Kinds of sub-tasks: types of the result set (``events.md`` 4.3) and of reviews (4.4), in the wire's order."""

    _value_: str
    declaration: Kind

    def __new__(cls, declaration: Kind | str) -> Self:
        """Create a member from a declaration; ``SubTaskKind(text)`` looks a member up by its value."""
        if isinstance(declaration, str):
            raise TypeError(f"kind {declaration} has no declaration")
        member = str.__new__(cls, declaration.name)
        member._value_ = declaration.name
        member.declaration = declaration
        return member

    TRANSCODE = transcode.KIND
    ANIMATED_GRAPHICS = animated_graphics.KIND
    SNAPSHOT_BY_TIME_OFFSET = snapshot_by_time_offset.KIND
    SAMPLE_SNAPSHOT = sample_snapshot.KIND
    IMAGE_SPRITES = image_sprites.KIND
    COVER_BY_SNAPSHOT = cover_by_snapshot.KIND
    ADAPTIVE_DYNAMIC_STREAMING = adaptive_dynamic_streaming.KIND
    PORN = content_review.PORN
    TERRORISM = content_review.TERRORISM
    POLITICAL = content_review.POLITICAL
    PORN_ASR = content_review.PORN_ASR
    POLITICAL_ASR = content_review.POLITICAL_ASR
    PORN_OCR = content_review.PORN_OCR
    POLITICAL_OCR = content_review.POLITICAL_OCR
    REVIEW_AUDIO_VIDEO = review_audio_video.KIND

    @property
    def is_review(self) -> bool:
        """True for kinds that review a video and produce no files."""
        return isinstance(self.declaration, ReviewKind)


#: Kinds that produce files, in the order of the result set.
MEDIA_KINDS: Mapping[SubTaskKind, MediaKind] = {
    kind: kind.declaration for kind in SubTaskKind if isinstance(kind.declaration, MediaKind)
}
REVIEW_KINDS: Mapping[SubTaskKind, ReviewKind] = {
    kind: kind.declaration for kind in SubTaskKind if isinstance(kind.declaration, ReviewKind)
}


def media_kind(name: str) -> MediaKind:
    """Return the declaration of a media kind by its name; ``KeyError`` for a review."""
    return MEDIA_KINDS[SubTaskKind(name)]


#: Folders of outputs, the first part of their names.
FOLDERS = tuple(dict.fromkeys(kind.declaration.folder for kind in SubTaskKind if kind.declaration.folder))

_FAMILIES = (
    transcode.TEMPLATE,
    snapshot_by_time_offset.TEMPLATE,
    sample_snapshot.TEMPLATE,
    image_sprites.TEMPLATE,
    animated_graphics.TEMPLATE,
    adaptive_dynamic_streaming.TEMPLATE,
    review_audio_video.TEMPLATE,
    content_review.TEMPLATE,
    watermark.TEMPLATE,
    head_tail.TEMPLATE,
)
FAMILIES: Mapping[TemplateKind, TemplateFamily] = {family.kind: family for family in _FAMILIES}


class TaskSets(Wire):
    """Everything to make of a video."""

    def items(self) -> Iterator[tuple[SubTaskKind, Any]]:
        """Yield every item with its kind, in the order of the result set."""
        for kind, declared in MEDIA_KINDS.items():
            for item in getattr(self, declared.input_set):
                yield kind, item


if TYPE_CHECKING:

    class MediaProcessTask(TaskSets):
        """A :class:`TaskSets` with one set for each kind, named by the kind's ``input_set``."""

        def __init__(self, **sets: Any) -> None: ...
        def __getattr__(self, name: str) -> tuple[Any, ...]: ...
else:
    MediaProcessTask = create_model(
        "MediaProcessTask",
        __base__=TaskSets,
        __module__=__name__,
        __doc__=TaskSets.__doc__,
        **{declared.input_set: (tuple[declared.input, ...], ()) for declared in MEDIA_KINDS.values()},
    )


def check_families(families: Sequence[TemplateFamily], kinds: Sequence[Kind]) -> None:
    """Raise ``TypeError`` for a kind of template without one family, and a kind whose family is not registered."""
    if sorted(family.kind for family in families) != sorted(TemplateKind):
        raise TypeError(f"each kind of template needs one family in {__name__}: {', '.join(TemplateKind)}")
    strangers = [kind.name for kind in kinds if kind.template not in families]
    if strangers:
        raise TypeError(f"the family of templates of {', '.join(strangers)} is not in {__name__}")


check_families(_FAMILIES, [kind.declaration for kind in SubTaskKind])
