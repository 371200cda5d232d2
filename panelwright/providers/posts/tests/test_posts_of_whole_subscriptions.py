"""Orders that a provider made of a subscription stay under the id that it names them by, and each is charged once."""

from __future__ import annotations

from typing import Any

import pytest

from panelwright.core.refusal import InvalidState
from panelwright.providers.posts import subscription_actions as subscriptions
from panelwright.providers.posts.tests.test_whole_subscriptions import Far, far, look, subscribe
from panelwright.providers.routing import resolve_actions
from panelwright.providers.worker import POSTS_ALONE_MAX
from panelwright.staff import registry
from tests.support.people import Buyer, Owner, Time, check_books, children_of, row_of
from tests.support.rounds import Rounds

__all__ = ["far"]


def refused(code: str, panel_id: int, order_id: int) -> None:
    for action in (
        lambda: resolve_actions.send(panel_id=panel_id, order_id=order_id, by="bob"),
        lambda: resolve_actions.arrived(panel_id=panel_id, order_id=order_id, by="bob", upstream_id="950"),
    ):
        before = row_of(order_id)
        with pytest.raises(InvalidState) as raised:
            action()
        assert raised.value.refusal.code == code
        now = row_of(order_id)
        assert (now.status, now.upstream_id, now.job) == (before.status, before.upstream_id, before.job)


def test_a_post_that_is_sent_or_moved_would_be_charged_twice(
    far: Far, alice: Owner, carol: Buyer, worker: Rounds, time: Time
) -> None:
    order_id = subscribe(carol, worker)
    far.makes(901, 100)
    look(worker, time)
    (post,) = children_of(order_id)
    refused("made_by_provider", alice.panel_id, post.id)
    resolve_actions.arrived(panel_id=alice.panel_id, order_id=post.id, by="bob", upstream_id="901")
    look(worker, time)
    assert [o.upstream_id for o in children_of(order_id)] == ["901"]
    assert carol.balance() == "99.85"
    check_books()


def test_what_is_not_paid_is_neither_sent_nor_followed_before_that_is_decided(
    far: Far, alice: Owner, carol: Buyer, worker: Rounds, time: Time
) -> None:
    order_id = subscribe(carol, worker)
    carol.spends_all_but("0.00")
    far.makes(901, 100)
    look(worker, time)
    (post,) = children_of(order_id)
    refused("charge_undecided", alice.panel_id, post.id)
    possible = [action.name for action in registry.offered("order", post)]
    assert possible[:2] == ["order.charge", "order.waive"]
    assert not {"order.send", "order.arrived"} & set(possible)
    subscriptions.waive_post(panel_id=alice.panel_id, order_id=post.id, by="bob")
    assert row_of(post.id).job == "poll"


def test_a_provider_that_refuses_a_list_for_one_of_it_is_asked_about_some_alone(
    far: Far, carol: Buyer, worker: Rounds, time: Time
) -> None:
    order_id = subscribe(carol, worker)
    known = far.status

    def status(params: dict[str, str]) -> Any:
        if "999" in params.get("orders", "").split(","):
            return {"error": "Incorrect order ID"}
        return known(params)

    far.upstream.answers("status", status)
    for ref in range(901, 901 + POSTS_ALONE_MAX - 2):
        far.makes(ref, 100)
    far.listed = [999, *far.posts]
    look(worker, time)
    assert [o.upstream_id for o in children_of(order_id)] == [str(ref) for ref in far.posts]
    assert {o.charge_micros for o in children_of(order_id)} == {150_000}
    check_books()
