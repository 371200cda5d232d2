"""The worker as it is started: an order's way is told to a webhook, and e-mail is sent, by a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.db import transaction
from django_scopes import scope

from panelwright.core import clock
from panelwright.core.refusal import Refusal
from panelwright.events.mail import queue_mail
from panelwright.events.webhook_actions import create_endpoint
from tests.support.mail_server import MailServer
from tests.support.people import FOLLOWERS, Buyer, Owner, value
from tests.support.processes import Launcher
from tests.support.receiver import Receiver, Say
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db(transaction=True)
WITHIN_S = 90.0


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_an_order_from_placing_to_its_webhook(
    transactional_db: None,
    alice: Owner,
    carol: Buyer,
    upstream: ScriptedUpstream,
    receiver: Receiver,
    mail_server: MailServer,
    launch: Launcher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PANELWRIGHT_EMAIL_URL", f"smtp://127.0.0.1:{mail_server.port}?starttls=no")
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", {"order": 23501})
    upstream.answers("status", {"status": "Partial", "remains": "250", "start_count": "3572", "charge": "0.5"})
    with scope(panel=alice.panel):
        made = create_endpoint(
            panel_id=alice.panel_id, customer_id=carol.customer_id, url=receiver.url, names=["order.partial"]
        )
    assert not isinstance(made, Refusal)
    receiver.says(Say(500), Say(204))
    order_id = carol.order()
    with transaction.atomic():
        queue_mail(
            panel_id=alice.panel_id, to="carol@customer.example", subject="Hi", text="Hi", kind="test", now=clock.now()
        )
    launch.start("worker")
    until(lambda: mail_server.taken)
    # Once it fails; five seconds later it is taken.
    until(lambda: len(receiver.heard) == 2)
    until(lambda: value("SELECT COUNT(*) FROM events_delivery WHERE delivered_at IS NOT NULL"))
    said = [heard.verify(made[1]) for heard in receiver.heard]
    assert said[0] == said[1]
    assert said[0]["type"] == "order.partial"
    assert said[0]["data"]["order"] == order_id.number
    assert said[0]["data"]["charge"] == "0.675"
    assert receiver.heard[0].id == receiver.heard[1].id
    assert [taken.to for taken in mail_server.taken] == ["carol@customer.example"]
