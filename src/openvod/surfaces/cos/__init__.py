"""The storage surface: COS's XML dialect and S3's signatures, over one bucket namespace (``cos-storage.md``)."""
