"""Writes of a panel's hosts by its staff and the operator."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from panelwright.core import clock
from panelwright.core.refusal import Refused
from panelwright.panels.actions import add_domain
from panelwright.panels.models import Arrival, Domain, Panel

DOMAINS_MAX = 50


def has_neighbours(panel_id: int) -> bool:
    """Whether the installation has other panels, whose hosts somebody here might name."""
    return Panel.objects.exclude(id=panel_id).exists()


def add(*, panel_id: int, host: str, port: int = 0, confirmed: bool) -> int:
    """Its id. Without `confirmed` the panel does not answer there yet. Refused: too_many_domains, bad_host, host_taken.

    Whoever adds a host gets what is sent to it: the pages, and the passwords that are typed there.
    """
    _lock(panel_id)
    if Domain.objects.filter(panel_id=panel_id).count() >= DOMAINS_MAX:
        raise Refused("too_many_domains", "host", limit=DOMAINS_MAX)
    return int(add_domain(panel_id=panel_id, host=host, port=port, confirmed=confirmed).id)


def confirm(*, panel_id: int, domain_id: int) -> None:
    """The panel answers there from now on. Refused: host_taken, where another one does already."""
    try:
        with transaction.atomic():
            Domain.objects.filter(panel_id=panel_id, id=domain_id).update(confirmed=True)
    except IntegrityError:
        raise Refused("host_taken") from None


def remove(*, panel_id: int, domain_id: int) -> None:
    """Refused: last_domain, where the panel would answer nowhere any more."""
    _lock(panel_id)
    rows = Domain.objects.filter(panel_id=panel_id)
    if not rows.filter(confirmed=True).exclude(id=domain_id).exists():
        raise Refused("last_domain")
    rows.filter(id=domain_id).delete()


def note_arrival(*, panel_id: int, domain_id: int, arrives: Arrival) -> None:
    """What a check has found."""
    rows = Domain.objects.filter(panel_id=panel_id, id=domain_id)
    rows.update(arrives=arrives.value, checked_at=clock.now())


def _lock(panel_id: int) -> None:
    """Two who add, or remove the last two hosts, wait for each other."""
    Panel.objects.select_for_update(no_key=True).get(id=panel_id)
