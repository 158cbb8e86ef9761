"""Media: assets (``FileId``), their probe results, how they are described, their outputs and their deletion.

Promises: every committed file is probed once and its ``NewFileUpload`` leaves with the result. Refuses to know: FFmpeg,
flows, files' paths, HTTP. Start reading at :mod:`openvod.media.model`, then :mod:`openvod.media.service`.
"""
