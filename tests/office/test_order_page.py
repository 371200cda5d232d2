"""One order's page: its whole story, the evidence where its outcome is unknown, and what each action moves."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest

from tests.office.test_acting import text_of

if TYPE_CHECKING:
    from tests.office.office import Office

pytestmark = pytest.mark.django_db


def test_the_sum_that_an_action_gives_back_stands_on_its_button(office: Office) -> None:
    """The same sum that the action then moves, of a drip-feed too."""
    from tests.support.people import value

    browser = office.browser("owner")
    drip = office.carol.order(runs=3, interval=5, quantity=50, link="https://example.com/drip")
    for order in (office.world.started(), drip, office.cancel):
        page = browser.get(f"/admin/orders/{order.number}")
        found = re.search(rf'orders/{order.number}/cancel">(.*?)</a>', page, re.S)
        assert found, page
        (told,) = re.findall(r"([0-9.]+) USD", found[1])
        before = value("SELECT balance_micros FROM ledger_account WHERE id = %s", office.carol.account_id)
        office.world.do("order.cancel", order)
        after = value("SELECT balance_micros FROM ledger_account WHERE id = %s", office.carol.account_id)
        assert round(float(told) * 10**6) == after - before > 0
    assert office.alice.audit() == []


def test_a_note_is_kept_with_who_wrote_it_and_no_customer_reads_it(office: Office) -> None:
    from panelwright.storefront.tests.browsing import Browser

    browser = office.browser("support")
    where = f"/admin/orders/{office.lost.number}"
    told = browser.post(f"{where}/note", text="  They had an outage.\nAsk again at 5. ", back=where)
    assert told.headers["Location"] == where
    page = browser.get(f"{where}?kind=staff")
    assert "They had an outage.\nAsk again at 5." in html.unescape(page)
    assert "support@staff.example" in page
    assert page.count("They had an outage.") == 1
    assert browser.post(f"{where}/note", text=" ").status_code == 422
    office.world.do("order.cancel", office.lost)
    assert browser.post(f"{where}/note", text="Also when it is over.").status_code == 302
    carol = Browser(office.alice, office.carol.customer.user)
    assert "outage" not in carol.get(f"/orders/{office.lost.number}")


def test_the_evidence_says_what_is_not_known_and_offers_what_may_be_done(office: Office) -> None:
    where = f"/admin/orders/{office.lost.number}"
    page = text_of(office.browser("owner").get(where))
    assert "Did north take this order? We do not know." in page
    assert "It was not read before this order was sent." in page
    assert "decides nothing" in page
    for words in ("Mark as taken", "Send again", "Cancel and refund 0.90 USD…", "delivered for free"):
        assert words in page
    # Support reads the facts and decides nothing.
    support = text_of(office.browser("support").get(where))
    assert "It was not read before this order was sent." in support
    assert "Mark as taken" not in support
    assert "Cancel and refund" not in support


def test_the_story_is_filtered_by_kind_through_the_address(office: Office) -> None:
    browser = office.browser("owner")
    order = office.world.started()
    where = f"/admin/orders/{order.number}"
    page = browser.get(where)
    counts = dict(re.findall(r'href="\?kind=(\w+)"[^>]*>[^<]* <span class="count">(\d+)</span>', page))
    assert set(counts) == {"order", "money", "provider", "staff"}
    for kind, number in counts.items():
        shown = re.findall(r'<ol class="story">(.*?)</ol>', browser.get(f"{where}?kind={kind}"), re.S)[0]
        assert (shown.count("<li"), shown.count(f'<li class="{kind}')) == (int(number), int(number))


def test_another_link_is_checked_as_that_of_a_new_order(office: Office) -> None:
    from panelwright.core.refusal import Refusal
    from tests.support.people import value

    world = office.world
    order = world.queued()
    world.do("order.link", order, link=" https://example.com/right ")
    assert value("SELECT link FROM orders_order WHERE id = %s", order) == "https://example.com/right"
    for wrong in ("", "two words", "ftp://example.com/x", "x" * 2001):
        assert isinstance(world.tried("order.link", order, {"link": wrong}), Refusal), wrong
    world.do("block.add", kind="domain", text="evil.example")
    assert isinstance(world.tried("order.link", order, {"link": "https://evil.example/x"}), Refusal)
    # What may have arrived under the old link keeps it.
    refused = world.tried("order.link", office.lost, {"link": "https://example.com/other"})
    assert isinstance(refused, Refusal)
    assert refused.code == "outcome_first"
    assert value("SELECT link FROM orders_order WHERE id = %s", order) == "https://example.com/right"


def test_what_somebody_took_goes_back_into_the_queue(office: Office) -> None:
    from panelwright.core.refusal import Refusal
    from tests.support.people import value

    world = office.world
    order = world.started()
    world.do("order.count", order, start_count=77)
    world.do("order.set_back", order)
    assert value("SELECT status FROM orders_order WHERE id = %s", order) == "Pending"
    refused = world.tried("order.set_back", order, {})
    assert isinstance(refused, Refusal)
    assert refused.code == "not_started"
    world.do("order.start", order)
    world.do("order.progress", order, delivered=1)
    refused = world.tried("order.set_back", order, {})
    assert isinstance(refused, Refusal)
    assert refused.code == "partly_delivered"


def test_the_work_queue_takes_reports_and_ends_in_its_rows(office: Office) -> None:
    """Without a script: each step is a form of its row."""
    from tests.support.people import value

    browser = office.browser("orders")
    order = office.world.queued()
    where = "/admin/work?show=new"
    page = browser.get(where)
    assert f'action="/admin/orders/{order.number}/start"' in page
    told = browser.post(f"/admin/orders/{order.number}/start", start_count="12", back=where)
    assert told.headers["Location"] == where
    assert f"/admin/orders/{order.number}/" not in browser.get(where)
    begun = browser.get("/admin/work?show=begun")
    assert f'action="/admin/orders/{order.number}/progress"' in begun
    browser.post(f"/admin/orders/{order.number}/progress", delivered="400", back="/admin/work")
    browser.post(f"/admin/orders/{order.number}/done", back="/admin/work")
    assert value("SELECT status FROM orders_order WHERE id = %s", order) == "Completed"


def test_drip_feeds_and_subscriptions_have_lists_of_their_own(office: Office) -> None:
    from tests.support.people import SUBSCRIPTION

    browser = office.browser("owner")
    drip = office.carol.order(runs=3, interval=5, quantity=50, link="https://example.com/drip")
    standing = office.carol.order(service=SUBSCRIPTION)
    office.world.do("order.pause", standing)
    drips, subscriptions = browser.get("/admin/dripfeeds"), browser.get("/admin/subscriptions?show=paused")
    assert f"/admin/orders/{drip.number}/pause" in drips
    assert "0/3" in drips
    assert f"/admin/orders/{standing.number}/resume" in subscriptions
    assert f"/admin/orders/{drip.number}" not in subscriptions
    assert f"/admin/orders/{standing.number}" not in browser.get("/admin/subscriptions?show=ended")
