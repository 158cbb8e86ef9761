"""Runs everything that is asked through one platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from openvod.kinds.names import TemplateKind
from support.media.rendition import Rendition, examined, picture_at
from support.sweeps.flow_bench import FlowBench, Order, outcome
from support.templates.asks import (
    MARKS,
    Ask,
    Made,
)
from support.templates.bad import COMPANION, THEIR_TEMPLATES, THEIRS, Bad
from support.templates.sources import (
    PICTURES,
    SOURCES,
    Plain,
)

#: Where flows run: one worker of the test run, one after the other.
FLOWS = [pytest.mark.slow, pytest.mark.xdist_group("flows"), pytest.mark.timeout(800)]


CLIPS = ("red.mp4", "blue.mp4")
#: So many sub-tasks of one source share a flow, and with it its passes.
_ITEMS, _BAD_ITEMS = 6, 2
#: The order of the result set (``procedures-and-api.md`` 3.6).
_KINDS = ("Transcode", "AnimatedGraphic", "SnapshotByTimeOffset", "SampleSnapshot", "ImageSprite", "CoverBySnapshot",
          "AdaptiveDynamicStreaming")  # fmt: skip


class Kitchen:
    """Makes sources, pictures, templates and procedures where they are needed first."""

    def __init__(self, bench: FlowBench, folder: Path) -> None:
        self.bench = bench
        self.clips: dict[str, str] = {}
        self._folder = folder
        self._definitions: dict[int, int] = {}
        self._procedures = 0

    def settle_neighbours(self) -> None:
        """Make another application and its templates."""
        theirs = self.bench.server.administer(lambda access: access.create_application("neighbours")).sub_app_id
        for _ in range(THEIR_TEMPLATES):
            definition = self.bench.template(THEIRS.kind, THEIRS.body, sub_app_id=theirs)
        self._definitions[id(THEIRS)] = definition

    def path(self, name: str, makers: Mapping[str, Callable[[Path], None]] = SOURCES) -> Path:
        """Return the path of a source or picture."""
        path = self._folder / name
        if not path.exists():
            makers[name](path)
        return path

    def definition(self, made: Made) -> int:
        """Return the id of a template."""
        if id(made) not in self._definitions:
            image = self.path(made.image, PICTURES) if made.image else None
            self._definitions[id(made)] = self.bench.template(made.kind, made.body, image=image)
        return self._definitions[id(made)]

    def item(self, ask: Ask) -> Plain:
        """Return the item of a task set."""
        definition = self.definition(ask.template) if isinstance(ask.template, Made) else ask.template
        members = dict(ask.members)
        if ask.marks:
            members["WatermarkSet"] = [{"Definition": self.definition(MARKS[name]), **more} for name, more in ask.marks]
        if ask.around:
            body = {
                member: [self.clips.get(name, name) for name in value] if isinstance(value, list) else value
                for member, value in ask.around.items()
            }
            members["HeadTailSet"] = [{"Definition": self.bench.template(TemplateKind.HEAD_TAIL, body)}]
        return {"Definition": definition, **members}

    def order(self, asks: Sequence[Ask]) -> Order:
        """Return a flow's order, of one source; results come in the order of ``asks`` if those have that of kinds."""
        self._procedures += 1
        sets: dict[str, list[Plain]] = {}
        for ask in asks:
            sets.setdefault(ask.kind, []).append(self.item(ask))
        return Order(self.path(asks[0].source), self.bench.procedure(f"flow {self._procedures}", 0, **sets))


@dataclass(frozen=True)
class Run:
    """What became of everything asked for: members of result sets by name; what is bad has its companion's, too."""

    bench: FlowBench
    members: Mapping[str, Plain]
    companions: Mapping[str, Plain]
    sources: Path
    examined: dict[str, Rendition] = field(default_factory=dict)

    def output(self, name: str) -> Plain:
        """Return the ``Output`` of an ask, asserting that it succeeded."""
        member = self.members[name]
        assert outcome(member) == "ok", member["Message"]
        output: Plain = member["Output"]
        return output

    def path(self, name: str) -> Path:
        """Return the file that was made."""
        return self.bench.fetch(self.output(name)["Url"])

    def seen(self, name: str) -> Rendition:
        """Return what decoding found."""
        if name not in self.examined:
            url = self.output(name)["Url"]
            self.examined[name] = examined(url if url.endswith(".m3u8") else self.path(name))
        return self.examined[name]

    def shown(self, name: str, seconds: float) -> Image.Image:
        """Return the picture that is shown at a moment."""
        return picture_at(self.path(name), seconds)

    def stills(self, name: str, form: str) -> list[Image.Image]:
        """Return all pictures of an ask, asserting their format."""
        output = self.output(name)
        urls = output.get("ImageUrlSet") or [item["Url"] for item in output.get("PicInfoSet", ())]
        pictures = []
        for url in urls or [output["CoverUrl"]]:
            with Image.open(self.bench.fetch(url)) as image:
                assert image.format == form
                pictures.append(image.convert("RGB"))
        return pictures


def run_all(folder: Path, bench: FlowBench, good: Mapping[str, Ask], bad: Mapping[str, Bad]) -> Run:
    """Run all asks at the same time; those of one source share flows, bad ones with a companion that is good."""
    pictures = folder / "sources"
    pictures.mkdir()
    kitchen = Kitchen(bench, pictures)
    kitchen.settle_neighbours()
    still = Ask(CLIPS[0], 10, "SnapshotByTimeOffset", {"ExtTimeOffsetSet": ["0s"]})
    stills = kitchen.order([still]).procedure
    clips = bench.run([Order(kitchen.path(name), stills) for name in CLIPS])
    kitchen.clips |= {name: flow.file_id for name, flow in zip(CLIPS, clips, strict=True)}
    groups = [{name: good[name] for name in names} for names in _groups(good, _ITEMS)]
    for names in _groups({name: each.ask for name, each in bad.items()}, _BAD_ITEMS):
        asks = {name: bad[name].ask for name in names}
        asks[_companion(names[0])] = Ask(asks[names[0]].source, COMPANION)
        groups.append(dict(sorted(asks.items(), key=lambda item: _place(item[1]))))
    flows = bench.run([kitchen.order(list(group.values())) for group in groups])
    members: dict[str, Plain] = {}
    companions: dict[str, Plain] = {}
    for group, flow in zip(groups, flows, strict=True):
        found = dict(zip(group, flow.results, strict=True))
        members |= found
        companions |= {name: member for each, member in found.items() if each not in bad for name in group}
    return Run(bench, members, companions, pictures)


def _companion(name: str) -> str:
    return f"beside {name}"


def _place(ask: Ask) -> int:
    return _KINDS.index(ask.kind)


def _groups(asks: Mapping[str, Ask], size: int) -> list[list[str]]:
    """Return names of asks that share a source, in the order of the result set."""
    by_source: dict[str, list[str]] = {}
    for name in sorted(asks, key=lambda name: _place(asks[name])):
        by_source.setdefault(asks[name].source, []).append(name)
    return [names[i : i + size] for names in by_source.values() for i in range(0, len(names), size)]
