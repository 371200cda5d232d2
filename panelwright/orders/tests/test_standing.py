"""Each post of a subscription is judged as `add` would judge it now, and costs no more than was agreed."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django_scopes import scope

from panelwright.catalog.actions import set_enabled, set_rate
from panelwright.catalog.price_list_actions import set_own_rate
from panelwright.core import money
from panelwright.core.refusal import Refusal
from panelwright.customers import actions as customer_actions
from panelwright.customers.models import PriceList
from panelwright.events.webhook_actions import create_endpoint
from panelwright.events.webhook_rules import NAMES
from panelwright.orders import key_actions, pause_actions, rules
from panelwright.orders.schedule_actions import record_post
from tests.support import people
from tests.support.people import (
    FOLLOWERS,
    NOON,
    SUBSCRIPTION,
    Buyer,
    Owner,
    Time,
    check_books,
    children_of,
    everything,
    execute,
    row_of,
    value,
    values,
)

POST = "https://example.com/carol/post"
REASON = "SELECT pause_reason FROM orders_schedule WHERE order_id = %s"


def subscribe(carol: Buyer, **params: Any) -> people.Known:
    return carol.order(service=SUBSCRIPTION, **{"delay": 0, **params})


def hears(order_id: int, *numbers: int) -> None:
    for number in numbers:
        record_post(panel_id=row_of(order_id).panel_id, subscription_id=order_id, link=f"{POST}/{number}")
    people.run_schedules()


def stands(order_id: int) -> tuple[str, str, int]:
    """Status, reason, and for how many posts it has ordered."""
    return row_of(order_id).status, value(REASON, order_id), len(children_of(order_id))


def capped(carol: Buyer, cap: str) -> tuple[int, dict[str, Any]]:
    """A new key of hers: its id, and what an order is placed with it."""
    row, key = carol.new_key(daily_cap_micros=money.parse(cap))
    return row.id, {"caller": carol.caller(key=key)}


def revoke(carol: Buyer, key_id: int) -> bool:
    with scope(panel=carol.owner.panel):
        return key_actions.revoke_key(panel_id=carol.owner.panel_id, key_id=key_id)


def sold_at(owner: Owner, rate: str, number: int = SUBSCRIPTION) -> None:
    with scope(panel=owner.panel):
        set_rate(panel_id=owner.panel_id, number=number, rate_micros=money.parse(rate))


def listen(buyer: Buyer) -> None:
    with scope(panel=buyer.owner.panel):
        made = create_endpoint(
            panel_id=buyer.owner.panel_id, customer_id=buyer.customer_id, url="https://hooks.example/", names=NAMES
        )
    assert not isinstance(made, Refusal)


def told() -> list[tuple[str, str]]:
    bodies = [json.loads(body) for (body,) in values("SELECT body FROM events_delivery ORDER BY id")]
    return [(body["type"], body["data"].get("reason", "")) for body in bodies]


def events() -> list[tuple[str, str]]:
    rows = values("SELECT name, facts FROM events_event WHERE name LIKE 'subscription.%%' ORDER BY id")
    return [(n, (json.loads(f) if isinstance(f, str) else f).get("reason", "")) for n, f in rows]


# ---- the key ------------------------------------------------------------------------------------------


def test_the_daily_cap_of_the_key_counts_its_posts(carol: Buyer, time: Time) -> None:
    """1.50 for 1000, 100 a post: two posts a day are what a key with 0.30 may spend, and the rest waits."""
    listen(carol)
    key_id, with_key = capped(carol, "0.30")
    order_id = subscribe(carol, **with_key)
    hears(order_id, 1, 2, 3, 4)
    assert stands(order_id) == ("Paused", "cap", 2)
    assert {child.key_id for child in children_of(order_id)} == {key_id}
    assert (carol.balance(), value("SELECT spent_micros FROM customers_apikey WHERE id = %s", key_id)) == (
        "99.70",
        300_000,
    )
    assert told() == [("subscription.paused", "cap")] and events() == [("subscription.paused", "cap")]
    assert carol.place(quantity=50, **with_key) == rules.CAP_REACHED, "the posts of today count for it, too"
    time.now = NOON.replace(hour=23, minute=59)
    people.run_schedules()
    assert stands(order_id) == ("Paused", "cap", 2)
    time.passes(minutes=11)
    people.run_schedules()
    assert stands(order_id) == ("Active", "", 4), "it goes on by itself the next day"
    assert carol.balance() == "99.40" and events()[-1] == ("subscription.went_on", "cap")
    check_books()


def test_what_the_key_spent_before_leaves_less_for_posts(carol: Buyer, time: Time) -> None:
    key_id, with_key = capped(carol, "0.30")
    carol.order(quantity=200, **with_key)  # 0.18
    order_id = subscribe(carol, min=80, max=80, **with_key)
    hears(order_id, 1)
    assert stands(order_id) == ("Active", "", 1), "exactly 0.30"
    hears(order_id, 2)
    assert stands(order_id) == ("Paused", "cap", 1)
    assert value("SELECT spent_micros FROM customers_apikey WHERE id = %s", key_id) == 300_000


def test_two_subscriptions_share_the_cap_of_their_key_in_one_round(carol: Buyer, time: Time) -> None:
    _, with_key = capped(carol, "0.30")
    both = [subscribe(carol, **with_key), subscribe(carol, **with_key)]
    for order_id in both:
        for number in (1, 2):
            record_post(panel_id=carol.owner.panel_id, subscription_id=order_id, link=f"{POST}/{number}")
    people.run_schedules()
    assert [stands(order_id) for order_id in both] == [("Active", "", 2), ("Paused", "cap", 0)]
    assert carol.balance() == "99.70"


def test_a_revoked_key_pauses_its_subscriptions_at_once_and_no_others(carol: Buyer, time: Time) -> None:
    listen(carol)
    key_id, with_key = capped(carol, "5.00")
    mine, other = subscribe(carol, **with_key), subscribe(carol)
    ended = subscribe(carol, **with_key)
    assert carol.cancel(ended) == [1]
    hears(mine, 1)
    assert revoke(carol, key_id)
    assert not revoke(carol, key_id)
    assert stands(mine) == ("Paused", "key", 1) and stands(other) == ("Active", "", 0)
    assert told() == [("subscription.canceled", ""), ("subscription.paused", "key")]
    assert events() == [("subscription.paused", "key")]
    hears(mine, 2)
    hears(other, 2)
    time.passes(days=3)
    people.run_schedules()
    assert stands(mine) == ("Paused", "key", 1) and stands(other) == ("Active", "", 1)
    assert carol.balance() == "99.70"


def test_a_key_that_was_revoked_anyhow_orders_nothing(carol: Buyer, time: Time) -> None:
    key_id, with_key = capped(carol, "5.00")
    order_id = subscribe(carol, **with_key)
    with scope(panel=carol.owner.panel):
        assert customer_actions.revoke_key(panel_id=carol.owner.panel_id, key_id=key_id)
    hears(order_id, 1)
    assert stands(order_id) == ("Paused", "key", 0)
    assert carol.balance() == "100.00"


def test_a_key_that_may_not_order_any_more_orders_nothing(carol: Buyer, time: Time) -> None:
    key_id, with_key = capped(carol, "5.00")
    order_id = subscribe(carol, **with_key)
    execute("UPDATE customers_apikey SET can_order = %s WHERE id = %s", False, key_id)
    hears(order_id, 1)
    assert stands(order_id) == ("Paused", "key", 0)


def test_only_the_customer_lets_it_go_on_without_its_key(carol: Buyer, mallory: Buyer, time: Time) -> None:
    key_id, with_key = capped(carol, "0.15")
    order_id = subscribe(carol, **with_key)
    which = {"panel_id": carol.owner.panel_id, "order_id": order_id}
    revoke(carol, key_id)
    before = everything()
    assert pause_actions.resume(**which, by="bob") == pause_actions.WAITS_FOR_CUSTOMER
    wrong = mallory.customer_id
    assert pause_actions.resume(**which, by="mallory", customer_id=wrong) == pause_actions.BAD_ORDER
    assert everything() == before
    assert pause_actions.resume(**which, by="carol", customer_id=carol.customer_id) is None
    hears(order_id, 1, 2)
    assert stands(order_id) == ("Active", "", 2), "on her account, as if placed on the web: no cap"
    assert {child.key_id for child in children_of(order_id)} == {None}
    assert row_of(order_id).key_id == key_id, "who placed it stays known"
    revoke(carol, key_id)
    assert stands(order_id) == ("Active", "", 2)


def test_a_pause_by_hand_outlasts_the_key(carol: Buyer, time: Time) -> None:
    key_id, with_key = capped(carol, "5.00")
    order_id = subscribe(carol, **with_key)
    which = {"panel_id": carol.owner.panel_id, "order_id": order_id, "customer_id": carol.customer_id}
    assert pause_actions.pause(**which, by="carol") is None
    revoke(carol, key_id)
    assert stands(order_id) == ("Paused", "", 0)
    assert pause_actions.resume(**which, by="carol") is None
    hears(order_id, 1)
    assert stands(order_id) == ("Paused", "key", 0)


# ---- the customer and the service ---------------------------------------------------------------------


def test_a_suspended_customer_orders_nothing_until_she_may_again(carol: Buyer, time: Time) -> None:
    order_id = subscribe(carol)
    execute("UPDATE customers_customer SET enabled = %s WHERE id = %s", False, carol.customer_id)
    hears(order_id, 1)
    assert stands(order_id) == ("Paused", "account", 0)
    which = {"panel_id": carol.owner.panel_id, "order_id": order_id}
    assert pause_actions.resume(**which, by="bob") == pause_actions.WAITS_FOR_ACCOUNT
    execute("UPDATE customers_customer SET enabled = %s WHERE id = %s", True, carol.customer_id)
    time.passes(minutes=10)
    people.run_schedules()
    assert stands(order_id) == ("Active", "", 1)


def test_the_runs_of_a_suspended_customers_drip_feed_go_on_for_they_are_paid(
    carol: Buyer, alice: Owner, time: Time
) -> None:
    order_id = carol.order(quantity=100, runs=2, interval=5)
    execute("UPDATE customers_customer SET enabled = %s WHERE id = %s", False, carol.customer_id)
    with scope(panel=alice.panel):
        set_enabled(panel_id=alice.panel_id, number=FOLLOWERS, enabled=False)
    for _ in range(2):
        people.run_schedules()
        time.passes(minutes=5)
    assert [(run.charge_micros, run.status) for run in children_of(order_id)] == [(0, "Pending")] * 2


def test_a_service_that_is_off_pauses_and_one_that_is_on_again_goes_on(carol: Buyer, alice: Owner, time: Time) -> None:
    order_id = subscribe(carol)
    with scope(panel=alice.panel):
        set_enabled(panel_id=alice.panel_id, number=SUBSCRIPTION, enabled=False)
    hears(order_id, 1)
    assert stands(order_id) == ("Paused", "service", 0)
    which = {"panel_id": carol.owner.panel_id, "order_id": order_id, "customer_id": carol.customer_id}
    assert pause_actions.resume(**which, by="carol") == pause_actions.WAITS_FOR_SERVICE
    with scope(panel=alice.panel):
        set_enabled(panel_id=alice.panel_id, number=SUBSCRIPTION, enabled=True)
    time.passes(minutes=10)
    people.run_schedules()
    assert stands(order_id) == ("Active", "", 1)
    assert events() == [("subscription.paused", "service"), ("subscription.went_on", "service")]


def test_a_private_service_is_for_those_on_its_price_list(alice: Owner, time: Time) -> None:
    execute("UPDATE catalog_service SET private = %s WHERE id = %s", True, alice.services[SUBSCRIPTION].id)
    with scope(panel=alice.panel):
        friends = PriceList.objects.create(panel=alice.panel, name="friends", percent_off_e2=0)
        set_own_rate(price_list=friends, number=SUBSCRIPTION, rate_micros=1_200_000)
    dora = alice.customer("dora", balance="10.00", price_list=friends)
    order_id = subscribe(dora)
    hears(order_id, 1)
    assert stands(order_id) == ("Active", "", 1) and dora.balance() == "9.88"
    execute("DELETE FROM catalog_pricelistrate WHERE price_list_id = %s", friends.id)
    hears(order_id, 2)
    assert stands(order_id) == ("Paused", "private", 1)


def test_an_expiry_ends_a_pause_of_any_reason(carol: Buyer, alice: Owner, time: Time) -> None:
    order_id = subscribe(carol, expiry="5/5/2026")
    sold_at(alice, "2.00")
    hears(order_id, 1)
    assert stands(order_id) == ("Paused", "rate", 0)
    time.now = NOON.replace(hour=0) + timedelta(days=2, minutes=1)
    people.run_schedules()
    assert stands(order_id) == ("Expired", "", 0) and carol.balance() == "100.00"


# ---- the rate -----------------------------------------------------------------------------------------


def test_each_post_costs_the_lower_of_the_agreed_and_todays_rate(carol: Buyer, alice: Owner, time: Time) -> None:
    order_id = subscribe(carol)
    hears(order_id, 1)
    sold_at(alice, "0.90")
    hears(order_id, 2)
    sold_at(alice, "1.50")
    hears(order_id, 3)
    assert [(c.rate_micros, c.charge_micros) for c in children_of(order_id)] == [
        (1_500_000, 150_000),
        (900_000, 90_000),
        (1_500_000, 150_000),
    ]
    check_books()


def test_a_higher_rate_pauses_until_it_falls(carol: Buyer, alice: Owner, time: Time) -> None:
    listen(carol)
    order_id = subscribe(carol)
    sold_at(alice, "1.500001")
    hears(order_id, 1)
    assert stands(order_id) == ("Paused", "rate", 0) and carol.balance() == "100.00"
    time.passes(days=2)
    people.run_schedules()
    assert stands(order_id) == ("Paused", "rate", 0)
    sold_at(alice, "1.20")
    time.passes(minutes=10)
    people.run_schedules()
    assert stands(order_id) == ("Active", "", 1) and carol.balance() == "99.88"
    assert told() == [("subscription.paused", "rate"), ("subscription.resumed", "")]


def test_or_until_the_customer_agrees_to_it(carol: Buyer, alice: Owner, time: Time) -> None:
    order_id = subscribe(carol)
    sold_at(alice, "2.00")
    hears(order_id, 1)
    which: dict[str, Any] = {"panel_id": alice.panel_id, "order_id": order_id}
    hers = {**which, "by": "carol", "customer_id": carol.customer_id}
    before = everything()
    assert pause_actions.resume(**which, by="bob") == pause_actions.WAITS_FOR_CUSTOMER
    assert pause_actions.resume(**hers, rate_max_micros=1_999_999) == rules.PRICE_ROSE
    assert everything() == before
    assert pause_actions.resume(**hers, rate_max_micros=2_000_000) is None
    people.run_schedules()
    assert stands(order_id) == ("Active", "", 1) and carol.balance() == "99.80"
    sold_at(alice, "1.80")
    hears(order_id, 2)
    assert children_of(order_id)[-1].rate_micros == 1_800_000
    sold_at(alice, "2.10")
    hears(order_id, 3)
    assert stands(order_id) == ("Paused", "rate", 2)
    assert row_of(order_id).rate_micros == 1_500_000, "what was agreed first stays on record"


def test_it_is_her_own_rate_that_counts(alice: Owner, time: Time) -> None:
    with scope(panel=alice.panel):
        friends = PriceList.objects.create(panel=alice.panel, name="friends", percent_off_e2=5000)
    dora = alice.customer("dora", balance="10.00", price_list=friends)
    order_id = subscribe(dora)
    hears(order_id, 1)
    assert dora.balance() == "9.925"
    sold_at(alice, "1.40")
    hears(order_id, 2)
    assert dora.balance() == "9.855"
    execute("UPDATE customers_pricelist SET percent_off_e2 = 1000 WHERE id = %s", friends.id)
    hears(order_id, 3)
    assert stands(order_id) == ("Paused", "rate", 2), "1.26 now, 0.75 agreed"


def test_another_reason_is_told_too(carol: Buyer, alice: Owner, time: Time) -> None:
    listen(carol)
    order_id = subscribe(carol)
    carol.spends_all_but("0.00")
    hears(order_id, 1)
    assert stands(order_id) == ("Paused", "funds", 0)
    sold_at(alice, "3.00")
    time.passes(minutes=1)
    people.run_schedules()
    assert stands(order_id) == ("Paused", "rate", 0)
    assert told() == [("subscription.paused", "funds"), ("subscription.paused", "rate")]
    time.passes(hours=1)
    people.run_schedules()
    assert len(told()) == 2, "each reason once"
    assert pause_actions.pause(panel_id=alice.panel_id, order_id=order_id, by="bob") is None
    assert pause_actions.cancel(panel_id=alice.panel_id, order_id=order_id, by="bob") is None
    assert row_of(order_id).status == "Canceled"


# ---- the letter -----------------------------------------------------------------------------------------


def letters() -> list[tuple[str, str, str]]:
    """To whom, the subject, the text; only those about subscriptions."""
    return [(to, subject, text) for to, subject, text, kind in values(LETTERS) if kind == "subscription"]


LETTERS = 'SELECT "to", subject, text, kind FROM events_mail ORDER BY id'


def test_the_customer_is_written_to_once_in_a_pause(carol: Buyer, alice: Owner, time: Time) -> None:
    order_id = subscribe(carol)
    hears(order_id, 1)
    assert letters() == []
    carol.spends_all_but("0.00")
    hears(order_id, 2)
    ((to, subject, text),) = letters()
    assert to == value("SELECT email FROM customers_user u JOIN customers_customer c ON c.user_id = u.id")
    assert subject == f"{alice.panel.name}: Subscription paused"
    assert text == (
        f"Paused at {alice.panel.name}:\n{order_id.number}  carol\n\nNot enough funds for the next post.\n\n"
        "Resumes automatically once this is resolved."
    )
    sold_at(alice, "3.00")
    for _ in range(3):
        time.passes(hours=1)
        people.run_schedules()
    assert value(REASON, order_id) == "rate" and len(letters()) == 1, "another reason in the same pause"
    sold_at(alice, "1.50")
    alice.credits(carol, "5.00", reference="later")
    time.passes(hours=1)
    people.run_schedules()
    assert stands(order_id) == ("Active", "", 2) and len(letters()) == 1
    sold_at(alice, "3.00")
    hears(order_id, 3)
    assert [text.split("\n\n")[1] for _, _, text in letters()] == [
        "Not enough funds for the next post.",
        "The service now costs more than the price you agreed to.",
    ]


@pytest.mark.parametrize(
    ("language", "subject", "reason"),
    [
        ("es", "Suscripción en pausa", "No hay fondos suficientes"),
        ("pt-br", "Assinatura pausada", "Não há saldo suficiente"),
        ("ru", "Подписка приостановлена", "Недостаточно средств"),
    ],
)
def test_the_letter_is_in_her_language(carol: Buyer, time: Time, language: str, subject: str, reason: str) -> None:
    execute("UPDATE customers_user SET language = %s", language)
    order_id = subscribe(carol)
    carol.spends_all_but("0.00")
    hears(order_id, 1)
    ((_, told_subject, text),) = letters()
    assert told_subject.endswith(subject) and reason in text and "Paused" not in text


def test_a_revoked_key_writes_one_letter_for_all_its_subscriptions(carol: Buyer, time: Time) -> None:
    key_id, with_key = capped(carol, "9.00")
    ids = [subscribe(carol, username=f"user{n}", **with_key) for n in range(23)]
    assert revoke(carol, key_id)
    ((_, _, text),) = letters()
    numbers = [value("SELECT number FROM orders_order WHERE id = %s", ids[n]) for n in (0, 19)]
    assert f"{numbers[0]}  user0\n" in text and f"{numbers[1]}  user19\nand 3 more" in text and "user20" not in text
    assert "Resume it to continue without that key, or cancel it." in text


def test_who_does_not_want_it_and_who_pauses_by_hand_gets_none(carol: Buyer, time: Time) -> None:
    order_id = subscribe(carol)
    pause: dict[str, Any] = {
        "panel_id": carol.owner.panel_id,
        "order_id": order_id,
        "by": "carol",
        "customer_id": carol.customer_id,
    }
    assert pause_actions.pause(**pause) is None
    assert pause_actions.resume(**pause) is None
    assert letters() == []
    execute("UPDATE customers_user SET mails_off = 'login,subscription'")
    carol.spends_all_but("0.00")
    hears(order_id, 1)
    assert stands(order_id)[0] == "Paused" and letters() == []


# ---- the last day that there is -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "expiry", ["31/12/9999", "30/12/9999", "1/1/9999", "4/5/2026", "5/5/2026", "29/2/2028", "29/02/2400", "04/05/2026"]
)
def test_any_last_day_up_to_the_last_one_there_is_makes_an_order(carol: Buyer, time: Time, expiry: str) -> None:
    order_id = subscribe(carol, expiry=expiry)
    people.run_schedules()
    hears(order_id, 1)
    assert stands(order_id) == ("Active", "", 1)
    order = row_of(order_id)
    assert order.due_at is not None and order.due_at <= time.now + timedelta(days=1)


@pytest.mark.parametrize(
    "expiry",
    [
        *("1/1/0001", "31/12/1999", "3/5/2026", "32/12/9999", "1/1/10000", "0/0/0000", "00/00/0000", "31/04/2027"),
        *("29/2/2027", "29/02/2100", "30/2/2028", "12/31/2027", "2027-05-06", "6-5-2027", "6.5.2027", "6/5/27"),
        *(
            "06/05/2027 00:00",
            "6/5/2027T00:00Z",
            "+6/5/2027",
            "6 /5/2027",
            "6//5/2027",
            "٦/٥/٢٠٢٧",
            "6/5/2027/",
            "tomorrow",
        ),
    ],
)
def test_a_day_that_is_over_or_none_is_refused(carol: Buyer, time: Time, expiry: str) -> None:
    refusal = carol.refused(service=SUBSCRIPTION, expiry=expiry)
    assert (refusal.code, refusal.field) == ("bad_field", "expiry")


@pytest.mark.parametrize(
    ("last_day", "hours"), [("9999-12-31", 24), ("2026-05-06", 24), ("2026-05-05", 24), ("2026-05-04", 12)]
)
def test_when_a_subscription_is_looked_at_next(last_day: str, hours: int) -> None:
    assert rules.subscription_due(now=NOON, expires_on_iso=last_day) == NOON + timedelta(hours=hours)
    assert date.fromisoformat(last_day)


@pytest.mark.parametrize(
    ("hour", "minute", "expiry", "placed"),
    [(23, 59, "4/5/2026", True), (0, 1, "3/5/2026", False), (0, 1, "4/5/2026", True), (23, 59, "3/5/2026", False)],
)
def test_the_last_day_is_a_day_of_utc_whatever_zone_the_customer_is_in(
    carol: Buyer, time: Time, hour: int, minute: int, expiry: str, placed: bool
) -> None:
    """It is ordered for until the day's last minute, and is over with the next one."""
    execute("UPDATE customers_user SET timezone = 'Pacific/Kiritimati'")
    time.now = NOON.replace(hour=hour, minute=minute)
    if not placed:
        assert carol.refused(service=SUBSCRIPTION, expiry=expiry).field == "expiry"
        return
    order_id = subscribe(carol, expiry=expiry)
    time.now = NOON.replace(hour=23, minute=59)
    hears(order_id, 1)
    assert stands(order_id) == ("Active", "", 1)
    time.passes(minutes=1)
    people.run_schedules()
    assert row_of(order_id).status == "Expired"
