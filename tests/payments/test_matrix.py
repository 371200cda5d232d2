"""Every gateway, over HTTP against its simulated one: credited once and exactly, whatever is repeated, lost, late or
forged. How each is played: plays.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.people import Time, everything, execute, value, values
from tests.support.story import Story
from tests.support.threads import together

if TYPE_CHECKING:
    from tests.payments.till import Till

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = (
    "pix",
    "mercado_pago_checkout",
    "paypal",
    "btcpay",
    "cryptomus",
    "razorpay",
    "flutterwave",
    "paystack",
    "nowpayments",
    "binance_pay",
    "uddoktapay",
    "piprapay",
    "yookassa",
)
# What of a payment can differ there.
_EVERYWHERE = ("less", "more", "currency")
DIFFERS = {
    "pix": (*_EVERYWHERE, "reference", "mode", "account"),
    # What its search does not find under our reference is nobody's.
    "mercado_pago_checkout": (*_EVERYWHERE, "mode", "account"),
    "paypal": (*_EVERYWHERE, "reference"),
    "btcpay": (*_EVERYWHERE, "reference"),
    "cryptomus": (*_EVERYWHERE, "reference"),
    "razorpay": (*_EVERYWHERE, "reference"),
    "nowpayments": (*_EVERYWHERE, "reference"),
    "binance_pay": (*_EVERYWHERE, "reference"),
    # Its answers have no currency, and what has another reference is nobody's.
    "uddoktapay": ("less", "more"),
    "piprapay": (*_EVERYWHERE, "reference"),
    "paystack": (*_EVERYWHERE, "reference", "mode"),
    # What it does not list under our reference is nobody's.
    "flutterwave": _EVERYWHERE,
    "yookassa": (*_EVERYWHERE, "reference", "mode", "account"),
}
# Those that give back at a word of ours.
REFUNDING = (
    "pix",
    "mercado_pago_checkout",
    "paypal",
    "btcpay",
    "razorpay",
    "paystack",
    "flutterwave",
    "yookassa",
    "binance_pay",
)
# Those that tell of disputes.
DISPUTING = ("pix", "mercado_pago_checkout", "paypal", "razorpay", "paystack", "flutterwave")
# Those that can be asked about what nobody has named yet.
POLLED = tuple(name for name in NAMES if name != "uddoktapay")
STAMPED = ("pix", "mercado_pago_checkout", "binance_pay")
# Those that say that a payment has ended unpaid; of the others a buyer may try again.
ENDING = ("pix", "paypal", "btcpay", "cryptomus", "razorpay", "nowpayments", "piprapay", "yookassa", "binance_pay")
# Those that say what was given back there without us.
TELLING_REFUNDS = ("pix", "mercado_pago_checkout", "paypal", "razorpay", "paystack", "flutterwave", "yookassa")
# Those whose webhooks have no name of their own: what says the same is the same.
UNNAMED = ("binance_pay", "cryptomus", "flutterwave", "nowpayments", "paystack", "uddoktapay", "yookassa")
_MONEY = {"ledger_transfer", "ledger_account", "payments_refund", "payments_paymentstep"}


@pytest.fixture(params=NAMES)
def till(request: Any, story: Story, settings: Any) -> Iterator[Till]:
    from tests.payments.plays import PLAYS
    from tests.payments.shop import serving
    from tests.payments.till import Till

    assert set(PLAYS) == set(NAMES)
    play = PLAYS[request.param]()
    with serving(**{play.kind: play.gateway}) as url:
        settings.SANDBOX_GATEWAYS, settings.TEST_PAYMENTS = url, True
        yield Till(story, play)


def money(found: dict[str, Any]) -> dict[str, Any]:
    """What has to do with money, and the stories of payments."""
    return {name: rows for name, rows in found.items() if name in _MONEY}


def test_it_pays_from_the_page_to_the_balance(till: Till) -> None:
    id_ = till.begin()
    till.pay(id_)
    # The way back says nothing by itself; it brings the question forward.
    till.browser.get("/funds/1001?from=gateway")
    assert till.balance() == "100.00"
    till.settle()
    assert till.balance() == "120.00" and till.state(id_) == "paid"
    assert "20.00 USD arrived on your balance." in till.browser.get("/funds/1001")
    assert values("SELECT code, amount_micros FROM ledger_transfer WHERE reference = 'P-1001'") == [
        ("deposit", 20_000_000)
    ]
    till.audit()


def test_a_buyer_pays_on_its_page_and_is_led_back(till: Till, time: Time) -> None:
    from urllib.parse import urlsplit

    import urllib3

    id_ = till.begin()
    url = value("SELECT url FROM payments_payment")
    shown = urllib3.request("GET", url, redirect=False)
    assert shown.status == 200 and b"<button>Pay</button>" in shown.data
    done = urllib3.request("POST", url, redirect=False)
    if value("SELECT code FROM payments_payment"):
        # Who pays by a code on our own page has no page to be led back to.
        assert done.status == 200
    else:
        led = urlsplit(done.headers["location"])
        assert (done.status, led.path) == (303, "/funds/1001")
        till.browser.get(f"{led.path}?{led.query}")
    time.passes(minutes=1)
    till.settle()
    assert (till.state(id_), till.balance()) == ("paid", "120.00")


def test_a_webhook_is_a_hint_and_credits_by_the_gateways_own_answer(till: Till) -> None:
    id_ = till.begin()
    before = money(everything())
    assert till.tell(id_, lie=True) == 200
    till.settle()
    assert money(everything()) == before and till.state(id_) == "sent"
    till.pay(id_)
    assert till.tell(id_, lie=True) == 200
    assert till.balance() == "100.00"
    till.settle()
    assert till.balance() == "120.00" and till.state(id_) == "paid"
    till.audit()


def test_told_again_and_again_it_is_credited_once(till: Till) -> None:
    id_ = till.begin()
    till.pay(id_)
    sent = till.play.hook(till.reference(id_))
    for _ in range(3):
        assert till.post(sent) == 200
        till.settle()
    assert till.tell(id_) == 200
    till.settle()
    assert till.balance() == "120.00" and till.state(id_) == "paid"
    # What has no name of its own is one with what says the same.
    kept = 1 if till.play.kind in UNNAMED else 2
    assert value("SELECT COUNT(*) FROM payments_webhookevent") == kept
    till.audit()


def test_fifty_at_once_credit_once(till: Till) -> None:
    id_ = till.begin()
    till.pay(id_)
    assert till.tell(id_) == 200

    def ask() -> bool:
        execute("UPDATE payments_payment SET due_at = created_at WHERE id = %s AND state = 'sent'", id_)
        return till.look(id_)

    together([ask] * 50)
    till.settle()
    assert till.balance() == "120.00"
    till.audit()


@pytest.mark.parametrize("till", POLLED, indirect=True)
def test_by_asking_alone(till: Till, time: Time) -> None:
    id_ = till.begin()
    till.pay(id_)
    assert till.work() == 0, "not due yet"
    time.passes(minutes=1)
    assert till.work() == 1
    assert till.balance() == "120.00" and till.state(id_) == "paid"


@pytest.mark.parametrize("knob", ["lose_answers", "fail_after"])
def test_a_lost_answer_to_the_creation_makes_one_payment(till: Till, time: Time, knob: str) -> None:
    setattr(till.play.double, knob, 1)
    sent = till.browser.post("/funds/pay", **till.form())
    assert sent["location"] == "/funds/1001"
    assert "cannot be reached" in till.browser.get("/funds/1001")
    id_ = int(value("SELECT id FROM payments_payment"))
    till.browser.post("/funds/1001/pay")
    assert till.play.is_there(till.reference(id_)) == till.play.made_twice and till.state(id_) == "sent"
    till.pay(id_)
    time.passes(minutes=1)
    till.settle()
    assert till.balance() == "120.00" and till.state(id_) == "paid"
    till.audit()


@pytest.mark.parametrize(("till", "what"), [(name, one) for name in NAMES for one in DIFFERS[name]], indirect=["till"])
def test_what_differs_is_for_staff(till: Till, time: Time, what: str) -> None:
    from tests.payments.till import DIFFERENCES

    id_ = till.begin()
    till.play.differ(till.reference(id_), what)
    till.come_back(id_)
    for _ in range(2):
        time.passes(minutes=1)
        till.settle()
    problem = value("SELECT problem_code FROM payments_payment")
    assert (till.state(id_), problem) == ("problem", DIFFERENCES[what])
    assert till.balance() == "100.00"
    till.audit()


def test_a_forged_webhook_changes_nothing(till: Till) -> None:
    id_ = till.begin()
    till.pay(id_)
    forged = till.play.forged(till.reference(id_))
    before = everything()
    for sent in forged:
        assert till.post(sent) == 400, sent
    after = everything()
    # A gateway that is asked whether it has sent it has a budget, which is counted.
    assert {name for name in after if after[name] != before[name]} <= {"customers_attempts"}
    assert till.balance() == "100.00" and till.state(id_) == "sent"


@pytest.mark.parametrize("till", STAMPED, indirect=True)
def test_an_old_stamp_and_one_of_the_future_are_refused(till: Till, time: Time) -> None:
    id_ = till.begin()
    now = int(time.now.timestamp())
    for off, status in ((-301, 400), (301, 400), (-299, 200), (299, 200)):
        assert till.tell(id_, at_s=now + off) == status, off


def test_what_is_no_event_is_answered_and_changes_nothing(till: Till) -> None:
    from tests.payments.till import SentHook

    id_ = till.begin()
    before = money(everything())
    headers = till.play.hook(till.reference(id_)).headers
    for body in (b"", b"null", b"[]", b"{", b'"x"', b"[" * 30_000, b"\xff\xfe"):
        assert till.post(SentHook(headers, body)) in (200, 400)
    assert till.post(SentHook(headers, b"x" * 262_145)) == 413
    till.settle()
    assert money(everything()) == before


def test_an_event_for_another_method_moves_nothing(till: Till, time: Time) -> None:
    id_ = till.begin()
    till.play.pay(till.reference(id_))
    before = money(everything())
    other = till.method("The same account again")
    assert till.post(till.play.hook(till.reference(id_)), method_id=other) == 200
    till.settle()
    assert money(everything()) == before
    till.come_back(id_)
    time.passes(minutes=1)
    till.settle()
    assert till.balance() == "120.00"


@pytest.mark.parametrize("till", ENDING, indirect=True)
def test_late_after_it_had_expired_it_is_credited(till: Till, time: Time) -> None:
    id_ = till.begin()
    till.play.expire(till.reference(id_))
    time.passes(minutes=1)
    till.settle()
    assert till.state(id_) == "expired" and till.balance() == "100.00"
    till.pay(id_)
    assert till.tell(id_) == 200
    till.settle()
    # What came late may have to be decided by staff, and is never lost.
    assert (till.state(id_), till.balance()) == ("paid", "120.00")
    till.audit()


@pytest.mark.parametrize("till", ENDING, indirect=True)
def test_refused_there_it_fails(till: Till, time: Time) -> None:
    id_ = till.begin()
    till.play.fail(till.reference(id_))
    time.passes(minutes=1)
    till.settle()
    assert till.state(id_) == "failed" and till.balance() == "100.00"


def test_trouble_there_is_waited_out(till: Till, time: Time) -> None:
    id_ = till.begin()
    till.pay(id_)
    till.play.double.refuse_keys = True
    time.passes(minutes=1)
    till.settle()
    assert till.state(id_) == "sent" and till.balance() == "100.00"
    till.play.double.refuse_keys = False
    time.passes(hours=2)
    till.settle()
    assert till.state(id_) == "paid" and till.balance() == "120.00"


@pytest.mark.parametrize("till", REFUNDING, indirect=True)
def test_refunds_go_back_in_part_and_whole_and_never_more(till: Till, time: Time) -> None:
    id_ = till.paid()
    quarter = f"{int(till.play.amount) // 4}.00"
    till.refund(id_, quarter)
    assert till.balance() == "115.00"
    till.settle()
    assert till.play.given_back(till.reference(id_)) == [quarter] and till.state(id_) == "part_refunded"
    assert till.refund(id_, f"{till.play.amount}.00").code == "more_than_received"
    till.refund(id_)
    till.settle()
    rest = f"{int(till.play.amount) * 3 // 4}.00"
    assert till.play.given_back(till.reference(id_)) == [quarter, rest]
    assert till.balance() == "100.00" and till.state(id_) == "refunded"
    assert till.refund(id_, quarter).code == "not_refundable"
    # What it tells of them itself adds nothing.
    assert till.tell(id_) == 200
    till.settle()
    assert till.balance() == "100.00" and len(till.play.given_back(till.reference(id_))) == 2
    till.audit()


@pytest.mark.parametrize("knob", ["lose_answers", "fail_after"])
@pytest.mark.parametrize("till", REFUNDING, indirect=True)
def test_a_lost_answer_to_a_refund_gives_back_once(till: Till, time: Time, knob: str) -> None:
    id_ = till.paid()
    till.refund(id_)
    setattr(till.play.double, knob, 1)
    till.settle()
    time.passes(minutes=10)
    till.settle()
    assert till.play.given_back(till.reference(id_)) == [f"{till.play.amount}.00"]
    assert value("SELECT state FROM payments_refund") in ("done", "sent")
    assert till.balance() == "100.00" and till.state(id_) == "refunded"
    till.audit()


@pytest.mark.parametrize("till", REFUNDING, indirect=True)
def test_a_refund_that_is_refused_is_booked_back(till: Till) -> None:
    id_ = till.paid()
    till.play.double.refuse_refunds = True
    till.refund(id_)
    assert till.balance() == "100.00"
    till.settle()
    assert till.balance() == "120.00" and till.state(id_) == "paid"
    assert till.play.given_back(till.reference(id_)) == []
    till.audit()


@pytest.mark.parametrize("till", REFUNDING, indirect=True)
def test_what_is_refused_when_it_is_told_again_may_have_been_made_before(till: Till) -> None:
    id_ = till.paid()
    till.refund(id_)
    # It was told once, and the answer was lost.
    execute("UPDATE payments_refund SET attempts = 1")
    till.play.double.refuse_refunds = True
    till.settle()
    assert value("SELECT state FROM payments_refund") == "unknown" and till.balance() == "100.00"
    assert value("SELECT attention FROM payments_payment") == "refund_unknown"
    till.audit()


@pytest.mark.parametrize("till", TELLING_REFUNDS, indirect=True)
def test_a_refund_that_was_made_there_is_booked(till: Till) -> None:
    id_ = till.paid()
    quarter = f"{int(till.play.amount) // 4}.00"
    till.play.refund_there(till.reference(id_), quarter)
    for _ in range(2):
        assert till.tell(id_) == 200
        till.settle()
    assert till.balance() == "115.00" and till.state(id_) == "part_refunded"
    till.audit()


def test_its_secrets_are_needed_and_shown_nowhere(till: Till) -> None:
    from panelwright.core.refusal import Refused
    from panelwright.payments.registry import all_gateways
    from panelwright.storefront.tests.browsing import Browser

    id_ = till.begin()
    till.play.double.refuse_keys = True
    till.tell(id_)
    till.settle()
    owner = Browser(till.alice, till.alice.staff.user)
    paths = ("/admin/payment-methods", "/admin/payments/1001", "/admin/trail")
    pages = "".join(owner.get(path) for path in paths)
    pages += owner.get(f"/admin/payment_methods/{till.method_id}/set_{till.play.kind}")
    kept = str(everything())
    secret = {field.name for field in all_gateways()[till.play.kind].fields if field.is_secret}
    assert secret
    for name in secret:
        given = till.play.entered()[name]
        assert given not in pages and given not in kept
        with pytest.raises(Refused):
            till.enter(**{name: ""})


def test_the_test_button_makes_a_call_and_says_what_is_wrong(till: Till) -> None:
    from panelwright.storefront.tests.browsing import Browser

    owner = Browser(till.alice, till.alice.staff.user)
    where = f"/admin/payment_methods/{till.method_id}/test"
    before = len(till.play.double.calls)
    assert owner.post(where).status_code == 200
    assert len(till.play.double.calls) > before
    till.play.double.refuse_keys = True
    # A token that was given before may still hold; its gateway takes it no more.
    assert owner.post(where).status_code == 422


def test_test_money_counts_for_nothing_where_none_is_taken(till: Till, settings: Any) -> None:
    id_ = till.begin()
    settings.TEST_PAYMENTS = False
    till.pay(id_)
    till.tell(id_)
    till.settle()
    assert till.state(id_) == "problem" and till.balance() == "100.00"
    assert value("SELECT problem_code FROM payments_payment") == "received_in_test_mode"


@pytest.mark.parametrize(
    ("till", "how"), [(name, how) for name in DISPUTING for how in ("won", "lost")], indirect=["till"]
)
def test_a_dispute_takes_the_money_and_brings_it_back_where_it_is_won(till: Till, how: str) -> None:
    id_ = till.paid()
    story = [
        ("open", "disputed", "100.00" if till.play.takes_at_once else "120.00"),
        ("taken", "disputed", "100.00"),
        (how, how, "120.00" if how == "won" else "100.00"),
    ]
    for what, state, balance in story:
        till.play.dispute(till.reference(id_), what)
        for _ in range(2):
            assert till.tell(id_) == 200
            till.settle()
            assert (till.state(id_), till.balance()) == (state, balance), what
    till.audit()


@pytest.mark.parametrize("till", DISPUTING, indirect=True)
def test_a_dispute_about_money_that_is_spent_leaves_a_debt(till: Till) -> None:
    id_ = till.paid()
    till.carol.spends_all_but("10.00")
    assert till.balance() == "10.00"
    till.play.dispute(till.reference(id_), "lost")
    assert till.tell(id_) == 200
    till.settle()
    assert till.state(id_) == "lost" and till.balance() == "0.00"
    assert value("SELECT owed_micros FROM ledger_account WHERE owed_micros > 0") == 10_000_000
    till.audit()
