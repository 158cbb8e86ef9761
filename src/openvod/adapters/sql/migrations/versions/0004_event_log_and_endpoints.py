"""event log and endpoints

Every event that is complete gets its place in its application's log; an application's callback URL becomes its default
endpoint, which keeps what was not delivered yet. Stop older servers first: they know neither.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from openvod.events.model import ATTEMPT_TIMEOUT_SECONDS, RETRY_DELAYS

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    _new_tables()
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sequence", sa.BigInteger(), nullable=True))
    _fill()
    _drop_what_moved()


def _new_tables() -> None:
    op.create_table(
        "event_logs",
        sa.Column("sub_app_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sub_app_id", name=op.f("pk_event_logs")),
    )
    op.create_table(
        "event_configs",
        sa.Column("sub_app_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("transport", sa.String(), nullable=False),
        sa.Column("upload_switch", sa.Boolean(), nullable=False),
        sa.Column("delete_switch", sa.Boolean(), nullable=False),
        sa.Column("persistence_switch", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("sub_app_id", name=op.f("pk_event_configs")),
    )
    op.create_table(
        "event_endpoints",
        sa.Column("endpoint_id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("sub_app_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("transport", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("timeout_seconds", sa.Float(), nullable=False),
        sa.Column("retry_delays", sa.JSON(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("sign_key", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.Float(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("endpoint_id", name=op.f("pk_event_endpoints")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_event_endpoints_sub_app_id_name"), "event_endpoints", ["sub_app_id", "name"], unique=True)
    op.create_table(
        "event_deliveries",
        sa.Column("endpoint_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("budget", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.Float(), nullable=False),
        sa.Column("handle", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("endpoint_id", "sequence", name=op.f("pk_event_deliveries")),
    )
    columns = ["endpoint_id", "state", "next_attempt_at"]
    op.create_index(op.f("ix_event_deliveries_endpoint_id_state_next_attempt_at"), "event_deliveries", columns)
    op.create_index(op.f("ix_event_deliveries_endpoint_id_subject"), "event_deliveries", ["endpoint_id", "subject"])
    op.create_index(op.f("ix_event_deliveries_handle"), "event_deliveries", ["handle"], unique=True)


def _fill() -> None:
    connection = op.get_bind()
    connection.execute(sa.text(_QUEUE))
    connection.execute(sa.text(_NUMBER))
    connection.execute(sa.text(_HEADS))
    applications = connection.execute(sa.text(_APPLICATIONS)).all()
    if applications:
        connection.execute(sa.insert(_ENDPOINTS), [_default_endpoint(*row) for row in applications])
    connection.execute(sa.text(_UNDELIVERED), {"budget": len(RETRY_DELAYS) + 1})
    connection.execute(sa.text("UPDATE events SET state = 'pending' WHERE state = 'delivered'"))


def _default_endpoint(sub_app_id: int, url: str, sign_key: str, created_at: float, cursor: int) -> dict[str, object]:
    return {
        "sub_app_id": sub_app_id,
        "name": "default",
        "transport": "push",
        "url": url,
        "format": "3.0",
        "types": [],
        "timeout_seconds": ATTEMPT_TIMEOUT_SECONDS,
        "retry_delays": list(RETRY_DELAYS),
        "enabled": True,
        "sign_key": sign_key,
        "created_at": created_at,
        "cursor": cursor,
        "failures": 0,
        "last_error": "",
    }


#: Complete, but behind a held one of its file: in the log once that one is.
_QUEUE = """
UPDATE events SET state = 'queued' WHERE state = 'pending' AND EXISTS (
  SELECT 1 FROM events AS older WHERE older.subject = events.subject
  AND older.event_id < events.event_id AND older.state = 'held')"""
_NUMBER = """
UPDATE events SET sequence = (
  SELECT numbered.place FROM (
    SELECT event_id, row_number() OVER (PARTITION BY sub_app_id ORDER BY event_id) AS place
    FROM events WHERE state IN ('pending', 'delivered')) AS numbered
  WHERE numbered.event_id = events.event_id)
WHERE state IN ('pending', 'delivered')"""
_HEADS = """
INSERT INTO event_logs (sub_app_id, last_sequence)
SELECT sub_app_id, coalesce(max(sequence), 0) FROM events GROUP BY sub_app_id"""
_APPLICATIONS = """
SELECT a.sub_app_id, a.callback_url, a.callback_sign_key, a.created_at, coalesce(l.last_sequence, 0)
FROM applications AS a LEFT JOIN event_logs AS l ON l.sub_app_id = a.sub_app_id ORDER BY a.sub_app_id"""
_UNDELIVERED = """
INSERT INTO event_deliveries
  (endpoint_id, sequence, event_id, subject, state, attempts, budget, next_attempt_at)
SELECT p.endpoint_id, e.sequence, e.event_id, e.subject,
  CASE WHEN EXISTS (
    SELECT 1 FROM events AS older WHERE older.subject = e.subject
    AND older.event_id < e.event_id AND older.state = 'pending') THEN 'behind' ELSE 'waiting' END,
  e.attempts, e.attempts + :budget, e.next_attempt_at
FROM events AS e JOIN event_endpoints AS p ON p.sub_app_id = e.sub_app_id WHERE e.state = 'pending'"""
_ENDPOINTS = sa.table(
    "event_endpoints",
    *(sa.column(name) for name in _default_endpoint(0, "", "", 0.0, 0) if name not in ("types", "retry_delays")),
    sa.column("types", sa.JSON),
    sa.column("retry_delays", sa.JSON),
)


def _drop_what_moved() -> None:
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_events_state_next_attempt_at"))
        batch_op.drop_index(batch_op.f("ix_events_subject"))
        batch_op.drop_index(batch_op.f("ix_events_type_subject"))
        batch_op.drop_column("attempts")
        batch_op.drop_column("next_attempt_at")
        batch_op.drop_column("delivered_at")
        batch_op.create_index(batch_op.f("ix_events_sub_app_id_sequence"), ["sub_app_id", "sequence"], unique=True)
        batch_op.create_index(batch_op.f("ix_events_subject_state"), ["subject", "state"], unique=False)
    with op.batch_alter_table("applications", schema=None) as batch_op:
        batch_op.drop_column("callback_url")
        batch_op.drop_column("callback_sign_key")
    op.rename_table("delivery_attempts", "old_attempts")
    op.create_table(
        "delivery_attempts",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        # The old table's constraint has the conventional name until that table is gone.
        sa.PrimaryKeyConstraint("event_id", "endpoint_id", "number", name="pk_delivery_attempts_endpoints"),
    )
    op.execute(
        """INSERT INTO delivery_attempts
           SELECT o.event_id, p.endpoint_id, o.number, o.started_at, o.seconds, o.status, o.error
           FROM old_attempts AS o JOIN events AS e ON e.event_id = o.event_id
           JOIN event_endpoints AS p ON p.sub_app_id = e.sub_app_id"""
    )
    op.drop_table("old_attempts")
