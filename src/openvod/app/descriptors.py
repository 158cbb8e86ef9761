"""How many files and connections the server may have open."""

from __future__ import annotations

import resource

from openvod.app.settings import ServerSettings
from openvod.server.connections import ConnectionLimits

#: Where the system sets no bound, more would be of no use.
_MOST = 1 << 20
#: Databases, logs, files that are kept open: what the server needs beside connections.
_OWN = 256
#: A connection, a second name of it while a body passes, the file it goes to or comes from.
DESCRIPTORS_PER_CONNECTION = 3


def raise_descriptor_limit() -> int:
    """Take as many descriptors as the system lets this process have; return how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            # Some systems have a bound of their own below the hard limit.
            return soft
    return wanted


def connection_limits(server: ServerSettings, descriptors: int) -> ConnectionLimits:
    """Return the connection limits: the settings', or what this number of descriptors allows."""
    own = min(_OWN, descriptors // 4)
    total = server.connections or max(16, (descriptors - own) // DESCRIPTORS_PER_CONNECTION)
    operator = min(server.operator_connections, total // 4)
    # However small the machine's limit: one address leaves half of it to others.
    per_address = min(server.connections_per_address, max(1, (total - operator) // 2))
    return ConnectionLimits(
        total=total,
        per_address=per_address,
        operator=operator,
        head_seconds=server.head_seconds,
        operator_networks=server.operator_networks,
        proxies=server.trusted_proxies,
    )
