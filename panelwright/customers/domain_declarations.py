"""What staff can do with a panel's domains. Declared here, where their attempts are counted: the tables lie below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refused
from panelwright.customers.asking import limited
from panelwright.panels import arrivals, domain_actions
from panelwright.panels.models import Arrival, Domain
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State, by_id
from panelwright.staff.actor import Actor, ActorKind
from panelwright.staff.rights import Right
from panelwright.staff.shapes import MOMENT, NUMBER, TEXT, YES_NO, fields, maybe, words


def _state(panel_id: int, id_: int) -> State | None:
    row = Domain.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=id_).first()
    if row is None:
        return None
    checked = row.checked_at
    return {
        "host": row.host,
        "port": row.port,
        "confirmed": row.confirmed,
        "arrives": row.arrives,
        "checked_at": None if checked is None else f"{checked:%Y-%m-%dT%H:%M:%SZ}",
    }


def _find(panel_id: int, text: str) -> int | None:
    """By its id, or as it is written: panel.example.com, panel.example.com:8443."""
    written = text.strip().lower()
    rows = Domain.objects.filter(panel_id=panel_id)
    return next((row.id for row in rows if str(row) == written), by_id(panel_id, written))


DOMAIN = Noun(
    "domain",
    "domains",
    gettext_noop("Domain"),
    _state,
    shape=fields(
        {
            "host": TEXT,
            "port": NUMBER,
            "confirmed": YES_NO,
            "arrives": words(Arrival.values),
            "checked_at": maybe(MOMENT),
        }
    ),
    find=_find,
    named_by="host",
)


def _add(actor: Actor, panel_id: int, _target: None, /, *, host: str, port: int = 0) -> ActionDone:
    # Where other panels live on this installation, one of them may be whose host it is: its operator decides.
    sure = actor.kind is ActorKind.OPERATOR or not domain_actions.has_neighbours(panel_id)
    return ActionDone(domain_actions.add(panel_id=panel_id, host=host, port=port, confirmed=sure))


def _confirm(actor: Actor, panel_id: int, target: int, /) -> None:
    domain_actions.confirm(panel_id=panel_id, domain_id=target)


def _remove(actor: Actor, panel_id: int, target: int, /) -> None:
    domain_actions.remove(panel_id=panel_id, domain_id=target)


def _look(panel_id: int, target: int | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Before the transaction: it asks the host. Refused: no_domain, no_host_to_check."""
    row = Domain.objects.filter(panel_id=panel_id, id=target or 0).first()
    if row is None:
        raise Refused("no_domain", id=target or 0)
    if not can_be_checked(row):
        raise Refused("no_host_to_check")
    found = arrivals.look(panel_id, row.host, row.port, allow_private=settings.ALLOW_PRIVATE_PROVIDERS)
    return {**values, "arrives": found}


def _check(actor: Actor, panel_id: int, target: int, /, *, arrives: Arrival) -> None:
    domain_actions.note_arrival(panel_id=panel_id, domain_id=target, arrives=arrives)


def can_be_checked(domain: Domain) -> bool:
    """It names a host, and the panel answers there."""
    return domain.host != "*" and bool(domain.confirmed)


ACTIONS = (
    Action(
        DOMAIN,
        "check",
        gettext_noop("Check that it arrives"),
        Right.SETTINGS,
        _check,
        prepare=limited(_look),
        offered=can_be_checked,
    ),
    Action(
        DOMAIN,
        "confirm",
        gettext_noop("Confirm domain"),
        Right.SETTINGS,
        _confirm,
        operators=True,
        caution=True,
        help=gettext_noop("The panel then gets what is sent to this host. Be sure that it is its owner's."),
    ),
    Action(
        DOMAIN,
        "remove",
        gettext_noop("Remove domain"),
        Right.SETTINGS,
        _remove,
        gone=True,
        help=gettext_noop("The panel no longer answers there. Links to it stop working, in emails too."),
    ),
    Action(
        DOMAIN,
        "add",
        gettext_noop("Add domain"),
        Right.SETTINGS,
        _add,
        (
            Field(
                "host",
                ActionFieldKind.TEXT,
                gettext_noop("Host"),
                required=True,
                most=253,
                help=gettext_noop("Such as panel.example.com. Point its DNS record to this server."),
            ),
            Field(
                "port",
                ActionFieldKind.NUMBER,
                gettext_noop("Port"),
                most=65535,
                help=gettext_noop("Leave it empty unless the address in the browser has one."),
            ),
        ),
        on_target=False,
        help=gettext_noop("If this server hosts several panels, its operator confirms the domain first."),
    ),
)
