"""Everything that the main job needs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    _applications()
    _blobs()
    _buckets()
    _categories()
    _delivery_attempts()
    _events()
    _key_pairs()
    _media_assets()
    _multipart_uploads()
    _objects()
    _parts()
    _spent_signatures()
    _storage_regions()
    _upload_sessions()


def _applications() -> None:
    op.create_table(
        "applications",
        sa.Column("sub_app_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("callback_url", sa.String(), nullable=False),
        sa.Column("callback_sign_key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sub_app_id", name=op.f("pk_applications")),
    )


def _blobs() -> None:
    op.create_table(
        "blobs",
        sa.Column("blob_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("blob_id", name=op.f("pk_blobs")),
    )
    with op.batch_alter_table("blobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_blobs_state"), ["state"], unique=False)


def _buckets() -> None:
    op.create_table(
        "buckets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("short_name", sa.String(), nullable=False),
        sa.Column("sub_app_id", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_buckets")),
        sa.UniqueConstraint("short_name", name=op.f("uq_buckets_short_name")),
    )
    with op.batch_alter_table("buckets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_buckets_sub_app_id_region"), ["sub_app_id", "region"], unique=True)


def _categories() -> None:
    op.create_table(
        "categories",
        sa.Column("sub_app_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("class_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sub_app_id", "class_id", name=op.f("pk_categories")),
    )


def _delivery_attempts() -> None:
    op.create_table(
        "delivery_attempts",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "number", name=op.f("pk_delivery_attempts")),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("sub_app_id", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("next_attempt_at", sa.Float(), nullable=False),
        sa.Column("delivered_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_events")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_events_state_next_attempt_at"), ["state", "next_attempt_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_events_subject"), ["subject"], unique=False)
        batch_op.create_index(batch_op.f("ix_events_type_subject"), ["type", "subject"], unique=False)


def _key_pairs() -> None:
    op.create_table(
        "key_pairs",
        sa.Column("secret_id", sa.String(), nullable=False),
        sa.Column("sub_app_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("secret_id", name=op.f("pk_key_pairs")),
    )


def _media_assets() -> None:
    op.create_table(
        "media_assets",
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("sub_app_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("class_id", sa.BigInteger(), nullable=False),
        sa.Column("bucket", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("media_key", sa.String(), nullable=False),
        sa.Column("cover_key", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("source_context", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.Column("expire_time", sa.String(), nullable=False),
        sa.Column("probe_state", sa.String(), nullable=False),
        sa.Column("probe", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_media_assets")),
    )
    with op.batch_alter_table("media_assets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_media_assets_probe_state"), ["probe_state"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_media_assets_sub_app_id_created_at"), ["sub_app_id", "created_at"], unique=False
        )


def _multipart_uploads() -> None:
    op.create_table(
        "multipart_uploads",
        sa.Column("upload_id", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("bucket", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("key", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("blob_id", sa.String(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("storage_class", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("touched_at", sa.Float(), nullable=False),
        sa.Column("stride", sa.BigInteger(), nullable=False),
        sa.Column("parts_digest", sa.String(), nullable=False),
        sa.Column("etag", sa.String(), nullable=False),
        sa.Column("crc64", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_multipart_uploads")),
    )
    with op.batch_alter_table("multipart_uploads", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_multipart_uploads_bucket_key_upload_id"), ["bucket", "key", "upload_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_multipart_uploads_touched_at"), ["touched_at"], unique=False)


def _objects() -> None:
    op.create_table(
        "objects",
        sa.Column("bucket", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("key", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("etag", sa.String(), nullable=False),
        sa.Column("crc64", sa.String(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("extents", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "key", name=op.f("pk_objects")),
    )


def _parts() -> None:
    op.create_table(
        "parts",
        sa.Column("upload_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("etag", sa.String(), nullable=False),
        sa.Column("crc64", sa.String(), nullable=False),
        sa.Column("blob_id", sa.String(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("upload_id", "number", name=op.f("pk_parts")),
        sqlite_with_rowid=False,
    )


def _spent_signatures() -> None:
    op.create_table(
        "spent_signatures",
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("session_key", sa.String(), nullable=False),
        sa.Column("request_digest", sa.String(), nullable=False),
        sa.Column("spent_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_spent_signatures")),
    )
    with op.batch_alter_table("spent_signatures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spent_signatures_expires_at"), ["expires_at"], unique=False)


def _storage_regions() -> None:
    op.create_table(
        "storage_regions",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_storage_regions")),
    )


def _upload_sessions() -> None:
    op.create_table(
        "upload_sessions",
        sa.Column("session_key", sa.String(), nullable=False),
        sa.Column("sub_app_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("bucket", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("video_key", sa.String(), nullable=False),
        sa.Column("cover_key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("permission", sa.JSON(), nullable=False),
        sa.Column("signature_fingerprint", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("committed_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("session_key", name=op.f("pk_upload_sessions")),
    )
    with op.batch_alter_table("upload_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_upload_sessions_file_id"), ["file_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_upload_sessions_state_expires_at"), ["state", "expires_at"], unique=False)
