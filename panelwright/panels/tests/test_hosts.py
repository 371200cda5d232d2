"""From the host that a client wrote to the panel that answers there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.panels import hosts
from panelwright.panels.actions import add_domain, create_panel
from panelwright.panels.models import Panel
from tests.support.people import counts, execute


def panel(slug: str, *domains: tuple[str, int]) -> Panel:
    return create_panel(slug=slug, name=slug, currency="USD", domains=domains)


def at(header: str, server_port: int = 80) -> int | None:
    address = hosts.split(header, server_port)
    return hosts.panels_at([address]).get(address)


@pytest.mark.parametrize(
    ("header", "host", "port"),
    [
        ("shop.example", "shop.example", 0),
        ("Shop.Example:8443", "shop.example", 8443),
        (" shop.example. ", "shop.example", 0),
        ("127.0.0.1:8000", "127.0.0.1", 8000),
        ("[::1]", "[::1]", 0),
        ("[::1]:8000", "[::1]", 8000),
        ("", "", 0),
        ("shop.example:", "shop.example", 0),
        ("shop.example:999999", "shop.example", 0),
        ("shop.example:-1", "shop.example", 0),
        ("shop.example:٣", "shop.example", 0),
    ],
)
def test_a_header_is_taken_apart(header: str, host: str, port: int) -> None:
    assert hosts.split(header, 80) == (host, port, 80)


@given(st.text(max_size=60), st.integers(min_value=0, max_value=65535))
def test_any_header_is_some_address(header: str, port: int) -> None:
    address = hosts.split(header, port)
    host, written, server_port = address
    assert host == host.lower()
    assert 0 <= written <= 99_999
    assert server_port == port or address == hosts.NOWHERE


@pytest.mark.parametrize(
    "header",
    ["a b", "a/b", "a@b", "a,b", "shop.example\x1b[1m", "[::1", "::1", "é.example", "a:1:2", "x" * 5_000, "{{7}}"],
)
def test_what_is_no_host_is_nobodys_not_even_where_any_host_is_answered(db: None, header: str) -> None:
    panel("any-host", ("*", 8001))
    assert at("any.thing_at-all", 8001) is not None
    assert hosts.split(header, 8001) == hosts.NOWHERE
    assert at(header, 8001) is None
    assert hosts.panel_at(hosts.split(header, 8001)) is None


def test_the_closest_domain_wins(db: None) -> None:
    exact = panel("exact", ("shop.example", 8443))
    any_port = panel("any-port", ("shop.example", 0))
    any_host = panel("any-host", ("*", 8001))
    assert at("shop.example:8443") == exact.id
    assert at("shop.example", 8443) == exact.id
    assert at("shop.example:9999") == any_port.id
    assert at("shop.example", 8001) == any_port.id
    assert at("127.0.0.1:8001", 8001) == any_host.id
    # What counts for a star is the port that we listen on, not the one that the client wrote.
    assert at("127.0.0.1:9999", 8001) == any_host.id
    assert at("127.0.0.1:8001", 9999) is None
    assert at("elsewhere.example") is None
    assert at("*", 80) is None


def test_a_disabled_panel_answers_nowhere(db: None) -> None:
    shop = panel("shop", ("shop.example", 0))
    execute("UPDATE panels_panel SET enabled = %s WHERE id = %s", False, shop.id)
    assert at("shop.example") is None


def test_many_addresses_are_looked_up_at_once(db: None) -> None:
    one, two = panel("one", ("one.example", 0)), panel("two", ("two.example", 0))
    addresses = [hosts.split(name, 80) for name in ("one.example", "two.example", "none.example", "' OR 1=1")]
    assert hosts.panels_at(addresses) == {addresses[0]: one.id, addresses[1]: two.id}
    assert hosts.panels_at([]) == {}


# ---- making panels -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"slug": "My Panel"}, "write small letters, digits and dashes"),
        ({"slug": "-x"}, "write small letters, digits and dashes"),
        ({"slug": "a" * 41}, "write small letters, digits and dashes"),
        ({"slug": "shop"}, "there is a panel 'shop' already"),
        ({"name": "  "}, "a panel needs a name"),
        ({"currency": "usd"}, "write a three-letter code"),
        ({"currency": "DOLLAR"}, "write a three-letter code"),
        ({"language": "de"}, "language 'de': there are"),
        ({"languages": ["en", "xx"]}, "language 'xx': there are"),
        ({"refill_status_key": "state"}, "write status or refill"),
        ({"domains": [("new.example", 0), ("shop.example", 0)]}, "already answers on this host"),
        ({"domains": [("SHOP.example.", 0)]}, "already answers on this host"),
        ({"domains": [("*", 0)]}, "with a port"),
        ({"domains": [("a b", 0)]}, "Enter a host such as"),
        ({"domains": [("new.example", 65536)]}, "Enter a host such as"),
        ({"domains": [("new.example", -1)]}, "Enter a host such as"),
    ],
)
def test_a_panel_that_is_wrong_is_not_made_at_all(db: None, change: dict[str, object], why: str) -> None:
    panel("shop", ("shop.example", 0))
    good: dict[str, object] = {"slug": "new", "name": "New", "currency": "EUR", "domains": [("new.example", 0)]}
    with pytest.raises(ValueError, match=why):
        create_panel(**{**good, **change})  # type: ignore[arg-type]
    assert counts("panels_panel", "panels_domain") == (1, 1)


def test_a_host_leads_to_one_panel_and_a_panel_has_many_hosts(db: None) -> None:
    one, two = panel("one", ("one.example", 0)), panel("two")
    add_domain(panel_id=one.id, host="WWW.one.example")
    add_domain(panel_id=one.id, host="[::1]", port=8000)
    add_domain(panel_id=two.id, host="one.example", port=81)
    assert (at("www.one.example"), at("[::1]:8000"), at("one.example:81"), at("one.example")) == (
        one.id,
        one.id,
        two.id,
        one.id,
    )


def test_what_is_not_said_of_a_panel_has_a_default(db: None) -> None:
    made = create_panel(slug="new", name=" New ", currency="EUR", domains=[], language="es", languages=["es", "ru"])
    assert (made.name, made.language, made.languages) == ("New", "es", ["es", "ru"])
    assert (made.refill_status_key, made.per_minute_max, made.catalog_version, made.enabled) == (
        "status",
        60_000,
        1,
        True,
    )
    assert create_panel(slug="x", name="X", currency="EUR", domains=[], language="ru").languages == ["ru"]
