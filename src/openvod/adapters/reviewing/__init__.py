"""Content review off-line: a model from a package, always in a child process with limits.

:mod:`.reviewer` starts the child and reads its answer as one of a process that a hostile picture may have taken over,
:mod:`.child` is what every child does before it loads its model. The models are rooms beside this one.
"""

from openvod.adapters.reviewing.reviewer import ChildReviewer, Model

__all__ = ["ChildReviewer", "Model"]
