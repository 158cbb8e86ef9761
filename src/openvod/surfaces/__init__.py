"""Web: every wire surface as ASGI, behind one front door.

Promises: exact headers, codes and statuses of each wire; one error table. Refuses to know: databases, files, FFmpeg.
Start reading at :mod:`openvod.web.front`, then :mod:`openvod.web.errors`.
"""

from openvod.web.front import FrontDoor, Surfaces

__all__ = ["FrontDoor", "Surfaces"]
