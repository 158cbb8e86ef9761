"""Maps the classes of NudeNet's model to labels of the wire."""

from __future__ import annotations

from typing import Any, ClassVar

from openvod.adapters.reviewing.reviewer import ChildReviewer, Model
from openvod.review.model import Finding

#: Labels of the wire by the model's classes.
#:
#: A bare female breast is ``porn``: the original services classify it so, and templates that only watch the label
#: ``porn`` must not miss it. A wrong ``porn`` costs a manual review, a wrong ``sexy`` may never be reviewed.
#: Bare buttocks are ``sexy``: alone they are as often beach or sport.
#: ``vulgar`` and ``intimacy`` are about acts, which a detector of body parts cannot detect.
_LABELS = {
    "FEMALE_GENITALIA_EXPOSED": "porn",
    "MALE_GENITALIA_EXPOSED": "porn",
    "ANUS_EXPOSED": "porn",
    "FEMALE_BREAST_EXPOSED": "porn",
    "BUTTOCKS_EXPOSED": "sexy",
}
#: Classes that do not count. Covered parts are among them: their scores are the confidence that they are covered.
_INNOCENT = frozenset(
    {
        "FEMALE_GENITALIA_COVERED", "ANUS_COVERED", "FEMALE_BREAST_COVERED", "BUTTOCKS_COVERED", "BELLY_COVERED",
        "ARMPITS_COVERED", "FEET_COVERED", "MALE_BREAST_EXPOSED", "BELLY_EXPOSED", "ARMPITS_EXPOSED", "FEET_EXPOSED",
        "FACE_FEMALE", "FACE_MALE",
    }
)  # fmt: skip


def meaning(seen: Any) -> Finding | None:
    """Convert a detection ``[class, score 0..1, [x1, y1, x2, y2]]``; raises ``ValueError`` for an unknown class."""
    kind, score, (x1, y1, x2, y2) = seen
    if kind in _LABELS:
        return Finding(_LABELS[kind], round(float(score) * 100, 2), (int(x1), int(y1), int(x2), int(y2)))
    if kind not in _INNOCENT:
        raise ValueError(f"the model returned an unknown class: {kind!r}")
    return None


class NudeNetReviewer(ChildReviewer):
    """See :class:`openvod.review.model.Reviewer`; findings have areas."""

    model: ClassVar[Model] = Model(
        "NudeNet",
        "openvod.adapters.nudenet.child",
        ("nudenet", "onnxruntime", "cv2", "numpy"),
        "review-nudenet",
        meaning,
    )
