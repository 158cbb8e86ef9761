"""The events room's endpoints and configurations in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, and_, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from openvod.adapters.sql import event_schema as schema
from openvod.adapters.sql.rows import fetch_all, fetch_one, lock_name, remove, upsert, values
from openvod.base.errors import Conflict
from openvod.events.model import (
    DEFAULT_ENDPOINT,
    FAILURES_TO_FAIL,
    DeliveryState,
    Endpoint,
    EventConfig,
    PayloadFormat,
    Subscription,
    Transport,
)

#: Columns that delivery writes, not administrators.
_OF_DELIVERY = ("endpoint_id", "cursor", "failures", "failing_since", "last_error")


class SqlEndpointTables:
    """See :class:`openvod.events.ports.EndpointTables`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def alone(self) -> None:
        """See :meth:`openvod.events.ports.EndpointTables.alone`."""
        lock_name(self._connection, "endpoints")

    def config(self, sub_app_id: int) -> EventConfig:
        """Return an application's configuration; the defaults when none was stored."""
        row = fetch_one(self._connection, schema.event_configs, schema.event_configs.c.sub_app_id == sub_app_id)
        return _config(row) if row else EventConfig()

    def put_config(self, sub_app_id: int, config: EventConfig) -> None:
        """Store a configuration."""
        row = values(config) | {"sub_app_id": sub_app_id, "transport": config.transport.value}
        upsert(self._connection, schema.event_configs, row)

    def endpoints(self, sub_app_id: int = 0) -> Sequence[Endpoint]:
        """Return the endpoints of an application (0: of all), by application and age."""
        table = schema.event_endpoints
        where = [table.c.sub_app_id == sub_app_id] if sub_app_id else []
        rows = fetch_all(self._connection, table, *where, order=[table.c.sub_app_id, table.c.endpoint_id])
        return [endpoint_of(row) for row in rows]

    def endpoint(self, sub_app_id: int, name: str, *, lock: bool = False) -> Endpoint | None:
        """Return one endpoint."""
        table = schema.event_endpoints
        row = fetch_one(self._connection, table, table.c.sub_app_id == sub_app_id, table.c.name == name, lock=lock)
        return endpoint_of(row) if row else None

    def add(self, endpoint: Endpoint) -> Endpoint:
        """Insert under a new id; raises ``Conflict("endpoint.exists")`` when the name is taken."""
        row = _row(endpoint)
        del row["endpoint_id"]
        table = schema.event_endpoints
        try:
            result = self._connection.execute(insert(table).values(**row).returning(table.c.endpoint_id))
        except IntegrityError as error:
            raise Conflict(
                "endpoint.exists", f"application {endpoint.sub_app_id} has an endpoint {endpoint.name!r} already"
            ) from error
        return replace(endpoint, endpoint_id=int(result.scalar_one()))

    def put(self, endpoint: Endpoint) -> None:
        """Replace everything but ``cursor`` and health, which delivery writes."""
        row = {name: value for name, value in _row(endpoint).items() if name not in _OF_DELIVERY}
        table = schema.event_endpoints
        self._connection.execute(update(table).where(table.c.endpoint_id == endpoint.endpoint_id).values(**row))

    def set_cursor(self, endpoint_id: int, cursor: int) -> None:
        """Move the cursor."""
        table = schema.event_endpoints
        self._connection.execute(update(table).where(table.c.endpoint_id == endpoint_id).values(cursor=cursor))

    def remove(self, endpoint_id: int) -> None:
        """Delete an endpoint with its deliveries; its attempts stay readable."""
        remove(self._connection, schema.event_deliveries, schema.event_deliveries.c.endpoint_id == endpoint_id)
        remove(self._connection, schema.event_endpoints, schema.event_endpoints.c.endpoint_id == endpoint_id)

    def subscription(self, endpoint_id: int) -> Subscription | None:
        """Return an endpoint with its application's configuration."""
        row = fetch_one(self._connection, schema.event_endpoints, schema.event_endpoints.c.endpoint_id == endpoint_id)
        return self._subscribed(row) if row else None

    def with_work(self, now: float) -> Sequence[Subscription]:
        """Return the active endpoints with unread events, due deliveries, or a delivery that may be a probe."""
        table, logs, deliveries = schema.event_endpoints, schema.event_logs, schema.event_deliveries
        due = (
            select(deliveries.c.endpoint_id)
            .where(
                deliveries.c.endpoint_id == table.c.endpoint_id,
                deliveries.c.state == DeliveryState.WAITING.value,
                or_(deliveries.c.next_attempt_at <= now, table.c.failures >= FAILURES_TO_FAIL),
            )
            .exists()
        )
        statement = (
            select(table)
            .join(logs, logs.c.sub_app_id == table.c.sub_app_id)
            .where(
                and_(table.c.transport == Transport.PUSH.value, table.c.enabled, table.c.url != ""),
                or_(logs.c.last_sequence > table.c.cursor, due),
            )
        )
        found = [self._subscribed(row) for row in self._connection.execute(statement).all()]
        return [each for each in found if each.active]

    def _subscribed(self, row: Any) -> Subscription:
        # Only the original's transports depend on the configuration.
        config = self.config(row.sub_app_id) if row.name == DEFAULT_ENDPOINT else EventConfig()
        return Subscription(endpoint_of(row), config)


def endpoint_of(row: Any) -> Endpoint:
    """Return a row of ``event_endpoints`` as a value."""
    changed = {
        "transport": Transport(row.transport),
        "format": PayloadFormat(row.format),
        "types": tuple(row.types),
        "retry_delays": tuple(row.retry_delays),
    }
    return Endpoint(**(dict(row._mapping) | changed))


def _row(endpoint: Endpoint) -> dict[str, Any]:
    return values(endpoint) | {
        "transport": endpoint.transport.value,
        "format": endpoint.format.value,
        "types": list(endpoint.types),
        "retry_delays": list(endpoint.retry_delays),
    }


def _config(row: Any) -> EventConfig:
    return EventConfig(Transport(row.transport), row.upload_switch, row.delete_switch, row.persistence_switch)
