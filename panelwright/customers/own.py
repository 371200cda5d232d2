"""Nobody of the staff decides about money of their own: whoever acts is compared with those who gain by it."""

from __future__ import annotations

from panelwright.core.refusal import Refused
from panelwright.customers.models import Staff
from panelwright.staff.actor import Actor


def refuse_own(actor: Actor, panel_id: int, *user_ids: int, code: str) -> None:
    """`user_ids`: whose money it is about. Raises Refused with this code where one of them is the actor.

    A program with somebody's key is that somebody; an operator is nobody of the panel's.
    """
    if actor.id is None:
        return
    if Staff.objects.filter(panel_id=panel_id, id=actor.id, user_id__in=set(user_ids)).exists():
        raise Refused(code)
