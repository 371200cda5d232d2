"""What staff can do about trial balances, declared."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import money
from panelwright.panels.models import Panel
from panelwright.promotions import trial_actions
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import AMOUNT, NUMBER, YES_NO, fields

_KIND = ActionFieldKind


def _state(panel_id: int, id_: int) -> State | None:
    if id_ != panel_id:
        return None
    Panel.objects.select_for_update(no_key=True).filter(id=panel_id).first()
    return _told(panel_id)


def _told(panel_id: int) -> State:
    row = trial_actions.terms_of(panel_id)
    return {"trial": row.enabled, "trial_amount": money.text(row.amount_micros), "trial_per_day": row.per_day}


TRIAL = Noun(
    "trial",
    "trial_settings",
    gettext_noop("Trial balance"),
    _state,
    shape=fields({"trial": YES_NO, "trial_amount": AMOUNT, "trial_per_day": NUMBER}),
    single=True,
)


def _set(_actor: Actor, panel_id: int, _target: None, /, **values: Any) -> ActionDone:
    before = _told(panel_id)
    trial_actions.set_terms(panel_id=panel_id, **values)
    after = _told(panel_id)
    return ActionDone(panel_id, before=before, after=after, nothing=before == after)


ACTIONS = (
    Action(
        TRIAL,
        "set",
        gettext_noop("Change trial balance"),
        Right.SETTINGS,
        _set,
        (
            Field("trial", _KIND.YES_NO, gettext_noop("Give a trial balance"), argument="enabled"),
            Field(
                "trial_amount",
                _KIND.AMOUNT,
                gettext_noop("Amount for each new customer"),
                argument="amount_micros",
                help=gettext_noop("Once per network address and browser, when the email address is confirmed."),
            ),
            Field(
                "trial_per_day",
                _KIND.NUMBER,
                gettext_noop("Trial balances per day"),
                least=1,
                most=trial_actions.PER_DAY_MAX,
                argument="per_day",
                help=gettext_noop("The most that all new customers of a UTC day get together."),
            ),
        ),
        on_target=False,
        of_money=True,
    ),
)
