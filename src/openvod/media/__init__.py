"""Media: assets (``FileId``), what a probe found in them, what is told of them, their outputs and their end.

Promises: every committed file is probed once and its ``NewFileUpload`` leaves with the result. Refuses to know: FFmpeg,
flows, files' paths, HTTP. Start reading at :mod:`openvod.media.model`, then :mod:`openvod.media.service`.
"""
