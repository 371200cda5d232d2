"""Which addresses are on the public internet."""

from __future__ import annotations

import ipaddress
import socket
from itertools import pairwise
from pathlib import Path

import pytest

from panelwright.core import addresses
from panelwright.core.addresses import LookupFailed, any_of_ours, is_ours, is_public, lookup

PUBLIC = ["8.8.8.8", "93.184.215.14", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::1"]
PUBLIC += ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
V4 = ["0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "192.0.0.8"]
V4 += ["192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1"]
V4 += ["239.255.255.250", "240.0.0.1", "255.255.255.255"]
V6 = ["::", "::1", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "ff0e::1"]
V6 += ["100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "64:ff9b:1::1", "4000::1"]


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", [*V4, *V6, *(f"::ffff:{a}" for a in V4), *(f"64:ff9b::{a}" for a in V4)])
def test_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


def test_lookup() -> None:
    found = lookup("localhost", 80, timeout_s=5)
    assert found
    assert all(ipaddress.ip_address(address[0]).is_loopback and address[1] == 80 for _, address in found)
    with pytest.raises(LookupFailed, match="net_name_unknown"):
        lookup("a" * 300 + ".example", 80, timeout_s=5)


# ---- our own -----------------------------------------------------------------------------------------


def own_addresses() -> list[str]:
    """Those of this machine's interfaces, as another way of asking tells them."""
    lines = Path("/proc/net/fib_trie").read_text().splitlines()
    found = [a.split("|-- ")[1] for a, b in pairwise(lines) if "|-- " in a and "/32 host LOCAL" in b]
    if Path("/proc/net/if_inet6").exists():
        for line in Path("/proc/net/if_inet6").read_text().splitlines():
            found.append(str(ipaddress.IPv6Address(int(line.split()[0], 16))))
    return sorted(set(found))


def test_every_address_of_every_interface_is_ours() -> None:
    assert own_addresses()
    for address in own_addresses():
        assert is_ours(ipaddress.ip_address(address)), address
    for address in ("127.9.9.9", "0.0.0.0", "::", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1"):
        assert is_ours(ipaddress.ip_address(address)), address
    for address in [a for a in own_addresses() if "." in a]:
        assert is_ours(ipaddress.ip_address(f"::ffff:{address}"))
        assert is_ours(ipaddress.ip_address(f"64:ff9b::{address}"))
    for address in ("8.8.8.8", "192.0.2.77", "2606:4700::1111", "::ffff:8.8.8.8"):
        assert not is_ours(ipaddress.ip_address(address)), address


def test_each_of_the_two_ways_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_interfaces", frozenset)
    assert is_ours(ipaddress.ip_address("::1"))
    first = next(a for a in own_addresses() if "." in a and not a.startswith("127."))
    assert is_ours(ipaddress.ip_address(first)), "by the way that the system would send"
    monkeypatch.undo()
    monkeypatch.setattr(addresses, "_comes_back", lambda address: False)
    assert is_ours(ipaddress.ip_address(first)), "by the list of the interfaces"


def test_one_of_ours_among_several_is_enough() -> None:
    def found(*texts: str) -> addresses.Found:
        return [(socket.AF_INET6 if ":" in text else socket.AF_INET, (text, 80)) for text in texts]

    assert not any_of_ours(found("8.8.8.8", "2606:4700::1111"))
    assert any_of_ours(found("8.8.8.8", "127.0.0.1"))
    assert any_of_ours(found("fe80::1%lo", "::1"))
