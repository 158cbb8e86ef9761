"""Storage: buckets, objects and multipart uploads.

Promises: a part is final where it lands; Complete is a metadata transaction; what was acknowledged survives a crash;
every byte on disk belongs to a ledger row. Refuses to know: sessions, media, HTTP, files.
Start reading at :mod:`openvod.storage.model`, then :mod:`openvod.storage.blobs`, :mod:`openvod.storage.service` and
:mod:`openvod.storage.multipart`.
"""
