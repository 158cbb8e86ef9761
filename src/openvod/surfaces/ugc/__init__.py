"""The UGC control plane: what web and app SDKs ask before and after an upload (``upload-protocol.md`` 3)."""
