"""What the classes of NudeNet's model mean on the wire."""

from __future__ import annotations

from typing import Any, ClassVar

from openvod.adapters.reviewing.reviewer import ChildReviewer, Model
from openvod.review.model import Finding

#: What the model's classes mean on the wire.
#:
#: A bare female breast is ``porn``: the services that clients were built for count it so, and templates that watch the
#: label ``porn`` alone must not miss it. A wrong ``porn`` costs a look by a person, a wrong ``sexy`` may go unseen.
#: Bare buttocks are ``sexy``: on their own they are beach and sport as often as anything else.
#: ``vulgar`` and ``intimacy`` are about acts, which a detector of body parts does not see.
_LABELS = {
    "FEMALE_GENITALIA_EXPOSED": "porn",
    "MALE_GENITALIA_EXPOSED": "porn",
    "ANUS_EXPOSED": "porn",
    "FEMALE_BREAST_EXPOSED": "porn",
    "BUTTOCKS_EXPOSED": "sexy",
}
#: Seen and of no consequence. Covered parts are here because their scores say how sure the model is of the clothes.
_INNOCENT = frozenset(
    {
        "FEMALE_GENITALIA_COVERED", "ANUS_COVERED", "FEMALE_BREAST_COVERED", "BUTTOCKS_COVERED", "BELLY_COVERED",
        "ARMPITS_COVERED", "FEET_COVERED", "MALE_BREAST_EXPOSED", "BELLY_EXPOSED", "ARMPITS_EXPOSED", "FEET_EXPOSED",
        "FACE_FEMALE", "FACE_MALE",
    }
)  # fmt: skip


def meaning(seen: Any) -> Finding | None:
    """Translate one detection, ``[class, score 0..1, [x1, y1, x2, y2]]``; an unknown class is an error."""
    kind, score, (x1, y1, x2, y2) = seen
    if kind in _LABELS:
        return Finding(_LABELS[kind], round(float(score) * 100, 2), (int(x1), int(y1), int(x2), int(y2)))
    if kind not in _INNOCENT:
        raise ValueError(f"the model knows a class that the platform does not: {kind!r}")
    return None


class NudeNetReviewer(ChildReviewer):
    """See :class:`openvod.review.model.Reviewer`; findings have places."""

    model: ClassVar[Model] = Model(
        "NudeNet",
        "openvod.adapters.nudenet.child",
        ("nudenet", "onnxruntime", "cv2", "numpy"),
        "review-nudenet",
        meaning,
    )
