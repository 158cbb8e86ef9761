"""Preset templates by kind and id, and preset procedures (``procedures-and-api.md`` 3.4, 4)."""

from __future__ import annotations

from collections.abc import Mapping

from openvod.kinds.adaptive_dynamic_streaming import AdaptiveInput
from openvod.kinds.cover_by_snapshot import CoverBySnapshotInput
from openvod.kinds.image_sprites import ImageSpriteInput
from openvod.kinds.names import TemplateKind
from openvod.kinds.registry import FAMILIES, MediaProcessTask
from openvod.kinds.templates import Template
from openvod.tasks.model import Procedure

PRESETS: Mapping[tuple[TemplateKind, int], Template] = {
    (preset.kind, preset.definition): preset for family in FAMILIES.values() for preset in family.presets
}


def _long_video(name: str, adaptive: int) -> Procedure:
    return Procedure(
        name=name,
        media_process_task=MediaProcessTask(
            adaptive_dynamic_streaming_task_set=(AdaptiveInput(definition=adaptive),),
            image_sprite_task_set=(ImageSpriteInput(definition=10),),
            cover_by_snapshot_task_set=(CoverBySnapshotInput(definition=10, position_type="Time", position_value=0),),
        ),
    )


PRESET_PROCEDURES: Mapping[str, Procedure] = {
    "LongVideoPreset": _long_video("LongVideoPreset", 10),
    "SimpleAesEncryptPreset": _long_video("SimpleAesEncryptPreset", 12),
}
