"""What staff can do about money that may be taken back: rules that hold payments, blocks, what is not spendable yet."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import clock, money
from panelwright.payments import hold_rules, holding_actions, ripening_actions, staff_actions
from panelwright.payments.declarations import PAYMENT
from panelwright.payments.hold_rules import HELD
from panelwright.payments.models import FreshMoney, HoldRules, Payment, PaymentBlock, PaymentBlockKind
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State, by_id
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import AMOUNT, NUMBER, TEXT, YES_NO, fields, words

_KIND = ActionFieldKind


# ---- rules -------------------------------------------------------------------------------------------------


def _rules_state(panel_id: int, id_: int) -> State | None:
    if id_ != panel_id:
        return None
    HoldRules.objects.select_for_update(no_key=True).filter(panel_id=panel_id).first()
    return _told(panel_id)


def _told(panel_id: int) -> State:
    limits = holding_actions.limits_of(panel_id)
    return {
        "hold_new_days": limits.new_days,
        "hold_first_above": money.text(limits.first_above_micros),
        "hold_countries": limits.countries,
        "hold_cards": limits.cards_max,
        "hold_shared": limits.shared,
        "hold_count": limits.count_max,
        "hold_sum": money.text(limits.sum_max_micros),
        "hold_hours": limits.hours,
    }


PAYMENT_RULES = Noun(
    "payment_rules",
    "payment_rules",
    gettext_noop("Payment rules"),
    _rules_state,
    shape=fields(
        {
            "hold_new_days": NUMBER,
            "hold_first_above": AMOUNT,
            "hold_countries": YES_NO,
            "hold_cards": NUMBER,
            "hold_shared": YES_NO,
            "hold_count": NUMBER,
            "hold_sum": AMOUNT,
            "hold_hours": NUMBER,
        }
    ),
    single=True,
    of_money=True,
)


def _set_rules(_actor: Actor, panel_id: int, _target: None, /, **values: Any) -> ActionDone:
    before = _told(panel_id)
    holding_actions.set_rules(panel_id=panel_id, **values)
    after = _told(panel_id)
    return ActionDone(panel_id, before=before, after=after, nothing=before == after)


_OFF = gettext_noop("0: off.")
_RULES = (
    Action(
        PAYMENT_RULES,
        "set",
        gettext_noop("Change payment rules"),
        Right.SETTINGS,
        _set_rules,
        (
            Field(
                "hold_new_days",
                _KIND.NUMBER,
                gettext_noop("Hold payments of customers who signed up fewer days ago than"),
                most=hold_rules.DAYS_MAX,
                argument="new_days",
                help=_OFF,
            ),
            Field(
                "hold_first_above",
                _KIND.AMOUNT,
                gettext_noop("Hold a first payment above"),
                argument="first_above_micros",
                help=gettext_noop("In your panel's currency. 0: off."),
            ),
            Field(
                "hold_countries",
                _KIND.YES_NO,
                gettext_noop("Hold when the card's country is not that of the billing address"),
                argument="countries",
                help=gettext_noop("Where the payment provider tells both, as Stripe does."),
            ),
            Field(
                "hold_cards",
                _KIND.NUMBER,
                gettext_noop("Hold when a customer has paid with more cards than"),
                most=hold_rules.COUNT_MAX,
                argument="cards_max",
                help=gettext_noop("Different cards or accounts within 30 days. 0: off."),
            ),
            Field(
                "hold_shared",
                _KIND.YES_NO,
                gettext_noop("Hold when another customer has paid with the same card or account"),
                argument="shared",
            ),
            Field(
                "hold_count",
                _KIND.NUMBER,
                gettext_noop("Hold when a customer makes more payments than"),
                most=hold_rules.COUNT_MAX,
                argument="count_max",
                help=_OFF,
            ),
            Field(
                "hold_sum",
                _KIND.AMOUNT,
                gettext_noop("Hold when a customer's payments add up to more than"),
                argument="sum_max_micros",
                help=gettext_noop("In your panel's currency. 0: off."),
            ),
            Field(
                "hold_hours",
                _KIND.NUMBER,
                gettext_noop("Hours over which payments are counted and added up"),
                least=1,
                most=hold_rules.HOURS_MAX,
                argument="hours",
            ),
        ),
        on_target=False,
        help=gettext_noop(
            "A payment that came in and matches a rule is not credited until you release or refund it. Payments that"
            " you approve yourself are not held."
        ),
    ),
)


# ---- blocks ------------------------------------------------------------------------------------------------


def _block_state(panel_id: int, block_id: int) -> State | None:
    row = PaymentBlock.objects.select_for_update(no_key=True).filter(panel_id=panel_id, id=block_id).first()
    return None if row is None else {"kind": row.kind, "value": row.value, "note": row.note}


PAYMENT_BLOCK = Noun(
    "payment_block",
    "payment_blocks",
    gettext_noop("Payment block"),
    _block_state,
    shape=fields({"kind": words(PaymentBlockKind.values), "value": TEXT, "note": TEXT}),
    find=by_id,
    of_money=True,
)


def _add_block(_actor: Actor, panel_id: int, _target: None, /, **given: Any) -> ActionDone:
    return ActionDone(holding_actions.add_block(panel_id=panel_id, **given).id)


def _remove_block(_actor: Actor, panel_id: int, block_id: int, /) -> None:
    holding_actions.remove_block(panel_id=panel_id, block_id=block_id)


_BLOCKS = (
    Action(
        PAYMENT_BLOCK,
        "add",
        gettext_noop("Block payments"),
        Right.PAYMENTS,
        _add_block,
        (
            Field(
                "kind",
                _KIND.CHOICE,
                gettext_noop("What is blocked"),
                required=True,
                choices=tuple(PaymentBlockKind.values),
            ),
            Field(
                "value",
                _KIND.TEXT,
                gettext_noop("Customer ID, IP address or domain"),
                required=True,
                most=253,
                help=gettext_noop("Such as 1042, 203.0.113.0/24 or example.com."),
            ),
            Field("note", _KIND.TEXT, gettext_noop("Note"), most=holding_actions.NOTE_MAX),
        ),
        on_target=False,
        help=gettext_noop(
            "Whoever matches cannot start a payment. Money that comes in all the same is held for you to decide."
        ),
    ),
    Action(
        PAYMENT_BLOCK,
        "remove",
        gettext_noop("Remove payment block"),
        Right.PAYMENTS,
        _remove_block,
        gone=True,
        offered=lambda block: 1,
    ),
)


# ---- payments ----------------------------------------------------------------------------------------------


def _release(actor: Actor, panel_id: int, payment_id: int, /) -> None:
    staff_actions.release(actor, panel_id=panel_id, payment_id=payment_id, now=clock.now())


def _make_spendable(actor: Actor, panel_id: int, payment_id: int, /) -> None:
    ripening_actions.release(actor, panel_id=panel_id, payment_id=payment_id, now=clock.now())


def _is_fresh(payment: Payment) -> int:
    """As the list or the page has read it."""
    try:
        return int(payment.fresh is not None)
    except FreshMoney.DoesNotExist:
        return 0


_ON_PAYMENTS = (
    Action(
        PAYMENT,
        "release",
        gettext_noop("Release payment"),
        Right.PAYMENTS,
        _release,
        moves_money=True,
        offered=lambda payment: 4 if payment.problem_code == HELD else 0,
        help=gettext_noop("Credits the payment as the customer agreed to it. To decline it, refund it."),
    ),
    Action(
        PAYMENT,
        "make_spendable",
        gettext_noop("Make money spendable now"),
        Right.PAYMENTS,
        _make_spendable,
        moves_money=True,
        offered=_is_fresh,
        help=gettext_noop("The customer can order with this payment at once, before its waiting time is over."),
    ),
)

ACTIONS = (*_ON_PAYMENTS, *_RULES, *_BLOCKS)
