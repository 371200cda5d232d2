"""What staff can do with the prices of many services, declared: by their numbers, or by the filters of their list."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.catalog.declarations import SERVICE
from panelwright.catalog.pricing_rules import PriceChange
from panelwright.core import clock, money
from panelwright.core.refusal import Refused
from panelwright.panels.models import Panel
from panelwright.providers import pricing_actions
from panelwright.staff import bulk_actions
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, ObjectChange, by_values
from panelwright.staff.actor import Actor
from panelwright.staff.lists import Selection, named
from panelwright.staff.rights import Right
from panelwright.staff.shapes import NUMBER, TEXT

# The filters of the list of services, as fields.
FILTERS = ("q", "category", "provider", "state")


def _reprice(
    actor: Actor,
    panel_id: int,
    _target: None,
    /,
    *,
    services: list[str] | None = None,
    percent: int = 0,
    amount_micros: int = 0,
    round_to_micros: int = 1,
    margin_e2: int | None = None,
    **asked: str,
) -> ActionDone:
    if round_to_micros < 1:
        raise Refused("bad_rounding", "round_to")
    panel = Panel.objects.get(id=panel_id)
    change = PriceChange(percent, amount_micros, round_to_micros, margin_e2)
    numbers = numbers_of(panel, services, asked)
    plan = pricing_actions.reprice(panel=panel, numbers=numbers, change=change)
    changed = [one for one in plan if one.changes]
    work = None
    if changed:
        work = bulk_actions.at_once(
            action="service.reprice",
            selection=Selection("services", asked, max(numbers), clock.now(), tuple(numbers) if services else None),
            given={
                "percent": f"{percent / 100:.2f}",
                "amount": money.text(amount_micros),
                "round_to": money.text(round_to_micros),
                **({} if margin_e2 is None else {"margin": f"{margin_e2 / 100:.2f}"}),
            },
            actor=actor,
            panel_id=panel_id,
            count=len(changed),
        )
    return ActionDone(
        nothing=not changed,
        bulk_id=None if work is None else work.id,
        each=[
            ObjectChange(
                one.service.number,
                {"rate": money.text(one.service.rate_micros)},
                {"rate": money.text(one.rate_micros)},
            )
            for one in changed
        ],
        shown={
            "services": len(plan),
            "changed": len(changed),
            "below_cost": sum(one.is_below for one in plan),
            "digest": pricing_actions.digest(plan),
            "bulk": 0 if work is None else work.number,
        },
    )


def numbers_of(panel: Panel, services: list[str] | None, asked: dict[str, str]) -> list[int]:
    """The services that are meant: those numbers, or what the filters of the list ask for; without any all."""
    if services:
        return [int(text) for text in services if text.isascii() and text.isdigit() and len(text) < 19]
    of = named("services")
    listing = of.listing.of_panel(panel.id)
    found = of.found(panel, listing.asked(asked)).rows.order_by("number")
    return list(found.values_list("number", flat=True)[: pricing_actions.SERVICES_MAX + 1])


def _delete_own_rates(actor: Actor, panel_id: int, number: int, /) -> ActionDone:
    count = pricing_actions.delete_own_rates(panel_id=panel_id, number=number)
    return ActionDone(before={"custom_rates": count}, after={"custom_rates": 0}, nothing=count == 0)


CHANGE_FIELDS = (
    Field(
        "percent",
        ActionFieldKind.CHANGE,
        gettext_noop("Percent"),
        help=gettext_noop("5 raises prices by 5 percent, -5 lowers them."),
    ),
    Field("amount", ActionFieldKind.AMOUNT, gettext_noop("Amount added"), argument="amount_micros"),
    Field("round_to", ActionFieldKind.AMOUNT, gettext_noop("Round prices up to"), argument="round_to_micros"),
    Field(
        "margin",
        ActionFieldKind.PERCENT,
        gettext_noop("At least the cost plus, in percent"),
        argument="margin_e2",
        help=gettext_noop("Prices below that are raised to it. Empty means no floor."),
    ),
)

ACTIONS = (
    Action(
        SERVICE,
        "reprice",
        gettext_noop("Change prices"),
        Right.PRICES,
        _reprice,
        (
            Field("services", ActionFieldKind.WORDS, gettext_noop("Only these service IDs")),
            Field("q", ActionFieldKind.TEXT, gettext_noop("Only names with this text"), most=200),
            Field("category", ActionFieldKind.TEXT, gettext_noop("Category ID"), most=19),
            Field("provider", ActionFieldKind.TEXT, gettext_noop("Provider ID"), most=19),
            Field("state", ActionFieldKind.TEXT, gettext_noop("State"), most=20),
            *CHANGE_FIELDS,
        ),
        on_target=False,
        many=True,
        shown={"services": NUMBER, "changed": NUMBER, "below_cost": NUMBER, "digest": TEXT, "bulk": NUMBER},
        undo=by_values("set_rate", "rate"),
    ),
    Action(
        SERVICE,
        "delete_own_rates",
        gettext_noop("Delete custom prices"),
        Right.PRICES,
        _delete_own_rates,
        in_bulk=True,
    ),
)
