"""The tables of accounts and of review decisions; conventions as in ``schema``."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, String, Table, Text

from openvod.adapters.sql.schema import metadata

users = Table(
    "users",
    metadata,
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("password_hash", String, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", Float, nullable=False),
)
sessions = Table(
    "sessions",
    metadata,
    Column("digest", String, primary_key=True),
    Column("user", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("touched_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("address", String, nullable=False),
    Index(None, "user"),
)
invites = Table(
    "invites",
    metadata,
    Column("digest", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("user", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("created_by", String, nullable=False),
)
access_tokens = Table(
    "access_tokens",
    metadata,
    Column("token_id", String, primary_key=True),
    Column("digest", String, nullable=False, unique=True),
    Column("user", String, nullable=False),
    Column("note", String, nullable=False),
    Column("role", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float),
    Index(None, "user"),
)
review_decisions = Table(
    "review_decisions",
    metadata,
    Column("file_id", String, primary_key=True),
    Column("decided_at", Float, primary_key=True),
    Column("sub_app_id", BigInteger, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("decided_by", String, nullable=False),
    Column("note", Text, nullable=False),
)
