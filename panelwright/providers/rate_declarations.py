"""What staff can do with exchange rates, declared."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.core import money
from panelwright.providers.models import ExchangeRate
from panelwright.providers.sync import sync_actions
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import AMOUNT, TEXT, fields


def _rate_state(panel_id: int, rate_id: int) -> State | None:
    row = ExchangeRate.objects.filter(panel_id=panel_id, id=rate_id).first()
    return None if row is None else {"from": row.currency, "to": row.target, "rate": money.rate_text(row.rate_e12)}


_RATE_SHAPE = fields({"from": TEXT, "to": TEXT, "rate": AMOUNT})
EXCHANGE_RATE = Noun("exchange_rate", "exchange_rates", gettext_noop("Exchange rate"), _rate_state, shape=_RATE_SHAPE)
HOST_EXCHANGE_RATE = Noun(
    "host_exchange_rate",
    "host_exchange_rates",
    gettext_noop("Exchange rate of all panels"),
    _rate_state,
    shape=_RATE_SHAPE,
)


def _set_exchange_rate(
    actor: Actor, panel_id: int, _target: None, /, *, currency: str, target: str, rate_e12: int
) -> ActionDone:
    # The panel's rates, or for the host (no panel) those of all.
    currency, target = currency.upper(), target.upper()
    before = sync_actions.stored_rate(panel_id or None, currency=currency, target=target)
    sync_actions.set_exchange_rate(currency=currency, target=target, rate_e12=rate_e12, panel_id=panel_id or None)
    pair = {"from": currency, "to": target}
    return ActionDone(
        before={} if before is None else {**pair, "rate": money.rate_text(before)},
        after={**pair, "rate": money.rate_text(rate_e12)},
    )


_RATE_FIELDS = (
    Field("from", ActionFieldKind.TEXT, gettext_noop("From currency"), required=True, most=3, argument="currency"),
    Field("to", ActionFieldKind.TEXT, gettext_noop("To currency"), required=True, most=3, argument="target"),
    Field("rate", ActionFieldKind.EXCHANGE_RATE, gettext_noop("Exchange rate"), required=True, argument="rate_e12"),
)

ACTIONS = (
    Action(
        EXCHANGE_RATE,
        "set",
        gettext_noop("Set exchange rate"),
        Right.PROVIDERS,
        _set_exchange_rate,
        _RATE_FIELDS,
        on_target=False,
        of_money=True,
    ),
    Action(
        HOST_EXCHANGE_RATE,
        "set",
        gettext_noop("Set exchange rate for all panels"),
        Right.PROVIDERS,
        _set_exchange_rate,
        _RATE_FIELDS,
        on_target=False,
        host=True,
    ),
)
