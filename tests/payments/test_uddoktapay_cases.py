"""What UddoktaPay and PipraPay alone have: names that a browser brings, and keys as proof. The rest: test_matrix.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.people import Time, value, values
from tests.support.story import Story

if TYPE_CHECKING:
    from tests.payments.till import Till

pytestmark = pytest.mark.django_db(transaction=True)

At = Callable[[str], "Till"]


@pytest.fixture
def older(story: Story, settings: Any) -> Iterator[Till]:
    """A till of PipraPay as it was before its third version."""
    from tests.payments.play_uddoktapay import PipraPay2
    from tests.payments.shop import serving
    from tests.payments.till import Till

    play = PipraPay2()
    with serving(uddoktapay=play.gateway) as url:
        settings.SANDBOX_GATEWAYS, settings.TEST_PAYMENTS = url, True
        yield Till(story, play)


def invoice_of(till: Till, id_: int) -> str:
    return str(till.play.of(till.reference(id_)).id)


def come_back(till: Till, number: int, query: str) -> None:
    till.browser.get(f"/funds/{number}?{query}")
    till.settle()


def test_the_name_that_the_browser_brings_pays_where_it_is_ours(at: At) -> None:
    till = at("uddoktapay")
    id_ = till.begin()
    till.play.pay(till.reference(id_))
    come_back(till, 1001, f"invoice_id={invoice_of(till, id_)}")
    assert (till.state(id_), till.balance()) == ("paid", "120.00")
    assert value("SELECT gateway_id FROM payments_payment") == invoice_of(till, id_)
    till.audit()


def test_somebody_elses_invoice_in_the_address_pays_nothing_and_calls_nobody(at: At, time: Time) -> None:
    till = at("uddoktapay")
    first, second = till.begin(), till.begin()
    till.play.pay(till.reference(first))
    strange = ("x", "..%2F..%2Fetc", "0" * 65, "", "Erm9wzjM0FBwjSYT9999", invoice_of(till, first))
    for named in strange:
        come_back(till, 1002, f"invoice_id={named}")
        assert (till.state(second), till.balance()) == ("sent", "100.00"), named
    assert values("SELECT gateway_id FROM payments_payment WHERE id = %s", second) == [(None,)]
    # Its own still pays, and so does the other's in its own place.
    come_back(till, 1001, f"invoice_id={invoice_of(till, first)}")
    assert (till.state(first), till.balance()) == ("paid", "120.00")
    till.play.pay(till.reference(second))
    come_back(till, 1002, f"invoice_id={invoice_of(till, second)}")
    assert (till.state(second), till.balance()) == ("paid", "140.00")
    till.audit()


def test_what_a_webhook_has_named_holds_whatever_the_browser_says_later(at: At) -> None:
    till = at("uddoktapay")
    id_ = till.begin()
    assert till.tell(id_) == 200
    till.settle()
    till.play.pay(till.reference(id_))
    come_back(till, 1001, "invoice_id=Erm9wzjM0FBwjSYT9999")
    assert (till.state(id_), till.balance()) == ("paid", "120.00")


def test_another_customer_names_nothing(at: At) -> None:
    from panelwright.storefront.tests.browsing import Browser

    till = at("uddoktapay")
    id_ = till.begin()
    till.play.pay(till.reference(id_))
    Browser(till.alice).client.get(f"/funds/1001?invoice_id={invoice_of(till, id_)}")
    assert value("SELECT named_on_return FROM payments_payment") == ""


def test_a_webhook_of_what_has_another_reference_is_nobodys(at: At) -> None:
    from tests.payments.till import SentHook

    till = at("uddoktapay")
    id_ = till.begin()
    till.play.pay(till.reference(id_))
    till.play.of(till.reference(id_)).told = {"metadata": {"reference": "SOMEBODYELSE"}}
    assert till.post(SentHook(*till.play.double.event(invoice_of(till, id_)))) == 200
    till.settle()
    assert (till.state(id_), till.balance()) == ("sent", "100.00")


@pytest.mark.parametrize("name", ["uddoktapay", "piprapay"])
def test_a_transfer_that_somebody_has_to_look_at_is_on_its_way(at: At, time: Time, name: str) -> None:
    till = at(name)
    id_ = till.begin()
    till.play.double.end(invoice_of(till, id_), "pending")
    assert till.tell(id_) == 200
    till.settle()
    assert till.state(id_) == "sent", "nothing was sent yet"
    till.play.double.claim(invoice_of(till, id_))
    assert till.tell(id_) == 200
    till.settle()
    assert (till.state(id_), till.balance()) == ("pending", "100.00")
    till.play.pay(till.reference(id_))
    assert till.tell(id_) == 200
    till.settle()
    assert (till.state(id_), till.balance()) == ("paid", "120.00")


def test_two_invoices_of_one_payment_that_are_both_paid_are_for_staff(at: At, time: Time) -> None:
    till = at("uddoktapay")
    till.play.double.lose_answers = 1
    till.browser.post("/funds/pay", **till.form())
    till.browser.post("/funds/1001/pay")
    id_ = int(value("SELECT id FROM payments_payment"))
    first, second = till.play.double.invoices.values()
    from tests.payments.till import SentHook

    for one in (first, second):
        till.play.double.pay(one.id)
        assert till.post(SentHook(*till.play.double.event(one.id))) == 200
    till.settle()
    assert till.state(id_) == "problem" and till.balance() == "100.00"
    assert value("SELECT received_micros FROM payments_payment") == 4_000_000_000


@pytest.mark.parametrize("name", ["uddoktapay", "piprapay"])
def test_what_staff_have_sent_back_is_booked_once(at: At, name: str) -> None:
    till = at(name)
    id_ = till.paid()
    till.refund(id_)
    till.settle()
    assert till.balance() == "100.00" and till.state(id_) == "refunded"
    assert value("SELECT state FROM payments_refund") == "done", "staff have sent it, and nobody else is told to"
    # Should it be marked there, too, it is the same money.
    till.play.refund_there(till.reference(id_), "")
    assert till.tell(id_) == 200
    till.settle()
    assert till.balance() == "100.00" and value("SELECT COUNT(*) FROM payments_refund") == 1
    till.audit()


def test_the_older_piprapay_is_paid_and_tells_parts_that_went_back(older: Till, time: Time) -> None:
    till = older
    id_ = till.begin()
    till.play.pay(till.reference(id_))
    time.passes(minutes=1)
    till.settle()
    assert (till.state(id_), till.balance()) == ("paid", "120.00")
    assert till.play.double.calls == ["POST /api/create-charge", "POST /api/verify-payments"]
    till.play.double.refund_there(invoice_of(till, id_), Decimal(500))
    assert till.tell(id_) == 200
    till.settle()
    assert (till.state(id_), till.balance()) == ("part_refunded", "115.00")
    till.audit()


def test_a_key_of_another_program_of_the_family_is_none(older: Till) -> None:
    till = older
    id_ = till.begin()
    right = till.play.hook(till.reference(id_))
    key = right.headers["mh-piprapay-api-key"]
    for name in ("rt-uddoktapay-api-key", "mhs-piprapay-api-key"):
        assert till.post(right._replace(headers={name: key})) == 400
    assert till.post(right) == 200


def test_while_the_key_is_exchanged_both_hold(at: At) -> None:
    till = at("uddoktapay")
    id_ = till.begin()
    old, new = till.play.entered()["key"], "a0new0key0of0the0installation"
    till.enter(key=f"{old}, {new}")
    assert till.tell(id_) == 200 and till.tell(id_, secret=new) == 200
    till.enter(key=new)
    assert till.tell(id_) == 400 and till.tell(id_, secret=new) == 200


def test_a_method_of_another_currency_than_the_installation_counts_in_opens_nothing(at: At) -> None:
    till = at("uddoktapay")
    till.enter(counts_in="USD")
    till.browser.post("/funds/pay", **till.form())
    assert value("SELECT state FROM payments_payment") == "created" and not till.play.double.invoices


def test_buyers_are_led_back_to_an_address_without_parameters_of_ours(at: At) -> None:
    till = at("uddoktapay")
    invoice = till.play.of(till.reference(till.begin()))
    assert invoice.back_url.endswith("/funds/1001")


def test_what_uddoktapay_gave_back_is_booked(at: At) -> None:
    till = at("uddoktapay")
    id_ = till.paid()
    till.play.refund_there(till.reference(id_), "")
    assert till.tell(id_) == 200
    till.settle()
    assert till.balance() == "100.00" and till.state(id_) == "refunded"
    till.audit()
