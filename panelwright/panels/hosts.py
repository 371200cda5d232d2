"""From the address that a client used to the panel that answers there."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Sequence
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F

from panelwright.core import limits, sql
from panelwright.core.remote import plain
from panelwright.panels.models import Panel

# An address as a URL has it; a browser leaves the port out where it is the scheme's own.
_ADDRESS = re.compile(r"[0-9.]{7,15}|\[[0-9a-f:.]{2,45}\]", re.ASCII)
_PORTS_UNSAID = frozenset({80, 443})

# (host as the client wrote it, lower case, without port; port that it wrote or 0; port of ours that it came to)
Address = tuple[str, int, int]

_DOMAINS = sql.Query(
    "SELECT d.host, d.port, d.panel_id FROM panels_domain d JOIN panels_panel p ON p.id = d.panel_id"
    " WHERE d.host :in_text AND d.confirmed AND p.enabled"
)

# A name (with what names inside of networks of containers have), an IPv4 address, or an IPv6 address in brackets.
_HOST = re.compile(r"([a-z0-9._-]{0,255}|\[[0-9a-f:.]{2,45}\])(?::([^:/@\[\]]*))?")
# No panel has it, not even one that answers on any host.
NOWHERE: Address = ("", 0, -1)

# Ports on which this process takes connections; empty where nobody has said (a worker, a command).
_served: set[int] = set()


def serves(ports: Collection[int]) -> None:
    """This process listens on them, and so nobody else on this machine does."""
    _served.update(ports)


def is_served(port: int) -> bool:
    return port in _served


def is_here(host_header: str, came_to: str) -> bool:
    """Whether somebody at this machine asks: their browser and the connection say so, both by loopback."""
    host = split(host_header, 0)[0]
    named = host == "localhost" or host.endswith(".localhost")
    at = plain(host) if _ADDRESS.fullmatch(host) else None
    here = plain(came_to)
    looped = at is not None and ipaddress.ip_address(at).is_loopback
    return (named or looped) and here is not None and ipaddress.ip_address(here).is_loopback


def split(host_header: str, server_port: int) -> Address:
    """The address of a request. A header that is no host gives an address that no panel has."""
    if len(host_header) > limits.HOST_BYTES_MAX:
        return NOWHERE
    found = _HOST.fullmatch(host_header.strip(" \t").lower())
    if found is None:
        return NOWHERE
    port = found[2] or ""
    return (found[1].rstrip("."), int(port) if port.isascii() and port.isdigit() and len(port) < 6 else 0, server_port)


def text(address: Address) -> str:
    """Host and port as a client writes them."""
    host, port, _ = address
    return f"{host}:{port}" if port else host


def ask(addresses: Collection[Address]) -> Any:
    """Ask for the domains of the addresses: a cursor for `panels_at`, to be fetched together with others."""
    hosts = {address[0] for address in addresses}
    hosts.add("*")
    return _DOMAINS.run(connection, sorted(hosts))


def panels_at(addresses: Collection[Address], asked: Any = None) -> dict[Address, int]:
    """The panel id of each address that has one; the closest Domain row wins.

    Closest means: host and port, then host with any port, then any host on the port we listen on.
    """
    rows = (ask(addresses) if asked is None else asked).fetchall()
    found = {(host, port): panel for host, port, panel in rows}
    answer = {}
    for address in addresses:
        closest = next((key for key in _closest_first(address) if key in found), None)
        if closest is not None:
            answer[address] = found[closest]
    return answer


def panel_at(address: Address) -> Panel | None:
    """The panel of one address, or None, in one query."""
    near = Panel.objects.filter(enabled=True, domains__host__in=[address[0], "*"], domains__confirmed=True)
    rows = near.annotate(on_host=F("domains__host"), on_port=F("domains__port"))
    found: dict[tuple[str, int], Panel] = {(row.on_host, row.on_port): row for row in rows}
    return next((found[key] for key in _closest_first(address) if key in found), None)


def is_host_site(host: str) -> bool:
    """Whether a host is the operators' (PANELWRIGHT_HOST_SITE), on which no panel answers, at whatever port."""
    return bool(host) and host == settings.HOST_SITE


def on_host_site(request: object) -> bool:
    """Whether a request came to the operators' host: there is no panel on it, and no visitor of one."""
    return bool(getattr(request, "host_site", False))


def _closest_first(address: Address) -> tuple[tuple[str, int], ...]:
    host, port, server_port = address
    if is_host_site(host):
        return ()
    return (host, port or server_port), (host, 0), ("*", server_port)


def own_address(domains: Sequence[tuple[str, int]], asked: Address, *, came_to: str) -> tuple[str, int] | None:
    """Host and port (0: the scheme's own) for links that leave the page, as in letters; None: there is no safe one.

    The Host header is the client's word, and a panel on "*" takes any. A letter that went out with a
    stranger's host would bring him the link's token. So the host is one that the panel names: the one
    that was asked for, else its first (`domains` stand in the order of their ids). A panel that names
    none may be reached by loopback, and at the address that the connection came to (`came_to`), both at the port that
    it came to: another port of this machine may be somebody else's. Other private addresses are the client's word as
    any name is.
    """
    host, port, server_port = asked
    if (host, port or server_port) in domains:
        return host, port
    if (host, 0) in domains:
        return host, port if port == server_port else 0
    named = [domain for domain in domains if domain[0] != "*"]
    if named:
        return named[0]
    if port != server_port and (port or server_port not in _PORTS_UNSAID):
        return None
    if host == "localhost":
        return host, port
    address = plain(host) if _ADDRESS.fullmatch(host) else None
    if address is None:
        return None
    return (host, port) if ipaddress.ip_address(address).is_loopback or address == plain(came_to) else None
