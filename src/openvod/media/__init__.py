"""Media: assets (``FileId``) and what a probe found in them.

Promises: every committed file is probed once and its ``NewFileUpload`` leaves with the result. Refuses to know: FFmpeg,
files' paths, HTTP. Start reading at :mod:`openvod.media.model`, then :mod:`openvod.media.service`.
"""
