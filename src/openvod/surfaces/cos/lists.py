"""Lists of the storage surface: parts, uploads, objects; within what the credential covers."""

from __future__ import annotations

import base64
import binascii

from openvod.base.errors import Invalid
from openvod.base.text import decoded
from openvod.server.wire import Answer, xml_answer
from openvod.storage.listing import ListQuery
from openvod.storage.multipart import MultipartService
from openvod.storage.service import StorageService
from openvod.surfaces.cos import codec
from openvod.surfaces.cos.call import Call
from openvod.surfaces.cos.codec import url_text

_LIST_LIMIT = 1000


class StorageLists:
    """One method for each list."""

    def __init__(self, storage: StorageService, multipart: MultipartService) -> None:
        self._storage = storage
        self._multipart = multipart

    async def parts(self, call: Call) -> Answer:
        """List a multipart upload's parts."""
        key = call.require_key()
        marker = call.number("part-number-marker", 0)
        limit = min(call.number("max-parts", _LIST_LIMIT), _LIST_LIMIT)
        upload, parts = await self._multipart.list_parts(call.bucket, key, call.upload_id, marker, limit + 1)
        document = codec.list_parts_result(
            upload,
            parts[:limit],
            marker=marker,
            limit=limit,
            truncated=len(parts) > limit,
            url_encoded=call.url_encoded,
        )
        return xml_answer(document)

    async def uploads(self, call: Call) -> Answer:
        """List open multipart uploads."""
        request = call.request
        prefix = call.require_prefix()
        key_marker, id_marker = request.argument("key-marker") or "", request.argument("upload-id-marker") or ""
        limit = min(call.number("max-uploads", _LIST_LIMIT), _LIST_LIMIT)
        uploads = await self._multipart.list_uploads(call.bucket, prefix, key_marker, id_marker, limit + 1)
        document = codec.list_uploads_result(
            call.bucket,
            uploads[:limit],
            prefix=prefix,
            key_marker=key_marker,
            id_marker=id_marker,
            limit=limit,
            truncated=len(uploads) > limit,
            url_encoded=call.url_encoded,
        )
        return xml_answer(document)

    async def objects(self, call: Call) -> Answer:
        """ListObjects of the first version: pages by ``marker``."""
        marker = call.request.argument("marker") or ""
        query = _query(call, marker)
        listing = await self._storage.list_objects(call.bucket, query, call.grant.allows_key)
        pages = {"Marker": url_text(marker, call.url_encoded)}
        if listing.following:
            pages["NextMarker"] = url_text(listing.following, call.url_encoded)
        return xml_answer(
            codec.list_objects_result(call.bucket, query, listing, pages=pages, url_encoded=call.url_encoded)
        )

    async def objects_v2(self, call: Call) -> Answer:
        """ListObjects of the second version: pages by tokens, which are keys here."""
        if call.request.argument("list-type") != "2":
            raise Invalid("cos.InvalidArgument", "list-type must be 2")
        token, start = call.request.argument("continuation-token") or "", call.request.argument("start-after") or ""
        query = _query(call, _place_of(token) if token else start)
        listing = await self._storage.list_objects(call.bucket, query, call.grant.allows_key)
        pages = {"KeyCount": str(len(listing.objects) + len(listing.prefixes))}
        if token:
            pages["ContinuationToken"] = token
        if start:
            pages["StartAfter"] = url_text(start, call.url_encoded)
        if listing.following:
            pages["NextContinuationToken"] = base64.urlsafe_b64encode(listing.following.encode()).decode()
        return xml_answer(
            codec.list_objects_result(call.bucket, query, listing, pages=pages, url_encoded=call.url_encoded)
        )


def _query(call: Call, after: str) -> ListQuery:
    limit = min(call.number("max-keys", _LIST_LIMIT), _LIST_LIMIT)
    return ListQuery(call.require_prefix(), call.request.argument("delimiter") or "", after, limit)


def _place_of(token: str) -> str:
    try:
        return decoded(base64.b64decode(token.encode(), altchars=b"-_", validate=True), "continuation-token")
    except (binascii.Error, ValueError) as error:
        raise Invalid(
            "cos.InvalidArgument", "continuation-token is not valid; send the one that the previous page returned"
        ) from error
