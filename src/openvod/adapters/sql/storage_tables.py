"""The storage room's tables in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, or_, select, update

from openvod.adapters.sql import schema
from openvod.adapters.sql.rows import fetch_all, fetch_one, insert_if_absent, insert_into, remove, upsert, values
from openvod.storage.model import (
    Blob,
    BlobState,
    Bucket,
    Extent,
    GridTotals,
    MultipartUpload,
    Part,
    StoredObject,
    UploadState,
)

#: Key of connections whose transaction deleted or unpublished objects.
WITHDREW = "openvod.withdrew"
_CHUNK = 500
_PART_COLUMNS = [schema.parts.c[name] for name in Part._fields]


# Built once: every part of an upload runs this statement.
_UPLOAD = select(schema.multipart_uploads).where(schema.multipart_uploads.c.upload_id == bindparam("id"))
_LOCKED_UPLOAD = _UPLOAD.with_for_update()
_PART = select(*_PART_COLUMNS).where(
    schema.parts.c.upload_id == bindparam("id"), schema.parts.c.number == bindparam("number")
)
_SLOT = (
    select(schema.multipart_uploads, *(column.label(f"part_{column.name}") for column in _PART_COLUMNS))
    .join_from(
        schema.multipart_uploads,
        schema.parts,
        and_(
            schema.parts.c.upload_id == schema.multipart_uploads.c.upload_id,
            schema.parts.c.number == bindparam("number"),
        ),
        isouter=True,
    )
    .where(schema.multipart_uploads.c.upload_id == bindparam("id"))
)
_LOCKED_SLOT = _SLOT.with_for_update(of=schema.multipart_uploads)
_TOUCH = (
    update(schema.multipart_uploads)
    .where(schema.multipart_uploads.c.upload_id == bindparam("id"))
    .values(touched_at=bindparam("moment"), stride=bindparam("grid"))
)


@cache
def _add_part(dialect: str) -> Any:
    """Return a statement that inserts a part if its upload is unchanged; it locks the upload's row, like slot()."""
    upload = schema.multipart_uploads.c
    expected = (
        select(*(bindparam(column.name, type_=column.type) for column in _PART_COLUMNS))
        .where(
            upload.upload_id == bindparam("upload_id"),
            upload.state == UploadState.OPEN.value,
            upload.stride == bindparam("grid"),
            upload.touched_at >= bindparam("touched_since"),
        )
        .with_for_update()
    )
    statement = insert_into(schema.parts, dialect).from_select(_PART_COLUMNS, expected)
    return statement.on_conflict_do_nothing().execution_options(preserve_rowcount=True)


class SqlStorageTables:
    """See :class:`openvod.storage.ports.StorageTables`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def bucket(self, name: str) -> Bucket | None:
        """Return a bucket by its full name."""
        return self._bucket(schema.buckets.c.name == name)

    def bucket_for(self, sub_app_id: int, region: str, purpose: str = "upload") -> Bucket | None:
        """Return an application's bucket in a region, for uploads or for outputs."""
        table = schema.buckets.c
        return self._bucket(and_(table.sub_app_id == sub_app_id, table.region == region, table.purpose == purpose))

    def bucket_by_short_name(self, short_name: str) -> Bucket | None:
        """Return a bucket by its short name, which paths contain."""
        return self._bucket(schema.buckets.c.short_name == short_name)

    def buckets(self, sub_app_id: int) -> Sequence[Bucket]:
        """Return an application's buckets."""
        rows = fetch_all(self._connection, schema.buckets, schema.buckets.c.sub_app_id == sub_app_id)
        return [Bucket(**row._mapping) for row in rows]

    def _bucket(self, where: Any) -> Bucket | None:
        row = fetch_one(self._connection, schema.buckets, where)
        return Bucket(**row._mapping) if row else None

    def add_bucket(self, bucket: Bucket) -> Bucket:
        """Insert unless it exists; return the bucket of that application, region and purpose."""
        insert_if_absent(self._connection, schema.buckets, values(bucket))
        return self.bucket_for(bucket.sub_app_id, bucket.region, bucket.purpose) or bucket

    def add_blob(self, blob: Blob) -> None:
        """Insert a ledger row."""
        upsert(self._connection, schema.blobs, values(blob))

    def set_blob_state(self, blob_ids: Iterable[str], state: BlobState) -> None:
        """Change ledger rows."""
        for ids in _chunks(list(blob_ids)):
            self._connection.execute(
                update(schema.blobs).where(schema.blobs.c.blob_id.in_(ids)).values(state=state.value)
            )

    def blob_state(self, blob_id: str) -> BlobState | None:
        """Return the state of one ledger row."""
        row = fetch_one(self._connection, schema.blobs, schema.blobs.c.blob_id == blob_id)
        return BlobState(row.state) if row else None

    def blobs(self, state: BlobState | None = None) -> Sequence[Blob]:
        """Return ledger rows, optionally of one state."""
        where = [schema.blobs.c.state == state.value] if state else []
        rows = fetch_all(self._connection, schema.blobs, *where)
        return [Blob(r.blob_id, BlobState(r.state), r.created_at) for r in rows]

    def delete_blobs(self, blob_ids: Iterable[str]) -> None:
        """Delete ledger rows."""
        for ids in _chunks(list(blob_ids)):
            remove(self._connection, schema.blobs, schema.blobs.c.blob_id.in_(ids))

    def object(self, bucket: str, key: str) -> StoredObject | None:
        """Return a finished object."""
        row = fetch_one(
            self._connection, schema.objects, schema.objects.c.bucket == bucket, schema.objects.c.key == key
        )
        return _object(row) if row else None

    def objects_under(self, bucket: str, prefix: str) -> Sequence[StoredObject]:
        """Return the finished objects whose key starts with ``prefix``."""
        rows = fetch_all(self._connection, schema.objects, *_under(schema.objects, bucket, prefix))
        return [_object(row) for row in rows]

    def objects_page(self, bucket: str, prefix: str, after: str, limit: int) -> Sequence[StoredObject]:
        """Return a page of a bucket's objects."""
        table = schema.objects
        where = [*_under(table, bucket, prefix), table.c.key > after]
        statement = select(table).where(*where).order_by(table.c.key).limit(limit)
        return [_object(row) for row in self._connection.execute(statement)]

    def put_object(self, stored: StoredObject) -> None:
        """Insert or replace."""
        row = values(stored) | {
            "crc64": str(stored.crc64),
            "headers": dict(stored.headers),
            "extents": [[e.blob_id, e.offset, e.length] for e in stored.extents],
        }
        upsert(self._connection, schema.objects, row)

    def publish_under(self, bucket: str, prefix: str, *, published: bool = True) -> None:
        """Publish the objects under ``prefix``, or unpublish them."""
        self._connection.info[WITHDREW] = self._connection.info.get(WITHDREW, False) or not published
        self._connection.execute(
            update(schema.objects).where(*_under(schema.objects, bucket, prefix)).values(published=published)
        )

    def delete_object(self, bucket: str, key: str) -> None:
        """Delete."""
        self._connection.info[WITHDREW] = True
        remove(self._connection, schema.objects, schema.objects.c.bucket == bucket, schema.objects.c.key == key)

    def delete_objects(self, bucket: str, keys: Iterable[str]) -> None:
        """Delete many."""
        self._connection.info[WITHDREW] = True
        table = schema.objects
        for some in _chunks(list(keys)):
            remove(self._connection, table, table.c.bucket == bucket, table.c.key.in_(some))

    def objects_after(self, bucket: str, key: str, limit: int) -> Sequence[StoredObject]:
        """Return a page of all objects."""
        table = schema.objects
        later = or_(table.c.bucket > bucket, and_(table.c.bucket == bucket, table.c.key > key))
        statement = select(table).where(later).order_by(table.c.bucket, table.c.key).limit(limit)
        return [_object(row) for row in self._connection.execute(statement)]

    def all_objects(self) -> Sequence[StoredObject]:
        """Return every object."""
        return [_object(row) for row in fetch_all(self._connection, schema.objects)]

    def upload(self, upload_id: str, *, lock: bool = False) -> MultipartUpload | None:
        """Return a multipart upload."""
        statement = _LOCKED_UPLOAD if lock else _UPLOAD
        row = self._connection.execute(statement, {"id": upload_id}).first()
        return _upload(row) if row else None

    def uploads_under(
        self, bucket: str, prefix: str, key_marker: str, id_marker: str, limit: int
    ) -> Sequence[MultipartUpload]:
        """Return open uploads by key, then id, after the markers."""
        table = schema.multipart_uploads
        conditions = [*_under(table, bucket, prefix), table.c.state == UploadState.OPEN.value]
        if key_marker:
            later_id = and_(table.c.key == key_marker, table.c.upload_id > id_marker)
            later_key = table.c.key > key_marker
            conditions.append(or_(later_key, later_id) if id_marker else later_key)
        statement = select(table).where(*conditions).order_by(table.c.key, table.c.upload_id).limit(limit)
        return [_upload(row) for row in self._connection.execute(statement)]

    def put_upload(self, upload: MultipartUpload) -> None:
        """Insert or replace."""
        row = values(upload) | {
            "state": upload.state.value,
            "headers": dict(upload.headers),
            "crc64": str(upload.crc64),
        }
        upsert(self._connection, schema.multipart_uploads, row)

    def touch_upload(self, upload_id: str, moment: float, stride: int) -> None:
        """Update two columns."""
        self._connection.execute(_TOUCH, {"id": upload_id, "moment": moment, "grid": stride})

    def uploads_idle_since(self, moment: float, limit: int) -> Sequence[MultipartUpload]:
        """Return uploads untouched since ``moment``, oldest first."""
        table = schema.multipart_uploads
        statement = select(table).where(table.c.touched_at < moment).order_by(table.c.touched_at).limit(limit)
        return [_upload(row) for row in self._connection.execute(statement)]

    def open_uploads(self) -> Sequence[MultipartUpload]:
        """Return every open upload."""
        table = schema.multipart_uploads
        return [_upload(r) for r in fetch_all(self._connection, table, table.c.state == UploadState.OPEN.value)]

    def delete_upload(self, upload_id: str) -> None:
        """Delete an upload and its parts."""
        remove(self._connection, schema.parts, schema.parts.c.upload_id == upload_id)
        remove(self._connection, schema.multipart_uploads, schema.multipart_uploads.c.upload_id == upload_id)

    def part(self, upload_id: str, number: int) -> Part | None:
        """Return one acknowledged part."""
        row = self._connection.execute(_PART, {"id": upload_id, "number": number}).first()
        return _part(row) if row else None

    def slot(self, upload_id: str, number: int, *, lock: bool = False) -> tuple[MultipartUpload, Part | None] | None:
        """Return an upload and one of its parts, in one query."""
        row = self._connection.execute(_LOCKED_SLOT if lock else _SLOT, {"id": upload_id, "number": number}).first()
        if row is None:
            return None
        upload, part = row[: -len(_PART_COLUMNS)], row[-len(_PART_COLUMNS) :]
        return _upload_of(upload), None if part[0] is None else _part(part)

    def parts(self, upload_id: str, after: int = 0, limit: int = 10_000) -> Sequence[Part]:
        """Return acknowledged parts by number."""
        table = schema.parts
        statement = (
            select(*_PART_COLUMNS)
            .where(table.c.upload_id == upload_id, table.c.number > after)
            .order_by(table.c.number)
            .limit(limit)
        )
        return [_part(row) for row in self._connection.execute(statement)]

    def parts_count(self, upload_id: str) -> int:
        """Count an upload's parts."""
        statement = select(func.count()).where(schema.parts.c.upload_id == upload_id)
        return int(self._connection.execute(statement).scalar_one())

    def parts_size(self, upload_id: str, *, but: int) -> int:
        """Return the bytes of all acknowledged parts except one number's."""
        table = schema.parts.c
        statement = select(func.coalesce(func.sum(table.size), 0)).where(
            table.upload_id == upload_id, table.number != but
        )
        return int(self._connection.execute(statement).scalar_one())

    def grid_totals(self, upload: MultipartUpload) -> GridTotals:
        """Sum an upload's parts; the inner ORDER BY sets the order of concatenation on both engines."""
        ordered = (
            select(schema.parts)
            .where(schema.parts.c.upload_id == upload.upload_id)
            .order_by(schema.parts.c.number)
            .subquery()
        )
        part = ordered.c
        at_home = and_(part.blob_id == upload.blob_id, part.offset == (part.number - 1) * upload.stride)
        statement = select(
            func.count(),
            func.coalesce(func.max(part.number), 0),
            func.coalesce(func.sum(case((at_home, 1), else_=0)), 0),
            func.coalesce(func.min(case((part.size != upload.stride, part.number))), 0),
            func.coalesce(func.sum(part.size), 0),
            func.coalesce(func.aggregate_strings(part.etag, ""), ""),
            func.coalesce(func.aggregate_strings(part.crc64, ","), ""),
        )
        count, last, in_grid, first_odd, size, etags, crc64s = self._connection.execute(statement).one()
        return GridTotals(count, last, int(in_grid), first_odd, int(size), etags, crc64s)

    def add_part(self, part: Part, stride: int, touched_since: float) -> bool:
        """Insert a part in one statement, if the upload is unchanged."""
        values = part._asdict() | {"crc64": str(part.crc64), "grid": stride, "touched_since": touched_since}
        return bool(self._connection.execute(_add_part(self._connection.dialect.name), values).rowcount)

    def put_part(self, part: Part) -> None:
        """Insert or replace."""
        upsert(self._connection, schema.parts, part._asdict() | {"crc64": str(part.crc64)})


def _under(table: Any, bucket: str, prefix: str) -> list[Any]:
    conditions = [table.c.bucket == bucket]
    if prefix:
        conditions += [table.c.key >= prefix, table.c.key < prefix + "\U0010ffff"]
    return conditions


def _object(row: Any) -> StoredObject:
    return StoredObject(
        row.bucket, row.key, row.size, row.etag, int(row.crc64), row.headers,
        tuple(Extent(*e) for e in row.extents), row.created_at, row.published,
    )  # fmt: skip


def _upload(row: Any) -> MultipartUpload:
    return MultipartUpload(**(dict(row._mapping) | {"state": UploadState(row.state), "crc64": int(row.crc64)}))


def _upload_of(columns: Sequence[Any]) -> MultipartUpload:
    named = dict(zip(schema.multipart_uploads.c.keys(), columns, strict=True))
    return MultipartUpload(**(named | {"state": UploadState(named["state"]), "crc64": int(named["crc64"])}))


def _part(columns: Sequence[Any]) -> Part:
    upload_id, number, size, etag, crc64, blob_id, offset, modified_at = columns
    return Part(upload_id, number, size, etag, int(crc64), blob_id, offset, modified_at)


def _chunks(ids: list[str]) -> Iterable[list[str]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
