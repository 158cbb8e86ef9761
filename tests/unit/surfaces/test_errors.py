"""What clients are told of errors of the rooms below."""

from __future__ import annotations

import pytest

from openvod.base.errors import OpenVodError
from openvod.surfaces.errors import public_code

#: The codes that JSON answers and the command line have told from the first release on.
_PUBLISHED = {
    "header.malformed": "cos.InvalidArgument",
    "request.content_length": "cos.InvalidArgument",
    "request.range": "cos.InvalidRange",
    "request.stalled": "cos.RequestTimeout",
    "storage.bucket_unknown": "cos.NoSuchBucket",
    "storage.key_foreign": "cos.AccessDenied",
    "storage.no_parts": "cos.MalformedXML",
    "storage.object_exists": "cos.FileAlreadyExists",
    "storage.object_unknown": "cos.NoSuchKey",
    "storage.part_differs": "cos.InvalidPart",
    "storage.part_number": "cos.InvalidArgument",
    "storage.part_order": "cos.InvalidPartOrder",
    "storage.part_skipped": "cos.InvalidPart",
    "storage.part_too_small": "cos.EntityTooSmall",
    "storage.part_unknown": "cos.InvalidPart",
    "storage.size_differs": "cos.IncompleteBody",
    "storage.too_large": "cos.EntityTooLarge",
    "storage.upload_ended": "cos.NoSuchUpload",
    "storage.upload_unknown": "cos.NoSuchUpload",
    "storage.blob_short": "storage.blob_short",
    "storage.bucket": "storage.bucket",
    "storage.disk_full": "storage.disk_full",
    "storage.io_error": "storage.io_error",
    "storage.object_changed": "storage.object_changed",
    "storage.session_closed": "storage.session_closed",
}


@pytest.mark.parametrize(("code", "told"), _PUBLISHED.items())
def test_codes_in_json_are_what_clients_know(code: str, told: str) -> None:
    """A room may call its errors as it likes; the code in JSON stays."""
    assert public_code(OpenVodError(code, "why")) == told
