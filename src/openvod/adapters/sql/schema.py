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
    text,
    true,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)
#: Keys sort by bytes on both engines, as in COS lists; PostgreSQL's default collation sorts differently.
_Key = String().with_variant(String(collation="C"), "postgresql")
Serial = BigInteger().with_variant(Integer, "sqlite")

_CONSOLE = text("note = 'console'")
_DEFAULT = text("is_default")
applications = Table(
    "applications",
    metadata,
    Column("sub_app_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("description", String, nullable=False, server_default=""),
    Column("status", String, nullable=False, server_default="On"),
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
    Column("groups", String, nullable=False, server_default=""),
    # The console has one key, even if two requests create it concurrently.
    Index("uq_key_pairs_console", "note", unique=True, sqlite_where=_CONSOLE, postgresql_where=_CONSOLE),
)
domains = Table(
    "domains",
    metadata,
    Column("sub_app_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String, primary_key=True),
    Column("created_at", Float, nullable=False),
    Column("referers", JSON, nullable=False),
    Column("addresses", JSON, nullable=False),
    Column("links_enabled", Boolean, nullable=False),
    Column("sealed_link_key", LargeBinary, nullable=False),
    Column("sealed_backup_key", LargeBinary, nullable=False, server_default=""),
)
link_addresses = Table(
    "link_addresses",
    metadata,
    Column("link", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("expires_at", Float, nullable=False),
    Index(None, "expires_at"),
)
used_signatures = Table(
    "used_signatures",
    metadata,
    Column("secret_id", String, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("used_at", Float, nullable=False),
    Index(None, "used_at"),
)
distributions = Table(
    "distributions",
    metadata,
    Column("sub_app_id", BigInteger, primary_key=True, autoincrement=False),
    Column("domain", String, nullable=False),
    Column("scheme", String, nullable=False),
    Column("sealed_play_key", LargeBinary, nullable=False),
)
audit_log = Table(
    "audit_log",
    metadata,
    Column("entry_id", Serial, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("secret_id", String, nullable=False),
    Column("sub_app_id", BigInteger, nullable=False),
    Column("action", String, nullable=False),
    Column("parameters", Text, nullable=False),
    Column("outcome", String, nullable=False),
    Column("request_id", String, nullable=False),
    Column("address", String, nullable=False),
    Index(None, "at"),
)
storage_regions = Table(
    "storage_regions",
    metadata,
    Column("name", String, primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Index("uq_storage_regions_default", "is_default", unique=True, sqlite_where=_DEFAULT, postgresql_where=_DEFAULT),
)
categories = Table(
    "categories",
    metadata,
    Column("sub_app_id", BigInteger, primary_key=True, autoincrement=False),
    Column("class_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("parent_id", BigInteger, nullable=False),
    Index("uq_categories_name", "sub_app_id", "parent_id", "name", unique=True),
)
buckets = Table(
    "buckets",
    metadata,
    Column("name", String, primary_key=True),
    Column("short_name", String, nullable=False, unique=True),
    Column("sub_app_id", BigInteger, nullable=False),
    Column("region", String, nullable=False),
    Column("purpose", String, nullable=False, server_default="upload"),
    Index(None, "sub_app_id", "region", "purpose", unique=True),
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
signature_uses = Table(
    "signature_uses",
    metadata,
    Column("fingerprint", String, primary_key=True),
    Column("uses", Integer, nullable=False),
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
    Column("status", String, nullable=False, server_default="Normal"),
    Column("description", String, nullable=False, server_default=""),
    Column("tags", JSON, nullable=False, server_default="[]"),
    Column("key_frames", JSON, nullable=False, server_default="[]"),
    Column("review", String, nullable=False, server_default=""),
    Column("has_original", Boolean, nullable=False, server_default=true()),
    # Derived from other columns, for searches.
    Column("category", String, nullable=False, server_default="Video"),
    Column("expires_at", Float, nullable=False, server_default="253402300799"),
    # Covers the columns that a list reads of the rows before its page.
    Index(None, "sub_app_id", "created_at", "file_id", "expires_at"),
    Index(None, "sub_app_id", "class_id"),
    Index(None, "probe_state"),
    # For the sums of the dashboard, and for the review queue.
    Index(None, "sub_app_id", "created_at", "size"),
    Index(None, "sub_app_id", "review", "created_at"),
    Index(None, "expires_at"),
)
media_outputs = Table(
    "media_outputs",
    metadata,
    Column("file_id", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("definition", BigInteger, primary_key=True, autoincrement=False),
    Column("output", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
)
tasks = Table(
    "tasks",
    metadata,
    Column("task_id", String, primary_key=True),
    Column("sub_app_id", BigInteger, nullable=False),
    Column("type", String, nullable=False),
    Column("file_id", String, nullable=False),
    Column("status", String, nullable=False),
    Column("procedure", JSON, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("notify_mode", String, nullable=False),
    Column("session_id", String, nullable=False),
    Column("session_context", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("run", Integer, nullable=False),
    Column("started_at", Float),
    Column("finished_at", Float),
    Column("abort_requested", Boolean, nullable=False),
    Index(None, "status", "priority", "created_at"),
    Index(None, "file_id"),
    Index(None, "sub_app_id", "created_at"),
    Index(None, "sub_app_id", "status", "created_at"),
)
subtasks = Table(
    "subtasks",
    metadata,
    Column("task_id", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("input", JSON, nullable=False),
    Column("status", String, nullable=False),
    Column("err_code_ext", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("progress", Integer, nullable=False),
    Column("began_at", Float),
    Column("finished_at", Float),
    Column("output", JSON(none_as_null=True)),
    Column("log", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("thrifty", Boolean, nullable=False),
    Index(None, "status", "finished_at"),
)
templates = Table(
    "templates",
    metadata,
    Column("sub_app_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String, primary_key=True),
    Column("definition", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("comment", String, nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
)
procedures = Table(
    "procedures",
    metadata,
    Column("sub_app_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String, primary_key=True),
    Column("body", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
)
task_sessions = Table(
    "task_sessions",
    metadata,
    Column("sub_app_id", BigInteger, primary_key=True, autoincrement=False),
    Column("action", String, primary_key=True),
    Column("session_id", String, primary_key=True),
    Column("used_at", Float, nullable=False),
    Index(None, "used_at"),
)
pulls = Table(
    "pulls",
    metadata,
    Column("task_id", String, primary_key=True),
    Column("session_key", String, nullable=False),
    Column("media_url", Text, nullable=False),
    Column("cover_url", Text, nullable=False),
    Column("progress", Integer, nullable=False),
    Column("err_code_ext", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("procedure_task_id", String, nullable=False),
    Column("review_task_id", String, nullable=False),
)
quarantined_files = Table(
    "quarantined_files",
    metadata,
    Column("file_id", String, primary_key=True),
    Column("crashes", Integer, nullable=False),
    Column("reason", String, nullable=False),
    Column("quarantined", Boolean, nullable=False),
)
installation = Table(
    "installation",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("installation_id", String, nullable=False),
    Column("key_check", String, nullable=False),
    Column("mark", BigInteger, nullable=False),
    Column("restored_at", Float, nullable=False),
)
