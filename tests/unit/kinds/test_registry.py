"""The registry of kinds: what a kind forgets to declare is found before a task runs."""

from __future__ import annotations

from dataclasses import MISSING, fields
from enum import unique
from typing import Any

import pytest

from openvod.kinds.kind import InfoSet, Kind, MediaKind, ReviewKind
from openvod.kinds.plan.model import KindName
from openvod.kinds.registry import FAMILIES, FOLDERS, MEDIA_KINDS, MediaProcessTask, SubTaskKind, check_families
from openvod.kinds.sample_snapshot import KIND
from openvod.media.layout import names_of


@pytest.mark.parametrize("kind", [Kind, MediaKind, ReviewKind, InfoSet])
def test_nothing_of_a_declaration_has_a_default(kind: type[Kind | InfoSet]) -> None:
    """A member that a kind leaves out fails type checking and the import, because no default stands in for it."""
    assert [each.name for each in fields(kind) if (each.default, each.default_factory) != (MISSING, MISSING)] == []


def test_a_forgotten_member_fails_the_import() -> None:
    """A declaration without one of its members cannot be made."""
    members: dict[str, Any] = {
        each.name: getattr(KIND, each.name) for each in fields(MediaKind) if each.name != "files"
    }
    with pytest.raises(TypeError, match="files"):
        MediaKind(**members)


def test_a_family_that_nobody_registered_fails_the_import() -> None:
    """Each kind of template has one family, and each kind of sub-task uses a registered one."""
    families, kinds = list(FAMILIES.values()), [kind.declaration for kind in SubTaskKind]
    check_families(families, kinds)
    for wrong in (families[1:], [*families, families[0]]):
        with pytest.raises(TypeError, match="family"):
            check_families(wrong, kinds)


def test_names_are_kinds_own() -> None:
    """No two kinds share a name, a result member or a set; a second name for a kind is refused."""
    assert unique(SubTaskKind) is SubTaskKind
    assert issubclass(SubTaskKind, KindName)
    results = [kind.declaration.result for kind in SubTaskKind if kind.declaration.result]
    assert len(set(results)) == len(results) == len(SubTaskKind) - 1
    assert list(MediaProcessTask.model_fields) == [declared.input_set for declared in MEDIA_KINDS.values()]


@pytest.mark.parametrize("kind", MEDIA_KINDS, ids=list(MEDIA_KINDS))
def test_files_lie_in_the_kinds_folder(kind: SubTaskKind) -> None:
    """A kind that names a folder has its files there, and no other kind's names take them in."""
    declared = MEDIA_KINDS[kind]
    assert not declared.folder or declared.folder in FOLDERS
    name = f"{declared.folder}/{declared.folder}_10_0.jpg" if declared.folder else _EXAMPLES[kind.value]
    assert [other for other in MEDIA_KINDS if names_of(other, 10).fullmatch(name)] == [kind]


_EXAMPLES = {"Transcode": "v.f10.mp4", "AnimatedGraphics": "v.f10.gif", "AdaptiveDynamicStreaming": "adp.10.m3u8"}
