"""Surfaces: every wire dialect as ASGI, a folder each, behind one front door.

Promises: exact headers, codes and statuses of each wire; one error table. Refuses to know: databases, files, FFmpeg,
how bytes travel (:mod:`openvod.server`). Start reading at :mod:`openvod.surfaces.front`, then
:mod:`openvod.surfaces.errors`.
"""
