"""Where a request comes from, when it may have come through proxies of ours."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

# A browser that has seen us by https comes by https, for a year.
STRICT_TRANSPORT_SECURITY = "max-age=31536000"
# Whoever has one IPv6 address has a network of this size.
_V6_NETWORK = 64
# The bits before an IPv4 address that is written as an IPv6 one.
_MAPPED = 96


def caller_address(peer: str, forwarded: str, proxies: Collection[str]) -> str:
    """The caller's address; behind a trusted proxy, the last one in X-Forwarded-For that is no proxy of ours.

    What is no address ends the search: who stands before it could have written anything.
    """
    peer = plain(peer) or peer
    if forwarded and peer in proxies:
        for part in reversed(forwarded.split(",")):
            address = plain(part)
            if address is None:
                break
            peer = address
            if peer not in proxies:
                break
    return peer


def plain(text: str) -> str | None:
    """An address in its one usual form, without port, brackets and zone; None for what is none.

    An IPv4 address that arrived over an IPv6 socket (::ffff:203.0.113.7) is the IPv4 address.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(address)


def neighbourhood(address: str, *, v6_bits: int = _V6_NETWORK) -> str:
    """What stands for an address where tries are counted: an IPv4 address itself, of IPv6 the network, a /64."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(ipaddress.ip_network((found, v6_bits), strict=False))


def network_of(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """The network that somebody has written, or the one of an address. Raises ValueError for what is none.

    ::ffff:203.0.113.0/120 is the IPv4 network, as the addresses that are compared with it are IPv4 ones: see `plain`.
    """
    found = ipaddress.ip_network(text, strict=False)
    if isinstance(found, ipaddress.IPv4Network) or found.prefixlen < _MAPPED:
        return found
    mapped = found.network_address.ipv4_mapped
    return found if mapped is None else ipaddress.ip_network((mapped, found.prefixlen - _MAPPED))
