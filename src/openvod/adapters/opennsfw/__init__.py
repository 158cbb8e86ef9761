"""Yahoo's open_nsfw through onnxruntime, the default reviewer: one score per picture, weights inside the package.

Needs ``pip install 'openvod[review]'``. Code (Apache-2.0) and weights (BSD-2-Clause) may be passed on with OpenVOD.
"""

from openvod.adapters.opennsfw.reviewer import OpenNsfwReviewer

__all__ = ["OpenNsfwReviewer"]
