"""Which network addresses we talk to.

A URL is typed in by staff or customers, and the answer of the host is shown to them. Without
a check it would be a way into the host's own network. So the name is looked up once, every address it
has is checked, and the connection is made to one of the checked addresses, not to the name: a name
that changes its address between check and connection gains nothing.

An address of this machine's own is none of the public internet for who may not reach it: behind it lies what
listens here, and nothing in between keeps strangers from it.
"""

from __future__ import annotations

import ipaddress
import logging
import queue
import socket
import struct
import threading
import time
from typing import Any

from panelwright.core.said import Said, said

log = logging.getLogger(__name__)

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
    """The name has no address, or no answer came in time."""

    def __init__(self, text: Said) -> None:
        super().__init__(text)
        self.text = text


def is_public(address: IPAddress) -> bool:
    """True for an address of the public internet: not private, loopback, link-local, multicast, reserved."""
    address = unwrapped(address)
    if isinstance(address, ipaddress.IPv6Address):
        return address in _V6_UNICAST and address.is_global and not any(address in net for net in _V6_NOT_PUBLIC)
    return address.is_global and not address.is_multicast and not any(address in net for net in _V4_NOT_PUBLIC)


def unwrapped(address: IPAddress) -> IPAddress:
    """The IPv4 address that an IPv6 address stands for, if it does; else the address."""
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped or (_low_32_bits(address) if address in _NAT64 else address)
    return address


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
        raise LookupFailed(said("net_name_silent")) from None
    if not found:
        raise LookupFailed(said("net_name_unknown"))
    return found


def all_public(found: Found) -> bool:
    """True if every address is public. One that is not spoils all: the name is not to be trusted."""
    return all(is_public(ipaddress.ip_address(str(address[0]))) for _, address in found)


def any_of_ours(found: Found) -> bool:
    """True if one of the addresses is this machine's own. One is enough: the name is not to be trusted."""
    return any(is_ours(ipaddress.ip_address(str(address[0]).partition("%")[0])) for _, address in found)


def is_ours(address: IPAddress) -> bool:
    """Whether what is sent to an address stays on this machine."""
    address = unwrapped(address)
    return address.is_loopback or address.is_unspecified or address in _interfaces() or _comes_back(address)


def _comes_back(address: IPAddress) -> bool:
    """Whether the system would send from that address to reach it, as it does within the machine only.

    Nothing is sent. It knows addresses that no interface has and the system takes for its own all the same, and
    works where the interfaces cannot be asked for; of several addresses on one interface it knows the first.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))
            return ipaddress.ip_address(str(probe.getsockname()[0]).partition("%")[0]) == address
    except (OSError, ValueError):
        return False  # it cannot be reached at all


# ---- the addresses of the interfaces: Linux tells them over a socket ----------------------------------

_ASKED_EVERY_S = 5.0
_ANSWER_MAX = 64 * 1024
_RTM_NEWADDR, _RTM_GETADDR, _NLMSG_ERROR, _NLMSG_DONE = 20, 22, 2, 3
_DUMP = 0x1 | 0x300  # NLM_F_REQUEST, NLM_F_DUMP
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_HEAD = struct.Struct("=LHHLL")
_ADDRESS_HEAD_BYTES = 8
_ATTRIBUTE = struct.Struct("=HH")

_asked: tuple[float, frozenset[IPAddress]] = (-_ASKED_EVERY_S, frozenset())


def _interfaces() -> frozenset[IPAddress]:
    """The addresses of all interfaces, as they were a moment ago; empty where the system does not tell them so."""
    global _asked
    now = time.monotonic()
    if now - _asked[0] >= _ASKED_EVERY_S:
        _asked = (now, _ask_interfaces())
    return _asked[1]


def _ask_interfaces() -> frozenset[IPAddress]:
    if not hasattr(socket, "AF_NETLINK"):
        return frozenset()
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as asked:
            asked.settimeout(2)
            body = bytes(_ADDRESS_HEAD_BYTES)
            asked.send(_HEAD.pack(_HEAD.size + len(body), _RTM_GETADDR, _DUMP, 1, 0) + body)
            found: set[IPAddress] = set()
            while True:
                addresses, more = _read_messages(asked.recv(_ANSWER_MAX))
                found |= addresses
                if not more:
                    return frozenset(found)
    except (OSError, struct.error, ValueError) as error:
        log.warning("the addresses of this machine's interfaces cannot be read: %s", error)
        return frozenset()


def _read_messages(answer: bytes) -> tuple[set[IPAddress], bool]:
    """The addresses in one part of the answer, and whether more parts follow."""
    found: set[IPAddress] = set()
    while len(answer) >= _HEAD.size:
        length, kind, *_ = _HEAD.unpack_from(answer)
        if kind in (_NLMSG_DONE, _NLMSG_ERROR) or length < _HEAD.size:
            return found, False
        if kind == _RTM_NEWADDR:
            found |= _read_attributes(answer[_HEAD.size + _ADDRESS_HEAD_BYTES : length])
        answer = answer[(length + 3) & ~3 :]
    return found, True


def _read_attributes(part: bytes) -> set[IPAddress]:
    found: set[IPAddress] = set()
    while len(part) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(part)
        if length < _ATTRIBUTE.size:
            break
        packed = part[_ATTRIBUTE.size : length]
        if kind in (_IFA_ADDRESS, _IFA_LOCAL) and len(packed) in (4, 16):
            found.add(ipaddress.ip_address(packed))
        part = part[(length + 3) & ~3 :]
    return found
