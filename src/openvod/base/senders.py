"""Who counts as one sender, where what one sender may take is bounded."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

#: What one IPv6 subscriber has to choose addresses from.
_SUBSCRIBER_BITS = 64


def peer_address(text: str) -> IPv4Address | IPv6Address | None:
    """Read a peer's address; one that IPv6 maps is the IPv4 address, and ``None`` what is none."""
    try:
        parsed = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


def sender_of(address: str) -> str:
    """Return who counts as one sender: an IPv4 address, an IPv6 subscriber's network."""
    peer = peer_address(address)
    if isinstance(peer, IPv6Address):
        return str(ip_network((int(peer), _SUBSCRIBER_BITS), strict=False))
    return str(peer or address)
