"""Who is let in: keys, where they may come from, what they may do, and how much a day."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django_scopes import scope
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core.refusal import Refusal
from panelwright.customers import access
from panelwright.customers.access import BAD_KEY, WRONG_ADDRESS, Caller, Grant, grants
from panelwright.customers.actions import create_key, revoke_key
from panelwright.panels import hosts
from panelwright.panels.actions import add_domain
from tests.support.people import Buyer, Owner, Time, everything, execute, outcomes, place, value, values
from tests.support.threads import together

# ---- keys ------------------------------------------------------------------------------------------


def test_a_key_opens_its_customers_account(alice: Owner, carol: Buyer) -> None:
    (grant,) = grants([carol.caller()])
    assert isinstance(grant, Grant)
    assert (grant.panel_id, grant.customer_id, grant.account_id) == (
        alice.panel_id,
        carol.customer_id,
        carol.account_id,
    )
    assert (grant.key_id, grant.sales_account_id, grant.currency) == (carol.key_row.id, alice.sales_account_id, "USD")
    assert (grant.can_read, grant.can_order, grant.daily_cap_micros, grant.per_minute_max) == (True, True, None, 60_000)


@pytest.mark.parametrize("key", ["no key", "x" * 40, "\x00", "\udcff", "' OR 1=1 --", "x" * 100_000])
def test_what_is_no_key_opens_nothing(carol: Buyer, key: str) -> None:
    assert grants([carol.caller(key=key)]) == [BAD_KEY]


def test_no_key_opens_nothing_and_nor_does_its_digest(carol: Buyer) -> None:
    address = hosts.split(carol.owner.host, 80)
    assert grants([Caller(address, "", "198.51.100.7"), Caller()]) == [BAD_KEY, BAD_KEY]
    assert grants([carol.caller(key="")]) != [BAD_KEY]
    assert grants([carol.caller(key=access.digest(carol.key))]) == [BAD_KEY]
    assert grants([carol.caller(key=carol.key.upper())]) == [BAD_KEY]
    assert grants([carol.caller(key=carol.key[:-1])]) == [BAD_KEY]


def test_a_key_is_forty_random_characters_and_shown_once(carol: Buyer) -> None:
    keys = {access.new_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(len(key) == 40 and key.isalnum() and key.isascii() for key in keys)
    row, key = carol.new_key(name="laptop")
    assert (row.prefix, row.name, row.digest) == (key[:8], "laptop", access.digest(key))
    assert key not in str(everything())


def test_each_of_several_keys_works_until_it_is_revoked(alice: Owner, carol: Buyer, time: Time) -> None:
    row, key = carol.new_key()
    first, second = carol.caller(), carol.caller(key=key)
    assert [isinstance(grant, Grant) for grant in grants([first, second])] == [True, True]
    with scope(panel=alice.panel):
        assert revoke_key(panel_id=alice.panel_id, key_id=row.id)
        assert not revoke_key(panel_id=alice.panel_id, key_id=row.id)
    assert [isinstance(grant, Grant) for grant in grants([first, second])] == [True, False]
    assert grants([second]) == [BAD_KEY]
    assert carol.refused(caller=second) == BAD_KEY
    assert values("SELECT name, subject_id FROM events_event WHERE name = 'key.revoked'") == [("key.revoked", row.id)]


def test_a_key_is_revoked_on_its_own_panel_only(alice: Owner, carol: Buyer, rival: Owner) -> None:
    with scope(panel=rival.panel):
        assert not revoke_key(panel_id=rival.panel_id, key_id=carol.key_row.id)
    assert isinstance(grants([carol.caller()])[0], Grant)


@pytest.mark.parametrize("table", ["customers_customer", "panels_panel"])
def test_who_is_disabled_is_not_let_in(carol: Buyer, mallory: Buyer, table: str) -> None:
    which = carol.customer_id if table == "customers_customer" else carol.owner.panel_id
    execute(f"UPDATE {table} SET enabled = %s WHERE id = %s", False, which)
    on_the_web = Caller(customer_id=carol.customer_id)
    granted = grants([carol.caller(), on_the_web, mallory.caller()])
    assert [isinstance(grant, Grant) for grant in granted] == [False, False, True]


def test_who_is_logged_in_needs_no_key(carol: Buyer) -> None:
    (grant,) = grants([Caller(customer_id=carol.customer_id)])
    assert isinstance(grant, Grant)
    assert (grant.customer_id, grant.key_id, grant.can_order, grant.addresses) == (carol.customer_id, None, True, "")
    order_id = carol.order(caller=Caller(customer_id=carol.customer_id))
    assert value("SELECT key_id FROM orders_order WHERE id = %s", order_id) is None


def test_a_batch_of_callers_is_answered_in_order(carol: Buyer, mallory: Buyer) -> None:
    bad = carol.caller(key="nobody's")
    answers = grants([mallory.caller(), bad, carol.caller(), bad, mallory.caller()])
    who = [grant.customer_id if isinstance(grant, Grant) else None for grant in answers]
    assert who == [mallory.customer_id, None, carol.customer_id, None, mallory.customer_id]


# ---- hosts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["shop.example", "SHOP.example", "shop.example:8443", "shop.example."])
def test_a_key_counts_on_every_spelling_of_its_panels_host(carol: Buyer, host: str) -> None:
    assert isinstance(grants([carol.caller(host=host)])[0], Grant)


@pytest.mark.parametrize("host", ["rival.example", "elsewhere.example", "shop.example.evil", "", "*", "a b", "["])
def test_a_key_counts_on_the_hosts_of_its_panel_only(carol: Buyer, rival: Owner, host: str) -> None:
    address = hosts.split(host, 80)
    assert grants([Caller(address, access.digest(carol.key), "198.51.100.7")]) == [BAD_KEY]


def test_a_port_of_its_own_leads_to_a_panel_by_any_host(carol: Buyer, alice: Owner) -> None:
    with scope(panel=alice.panel):
        add_domain(panel_id=alice.panel_id, host="*", port=8001)
    there, elsewhere = hosts.split("127.0.0.1:8001", 8001), hosts.split("127.0.0.1:8002", 8002)
    digest = access.digest(carol.key)
    assert isinstance(grants([Caller(there, digest)])[0], Grant)
    assert grants([Caller(elsewhere, digest)]) == [BAD_KEY]


# ---- addresses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allowed", "remote", "let_in"),
    [
        ("", "198.51.100.7", True),
        ("", "", True),
        ("198.51.100.7", "198.51.100.7", True),
        ("198.51.100.7", "198.51.100.8", False),
        ("198.51.100.0/24", "198.51.100.255", True),
        ("198.51.100.0/24", "198.51.101.0", False),
        ("203.0.113.9, 198.51.100.7", "198.51.100.7", True),
        ("203.0.113.9\n198.51.100.7", "198.51.100.7", True),
        ("198.51.100.7", "::ffff:198.51.100.7", True),
        ("2001:db8::/32", "2001:db8:1::5", True),
        ("2001:db8::/32", "2001:db9::5", False),
        ("2001:db8::/32", "198.51.100.7", False),
        ("198.51.100.7", "", False),
        ("198.51.100.7", "not an address", False),
        ("0.0.0.0/0", "198.51.100.7", True),
        ("::ffff:198.51.100.0/120", "198.51.100.7", True),
        ("::ffff:198.51.100.0/120", "198.51.101.7", False),
    ],
)
def test_a_key_may_be_tied_to_addresses(carol: Buyer, allowed: str, remote: str, let_in: bool) -> None:
    _, key = carol.new_key(addresses=allowed)
    caller = Caller(hosts.split(carol.owner.host, 80), access.digest(key), remote)
    (grant,) = grants([caller])
    assert isinstance(grant, Grant) == let_in
    if not let_in:
        assert grant == WRONG_ADDRESS
        assert carol.refused(caller=caller) == WRONG_ADDRESS


@pytest.mark.parametrize("text", ["198.51.100.300", "example.com", "198.51.100.7/33", "1.2.3.4,x", "::g"])
def test_what_is_no_network_is_refused_when_the_key_is_made(carol: Buyer, text: str) -> None:
    before = everything()
    with pytest.raises(ValueError, match="Not an IP address or network"):
        carol.new_key(addresses=text)
    assert everything() == before


@given(st.text(max_size=40))
def test_any_list_of_networks_is_read_or_refused(text: str) -> None:
    try:
        networks = access.parse_networks(text)
    except ValueError as error:
        assert "Not an IP address or network" in str(error)
    else:
        assert all(str(network) for network in networks)


# ---- scopes ------------------------------------------------------------------------------------------


def test_a_key_for_reading_places_nothing(carol: Buyer) -> None:
    _, key = carol.new_key(can_order=False)
    assert carol.refused(caller=carol.caller(key=key)) == Refusal("may_not_order")


def test_a_key_for_orders_places_them(carol: Buyer) -> None:
    _, key = carol.new_key(can_read=False)
    carol.order(caller=carol.caller(key=key))
    assert carol.balance() == "99.10"


@pytest.mark.parametrize(
    "options",
    [
        {"can_read": False, "can_order": False},
        {"daily_cap_micros": -1},
        {"per_minute_max": 0},
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(carol: Buyer, options: dict[str, int]) -> None:
    before = everything()
    with pytest.raises(ValueError, match=r"must be allowed|cannot be below"):
        carol.new_key(**options)
    assert everything() == before


def test_a_limit_of_the_key_stands_before_the_panels(alice: Owner, carol: Buyer) -> None:
    _, key = carol.new_key(per_minute_max=7)
    (grant,) = grants([carol.caller(key=key)])
    assert isinstance(grant, Grant)
    assert grant.per_minute_max == 7


# ---- the daily cap -------------------------------------------------------------------------------------


def test_a_key_spends_its_cap_to_the_last_micro_and_no_further(carol: Buyer, time: Time) -> None:
    row, key = carol.new_key(daily_cap_micros=1_800_000)
    capped = carol.caller(key=key)
    carol.order(caller=capped)
    assert carol.refused(caller=capped, quantity=1001) == Refusal("cap_reached")
    carol.order(caller=capped, quantity=1000)
    assert carol.refused(caller=capped, quantity=50) == Refusal("cap_reached")
    assert carol.balance() == "98.20"
    assert value("SELECT spent_micros FROM customers_apikey WHERE id = %s", row.id) == 1_800_000
    # Other keys, and what costs nothing, go on.
    carol.order()
    carol.order(caller=capped, service=5)


def test_the_cap_is_told_before_the_balance(carol: Buyer) -> None:
    _, key = carol.new_key(daily_cap_micros=0)
    carol.spends_all_but("0.00")
    assert carol.refused(caller=carol.caller(key=key)) == Refusal("cap_reached")


def test_a_cap_counts_within_a_batch(carol: Buyer, time: Time) -> None:
    _, key = carol.new_key(daily_cap_micros=2_000_000)
    capped = carol.caller(key=key)
    commands = [carol.command(caller=capped, quantity=1000), carol.command(), carol.command(caller=capped)]
    assert outcomes(place(*commands, commands[0])) == ["taken", "taken", "taken", "cap_reached"]


def test_the_cap_is_whole_again_on_the_next_day_in_utc(carol: Buyer, time: Time) -> None:
    row, key = carol.new_key(daily_cap_micros=900_000)
    capped = carol.caller(key=key)
    time.now = datetime(2026, 5, 4, 23, 59, 59, 999999, tzinfo=UTC)
    carol.order(caller=capped)
    assert carol.refused(caller=capped) == Refusal("cap_reached")
    time.now = datetime(2026, 5, 5, 0, 0, 0, tzinfo=UTC)
    carol.order(caller=capped, quantity=500)
    assert carol.refused(caller=capped, quantity=501) == Refusal("cap_reached")
    assert values("SELECT spent_micros, spent_on FROM customers_apikey WHERE id = %s", row.id) == [
        (450_000, time.now.date())
    ]


def test_a_repeat_is_answered_after_the_cap_is_reached(carol: Buyer, time: Time) -> None:
    _, key = carol.new_key(daily_cap_micros=900_000)
    capped = carol.caller(key=key)
    first = carol.order(caller=capped, request_id="r-1")
    assert carol.order(caller=capped, request_id="r-1") == first


def test_money_that_came_back_does_not_raise_the_cap(carol: Buyer, time: Time) -> None:
    _, key = carol.new_key(daily_cap_micros=900_000)
    capped = carol.caller(key=key)
    assert carol.cancel(carol.order(caller=capped)) == [1]
    assert carol.refused(caller=capped) == Refusal("cap_reached")


@pytest.mark.django_db(transaction=True)
def test_processes_that_spend_at_once_keep_the_cap_together(carol: Buyer) -> None:
    """Both have read what the key has spent, and wait for the account; the second must see what the first spent."""
    _, key = carol.new_key(daily_cap_micros=1_000_000)
    command = carol.command(caller=carol.caller(key=key))
    locked = threading.Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE ledger_account SET balance_micros = balance_micros WHERE id = %s", [carol.account_id]
            )
            locked.set()
            threading.Event().wait(0.4)

    def spend() -> str:
        assert locked.wait(60)
        return outcomes(place(command))[0]

    results = together([hold, spend, spend, spend])
    assert sorted(str(result) for result in results) == ["None", "cap_reached", "cap_reached", "taken"]
    assert carol.balance() == "99.10"


def test_key_names_and_their_making_are_events(alice: Owner, carol: Buyer) -> None:
    with scope(panel=alice.panel):
        row, key = create_key(customer=carol.customer, name="shop")
    facts = value("SELECT facts FROM events_event WHERE subject_id = %s AND name = 'key.created'", row.id)
    assert row.prefix in str(facts)
    assert key not in str(facts)
