"""What staff can do with coupons, declared."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import money
from panelwright.promotions import actions, rules
from panelwright.promotions.models import CODE_MAX, Coupon
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State, by_opposite
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import AMOUNT, MOMENT, NUMBER, TEXT, YES_NO, fields, maybe

_KIND = ActionFieldKind


def _state(panel_id: int, coupon_id: int) -> State | None:
    row = Coupon.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=coupon_id).first()
    return None if row is None else _told(row)


def _moment(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _told(row: Coupon) -> State:
    return {
        "code": row.code,
        "percent": money.text(row.percent_e2 * 10_000),
        "amount": money.text(row.amount_micros),
        "most": money.text(row.most_micros),
        "least": money.text(row.least_micros),
        "uses": row.uses_max,
        "uses_each": row.uses_each,
        "first_only": row.first_only,
        "begins_at": _moment(row.begins_at),
        "expires_at": _moment(row.expires_at),
        "enabled": row.enabled,
    }


def _find(panel_id: int, text: str) -> int | None:
    """By its code, or by its id."""
    rows = Coupon.objects.filter(panel_id=panel_id, code=rules.normal(text) or "")
    found: int | None = rows.values_list("id", flat=True).first()
    return found if found is not None else int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


COUPON = Noun(
    "coupon",
    "coupons",
    gettext_noop("Coupon"),
    _state,
    shape=fields(
        {
            "code": TEXT,
            "percent": AMOUNT,
            "amount": AMOUNT,
            "most": AMOUNT,
            "least": AMOUNT,
            "uses": NUMBER,
            "uses_each": NUMBER,
            "first_only": YES_NO,
            "begins_at": maybe(MOMENT),
            "expires_at": maybe(MOMENT),
            "enabled": YES_NO,
        }
    ),
    find=_find,
    named_by="code",
)


def _make(_actor: Actor, panel_id: int, _target: None, /, **given: Any) -> ActionDone:
    row = actions.make(panel_id=panel_id, **given)
    return ActionDone(row.id)


def _turn_off(_actor: Actor, panel_id: int, coupon_id: int, /) -> None:
    actions.turn(panel_id=panel_id, coupon_id=coupon_id, enabled=False)


def _turn_on(_actor: Actor, panel_id: int, coupon_id: int, /) -> None:
    actions.turn(panel_id=panel_id, coupon_id=coupon_id, enabled=True)


ACTIONS = (
    Action(
        COUPON,
        "make",
        gettext_noop("Create coupon"),
        Right.PAYMENTS,
        _make,
        (
            Field(
                "code",
                _KIND.TEXT,
                gettext_noop("Code"),
                required=True,
                most=CODE_MAX,
                help=gettext_noop("3 to 30 letters and digits that customers type, such as SPRING20."),
            ),
            Field(
                "percent",
                _KIND.PERCENT,
                gettext_noop("Percentage of the deposit"),
                argument="percent_e2",
                help=gettext_noop("Either a percentage or a fixed amount."),
            ),
            Field("amount", _KIND.AMOUNT, gettext_noop("Fixed amount"), argument="amount_micros"),
            Field(
                "most",
                _KIND.AMOUNT,
                gettext_noop("At most"),
                argument="most_micros",
                help=gettext_noop("The most that a percentage brings. Empty: no limit."),
            ),
            Field(
                "least",
                _KIND.AMOUNT,
                gettext_noop("Minimum deposit"),
                argument="least_micros",
                help=gettext_noop("What has to reach the balance, without bonuses."),
            ),
            Field(
                "uses",
                _KIND.NUMBER,
                gettext_noop("Uses in total"),
                least=1,
                most=rules.USES_MAX,
                help=gettext_noop("Empty: no limit."),
            ),
            Field(
                "uses_each",
                _KIND.NUMBER,
                gettext_noop("Uses per customer"),
                least=1,
                most=rules.USES_MAX,
                help=gettext_noop("Empty: once."),
            ),
            Field("first_only", _KIND.YES_NO, gettext_noop("First deposit only")),
            Field(
                "begins_at",
                _KIND.MOMENT,
                gettext_noop("Starts"),
                help=gettext_noop("Such as 2030-01-01T00:00:00Z. Empty: now."),
            ),
            Field(
                "expires_at",
                _KIND.MOMENT,
                gettext_noop("Expires"),
                help=gettext_noop("Such as 2030-12-31T23:59:59Z. Empty: never."),
            ),
        ),
        on_target=False,
        help=gettext_noop("What a coupon brings cannot be changed later. Turn it off and create another one."),
    ),
    Action(
        COUPON,
        "turn_off",
        gettext_noop("Turn off"),
        Right.PAYMENTS,
        _turn_off,
        in_bulk=True,
        undo=by_opposite("turn_on", "enabled"),
        offered=lambda coupon: coupon.enabled,
        help=gettext_noop("Payments that were begun with it still get what they were promised."),
    ),
    Action(
        COUPON,
        "turn_on",
        gettext_noop("Turn on"),
        Right.PAYMENTS,
        _turn_on,
        in_bulk=True,
        undo=by_opposite("turn_off", "enabled"),
        offered=lambda coupon: not coupon.enabled,
    ),
)
