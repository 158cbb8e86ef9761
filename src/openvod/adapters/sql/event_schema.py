"""The tables of events and their delivery; conventions as in ``schema``."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, String, Table, Text

from openvod.adapters.sql.schema import Serial, metadata

events = Table(
    "events",
    metadata,
    Column("event_id", Serial, primary_key=True, autoincrement=True),
    Column("sub_app_id", BigInteger, nullable=False),
    Column("sequence", BigInteger),
    Column("type", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Index(None, "sub_app_id", "sequence", unique=True),
    Index(None, "sub_app_id", "type", "sequence"),
    Index(None, "subject", "state"),
)
event_logs = Table(
    "event_logs",
    metadata,
    Column("sub_app_id", BigInteger, primary_key=True, autoincrement=False),
    Column("last_sequence", BigInteger, nullable=False),
)
event_configs = Table(
    "event_configs",
    metadata,
    Column("sub_app_id", BigInteger, primary_key=True, autoincrement=False),
    Column("transport", String, nullable=False),
    Column("upload_switch", Boolean, nullable=False),
    Column("delete_switch", Boolean, nullable=False),
    Column("persistence_switch", Boolean, nullable=False),
)
event_endpoints = Table(
    "event_endpoints",
    metadata,
    Column("endpoint_id", Serial, primary_key=True, autoincrement=True),
    Column("sub_app_id", BigInteger, nullable=False),
    Column("name", String, nullable=False),
    Column("transport", String, nullable=False),
    Column("url", String, nullable=False),
    Column("format", String, nullable=False),
    Column("types", JSON, nullable=False),
    Column("timeout_seconds", Float, nullable=False),
    Column("retry_delays", JSON, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("sign_key", String, nullable=False),
    Column("secret", LargeBinary),
    Column("previous_secret", LargeBinary),
    Column("created_at", Float, nullable=False),
    Column("cursor", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Float),
    Column("last_error", String, nullable=False),
    Index(None, "sub_app_id", "name", unique=True),
    # Ids are never reused, because attempts outlive their endpoint.
    sqlite_autoincrement=True,
)
event_deliveries = Table(
    "event_deliveries",
    metadata,
    Column("endpoint_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", BigInteger, nullable=False),
    Column("subject", String, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("budget", Integer, nullable=False),
    Column("next_attempt_at", Float, nullable=False),
    Column("handle", String),
    Index(None, "endpoint_id", "state", "next_attempt_at"),
    Index(None, "endpoint_id", "subject"),
    Index(None, "handle", unique=True),
)
delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("event_id", BigInteger, primary_key=True, autoincrement=False),
    Column("endpoint_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("started_at", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("status", Integer, nullable=False),
    Column("error", String, nullable=False),
)
