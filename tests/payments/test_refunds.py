"""Refunds here and in Stripe's dashboard at the same time: both are booked, each once. And what is kept meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.people import Time, value, values

if TYPE_CHECKING:
    from tests.payments.shop import Shop

pytestmark = pytest.mark.django_db(transaction=True)


def paid(shop: Shop) -> int:
    id_ = shop.begin()
    shop.stripe.pay(shop.session(id_).id)
    shop.tell(id_)
    shop.work()
    assert shop.carol.balance() == "120.00"
    return id_


def booked() -> list[tuple[str, int]]:
    return values("SELECT state, amount_micros FROM payments_refund ORDER BY n")


def test_a_refund_there_that_makes_ours_fail_is_booked(shop: Shop, time: Time) -> None:
    id_ = paid(shop)
    shop.refund(id_)
    assert shop.carol.balance() == "100.00"
    # Before ours is sent, 5 are given back there, so that all 20 cannot be any more.
    shop.stripe.refund_there(shop.session(id_).id, 500)
    shop.tell(id_, "charge.refunded")
    for _ in range(2):
        shop.work()
    assert booked() == [("failed", 20_000_000), ("done", 5_000_000)]
    assert shop.carol.balance() == "115.00" and shop.alice.audit() == []
    assert value("SELECT state FROM payments_payment WHERE id = %s", id_) == "part_refunded"
    # Nothing is left to be done.
    time.passes(minutes=5)
    assert shop.work() == 0


def test_a_refund_there_while_ours_is_under_way_is_booked_beside_it(shop: Shop, time: Time) -> None:
    id_ = paid(shop)
    shop.refund(id_, "12")
    shop.stripe.refund_there(shop.session(id_).id, 500)
    shop.tell(id_, "charge.refunded")
    for _ in range(2):
        shop.work()
    assert booked() == [("done", 12_000_000), ("done", 5_000_000)]
    assert shop.carol.balance() == "103.00" and shop.alice.audit() == []
    time.passes(minutes=5)
    assert shop.work() == 0


def test_no_connection_to_the_database_is_kept_while_a_gateway_is_waited_for(shop: Shop, monkeypatch: Any) -> None:
    from django.db import connection

    from panelwright.payments import asking_actions, connections, refund_actions

    kept: list[tuple[str, bool]] = []

    def watched(name: str, call: Any) -> Any:
        def called(*given: Any, **named: Any) -> Any:
            kept.append((name, connection.connection is not None))
            return call(*given, **named)

        return called

    def api_of(method: Any) -> Any:
        api = connections.api_of(method)
        assert api is not None
        return replace(
            api,
            open_=watched("open", api.open_),
            ask=watched("ask", api.ask),
            refund=watched("refund", api.refund),
        )

    for module in (asking_actions, refund_actions):
        monkeypatch.setattr(module, "api_of", api_of)
    shop.refund(paid(shop))
    shop.work()
    # A file of SQLite's is nobody else's to wait for.
    assert kept == [(name, connection.vendor == "sqlite") for name in ("open", "ask", "refund")]
