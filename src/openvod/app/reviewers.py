"""Loads the configured reviewers, for the worker and the doctor."""

from __future__ import annotations

import importlib

from openvod.adapters.reviewing import ChildReviewer
from openvod.adapters.sandbox.policy import Walls
from openvod.adapters.sandbox.trial import standing_walls
from openvod.app.settings import Settings
from openvod.base.errors import Invalid
from openvod.review.model import Reviewer


def reviewers(settings: Settings, walls: Walls = standing_walls) -> dict[str, Reviewer]:
    """Load the configured reviewers; children of OpenVOD's reviewers run behind ``walls``.

    Raises ``Invalid("reviewer.unknown")`` for one that cannot be loaded.
    """
    found: dict[str, Reviewer] = {}
    for topic, place in settings.tasks.reviewers.items():
        module, _, name = place.partition(":")
        try:
            reviewer = found[topic] = getattr(importlib.import_module(module), name)()
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            raise Invalid(
                "reviewer.unknown",
                f"OPENVOD__TASKS__REVIEWERS names {place!r} for {topic}, which cannot be used: {error}",
            ) from error
        if isinstance(reviewer, ChildReviewer):
            reviewer.walls = walls
    return found
