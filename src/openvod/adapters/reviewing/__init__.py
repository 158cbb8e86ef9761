"""Content review without network: a model of a Python package, always in a child process with limits.

:mod:`.reviewer` starts the child and parses its output as untrusted, because a hostile picture may have taken the
child over. :mod:`.child` sets the child's limits before it loads its model. Each model has a package beside this one.
"""

from openvod.adapters.reviewing.reviewer import ChildReviewer, Model

__all__ = ["ChildReviewer", "Model"]
