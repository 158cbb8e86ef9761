"""Clients' addresses as rules see them: a server that listens on IPv6 sees IPv4 clients as mapped addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def read_address(text: str) -> Address | None:
    """Return an address, a mapped one as the IPv4 address that it is; ``None`` for other texts."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def is_inside(address: str, networks: Iterable[str]) -> bool:
    """Return whether an address lies in one of the networks; what is no address lies nowhere."""
    found = read_address(address)
    return found is not None and any(found in ipaddress.ip_network(each, strict=False) for each in networks)
