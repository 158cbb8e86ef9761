"""The declaration of a kind of sub-task. A missing member fails when the kind's module is imported."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from openvod.base.wire import Wire
from openvod.kinds.names import InfoMember, PartType
from openvod.kinds.plan.model import Encoder, Item, Job, Lookup, Share, Source
from openvod.kinds.plan.pictures import Series
from openvod.kinds.plan.video import VideoWork
from openvod.kinds.players import ForPlayers
from openvod.kinds.results import Results, ShareFiles
from openvod.kinds.templates import TemplateFamily
from openvod.review.model import Thresholds, Verdict

Json = Mapping[str, Any]
#: Plans one sub-task: a job of its own, pictures for any pass over the video, or outputs of a shared pass. Raises
#: :class:`openvod.kinds.failure.Failure` for a request that cannot be met.
Planner = Callable[[Item, Source, Lookup, Encoder], Job | Series | VideoWork]
#: Returns the ``Output`` member of event format 3.0 from FFmpeg's files, and writes playlists and WebVTT beside them.
#: Raises :class:`openvod.kinds.failure.Failure` when nothing usable was written.
Reporter = Callable[[Share, ShareFiles, Results], Awaitable[dict[str, Any]]]
#: Converts a member of event format 3.0 to format 2.0.
Legacy = Callable[[Json], dict[str, Any]]
#: Returns what players can use of a member of event format 3.0, for a file of a category (``Video``, ``Audio``, …).
Playable = Callable[[Json, str], ForPlayers]


@dataclass(frozen=True, kw_only=True)
class InfoSet:
    """Where ``MediaInfo`` lists the results of a kind: the set ``name`` in its ``member``.

    ``with_original``: the uploaded file leads the set, as definition 0.
    """

    member: InfoMember
    name: str
    with_original: bool


@dataclass(frozen=True, kw_only=True)
class Kind:
    """The members that every kind declares.

    ``name`` is its ``Type`` in result sets, ``result`` the member that holds its result there (empty for a kind that is
    a task of its own), ``input`` the model of one request, ``template`` the family that ``Definition`` is an id of, and
    ``folder`` the folder in which its files lie inside the sub-task's (empty for none). ``trial`` holds the members of
    an input, besides ``Definition``, for the preview of a template of the family; ``None`` when another kind previews
    the family.
    """

    name: str
    input: type[Wire]
    result: str
    template: TemplateFamily
    plan: Planner
    folder: str
    trial: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class MediaKind(Kind):
    """A kind that makes files of a video.

    ``input_set`` is its member of ``MediaProcessTask`` in Python's spelling. ``media_info`` is its place in
    ``MediaInfo``, ``None`` without one. ``files`` is a regular expression of its files' names, in which ``%s``
    stands for the template's id. ``sets_cover``: its first picture becomes the file's cover. ``deleted_with`` is the
    part of a file whose deletion by DeleteMedia deletes its files; ``None``: only the deletion of the whole file does.
    """

    input_set: str
    report: Reporter
    legacy_input: Legacy
    legacy_output: Legacy
    for_players: Playable
    media_info: InfoSet | None
    files: str
    sets_cover: bool
    deleted_with: PartType | None


@dataclass(frozen=True)
class ReviewSettings:
    """A template's settings for a review: thresholds, labels, and whether the result enters the review queue."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    labels: Sequence[str] = ()
    queued: bool = True


@dataclass(frozen=True, kw_only=True)
class ReviewKind(Kind):
    """A kind that reviews a video and produces no files.

    ``topics``: the first installed reviewer of these is used; empty for kinds without any reviewer.
    ``settings`` reads a template's body, ``None`` for a deleted template. ``output`` builds the ``Output`` member with
    at most ``segments`` segments; when there are more, ``document`` builds a file with all of them.
    """

    topics: tuple[str, ...]
    settings: Callable[[Any | None], ReviewSettings]
    segments: int
    output: Callable[..., dict[str, Any]]
    document: Callable[[Verdict, Mapping[int, str], Any], str]
