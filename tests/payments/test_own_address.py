"""Gateways are told the panel's own address, never a host that a browser names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from tests.support.people import execute, value, values
from tests.support.story import Story

if TYPE_CHECKING:
    from tests.payments.till import Till

pytestmark = pytest.mark.django_db(transaction=True)


def answers_anywhere() -> None:
    """The panel has no name of its own: it answers on port 80, whatever a browser calls it."""
    execute("UPDATE panels_domain SET host = '*', port = 80 WHERE host = 'shop.example'")


def called(till: Till, host: str) -> None:
    """What the customer's browser calls the panel from now on."""
    cookies = till.browser.client.cookies
    till.browser.client = Client(headers={"host": host, "user-agent": "Firefox on Linux"})
    till.browser.client.cookies = cookies


@pytest.mark.parametrize("name", ["uddoktapay", "piprapay", "nowpayments", "paystack"])
def test_a_host_that_a_browser_names_is_told_to_no_gateway(name: str, at: Any) -> None:
    till = at(name)
    answers_anywhere()
    called(till, "thief.example")
    answer = till.browser.post("/funds/pay", **till.form())
    assert answer.status_code == 302 and answer["location"].startswith("/funds/")
    assert values("SELECT state, url FROM payments_payment") == [("created", "")]
    id_ = int(value("SELECT id FROM payments_payment"))
    assert till.play.is_there(till.reference(id_)) == 0
    assert "own address is not set" in till.browser.get(answer["location"])
    # By loopback it is known, and the same payment goes on.
    called(till, "127.0.0.1")
    till.browser.post(f"{answer['location']}/pay")
    assert till.state(id_) == "sent"


def test_pages_show_no_address_that_a_browser_names(at: Any, story: Story) -> None:
    from panelwright.storefront.tests.browsing import Browser

    at("paystack")
    for page, host, start in (
        ("/admin/payment-methods", "thief.example", ""),
        ("/admin/payment-methods", "shop.example", "http://shop.example"),
    ):
        if host == "thief.example":
            execute("UPDATE panels_domain SET host = '*', port = 80 WHERE host = 'shop.example'")
        else:
            execute("UPDATE panels_domain SET host = 'shop.example', port = 0 WHERE host = '*'")
        shown = Browser(story.alice, story.bob.user, host=host).get(page)
        assert f'dir="ltr">{start}/hooks/payments/' in shown and "thief" not in shown
