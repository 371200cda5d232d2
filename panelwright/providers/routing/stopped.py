"""Subscriptions that wait to be sent as a whole while something comes to stand against them.

Their user was blocked, the key revoked, the service turned off or dearer. Sent nevertheless, the provider would have to
be asked to cancel at once what it may not. So they go back to where it was decided to send them, pause there as others
do (orders/schedule_actions.py), and are sent once nothing stands against them any more.
"""

from __future__ import annotations

from datetime import datetime

from panelwright.orders import standing_store
from panelwright.orders.models import OrderKind
from panelwright.providers.routing import store
from panelwright.providers.routing.store import SendTask


def left_out(due: list[SendTask], now: datetime) -> list[SendTask]:
    """The orders without those, which go back. In the caller's transaction, which has them locked."""
    stopped = set(standing_store.stopped([o.id for o in due if o.kind == OrderKind.SUBSCRIPTION.value]))
    store.look_again(sorted(stopped), now)
    return [order for order in due if order.id not in stopped] if stopped else due
