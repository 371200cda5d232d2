"""Links in letters that staff have sent: to the address that the panel names, or where the staff's own page was."""

from __future__ import annotations

from django.urls import reverse

from panelwright.core.refusal import Refused
from panelwright.panels.models import Domain
from panelwright.staff.actor import Actor

_PLAIN_HTTP = frozenset({"localhost", "127.0.0.1"})


def link(actor: Actor, panel_id: int, name: str, *arguments: str) -> str:
    """The whole address of a page, for a letter.

    On a page the actor brings the address along that the panel may be believed to have (ui/links.py); for programs and
    commands it is the first host that the panel names. Refused: no_address.
    """
    return (actor.origin or _named(panel_id)) + reverse(name, args=arguments)


def origin(actor: Actor, panel_id: int) -> str:
    """Where the panel can be reached, for links of what is sent later; empty where nobody knows."""
    try:
        return actor.origin or _named(panel_id)
    except Refused:
        return ""


def _named(panel_id: int) -> str:
    row = Domain.objects.filter(panel_id=panel_id, confirmed=True).exclude(host="*").order_by("id").first()
    if row is None:
        raise Refused("no_address")
    scheme = "http" if row.host in _PLAIN_HTTP else "https"
    return f"{scheme}://{row.host}:{row.port}" if row.port else f"{scheme}://{row.host}"
