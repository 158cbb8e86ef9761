"""Legacy calls such as ``QCVB_SimpleProcessFile({10,20},0,10)`` (``procedures-and-api.md`` 3.2, 3.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from openvod.base.errors import Invalid
from openvod.kinds.content_review import ReviewInput
from openvod.kinds.cover_by_snapshot import CoverBySnapshotInput
from openvod.kinds.registry import MediaProcessTask
from openvod.kinds.sample_snapshot import SampleSnapshotInput
from openvod.kinds.transcode import TranscodeInput
from openvod.kinds.watermark import WatermarkInput
from openvod.tasks.model import Procedure

#: The default transcode templates of legacy argument 1 ([P] 4.2), as far as they fit into the source.
DEFAULT_TRANSCODES = (10, 20, 30, 40)
_DEFAULT_SNAPSHOT = 10
_STOPPING_REVIEW = 10
_MAX_DEPTH = 4
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_TOKEN = re.compile(r"""\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<word>true|false|nil)\b|"(?P<double>[^"\\]*)"|'(?P<single>[^'\\]*)'|(?P<mark>[{}\[\](),]))""")  # noqa: E501  # fmt: skip
_CLOSING = {"{": "}", "[": "]"}

Argument = int | float | str | bool | None | list["Argument"]


def call_name(text: str) -> str:
    """Return the function's name when the text has the form of a call or a bare name, else an empty string."""
    match = _NAME.match(text)
    rest = text[match.end() :].strip() if match else "?"
    return match.group() if match and (not rest or rest.startswith("(")) else ""


def legacy_procedure(text: str, known_transcodes: Sequence[int], default_watermark: int = 0) -> Procedure:
    """Return the flow of a legacy call; ``Invalid("procedure.grammar")`` names the position of what is wrong."""
    name = call_name(text)
    arguments = _unpacked(_Parser(text, len(name)).arguments())
    if name == "QCVB_SimpleProcessFile":
        return _process_with_samples(text, arguments, known_transcodes, default_watermark)
    if name == "QCVB_ProcessUGCFile":
        return _process_with_review(text, arguments, known_transcodes, default_watermark)
    raise Invalid("procedure.unknown", f"procedure {text[:80]!r} does not exist; sign without one or create it first")


class _Parser:
    """Recursive descent over the call's argument list."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._at = start

    def arguments(self) -> list[Argument]:
        if not self._text[self._at :].strip():
            return []
        self._expect("(")
        found = self._list(")", depth=1)
        if self._text[self._at :].strip():
            raise self._wrong("text after the call")
        return found

    def _list(self, closing: str, depth: int) -> list[Argument]:
        if depth > _MAX_DEPTH:
            raise self._wrong(f"nesting deeper than {_MAX_DEPTH}")
        found: list[Argument] = []
        if self._accept(closing):
            return found
        while True:
            found.append(self._argument(depth))
            if self._accept(closing):
                return found
            self._expect(",")
            # A table may end in a comma, an argument list may not.
            if closing != ")" and self._accept(closing):
                return found

    def _argument(self, depth: int) -> Argument:
        match = self._next()
        if match["number"] is not None:
            return float(match["number"]) if "." in match["number"] else int(match["number"])
        if match["word"] is not None:
            return {"true": True, "false": False, "nil": None}[match["word"]]
        if match["mark"] in _CLOSING:
            return self._list(_CLOSING[match["mark"]], depth + 1)
        if match["mark"] is not None:
            raise self._wrong(f"{match['mark']!r} where an argument belongs")
        return match["double"] if match["double"] is not None else str(match["single"])

    def _next(self) -> re.Match[str]:
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise self._wrong("something that is no argument")
        self._at = match.end()
        return match

    def _accept(self, mark: str) -> bool:
        match = _TOKEN.match(self._text, self._at)
        if match is None or match["mark"] != mark:
            return False
        self._at = match.end()
        return True

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise self._wrong(f"no {mark!r}")

    def _wrong(self, what: str) -> Invalid:
        return Invalid("procedure.grammar", f"procedure {self._text[:80]!r} has {what} at character {self._at + 1}")


def _unpacked(arguments: list[Argument]) -> list[Argument]:
    """``({1,1,1,1})`` of the client-upload guide means ``(1,1,1,1)`` ([P] 3.3)."""
    table = arguments[0] if len(arguments) == 1 else None
    if not isinstance(table, list) or not 0 < len(table) <= 4:
        return arguments
    flags = all(item in (0, 1) and not isinstance(item, bool) for item in table)
    return table if flags else arguments


def _process_with_samples(text: str, arguments: list[Argument], known: Sequence[int], watermark: int) -> Procedure:
    transcode, mark, cover, sample = _four(text, arguments)
    sample_id = _template_id(sample)
    samples = (SampleSnapshotInput(definition=sample_id),) if sample_id else ()
    return _procedure(text, transcode, mark, cover, samples, 0, known, watermark)


def _process_with_review(text: str, arguments: list[Argument], known: Sequence[int], watermark: int) -> Procedure:
    transcode, mark, cover, review = _four(text, arguments)
    return _procedure(text, transcode, mark, cover, (), _template_id(review), known, watermark)


def _procedure(
    text: str,
    transcode: Argument,
    mark: Argument,
    cover: Argument,
    samples: tuple[SampleSnapshotInput, ...],
    review: int,
    known: Sequence[int],
    default_watermark: int,
) -> Procedure:
    marks = _watermarks(mark, default_watermark)
    transcodes = tuple(
        TranscodeInput(definition=definition, watermark_set=marks) for definition in _transcodes(transcode, known)
    )
    cover_id = _template_id(cover)
    covers = (CoverBySnapshotInput(definition=cover_id, position_type="Time", position_value=0),) if cover_id else ()
    task = MediaProcessTask(
        transcode_task_set=transcodes, sample_snapshot_task_set=samples, cover_by_snapshot_task_set=covers
    )
    return Procedure(
        name=text,
        media_process_task=task if transcodes or samples or covers else None,
        ai_content_review_task=ReviewInput(definition=review) if review else None,
        stop_on_block=review == _STOPPING_REVIEW,
        within_source=_asks_for_defaults(transcode),
        porn_only=True,
    )


def _four(text: str, arguments: list[Argument]) -> list[Argument]:
    if len(arguments) > 4:
        raise Invalid("procedure.grammar", f"procedure {text[:80]!r} has {len(arguments)} arguments; at most 4 exist")
    return [*arguments, None, None, None, None][:4]


def _asks_for_defaults(argument: Argument) -> bool:
    return argument == 1 or (isinstance(argument, list) and 1 in argument)


def _transcodes(argument: Argument, known: Sequence[int]) -> list[int]:
    """Ids without repetition; ``1`` stands for the default set; unknown ones are left out ([P] 3.3)."""
    wanted = argument if isinstance(argument, list) else [argument]
    found: list[int] = []
    for item in wanted:
        number = int(item) if isinstance(item, int | float) else 0
        found.extend(DEFAULT_TRANSCODES if number == 1 else [number])
    return [definition for definition in dict.fromkeys(found) if definition in known]


def _watermarks(argument: Argument, default: int) -> tuple[WatermarkInput, ...]:
    number = int(argument) if isinstance(argument, int | float) else 0
    definition = default if number == 1 else number
    return (WatermarkInput(definition=definition),) if definition else ()


def _template_id(argument: Argument) -> int:
    number = int(argument) if isinstance(argument, int | float) else 0
    return _DEFAULT_SNAPSHOT if number == 1 else number
