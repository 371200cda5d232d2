"""What customers' webhooks are told of refills, whoever delivers them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django_scopes import scope

from panelwright.core.refusal import Refusal
from panelwright.events.webhook_actions import create_endpoint
from panelwright.events.webhook_rules import NAMES
from panelwright.providers.manual import manual_actions
from tests.support.people import FOLLOWERS, Buyer, Known, Owner, Time, execute, values
from tests.support.rounds import Rounds
from tests.support.upstream import ScriptedUpstream


@pytest.fixture
def refill(alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, time: Time) -> tuple[Known, Known]:
    """A completed order and the refill that Carol asked for, who hears of refills."""
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", {"order": 23501})
    order_id = carol.order()
    worker.forward()
    execute("UPDATE orders_order SET due_at = created_at WHERE id = %s", order_id)
    upstream.answers("status", {"status": "Completed", "remains": "0", "start_count": "5"})
    worker.poll()
    time.passes(days=2)
    with scope(panel=alice.panel):
        hears = [name for name in NAMES if name.startswith("refill")]
        made = create_endpoint(
            panel_id=alice.panel_id, customer_id=carol.customer_id, url="https://hooks.example/", names=hears
        )
        assert not isinstance(made, Refusal)
    (refill_id,) = carol.refill(order_id)
    return order_id, refill_id


def told() -> list[tuple[str, dict[str, object]]]:
    messages = [json.loads(body) for (body,) in values("SELECT body FROM events_delivery ORDER BY id")]
    return [(message["type"], message["data"]) for message in messages]


def test_a_refill_by_the_provider(
    refill: tuple[Known, Known], upstream: ScriptedUpstream, worker: Rounds, time: Time
) -> None:
    order_id, refill_id = refill
    upstream.answers("refill", {"refill": "777"})
    worker.refills()
    upstream.answers("refill_status", {"status": "In progress"}, {"status": "In progress"}, {"status": "Completed"})
    for _ in range(3):
        time.passes(days=1)
        worker.refill_poll()
    which = {"refill": refill_id.number, "order": order_id.number}
    assert told() == [
        ("refill.in_progress", {**which, "status": "In progress"}),
        ("refill.completed", {**which, "status": "Completed"}),
    ]
    assert values("SELECT DISTINCT order_number FROM events_delivery") == [(order_id.number,)]


def test_a_refill_that_the_provider_refuses(
    refill: tuple[Known, Known], upstream: ScriptedUpstream, worker: Rounds
) -> None:
    upstream.answers("refill", {"error": "Refill is not available for this order"})
    worker.refills()
    assert [name for name, _ in told()] == ["refill.rejected"]


def test_a_refill_by_hand(refill: tuple[Known, Known], alice: Owner) -> None:
    order_id, refill_id = refill
    execute("UPDATE orders_refill SET due_at = NULL WHERE id = %s", refill_id)
    which: dict[str, Any] = {"panel_id": alice.panel_id, "refill_id": refill_id, "by": "bob"}
    manual_actions.start_refill(**which)
    manual_actions.reject_refill(**which, text="nothing was lost")
    assert told() == [
        ("refill.in_progress", {"refill": refill_id.number, "order": order_id.number, "status": "In progress"}),
        ("refill.rejected", {"refill": refill_id.number, "order": order_id.number, "status": "Rejected"}),
    ]
