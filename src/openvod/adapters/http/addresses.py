"""The addresses that the platform may connect to when a user names the URL: public ones, and the allowed networks.

The check applies to the resolved IP address that is dialled, never to text: however a host is written
(``2130706433``, ``0x7f.1``, a name), the resolver returns the same address.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
#: Networks by kind, checked in this order (IANA's special-purpose registries, and metadata services of clouds).
_SPECIAL: tuple[tuple[str, tuple[Network, ...]], ...] = tuple(
    (kind, tuple(ip_network(text) for text in texts.split()))
    for kind, texts in (
        ("cloud metadata", "169.254.169.254/32 100.100.100.200/32 168.63.129.16/32 192.0.0.192/32 fd00:ec2::254/128"),
        ("loopback", "127.0.0.0/8 ::1/128"),
        ("unspecified", "0.0.0.0/8 ::/128"),
        ("link-local", "169.254.0.0/16 fe80::/10"),
        ("private", "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 fec0::/10"),
        ("carrier-grade NAT", "100.64.0.0/10"),
        ("multicast", "224.0.0.0/4 ff00::/8"),
        ("documentation", "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20"),
        ("special-purpose", "192.0.0.0/24 192.88.99.0/24 198.18.0.0/15 240.0.0.0/4 2001::/23"),
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
#: IPv4-mapped, NAT64 and 6to4 networks, and the bit offset of the IPv4 address inside. Other embeddings are outside
#: global unicast IPv6, and refused with it.
_EMBEDDING = (
    (IPv6Network("::ffff:0:0/96"), 0),
    (IPv6Network("64:ff9b::/96"), 0),
    (IPv6Network("2002::/16"), 80),
)


def refusal(address: Address, allowed: Sequence[Network]) -> str:
    """Return the reason to refuse an address; empty for one that may be dialled."""
    target = _target(address)
    if any(each.version == network.version and each in network for each in (address, target) for network in allowed):
        return ""
    for kind, networks in _SPECIAL:
        if any(target.version == network.version and target in network for network in networks):
            return kind
    if isinstance(target, IPv6Address) and target not in _GLOBAL_V6:
        return "special-purpose"
    return ""


def _target(address: Address) -> Address:
    """Return the final destination: the IPv4 address inside a mapped, translated or tunnelled one."""
    if isinstance(address, IPv6Address):
        for network, shift in _EMBEDDING:
            if address in network:
                return IPv4Address(int(address) >> shift & 0xFFFFFFFF)
    return address


def parse_address(text: str) -> Address:
    """Parse an address of the resolver, with or without a zone; raises ``ValueError``."""
    return ip_address(text.partition("%")[0])
