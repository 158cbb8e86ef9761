"""NudeNet, a detector of body parts with places: a plug-in that its user installs knowingly.

Needs ``pip install 'openvod[review-nudenet]'`` and ``OPENVOD__TASKS__REVIEWERS``. Both licence texts in its wheel are
AGPL-3.0 (its metadata says MIT), so OpenVOD neither installs nor ships it, and names it nowhere as a default.
"""

from openvod.adapters.nudenet.reviewer import NudeNetReviewer

__all__ = ["NudeNetReviewer"]
