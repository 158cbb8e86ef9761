"""Limits of open files and of connections."""

from __future__ import annotations

import resource

from openvod.app.settings import ServerSettings
from openvod.server.connections import ConnectionLimits

#: Used when the system has no limit; more are never needed.
_MOST = 1 << 20
#: Descriptors for databases, logs and cached files.
_OWN = 256
#: Descriptors per connection: its socket, a duplicate during a body, and the file.
DESCRIPTORS_PER_CONNECTION = 3


def raise_descriptor_limit() -> int:
    """Raise the limit of open files to the hard limit; return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            # Some systems have another limit below the hard limit.
            return soft
    return wanted


def connection_limits(server: ServerSettings, descriptors: int) -> ConnectionLimits:
    """Return the connection limits: those of the settings, or those that the number of descriptors allows."""
    own = min(_OWN, descriptors // 4)
    total = server.connections or max(16, (descriptors - own) // DESCRIPTORS_PER_CONNECTION)
    operator = min(server.operator_connections, total // 4)
    # Half of the limit is the most for one address, even when the limit is small.
    per_address = min(server.connections_per_address, max(1, (total - operator) // 2))
    return ConnectionLimits(
        total=total,
        per_address=per_address,
        operator=operator,
        head_seconds=server.head_seconds,
        operator_networks=server.operator_networks,
        proxies=server.trusted_proxies,
    )
