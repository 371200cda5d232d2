"""The pages of notices and of the panel's own webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.receiver import Receiver, Say

if TYPE_CHECKING:
    from pytest_django import Settings

    from tests.office.office import Office

pytestmark = pytest.mark.django_db

TOKEN = "123456789:AAHfiqksKZ8WmR2zSJYM3tLLJLKeh-L6WuU"


def test_a_chat_from_the_form_to_a_test_that_says_what_is_wrong(
    office: Office, receiver: Receiver, settings: Settings
) -> None:
    from panelwright.storefront.tests.browsing import error
    from tests.support.people import value

    settings.TELEGRAM_API = f"http://127.0.0.1:{receiver.port}"
    browser = office.browser("manager")
    path = "/admin/notices/add_telegram"
    fields = {"chat": "-1001", "kinds": ["order_problem", "ticket_waits"], "kinds-shown": "1", "every_min": "10"}
    page = browser.refused(path, **fields, token="too short")
    assert error(page, "token") == "Telegram does not accept this token. Copy it again from @BotFather."
    assert "too short" not in page, "a secret is never written into a page"
    assert browser.post(path, **fields, token=TOKEN).headers["Location"] == "/admin/settings/notices"
    page = browser.get("/admin/settings/notices")
    assert "-1001" in page and TOKEN not in page
    assert "Orders with a problem, Tickets waiting" in page
    target = value("SELECT MAX(id) FROM notices_noticechannel")
    receiver.says(Say(403, b'{"ok":false,"description":"Forbidden: bot was blocked by the user"}'))
    page = browser.refused(f"/admin/notices/{target}/test")
    assert "The bot is not allowed to write to this chat." in page
    receiver.says(Say(200, b'{"ok":true}'))
    assert browser.post(f"/admin/notices/{target}/test").status_code == 302
    page = browser.get(f"/admin/notices/{target}/set")
    assert 'value="ticket_waits" checked' in page and 'value="provider_low">' in page
    chosen = {"kinds": ["provider_low"], "kinds-shown": "1", "every_min": "60"}
    assert browser.post(f"/admin/notices/{target}/set", **chosen).status_code == 302
    assert value("SELECT every_min FROM notices_noticechannel WHERE id = %s", target) == 60


def test_a_webhook_with_its_secret_its_log_and_sending_again(office: Office, receiver: Receiver) -> None:
    from panelwright.customers.emails import webhook_stopped
    from panelwright.events.webhook_loop import Webhooks
    from tests.support.people import value

    browser = office.browser("owner")
    fields = {"url": receiver.url, "names": ["ticket.opened", "order.problem"], "names-shown": "1"}
    page = browser.post("/admin/webhooks/add", **fields).content.decode()
    assert "whsec_" in page
    target = value("SELECT MAX(id) FROM events_endpoint WHERE customer_id = 0")
    assert "whsec_" not in browser.get(f"/admin/settings/webhooks/{target}")
    assert receiver.url in browser.get("/admin/settings/webhooks")
    receiver.says(Say(500, b"no room"), Say(204))
    office.world.ticket()
    loop = Webhooks(webhook_stopped)
    while loop.deliver() or loop.on_the_way():
        loop.write_down(wait_s=5)
    page = browser.get(f"/admin/settings/webhooks/{target}?show=failed")
    assert "ticket.opened" in page and "no room" in page and "retrying" in page
    delivery = value("SELECT id FROM events_delivery WHERE endpoint_id = %s", target)
    back = f"/admin/settings/webhooks/{target}"
    assert browser.post(f"/admin/deliveries/{delivery}/resend", back=back).headers["Location"] == back
    while loop.deliver() or loop.on_the_way():
        loop.write_down(wait_s=5)
    assert "delivered" in browser.get(back)
    loop.close()


def test_whose_settings_they_are_not_sees_nothing_of_them(office: Office) -> None:
    from panelwright.storefront.tests.browsing import Browser

    own = office.rows["panel_webhook"]
    for role in ("support", "orders", "finance", "read_only"):
        browser = office.browser(role)
        for path in ("/admin/settings/notices", "/admin/settings/webhooks", f"/admin/settings/webhooks/{own}"):
            assert browser.answer(path).status_code == 403, (role, path)
    rival = Browser(office.rival, office.rival.staff.user)
    assert "hooks.example" not in rival.get("/admin/settings/webhooks")
    assert rival.answer(f"/admin/settings/webhooks/{own}").status_code == 404
    assert rival.answer(f"/admin/notices/{office.rows['notice']}/set").status_code == 404
    assert rival.answer(f"/admin/deliveries/{office.rows['delivery']}/resend").status_code == 404


def test_tests_are_not_sent_without_end(office: Office, receiver: Receiver) -> None:
    """Whoever may press the button cannot have us call somebody all day; other panels and other buttons share nothing
    but the panel's own count."""
    from panelwright.customers import throttle_actions
    from tests.support.people import value

    browser = office.browser("owner")
    fields = {"url": receiver.url, "names": ["ticket.opened"], "names-shown": "1"}
    browser.post("/admin/webhooks/add", **fields)
    target = value("SELECT MAX(id) FROM events_endpoint WHERE customer_id = 0")
    for _ in range(throttle_actions.ASKED.most):
        assert browser.post(f"/admin/webhooks/{target}/test").status_code == 302
    heard = len(receiver.heard)
    page = browser.refused(f"/admin/webhooks/{target}/test")
    assert "Too many attempts. Try again in" in page
    assert len(receiver.heard) == heard == throttle_actions.ASKED.most
