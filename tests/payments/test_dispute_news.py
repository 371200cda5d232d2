"""Who is told of a dispute: its customer by letters, staff by notices, the panel's programs by webhooks, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django_scopes import scope

from tests.payments.test_disputes import paid, told
from tests.support.people import Time, execute, value, values

if TYPE_CHECKING:
    from tests.payments.shop import Shop

pytestmark = pytest.mark.django_db(transaction=True)


def letters() -> list[str]:
    return [text for (text,) in values("SELECT text FROM events_mail WHERE kind = 'dispute' ORDER BY id")]


def matters(shop: Shop) -> list[tuple[str, str, str]]:
    from panelwright.notices import queries
    from panelwright.notices.rules import NoticeKind

    with scope(panel=shop.alice.panel):
        found = queries.waiting(shop.alice.panel_id, [NoticeKind.DISPUTE.value])[NoticeKind.DISPUTE]
    return [(one.key, one.label, one.code) for one in found]


def heard() -> list[str]:
    rows = values("SELECT name FROM events_delivery WHERE name LIKE 'payment.disp%%' ORDER BY id")
    return [name for (name,) in rows]


def listen(shop: Shop) -> None:
    from panelwright.events.webhook_rules import PANEL_NAMES
    from panelwright.payments.tests import making
    from panelwright.staff import registry
    from panelwright.staff.actions import perform

    with scope(panel=shop.alice.panel):
        done = perform(
            registry.actions()["panel_webhook.add"],
            actor=making.BOB,
            panel_id=shop.alice.panel_id,
            given={"url": "https://hooks.example/own", "names": list(PANEL_NAMES)},
        )
    assert not hasattr(done, "code"), done


def test_a_dispute_that_is_won_is_told_as_it_goes(shop: Shop, time: Time) -> None:
    listen(shop)
    # Letters about money cannot be turned off, as those about payments can.
    execute("UPDATE customers_user SET mails_off = 'payment' WHERE id = %s", shop.carol.customer.user_id)
    id_ = paid(shop, bonuses="20 10")
    dispute = shop.stripe.dispute(shop.session(id_).id, takes=False)
    told(shop, time, dispute, times=3)
    (opened,) = letters()
    assert "you dispute 20.00 USD of your payment 1001 at" in opened and "Nothing has changed" in opened
    assert matters(shop) == [("1001.1:open:0", "20.00 USD", "dispute_open")]
    shop.stripe.withdraw(dispute)
    told(shop, time, dispute, times=2)
    assert "has taken back 20.00 USD" in letters()[1] and "22.00 USD was taken off your balance" in letters()[1]
    assert "owe" not in letters()[1]
    assert matters(shop) == [("1001.1:open:1", "20.00 USD", "dispute_taken")]
    shop.stripe.close_dispute(dispute, "won")
    told(shop, time, dispute, times=2)
    assert "is closed. 22.00 USD is back on your balance." in letters()[2] and len(letters()) == 3
    assert matters(shop) == [("1001.1:won:0", "20.00 USD", "dispute_won")]
    assert heard() == ["payment.disputed", "payment.dispute_taken", "payment.dispute_returned", "payment.dispute_won"]
    body = str(value("SELECT body FROM events_delivery WHERE name = 'payment.disputed'"))
    assert '"disputed_amount":"20.00"' in body and '"disputed_reason":"fraudulent"' in body
    # What has ended is told of for a week.
    time.passes(days=8)
    assert matters(shop) == []


def test_a_dispute_that_takes_more_than_is_there_says_what_is_owed(shop: Shop, time: Time) -> None:
    id_ = paid(shop)
    shop.carol.spends_all_but("0.00")
    dispute = shop.stripe.dispute(shop.session(id_).id)
    told(shop, time, dispute)
    (taken,) = letters()
    assert "20.00 USD was taken off your balance" in taken
    assert taken.endswith("You owe 20.00 USD. The next money you add pays it, then you can order again.")
    shop.stripe.close_dispute(dispute, "lost")
    told(shop, time, dispute)
    assert len(letters()) == 2 and "stays off your balance" in letters()[1] and "You owe 20.00 USD." in letters()[1]
    assert matters(shop) == [("1001.1:lost:1", "20.00 USD", "dispute_lost")]


def test_what_staff_write_down_is_told_in_the_customers_language(shop: Shop) -> None:
    from tests.payments.test_holds import act, number

    execute("UPDATE customers_user SET language = 'ru' WHERE id = %s", shop.carol.customer.user_id)
    id_ = paid(shop)
    act(shop, "payment.record_dispute", number(id_), amount="5.00")
    act(shop, "payment.close_dispute", number(id_), outcome="won")
    first, second = letters()
    assert "5.00 USD" in first and "вернул" in second and "1001" in second


def test_who_hears_of_disputes_hears_of_them_once() -> None:
    from panelwright.notices.rules import Matter, NoticeKind, plan

    waits, disputes = NoticeKind.PAYMENT_WAITS, NoticeKind.DISPUTE
    waiting = {
        waits: [Matter("1:disputed", 1, code="disputed"), Matter("2:problem", 2, code="payment_held")],
        disputes: [Matter("1.1:open:1", 1, code="dispute_taken")],
    }
    both = plan(waiting, {}, [waits.value, disputes.value])
    assert [(part.kind, len(part.new)) for part in both.parts] == [(waits, 1), (disputes, 1)]
    alone = plan(waiting, {}, [waits.value])
    assert [(part.kind, len(part.new)) for part in alone.parts] == [(waits, 2)]


def test_a_notice_of_disputes_is_in_words() -> None:
    from panelwright.notices import texts
    from panelwright.notices.rules import Matter, NoticeKind, Part

    matter: Any = Matter("1.1:open:1", 1001, "20.00 USD", "dispute_taken")
    said = texts.text([Part(NoticeKind.DISPUTE, (matter,), 1)], origin="https://acme.example")
    assert "– 1001: 20.00 USD: Dispute opened, the money was taken" in said
    assert said.endswith("https://acme.example/admin/payments?show=problem")
