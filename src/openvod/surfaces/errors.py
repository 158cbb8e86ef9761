"""The one table from our error codes to the numbers and names of each wire."""

from __future__ import annotations

from openvod.base.errors import Conflict, Denied, Exhausted, Invalid, NotFound, OpenVodError

#: UGC ``code`` numbers (``upload-protocol.md`` 2.6): three are the original's, the rest are ours and stable.
#: 500 is avoided: the web SDK would take it for a transport error.
UGC_CODES = {
    "signature.malformed": 10004,
    "signature.mismatch": 10004,
    "signature.not_yet_valid": 10004,
    "key.unknown": 10004,
    "key.disabled": 10005,
    "key.not_permitted": 10005,
    "application.off": 10012,
    "signature.expired": 10010,
    "signature.used": 10011,
    "signature.used_up": 10011,
    "permission.network": 10013,
    "permission.origin": 10014,
    "application.foreign": 10012,
    "application.unknown": 10012,
    "session.foreign": 10012,
    "session.unknown": 10020,
    "upload.incomplete": 10021,
    "upload.size_differs": 10022,
    "upload.checksum_differs": 10023,
    "region.not_enabled": 10030,
    "category.unknown": 10031,
    "procedure.unknown": 10032,
    "procedure.grammar": 10032,
    "media.unknown": 10033,
    "upload.video_type": 10040,
    "upload.cover_type": 10041,
    "upload.size": 10042,
    "upload.name": 10043,
    "database.full": 10090,
}
_UGC_INVALID_REQUEST = 10001
_UGC_UNAVAILABLE = 10090

#: COS code and HTTP status of errors of storage and of HTTP parsing, whose codes name no dialect. JSON answers and the
#: command line show the same name after ``cos.``: existing clients compare with it (:func:`public_code`).
_KNOWN_BY_COS_NAME = {
    "header.malformed": ("InvalidArgument", 400),
    "request.content_length": ("InvalidArgument", 400),
    "request.stalled": ("RequestTimeout", 400),
    "storage.no_parts": ("MalformedXML", 400),
    "storage.part_differs": ("InvalidPart", 400),
    "storage.part_number": ("InvalidArgument", 400),
    "storage.part_order": ("InvalidPartOrder", 400),
    "storage.part_skipped": ("InvalidPart", 400),
    "storage.part_too_small": ("EntityTooSmall", 400),
    "storage.part_unknown": ("InvalidPart", 400),
    "storage.size_differs": ("IncompleteBody", 400),
    "storage.too_large": ("EntityTooLarge", 400),
    "storage.key_foreign": ("AccessDenied", 403),
    "storage.bucket_unknown": ("NoSuchBucket", 404),
    "storage.object_unknown": ("NoSuchKey", 404),
    "storage.upload_ended": ("NoSuchUpload", 404),
    "storage.upload_unknown": ("NoSuchUpload", 404),
    "storage.object_exists": ("FileAlreadyExists", 409),
    "request.range": ("InvalidRange", 416),
}

#: COS code and HTTP status (``cos-storage.md`` 4.7). ``cos.*`` is what only that dialect can refuse.
COS_CODES = {
    **_KNOWN_BY_COS_NAME,
    "storage.session_closed": ("AccessDenied", 403),
    # Not a 5xx: clients repeat those up to 24 times for each part, and a full disk stays full (7.3).
    "storage.disk_full": ("AccessDenied", 403),
    "storage.bucket": ("NoSuchKey", 404),
    "storage.object_changed": ("UploadConflict", 409),
    "storage.output_lost": ("UploadConflict", 409),
    "storage.blob_missing": ("ServiceUnavailable", 503),
    "storage.blob_short": ("ServiceUnavailable", 503),
    "storage.io_error": ("ServiceUnavailable", 503),
    "cos.BadDigest": ("BadDigest", 400),
    "cos.InvalidDigest": ("InvalidDigest", 400),
    "cos.IncompleteBody": ("IncompleteBody", 400),
    "cos.InvalidArgument": ("InvalidArgument", 400),
    "cos.InvalidObjectName": ("InvalidObjectName", 400),
    "cos.InvalidURI": ("InvalidURI", 400),
    "cos.KeyTooLong": ("KeyTooLong", 400),
    "cos.MalformedXML": ("MalformedXML", 400),
    "cos.XMLSizeLimit": ("XMLSizeLimit", 400),
    "cos.EntityTooSmall": ("EntityTooSmall", 400),
    "cos.MalformedPOSTRequest": ("MalformedPOSTRequest", 400),
    "cos.InvalidPolicyDocument": ("InvalidPolicyDocument", 400),
    "cos.authorization_malformed": ("InvalidArgument", 400),
    "text.malformed": ("InvalidArgument", 400),
    "storage_token.expired": ("ExpiredToken", 400),
    "request.too_large": ("EntityTooLarge", 400),
    "storage_token.invalid": ("InvalidAccessKeyId", 403),
    "cos.SignatureDoesNotMatch": ("SignatureDoesNotMatch", 403),
    "cos.AccessDenied": ("AccessDenied", 403),
    "permission.network": ("AccessDenied", 403),
    "permission.origin": ("AccessDenied", 403),
    "cos.request_expired": ("AccessDenied", 403),
    "cos.time_skewed": ("RequestTimeTooSkewed", 403),
    "cos.NoSuchBucket": ("NoSuchBucket", 404),
    "cos.MethodNotAllowed": ("MethodNotAllowed", 405),
    "cos.BucketAlreadyOwnedByYou": ("BucketAlreadyOwnedByYou", 409),
    "cos.MissingContentLength": ("MissingContentLength", 411),
    "cos.PreconditionFailed": ("PreconditionFailed", 412),
    "cos.NotImplemented": ("NotImplemented", 501),
    "database.full": ("AccessDenied", 403),
}

#: API 3.0 codes (``procedures-and-api.md`` 2.6, ``upload-protocol.md`` 5).
API_CODES = {
    "database.full": "InternalError",
    "api.authorization_malformed": "AuthFailure.InvalidAuthorization",
    "api.signature_mismatch": "AuthFailure.SignatureFailure",
    "tc3.malformed": "AuthFailure.InvalidAuthorization",
    "tc3.clock": "AuthFailure.SignatureExpire",
    "tc3.scope": "AuthFailure.SignatureFailure",
    "key.unknown": "AuthFailure.SecretIdNotFound",
    "key.disabled": "AuthFailure.SecretIdNotFound",
    "key.not_permitted": "AuthFailure.UnauthorizedOperation",
    "application.foreign": "InvalidParameterValue.SubAppId",
    "application.unknown": "InvalidParameterValue.SubAppId",
    "session.foreign": "InvalidParameterValue.VodSessionKey",
    "session.unknown": "InvalidParameterValue.VodSessionKey",
    "upload.incomplete": "InvalidParameterValue.VodSessionKey",
    "upload.size_differs": "FailedOperation",
    "upload.video_type": "InvalidParameterValue.MediaType",
    "upload.cover_type": "InvalidParameterValue.CoverType",
    "region.not_enabled": "InvalidParameterValue.StorageRegion",
    "category.unknown": "InvalidParameterValue.ClassId",
    "procedure.unknown": "InvalidParameterValue.Procedure",
    "procedure.grammar": "InvalidParameterValue.Procedure",
    "media.expire_time": "InvalidParameterValue.ExpireTime",
    "picture.unreadable": "InvalidParameterValue.ImageDecodeError",
    "picture.failed": "InternalError.UploadCoverImageError",
    "tags.add_and_clear": "InvalidParameterValue.AddTagsAndClearTagsConflict",
    "tags.add_and_delete": "InvalidParameterValue.AddTagsAndDeleteTagsConflict",
    "tags.too_long": "InvalidParameterValue.TagTooLong",
    "tags.too_many": "LimitExceeded.TagCountReachMax",
    "key_frames.add_and_clear": "InvalidParameterValue.AddKeyFrameDescsAndClearKeyFrameDescsConflict",
    "key_frames.add_and_delete": "InvalidParameterValue.AddKeyFrameDescsAndDeleteKeyFrameDescsConflict",
    "key_frames.too_long": "InvalidParameterValue.KeyFrameDescContentTooLong",
    "key_frames.too_many": "LimitExceeded.KeyFrameDescCountReachMax",
    "media.reach": "LimitExceeded",
    "pull.media_url": "InvalidParameterValue.MediaUrl",
    "pull.cover_url": "InvalidParameterValue.CoverUrl",
    "pull.media_type": "FailedOperation.MediaType",
    "pull.expire_format": "InvalidParameter.ExpireTime",
    "pull.expire_past": "InvalidParameterValue.ExpireTime",
    "pull.path": "InvalidParameterValue.MediaStoragePath",
    "task.session_id_too_long": "InvalidParameterValue.SessionIdTooLong",
    "task.session_context_too_long": "InvalidParameterValue.SessionContextTooLong",
    "task.session_repeated": "InvalidParameterValue.SessionId",
    "task.unknown": "ResourceNotFound",
    "task.not_waiting": "FailedOperation",
    "task.operation": "InvalidParameterValue.InvalidOperationType",
    "review.template": "InvalidParameterValue",
    "review.contents": "InvalidParameterValue",
    "review.no_cover": "InvalidParameterValue",
    "analysis.template": "InvalidParameterValue.AiAnalysisTaskDefinition",
    "recognition.template": "InvalidParameterValue.AiRecognitionTaskDefinition",
    "procedure.exists": "InvalidParameter.ExistedProcedureName",
    "procedure.field": "InvalidParameterValue",
    "procedure.preset": "InvalidParameterValue.DeleteDefaultTemplate",
    "procedure.quota": "LimitExceeded",
    "template.field": "InvalidParameterValue",
    "template.image": "InvalidParameterValue.ImageContent",
    "template.image_format": "InvalidParameterValue.PicFormatError",
    "template.image_decode": "InvalidParameterValue.ImageDecodeError",
    "template.preset": "InvalidParameterValue.ModifyDefaultTemplate",
    "template.quota": "LimitExceeded.TooMuchTemplate",
    "template.unknown": "ResourceNotFound.TemplateNotExist",
    "manifest.unreadable": "InvalidParameterValue.MediaManifestContent",
    "manifest.type": "InvalidParameterValue.ManifestType",
    "api.action": "InvalidAction",
    "api.version": "NoSuchVersion",
    "api.missing": "MissingParameter",
    "api.type": "InvalidParameter",
    "api.unknown": "UnknownParameter",
    "api.rate": "RequestLimitExceeded",
    "api.unsupported": "UnsupportedOperation",
    "api.replayed": "AuthFailure.SignatureExpire",
    "request.too_large": "RequestSizeLimitExceeded",
    "request.busy": "RequestLimitExceeded",
}

#: Codes that players show (``procedures-and-api.md`` 10.3).
PLAYER_CODES = {"psign.missing": 1008}
_PLAYER_NO_FILE, _PLAYER_BAD_PSIGN = 1001, 1009


def player_code(error: OpenVodError) -> int:
    """Return the code that players show: 1001 no such file, 1008 psign is missing, 1009 psign is wrong."""
    if known := PLAYER_CODES.get(error.code):
        return known
    return _PLAYER_BAD_PSIGN if error.code.startswith(("psign.", "hotlink.")) else _PLAYER_NO_FILE


#: HTTP statuses on OpenVOD's own surfaces, where they do not follow from the class of the error.
HTTP_STATUSES = {
    "database.full": 503,
    "account.session": 401,
    "account.credentials": 401,
    "account.token_unknown": 401,
    "request.too_large": 413,
}


def public_code(error: OpenVodError) -> str:
    """Return the code in JSON answers and on the command line: our own, or the older name that clients know."""
    known = _KNOWN_BY_COS_NAME.get(error.code)
    return f"cos.{known[0]}" if known else error.code


def ugc_code(error: OpenVodError) -> int:
    """Return the UGC ``code`` of an error."""
    if known := UGC_CODES.get(error.code):
        return known
    return _UGC_INVALID_REQUEST if isinstance(error, Invalid | Exhausted) else _UGC_UNAVAILABLE


def ugc_message(error: OpenVodError) -> str:
    """Return the message beside a ``code``; the original's wording leads where clients know it (2.6)."""
    lead = {10001: "invalid request", 10004: "invalid signature", 10010: "signature expired"}.get(ugc_code(error))
    return f"ugc upload | {lead}: {error.message}" if lead else f"ugc upload | {error.message}"


def cos_code(error: OpenVodError) -> tuple[str, int]:
    """Return COS code and HTTP status of an error."""
    if known := COS_CODES.get(error.code):
        return known
    kinds: tuple[tuple[type[OpenVodError], tuple[str, int]], ...] = (
        (Invalid, ("InvalidArgument", 400)),
        (Denied, ("AccessDenied", 403)),
        (NotFound, ("NoSuchKey", 404)),
        (Conflict, ("UploadConflict", 409)),
        (Exhausted, ("AccessDenied", 403)),
    )
    return next((answer for kind, answer in kinds if isinstance(error, kind)), ("ServiceUnavailable", 503))


def api_code(error: OpenVodError) -> str:
    """Return the API 3.0 error code of an error."""
    if known := API_CODES.get(error.code):
        return known
    kinds: tuple[tuple[type[OpenVodError], str], ...] = (
        (Invalid, "InvalidParameterValue"),
        (Denied, "UnauthorizedOperation"),
        (NotFound, "ResourceNotFound"),
        (Conflict, "FailedOperation"),
        (Exhausted, "LimitExceeded"),
    )
    return next((answer for kind, answer in kinds if isinstance(error, kind)), "InternalError")


def http_status(error: OpenVodError) -> int:
    """Return the HTTP status of an error on surfaces of our own."""
    if known := HTTP_STATUSES.get(error.code):
        return known
    kinds = ((Invalid, 400), (Denied, 403), (NotFound, 404), (Conflict, 409), (Exhausted, 429))
    return next((status for kind, status in kinds if isinstance(error, kind)), 503)
