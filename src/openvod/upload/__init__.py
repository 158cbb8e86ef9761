"""Upload: the client's session from Apply to Commit.

Promises: one session per permitted upload, resumable for a day, committed exactly once together with its media asset
and its event. Refuses to know: bytes (they go to :mod:`openvod.storage`), HTTP, JSON text.
Start reading at :mod:`openvod.upload.model`, then :mod:`openvod.upload.service`.
"""
