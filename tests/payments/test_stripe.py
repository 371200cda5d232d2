"""Stripe, over HTTP against a simulated one: credited once and exactly, whatever is repeated, lost, late or forged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django_scopes import scope

from tests.support.people import Time, everything, execute, value, values
from tests.support.threads import together

if TYPE_CHECKING:
    from tests.payments.shop import Shop

pytestmark = pytest.mark.django_db(transaction=True)


def state(payment_id: int) -> str:
    return str(value("SELECT state FROM payments_payment WHERE id = %s", payment_id))


def unmoved(before: dict[str, Any]) -> None:
    """Nothing but when and how often somebody was asked."""
    assert {name: rows for name, rows in everything().items() if name in _MONEY} == {
        name: rows for name, rows in before.items() if name in _MONEY
    }


_MONEY = {"ledger_transfer", "ledger_account", "payments_refund", "payments_paymentstep"}


def test_a_card_pays_from_the_page_to_the_balance(shop: Shop) -> None:
    shop.set_terms(fee_percent_e2=290, fee_fixed_micros=300_000, bonuses="20 10")
    id_ = shop.begin("100")
    session = shop.session(id_)
    assert (session.amount, session.currency, session.livemode) == (10320, "usd", False)
    assert session.metadata == {"reference": session.reference, "panel": "shop", "payment": "1001"}
    assert state(id_) == "sent" and "Continue to payment" in shop.browser.get("/funds/1001")
    shop.stripe.pay(session.id)
    # The way back says nothing by itself; it brings the question forward.
    assert "Continue to payment" in shop.browser.get("/funds/1001?from=gateway")
    assert shop.carol.balance() == "100.00"
    shop.work()
    assert "110.00 USD arrived on your balance." in shop.browser.get("/funds/1001")
    assert shop.carol.balance() == "210.00" and shop.alice.audit() == []
    assert values("SELECT code, amount_micros FROM ledger_transfer WHERE reference = 'P-1001' ORDER BY id") == [
        ("deposit", 100_000_000),
        ("fee", 3_200_000),
        ("bonus", 10_000_000),
    ]


def test_a_webhook_is_a_hint_and_credits_by_stripes_own_answer(shop: Shop) -> None:
    id_ = shop.begin()
    shop.stripe.pay(shop.session(id_).id)
    # Whatever its body says of the amount.
    assert shop.tell(id_, amount_total=9_999_999) == 200
    assert shop.carol.balance() == "100.00"
    shop.work()
    assert shop.carol.balance() == "120.00" and state(id_) == "paid" and shop.alice.audit() == []


@pytest.mark.parametrize(
    ("currency", "amount", "told", "part", "told_part"),
    [
        # No smaller unit, and counted in hundredths by Stripe: 5000 shillings are not fifty.
        ("UGX", "5000", 500_000, "2000", 200_000),
        ("ISK", "5000", 500_000, "2000", 200_000),
        ("JPY", "5000", 5_000, "2000", 2_000),
        ("KWD", "50", 50_000, "20", 20_000),
        ("EUR", "50", 5_000, "20", 2_000),
    ],
)
def test_amounts_are_in_stripes_units(
    shop: Shop, currency: str, amount: str, told: int, part: str, told_part: int
) -> None:
    shop.method_id = shop.method(currency, currency=currency, rate_e12=2 * 10**9)
    id_ = shop.begin(amount, method=str(shop.method_id))
    session = shop.session(id_)
    assert (session.amount, session.currency) == (told, currency.lower())
    shop.stripe.pay(session.id)
    assert shop.tell(id_) == 200
    shop.work()
    assert state(id_) == "paid"
    assert value("SELECT credit_micros FROM payments_payment") == int(amount) * 2_000
    shop.refund(id_, part)
    shop.work()
    assert [one["amount"] for one in shop.stripe.refunds] == [told_part]
    assert state(id_) == "part_refunded" and shop.alice.audit() == []


def test_told_twice_and_out_of_order_it_is_credited_once(shop: Shop) -> None:
    id_ = shop.begin()
    shop.stripe.pay(shop.session(id_).id)
    for kind in ("checkout.session.async_payment_succeeded", "checkout.session.completed"):
        assert shop.tell(id_, kind, event_id="evt_same") == 200
        shop.work()
    assert shop.tell(id_, "checkout.session.expired") == 200
    shop.work()
    assert shop.carol.balance() == "120.00" and state(id_) == "paid" and shop.alice.audit() == []
    assert value("SELECT COUNT(*) FROM payments_webhookevent") == 2


def test_fifty_at_once_credit_once(shop: Shop) -> None:
    id_ = shop.begin()
    shop.stripe.pay(shop.session(id_).id)
    assert shop.tell(id_) == 200

    def ask() -> bool:
        execute("UPDATE payments_payment SET due_at = created_at WHERE id = %s AND state = 'sent'", id_)
        return shop.look(id_)

    together([ask] * 50)
    assert shop.carol.balance() == "120.00" and shop.alice.audit() == []


def test_by_asking_alone(shop: Shop, time: Time) -> None:
    id_ = shop.begin()
    shop.stripe.pay(shop.session(id_).id)
    assert shop.work() == 0, "not due yet"
    time.passes(minutes=1)
    assert shop.work() == 1
    assert shop.carol.balance() == "120.00" and state(id_) == "paid"


def test_a_webhook_before_the_answer_to_the_creation(shop: Shop, time: Time) -> None:
    """Stripe has made the session; its answer is lost."""
    from tests.payments.shop import led_to

    shop.stripe.lose_answers = 1
    sent = shop.browser.post("/funds/pay", **shop.pay_form())
    assert sent["location"] == "/funds/1001"
    assert "cannot be reached" in shop.browser.get("/funds/1001")
    id_ = int(value("SELECT id FROM payments_payment"))
    (session,) = shop.stripe.sessions.values()
    assert shop.tell(id_) == 200
    shop.work()
    assert state(id_) == "created" and shop.carol.balance() == "100.00"
    # Sent again with the same key it is the same session, and no second one.
    again = led_to(shop.browser.post("/funds/1001/pay"))
    assert session.id in again and len(shop.stripe.sessions) == 1
    shop.stripe.pay(session.id)
    assert shop.tell(id_) == 200
    shop.work()
    assert shop.carol.balance() == "120.00" and shop.alice.audit() == []


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"amount_total": 1999}, "received_other_amount"),
        ({"amount_total": 2001}, "received_other_amount"),
        ({"amount_total": 10}, "received_other_amount"),
        ({"amount_total": 20_000}, "received_other_amount"),
        ({"currency": "eur"}, "received_other_currency"),
        ({"client_reference_id": "SOMEBODYELSE"}, "received_for_another"),
        ({"client_reference_id": None}, "received_for_another"),
        ({"livemode": True}, "received_in_test_mode"),
    ],
)
def test_what_differs_is_for_staff(shop: Shop, time: Time, told: dict[str, Any], code: str) -> None:
    id_ = shop.begin()
    session = shop.session(id_)
    shop.stripe.pay(session.id)
    session.told = told
    for _ in range(2):
        shop.tell(id_)
        # Where the event names another payment, it is found by asking.
        time.passes(minutes=1)
        shop.work()
    assert (state(id_), value("SELECT problem_code FROM payments_payment")) == ("problem", code)
    assert shop.carol.balance() == "100.00" and shop.alice.audit() == []


def test_a_forged_webhook_changes_nothing(shop: Shop, time: Time) -> None:
    id_ = shop.begin()
    now = int(time.now.timestamp())
    body, signature = shop.stripe.event("checkout.session.completed", shop.session(id_).id, at=now)
    before = everything()
    for forged in (
        "",
        "t=,v1=",
        signature.replace("v1=", "v1=0"),
        signature.replace("v1=", "v0="),
        f"t={now + 1}," + signature.partition(",")[2],
        shop.stripe.signature(body, at=now, secret="whsec_of_somebody_else"),
        shop.stripe.signature(body, at=now - 301),
        shop.stripe.signature(body, at=now + 301),
        "t=ⅷ,v1=ⅷ",
        "x" * 8_000,
    ):
        assert shop.post(body, forged.encode("utf-8").decode("latin-1")) == 400, forged
    assert shop.post(body + b" ", signature) == 400
    assert everything() == before
    # Five minutes to each side are allowed.
    assert shop.post(body, shop.stripe.signature(body, at=now - 300)) == 200


def test_both_secrets_count_while_one_is_exchanged(shop: Shop) -> None:
    from panelwright.payments import method_actions

    id_ = shop.begin()
    old, new = shop.stripe.secret, "whsec_the_new_secret_of_the_endpoint"
    with scope(panel=shop.alice.panel):
        method_actions.set_gateway(panel_id=shop.alice.panel_id, method_id=shop.method_id, hook_secret=f"{old}, {new}")
    assert [shop.tell(id_, secret=secret) for secret in (old, new, "whsec_of_somebody_else")] == [200, 200, 400]


def test_a_webhook_at_another_address_or_too_large_or_unknown(shop: Shop, time: Time) -> None:
    from panelwright.core import limits

    id_ = shop.begin()
    now = int(time.now.timestamp())
    body, signature = shop.stripe.event("checkout.session.completed", shop.session(id_).id, at=now)
    before = everything()
    assert shop.post(body, signature, path="/hooks/payments/" + "A" * 43) == 404
    assert shop.post(body, signature, host=shop.mallory.owner.host) == 404
    assert shop.post(b"x" * (limits.PAYMENT_HOOK_BYTES_MAX + 1), signature) == 413
    for odd in (b"", b"[]", b"null", b"{}", b'{"id": 7}', b"\xff", b"[" * 100_000):
        assert shop.post(odd, shop.stripe.signature(odd, at=now)) == 200, odd[:20]
    unmoved(before)
    # Of somebody else on the same account: kept, and nobody's.
    foreign = b'{"id": "evt_x", "data": {"object": {"client_reference_id": "OF ANOTHER SHOP"}}}'
    assert shop.post(foreign, shop.stripe.signature(foreign, at=now)) == 200
    assert values("SELECT event_id, payment_id FROM payments_webhookevent") == [("evt_x", None)]
    unmoved(before)


def test_a_session_that_expired_and_was_paid_all_the_same(shop: Shop, time: Time) -> None:
    id_ = shop.begin()
    session = shop.session(id_)
    shop.stripe.expire(session.id)
    shop.tell(id_, "checkout.session.expired")
    shop.work()
    assert state(id_) == "expired"
    time.passes(days=3)
    shop.stripe.pay(session.id)
    shop.tell(id_)
    shop.work()
    assert state(id_) == "paid" and shop.carol.balance() == "120.00" and shop.alice.audit() == []


def test_who_cancels_here_and_pays_there_is_credited_without_a_webhook(shop: Shop, time: Time) -> None:
    id_ = shop.begin()
    shop.browser.post("/funds/1001/cancel")
    assert state(id_) == "canceled"
    shop.stripe.pay(shop.session(id_).id)
    time.passes(minutes=1)
    shop.work()
    assert state(id_) == "paid" and shop.carol.balance() == "120.00" and shop.alice.audit() == []


def test_what_was_canceled_is_asked_about_until_its_checkout_is_over(shop: Shop, time: Time) -> None:
    id_ = shop.begin()
    shop.browser.post("/funds/1001/cancel")
    time.passes(minutes=1)
    assert shop.work() == 1
    shop.stripe.expire(shop.session(id_).id)
    time.passes(minutes=2)
    assert shop.work() == 1
    time.passes(days=15)
    assert shop.work() == 0 and state(id_) == "canceled"


def test_what_is_told_while_stripe_answers_is_not_forgotten(shop: Shop, time: Time, monkeypatch: Any) -> None:
    from dataclasses import replace

    from panelwright.payments import asking_actions, connections
    from panelwright.payments.tests import making

    id_ = shop.begin()
    session = shop.session(id_)
    with scope(panel=shop.alice.panel):
        stripe: Any = connections.api_of(making.method_row(shop.method_id))

    def answered(to: Any, reference: str, gateway_id: str) -> Any:
        """Paid, and told of, when the answer was on its way already."""
        found = stripe.ask(to, reference, gateway_id)
        if session.status == "open":
            shop.stripe.pay(session.id)
            assert shop.tell(id_) == 200
        return found

    slow = replace(stripe, ask=answered)
    monkeypatch.setattr(asking_actions, "api_of", lambda _method: slow)
    time.passes(minutes=1)
    shop.work()
    assert state(id_) == "sent" and shop.carol.balance() == "100.00"
    shop.work()
    assert state(id_) == "paid" and shop.carol.balance() == "120.00"


def test_what_staff_approved_is_not_asked_about_for_ever(shop: Shop, time: Time) -> None:
    from panelwright.payments.tests.making import approve

    id_ = shop.begin()
    approve(shop.alice, id_)
    # Whether Stripe has the money; where not, its checkout is closed.
    assert shop.work() == 1 and shop.session(id_).status == "expired"
    shop.browser.get("/funds/1001?from=gateway")
    assert shop.work() == 0
    shop.tell(id_, "checkout.session.expired")
    assert shop.work() == 1
    time.passes(days=1)
    assert shop.work() == 0 and state(id_) == "paid" and shop.carol.balance() == "120.00"


def test_a_payment_that_fails(shop: Shop) -> None:
    id_ = shop.begin()
    shop.stripe.fail(shop.session(id_).id)
    shop.tell(id_, "checkout.session.async_payment_failed")
    shop.work()
    assert state(id_) == "failed" and shop.carol.balance() == "100.00"


def test_nobody_pays_for_two_weeks(shop: Shop, time: Time) -> None:
    id_ = shop.begin()
    asked = 0
    for _ in range(60):
        time.passes(hours=8)
        asked += shop.work()
    assert state(id_) == "expired" and 5 <= asked <= 12
    assert shop.work() == 0


def test_stripe_is_down_and_comes_back(shop: Shop, time: Time) -> None:
    from tests.payments.shop import led_to

    shop.stripe.fail_after = 1
    shop.browser.post("/funds/pay", **shop.pay_form())
    # The fault was theirs, after the work; with its key it is told again for a day.
    assert led_to(shop.browser.post("/funds/1001/pay")).startswith(shop.stripe.base_url)
    assert len(shop.stripe.sessions) == 1
    id_ = int(value("SELECT id FROM payments_payment"))
    shop.stripe.pay(shop.session(id_).id)
    shop.stripe.refuse_keys = True
    shop.tell(id_)
    shop.work()
    assert state(id_) == "sent"
    shop.stripe.refuse_keys = False
    time.passes(minutes=5)
    shop.work()
    assert state(id_) == "paid" and shop.carol.balance() == "120.00"


def test_refunded_in_part_in_full_and_no_more(shop: Shop, time: Time) -> None:
    shop.set_terms(fee_percent_e2=1000, bonuses="20 10")
    id_ = shop.begin("20")
    shop.stripe.pay(shop.session(id_).id)
    shop.tell(id_)
    shop.work()
    assert shop.carol.balance() == "122.00"
    from panelwright.core.refusal import Refusal

    # 22 were paid: half of it takes half of the credit, of the bonus and of the fee.
    assert not isinstance(shop.refund(id_, "11"), Refusal)
    assert shop.carol.balance() == "111.00" and shop.stripe.refunds == []
    shop.work()
    assert state(id_) == "part_refunded" and [one["amount"] for one in shop.stripe.refunds] == [1100]
    refused = shop.refund(id_, "11.01")
    assert isinstance(refused, Refusal) and refused.code == "more_than_received"
    assert not isinstance(shop.refund(id_), Refusal)
    shop.work()
    assert state(id_) == "refunded" and [one["amount"] for one in shop.stripe.refunds] == [1100, 1100]
    assert shop.carol.balance() == "100.00" and shop.alice.audit() == []
    refused = shop.refund(id_)
    assert isinstance(refused, Refusal) and refused.code == "not_refundable"
    fees = "SELECT COALESCE(SUM(CASE WHEN c.kind = 'fees' THEN amount_micros ELSE -amount_micros END), 0)" + (
        " FROM ledger_transfer t JOIN ledger_account c ON c.id = t.credit_account_id WHERE t.code = 'fee'"
    )
    assert value(fees) == 0


def test_a_lost_answer_to_a_refund_refunds_once(shop: Shop, time: Time) -> None:
    id_ = shop.begin()
    shop.stripe.pay(shop.session(id_).id)
    shop.tell(id_)
    shop.work()
    shop.refund(id_)
    shop.stripe.lose_answers = 1
    shop.work()
    assert values("SELECT state FROM payments_refund") == [("requested",)]
    time.passes(minutes=10)
    shop.work()
    assert values("SELECT state FROM payments_refund") == [("done",)]
    assert len(shop.stripe.refunds) == 1 and shop.carol.balance() == "100.00" and shop.alice.audit() == []


def test_what_was_spent_is_not_refunded(shop: Shop) -> None:
    from panelwright.core.refusal import Refusal

    id_ = shop.begin()
    shop.stripe.pay(shop.session(id_).id)
    shop.tell(id_)
    shop.work()
    shop.carol.spends_all_but("5.00")
    before = everything()
    refused = shop.refund(id_)
    assert isinstance(refused, Refusal) and refused.code == "balance_below"
    unmoved(before)


def test_a_refund_that_stripe_refuses_is_booked_back(shop: Shop) -> None:
    shop.set_terms(bonuses="20 10")
    id_ = shop.begin()
    shop.stripe.pay(shop.session(id_).id)
    shop.tell(id_)
    shop.work()
    shop.stripe.refuse_refunds = True
    shop.refund(id_, "10")
    assert shop.carol.balance() == "111.00"
    shop.work()
    assert shop.carol.balance() == "122.00" and state(id_) == "paid" and shop.alice.audit() == []
    # And can be asked for again.
    shop.stripe.refuse_refunds = False
    shop.refund(id_)
    shop.work()
    assert shop.carol.balance() == "100.00" and state(id_) == "refunded" and shop.alice.audit() == []


def test_a_refund_in_stripes_dashboard_is_booked_when_it_is_told_of(shop: Shop) -> None:
    id_ = shop.begin()
    session = shop.session(id_)
    shop.stripe.pay(session.id)
    shop.tell(id_)
    shop.work()
    shop.stripe.refund_there(session.id, 500)
    for _ in range(2):
        assert shop.tell(id_, "charge.refunded") == 200
        shop.work()
    assert shop.carol.balance() == "115.00" and state(id_) == "part_refunded" and shop.alice.audit() == []
    # What was spent becomes a debt.
    shop.carol.spends_all_but("1.00")
    shop.stripe.refund_there(session.id, 1500)
    shop.tell(id_, "charge.refunded")
    shop.work()
    assert shop.carol.balance() == "0.00" and state(id_) == "refunded" and shop.alice.audit() == []
    assert value("SELECT owed_micros FROM ledger_account WHERE id = %s", shop.carol.account_id) == 14_000_000


@pytest.mark.parametrize("rejected", [True, False])
def test_what_was_never_credited_is_given_back_without_the_balance(shop: Shop, time: Time, rejected: bool) -> None:
    from django.db import transaction

    from panelwright.payments import staff_actions
    from panelwright.payments.tests.making import BOB

    id_ = shop.begin()
    session = shop.session(id_)
    shop.stripe.pay(session.id)
    session.told = {"amount_total": 1999}
    if rejected:
        shop.tell(id_)
        shop.work()
        assert state(id_) == "problem"
        with scope(panel=shop.alice.panel), transaction.atomic():
            staff_actions.reject(
                BOB, panel_id=shop.alice.panel_id, payment_id=id_, reason="Another amount.", now=time.now
            )
    # Staff send it back where it came from.
    shop.stripe.refund_there(session.id, 1999)
    shop.tell(id_, "charge.refunded")
    shop.work()
    assert shop.carol.balance() == "100.00" and shop.alice.audit() == []
    assert value("SELECT owed_micros FROM ledger_account WHERE id = %s", shop.carol.account_id) == 0
    assert values("SELECT * FROM payments_refund") == []


def test_two_panels_on_one_account_do_not_take_each_others(shop: Shop) -> None:
    from tests.payments.shop import Shop as AnotherShop

    id_ = shop.begin()
    other = AnotherShop.__new__(AnotherShop)
    other.__dict__ |= shop.__dict__
    other.method_id = shop.method("Card of the other account")
    shop.stripe.pay(shop.session(id_).id)
    before = everything()
    assert other.tell(id_) == 200
    other.work()
    unmoved(before)
    assert shop.tell(id_) == 200
    shop.work()
    assert shop.carol.balance() == "120.00"


def test_without_its_secrets_it_is_not_turned_on(shop: Shop, settings: Any) -> None:
    from panelwright.core.refusal import Refused
    from panelwright.payments import method_actions

    panel_id = shop.alice.panel_id
    with scope(panel=shop.alice.panel):
        row = method_actions.add(panel_id=panel_id, kind="stripe", name="Bare")

        def on() -> str:
            try:
                method_actions.turn(panel_id=panel_id, method_id=row.id, enabled=True)
            except Refused as refused:
                return refused.refusal.code
            return ""

        assert on() == "stripe_key_missing"
        method_actions.set_gateway(panel_id=panel_id, method_id=row.id, key="sk_test_ofthesimulatedgateway")
        assert on() == "stripe_hook_secret_missing"
        method_actions.set_gateway(panel_id=panel_id, method_id=row.id, hook_secret=shop.stripe.secret)
        settings.TEST_PAYMENTS = False
        assert on() == "test_mode_off"
        settings.TEST_PAYMENTS = True
        assert on() == ""


def test_test_money_counts_for_nothing_once_the_installation_takes_none(shop: Shop, settings: Any) -> None:
    id_ = shop.begin()
    form = shop.pay_form()
    settings.TEST_PAYMENTS = False
    shop.stripe.pay(shop.session(id_).id)
    shop.tell(id_)
    shop.work()
    assert state(id_) == "problem" and shop.carol.balance() == "100.00"
    assert value("SELECT problem_code FROM payments_payment") == "received_in_test_mode"
    # And the method, which is still on, is not offered.
    assert "This panel has no payment methods yet." in shop.browser.get("/funds?amount=20")
    shop.browser.post("/funds/pay", **form)
    assert value("SELECT COUNT(*) FROM payments_payment") == 1


def test_the_test_button_makes_a_call_and_says_what_is_wrong(shop: Shop) -> None:
    from panelwright.storefront.tests.browsing import Browser

    owner = Browser(shop.alice, shop.alice.staff.user)
    where = f"/admin/payment_methods/{shop.method_id}/test"
    assert owner.post(where).status_code == 200
    assert shop.stripe.calls[-1] == "GET /v1/balance"
    shop.stripe.refuse_keys = True
    answer = owner.post(where)
    assert answer.status_code == 422 and "Invalid API Key provided" in answer.content.decode()


def test_secrets_are_shown_nowhere(shop: Shop) -> None:
    from panelwright.storefront.tests.browsing import Browser
    from tests.payments.shop import KEY

    owner = Browser(shop.alice, shop.alice.staff.user)
    owner.post(f"/admin/payment_methods/{shop.method_id}/set_stripe", key=KEY, hook_secret=shop.stripe.secret)
    id_ = shop.begin()
    shop.stripe.refuse_keys = True
    shop.tell(id_)
    shop.work()
    pages = "".join(
        owner.get(path)
        for path in (
            "/admin/payment-methods",
            f"/admin/payment_methods/{shop.method_id}/set_stripe",
            "/admin/payments/1001",
            "/admin/trail",
        )
    )
    kept = str(everything())
    for secret in (KEY, shop.stripe.secret):
        assert secret not in pages and secret not in kept


def test_the_vector_of_the_signature() -> None:
    from datetime import UTC, datetime

    from panelwright.payments.gateways.stripe import signature

    body, secret = b'{"id":"evt_test_1","object":"event"}', "whsec_test_secret"
    wanted = "29ab30b7065c11b28e53ac114fac5d6c492ed811a12d11ed2c2aad5bb4cf9809"
    assert signature.sign(secret, at=1_700_000_000, body=body) == wanted
    now = datetime.fromtimestamp(1_700_000_000, UTC)
    assert signature.verified((secret,), f"t=1700000000,v1={wanted}", body, now)
    assert signature.verified(("", secret), f"v0=1,t=1700000000,v1=00,v1={wanted}", body, now)
    assert not signature.verified(
        ("",), f"t=1700000000,v1={signature.sign('', at=1_700_000_000, body=body)}", body, now
    )
    assert not signature.verified((), f"t=1700000000,v1={wanted}", body, now)
