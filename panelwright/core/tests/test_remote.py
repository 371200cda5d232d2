"""Where a request comes from: what a client writes itself is never believed."""

from __future__ import annotations

import pytest

from panelwright.core.remote import caller_address, neighbourhood, plain

PROXIES = frozenset({"10.0.0.1", "10.0.0.2", "::1"})


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        # Nobody we trust: whatever he writes.
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        # The client wrote the first one, our proxy added the second.
        ("10.0.0.1", "127.0.0.1, 198.51.100.1", "198.51.100.1"),
        # Two proxies of ours, one behind the other.
        ("10.0.0.1", "127.0.0.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
        ("::1", "2001:db8::5", "2001:db8::5"),
        # The proxy on a socket for both kinds of addresses.
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        # With a port, as some proxies write it: another port is not another caller.
        ("10.0.0.1", "198.51.100.1:50123", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::5]:50123", "2001:db8::5"),
        ("10.0.0.1", "2001:DB8:0:0::5", "2001:db8::5"),
        # What is no address says nothing, and what stands before it could be anything.
        ("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "198.51.100.1,", "10.0.0.1"),
        ("10.0.0.1", "a" * 100_000, "10.0.0.1"),
        ("10.0.0.1", "\0", "10.0.0.1"),
        ("", "198.51.100.1", ""),
    ],
)
def test_the_caller_is_the_last_who_is_no_proxy_of_ours(peer: str, forwarded: str, caller: str) -> None:
    assert caller_address(peer, forwarded, PROXIES) == caller


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" 198.51.100.1 ", "198.51.100.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("198.51.100.256", None),
        ("example.com", None),
        ("", None),
    ],
)
def test_an_address_has_one_form(text: str, address: str | None) -> None:
    assert plain(text) == address


def test_whoever_has_one_ipv6_address_has_all_of_the_64() -> None:
    assert neighbourhood("2001:db8:1:2::1") == neighbourhood("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert neighbourhood("2001:db8:1:3::1") == "2001:db8:1:3::/64"
    assert neighbourhood("198.51.100.1") == "198.51.100.1"
    assert neighbourhood("") == ""
