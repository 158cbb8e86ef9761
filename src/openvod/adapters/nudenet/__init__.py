"""NudeNet, a detector that locates body parts: a plug-in that users install explicitly.

Needs ``pip install 'openvod[review-nudenet]'`` and ``OPENVOD__TASKS__REVIEWERS``. Both licence texts in its wheel are
AGPL-3.0 (its metadata says MIT), so OpenVOD does not install it, ship it or use it by default.
"""

from openvod.adapters.nudenet.reviewer import NudeNetReviewer

__all__ = ["NudeNetReviewer"]
