"""The tables. Times are Unix seconds as float; ids of the wire keep their wire form; JSON holds small value lists."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)
#: Keys sort by bytes on both engines, as COS lists them; PostgreSQL's default collation would not.
_Key = String().with_variant(String(collation="C"), "postgresql")
_Serial = BigInteger().with_variant(Integer, "sqlite")

applications = Table(
    "applications",
    metadata,
    Column("sub_app_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("callback_url", String, nullable=False),
    Column("callback_sign_key", String, nullable=False),
)
key_pairs = Table(
    "key_pairs",
    metadata,
    Column("secret_id", String, primary_key=True),
    Column("sub_app_id", BigInteger, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("note", String, nullable=False),
)
storage_regions = Table(
    "storage_regions",
    metadata,
    Column("name", String, primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("is_default", Boolean, nullable=False),
)
categories = Table(
    "categories",
    metadata,
    Column("sub_app_id", BigInteger, primary_key=True, autoincrement=False),
    Column("class_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("parent_id", BigInteger, nullable=False),
)
buckets = Table(
    "buckets",
    metadata,
    Column("name", String, primary_key=True),
    Column("short_name", String, nullable=False, unique=True),
    Column("sub_app_id", BigInteger, nullable=False),
    Column("region", String, nullable=False),
    Index(None, "sub_app_id", "region", unique=True),
)
blobs = Table(
    "blobs",
    metadata,
    Column("blob_id", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Index(None, "state"),
)
objects = Table(
    "objects",
    metadata,
    Column("bucket", _Key, primary_key=True),
    Column("key", _Key, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("etag", String, nullable=False),
    Column("crc64", String, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("extents", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("published", Boolean, nullable=False),
)
multipart_uploads = Table(
    "multipart_uploads",
    metadata,
    Column("upload_id", _Key, primary_key=True),
    Column("bucket", _Key, nullable=False),
    Column("key", _Key, nullable=False),
    Column("blob_id", String, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("storage_class", String, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("touched_at", Float, nullable=False),
    Column("stride", BigInteger, nullable=False),
    Column("parts_digest", String, nullable=False),
    Column("etag", String, nullable=False),
    Column("crc64", String, nullable=False),
    Index(None, "bucket", "key", "upload_id"),
    Index(None, "touched_at"),
)
parts = Table(
    "parts",
    metadata,
    Column("upload_id", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("etag", String, nullable=False),
    Column("crc64", String, nullable=False),
    Column("blob_id", String, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("modified_at", Float, nullable=False),
    sqlite_with_rowid=False,
)
upload_sessions = Table(
    "upload_sessions",
    metadata,
    Column("session_key", String, primary_key=True),
    Column("sub_app_id", BigInteger, nullable=False),
    Column("file_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("bucket", String, nullable=False),
    Column("region", String, nullable=False),
    Column("video_key", String, nullable=False),
    Column("cover_key", String, nullable=False),
    Column("source", String, nullable=False),
    Column("request", JSON, nullable=False),
    Column("permission", JSON, nullable=False),
    Column("signature_fingerprint", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("committed_at", Float),
    Index(None, "state", "expires_at"),
    Index(None, "file_id"),
)
spent_signatures = Table(
    "spent_signatures",
    metadata,
    Column("fingerprint", String, primary_key=True),
    Column("session_key", String, nullable=False),
    Column("request_digest", String, nullable=False),
    Column("spent_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Index(None, "expires_at"),
)
media_assets = Table(
    "media_assets",
    metadata,
    Column("file_id", String, primary_key=True),
    Column("sub_app_id", BigInteger, nullable=False),
    Column("name", String, nullable=False),
    Column("type", String, nullable=False),
    Column("class_id", BigInteger, nullable=False),
    Column("bucket", String, nullable=False),
    Column("region", String, nullable=False),
    Column("media_key", String, nullable=False),
    Column("cover_key", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("source_context", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("expire_time", String, nullable=False),
    Column("probe_state", String, nullable=False),
    Column("probe", JSON, nullable=False),
    Index(None, "sub_app_id", "created_at"),
    Index(None, "probe_state"),
)
events = Table(
    "events",
    metadata,
    Column("event_id", _Serial, primary_key=True, autoincrement=True),
    Column("sub_app_id", BigInteger, nullable=False),
    Column("type", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("next_attempt_at", Float, nullable=False),
    Column("delivered_at", Float),
    Index(None, "state", "next_attempt_at"),
    Index(None, "subject"),
    Index(None, "type", "subject", unique=False),
)
delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("event_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("started_at", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("status", Integer, nullable=False),
    Column("error", String, nullable=False),
)
