"""Which network addresses we talk to.

A URL is typed in by staff or customers, and the answer of the host is shown to them. Without
a check it would be a way into the host's own network. So the name is looked up once, every address it
has is checked, and the connection is made to one of the checked addresses, not to the name: a name
that changes its address between check and connection gains nothing.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from typing import Any

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
# What the resolver gives for a name: address families with what a socket of that family connects to.
Found = list[tuple[socket.AddressFamily, tuple[Any, ...]]]

# IPv6 is default-deny: only what is handed out today, without the corners of it that lead elsewhere.
_V6_UNICAST = ipaddress.IPv6Network("2000::/3")
_V6_NOT_PUBLIC = tuple(
    ipaddress.IPv6Network(net)
    for net in ("2001::/23", "2002::/16", "2001:db8::/32", "3fff::/20")  # tunnels, special, documentation
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # an IPv4 address as hosts with IPv6 only see it
_V4_NOT_PUBLIC = tuple(ipaddress.IPv4Network(net) for net in ("192.0.0.0/24", "192.88.99.0/24"))


class LookupFailed(Exception):
    """The name has no address, or no answer came in time. The text is fit for people."""


def is_public(address: IPAddress) -> bool:
    """True for an address of the public internet: not private, loopback, link-local, multicast, reserved."""
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or (_low_32_bits(address) if address in _NAT64 else None)
        if inside is not None:
            return is_public(inside)
        return address in _V6_UNICAST and address.is_global and not any(address in net for net in _V6_NOT_PUBLIC)
    return address.is_global and not address.is_multicast and not any(address in net for net in _V4_NOT_PUBLIC)


def _low_32_bits(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)


def lookup(host: str, port: int, *, timeout_s: float) -> Found:
    """The addresses of a host, as (family, socket address), in the system's order. LookupFailed if none.

    On a thread of its own, as the system's resolver knows no time limit of ours.
    """
    box: queue.SimpleQueue[Found | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            box.put([(row[0], row[4]) for row in rows])
        except (OSError, UnicodeError):
            box.put(None)

    threading.Thread(target=ask, name="lookup", daemon=True).start()
    try:
        found = box.get(timeout=timeout_s)
    except queue.Empty:
        raise LookupFailed("the name server did not answer in time") from None
    if not found:
        raise LookupFailed("the name of this host is not known")
    return found


def all_public(found: Found) -> bool:
    """True if every address is public. One that is not spoils all: the name is not to be trusted."""
    return all(is_public(ipaddress.ip_address(str(address[0]))) for _, address in found)
