"""What staff can do with vouchers, declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import money
from panelwright.customers.models import Staff
from panelwright.payments import voucher_actions, voucher_rules
from panelwright.payments.models import NAME_MAX, Voucher
from panelwright.staff.action import (
    Action,
    ActionDone,
    ActionFieldKind,
    Field,
    Noun,
    ObjectChange,
    State,
    by_opposite,
)
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import AMOUNT, MOMENT, NUMBER, TEXT, YES_NO, fields, listed, maybe

_KIND = ActionFieldKind


def _state(panel_id: int, voucher_id: int) -> State | None:
    row = Voucher.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=voucher_id).first()
    return None if row is None else _told(row)


def _told(row: Voucher) -> State:
    return {
        "prefix": row.prefix,
        "label": row.label,
        "value": money.text(row.value_micros),
        "uses_max": row.uses_max,
        "uses_left": row.uses_left,
        "expires_at": None if row.expires_at is None else f"{row.expires_at:%Y-%m-%dT%H:%M:%SZ}",
        "enabled": row.enabled,
    }


def _find(panel_id: int, text: str) -> int | None:
    """By its id, or by the first characters of its code."""
    prefix = text.replace("-", "").strip().upper()
    rows = Voucher.objects.filter(panel_id=panel_id, prefix=prefix)
    found: int | None = rows.values_list("id", flat=True).first()
    return found if found is not None else int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


VOUCHER = Noun(
    "voucher",
    "vouchers",
    gettext_noop("Voucher"),
    _state,
    shape=fields(
        {
            "prefix": TEXT,
            "label": TEXT,
            "value": AMOUNT,
            "uses_max": NUMBER,
            "uses_left": NUMBER,
            "expires_at": maybe(MOMENT),
            "enabled": YES_NO,
        }
    ),
    find=_find,
    named_by="prefix",
)


def _codes(_panel_id: int, _target: int | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The codes, which no program and no page can choose; they are told once, and kept nowhere."""
    given = dict(values)
    count = given.pop("count")
    return {**given, "codes": [voucher_rules.new_code() for _ in range(count)]}


def _make(actor: Actor, panel_id: int, _target: None, /, *, codes: list[str], **given: Any) -> ActionDone:
    # A program with somebody's key is that somebody.
    users = Staff.objects.filter(panel_id=panel_id, id=actor.id or 0).values_list("user_id", flat=True)
    made = voucher_actions.make(panel_id=panel_id, codes=codes, made_by=users.first(), **given)
    return ActionDone(each=[ObjectChange(row.id, {}, _told(row)) for row in made], shown={"codes": codes})


def _turn_off(_actor: Actor, panel_id: int, voucher_id: int, /) -> None:
    voucher_actions.turn(panel_id=panel_id, voucher_id=voucher_id, enabled=False)


def _turn_on(_actor: Actor, panel_id: int, voucher_id: int, /) -> None:
    voucher_actions.turn(panel_id=panel_id, voucher_id=voucher_id, enabled=True)


ACTIONS = (
    Action(
        VOUCHER,
        "make",
        gettext_noop("Create vouchers"),
        Right.PAYMENTS,
        _make,
        (
            Field(
                "label",
                _KIND.TEXT,
                gettext_noop("Name of the batch"),
                required=True,
                most=NAME_MAX,
                help=gettext_noop("Only staff see it."),
            ),
            Field("value", _KIND.AMOUNT, gettext_noop("Value"), required=True, argument="value_micros"),
            Field(
                "count",
                _KIND.NUMBER,
                gettext_noop("Number of vouchers"),
                least=1,
                most=voucher_rules.MADE_MAX,
                required=True,
            ),
            Field(
                "uses",
                _KIND.NUMBER,
                gettext_noop("Uses per voucher"),
                least=1,
                most=voucher_rules.USES_MAX,
                help=gettext_noop("Each customer can use a voucher once."),
            ),
            Field(
                "expires_at",
                _KIND.MOMENT,
                gettext_noop("Expires"),
                help=gettext_noop("Such as 2030-12-31T23:59:59Z. Empty: never."),
            ),
        ),
        on_target=False,
        prepare=_codes,
        many=True,
        shown={"codes": listed(TEXT)},
        help=gettext_noop("The codes are shown once. Afterwards only their first characters are known."),
    ),
    Action(
        VOUCHER,
        "turn_off",
        gettext_noop("Turn off"),
        Right.PAYMENTS,
        _turn_off,
        in_bulk=True,
        undo=by_opposite("turn_on", "enabled"),
        offered=lambda voucher: voucher.enabled,
    ),
    Action(
        VOUCHER,
        "turn_on",
        gettext_noop("Turn on"),
        Right.PAYMENTS,
        _turn_on,
        in_bulk=True,
        undo=by_opposite("turn_off", "enabled"),
        offered=lambda voucher: not voucher.enabled,
    ),
)
