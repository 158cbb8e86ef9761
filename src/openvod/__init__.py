"""OpenVOD: self-hosted video on demand around client upload.

Start reading at ``docs/architecture.md``; every sub-package is a room whose ``__init__`` says what it promises.
"""

__version__ = "0.1.0"
