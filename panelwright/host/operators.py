"""An operator as the actor of what they do: as a command on the host, with a name and an address."""

from __future__ import annotations

from panelwright.host.models import Operator
from panelwright.staff import actor
from panelwright.staff.actor import Actor


def actor_of(operator: Operator, *, address: str) -> Actor:
    """In the trail of a panel this is "by the host": its staff read which operator it was."""
    return actor.operator(f"{operator.email} (host)", address=address)
