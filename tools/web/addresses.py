"""IP addresses of the public internet, by a table of our own (IANA special-purpose registries, RFC 6890).

Python's `is_private` and `is_global` are not used: they call several embedded, translated and special addresses global
(64:ff9b::7f00:1, 2002:7f00:1::, fec0::1), differ between versions, and call carrier-grade NAT neither private nor global.
"""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network

_V4_REFUSED = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and some clouds' metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host agent: a public number that never leaves the machine's own host
        "169.254.0.0/16",  # link-local and cloud metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments, one cloud's metadata
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved and broadcast
    )
)
_V6_ALLOWED = IPv6Network("2000::/3")
_V6_REFUSED = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # Teredo, ORCHID, benchmarks, AS112
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries an IPv4 address
        "3fff::/20",  # documentation
    )
)


def is_public(ip: str) -> bool:
    """Return whether this address, in its canonical spelling, is public. What cannot be read as an address is not."""
    try:
        if ":" not in ip:
            v4 = IPv4Address(ip)
            return not any(v4 in block for block in _V4_REFUSED)
        v6 = IPv6Address(ip)
    except (AddressValueError, ValueError):
        return False
    if v6.scope_id is not None:
        return False
    return v6 in _V6_ALLOWED and not any(v6 in block for block in _V6_REFUSED)


def is_loopback(ip: str) -> bool:
    """Return whether this address is the machine itself (127.0.0.0/8, ::1)."""
    try:
        return IPv6Address(ip) == IPv6Address("::1") if ":" in ip else IPv4Address(ip) in IPv4Network("127.0.0.0/8")
    except (AddressValueError, ValueError):
        return False
