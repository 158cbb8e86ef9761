"""NudeNet: content review off-line, with the model inside the wheel, always in a child process with limits.

Needs ``pip install 'openvod[review]'``. :mod:`.reviewer` starts the child and says what the model's classes mean,
:mod:`.child` is the only place where strangers' pictures meet OpenCV and onnxruntime.
"""

from openvod.adapters.nudenet.reviewer import NudeNetReviewer

__all__ = ["NudeNetReviewer"]
