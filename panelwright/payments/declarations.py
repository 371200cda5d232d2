"""What staff can do with payments and with the methods of payment, declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import clock, limits, money
from panelwright.core.refusal import Refused
from panelwright.customers.asking import limited
from panelwright.panels.models import Panel
from panelwright.payments import connections, method_actions, queries, registry, rules, staff_actions
from panelwright.payments.gateway import Gateway
from panelwright.payments.hold_rules import HELD, HOURS_MAX
from panelwright.payments.models import (
    GATEWAY_ID_MAX,
    NAME_MAX,
    REASON_MAX,
    Attention,
    Payment,
    PaymentMethod,
    PaymentState,
)
from panelwright.payments.rules import rows_of
from panelwright.payments.settling_actions import lock
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State, by_id
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import AMOUNT, ANYTHING, NUMBER, TEXT, YES_NO, fields, listed, maybe, words

_KIND = ActionFieldKind
_REJECTABLE = frozenset(rules.before(PaymentState.FAILED))
_UNPAID = frozenset(state.value for state in rules.UNPAID)


# ---- payments ----------------------------------------------------------------------------------------------


def _payment_state(panel_id: int, payment_id: int) -> State | None:
    row = lock(panel_id, payment_id)
    if row is None:
        return None
    return {
        "customer": row.customer.user.email,
        "method": row.method.name,
        "state": row.state,
        "asked": money.text(row.asked_micros),
        "fee": money.text(row.fee_micros),
        "currency": row.currency,
        "received": None if row.received_micros is None else money.text(row.received_micros),
        "credited": money.text(row.credit_micros),
        "bonus": money.text(row.bonus_micros),
        "payment_reference": row.reference,
        "gateway_id": row.gateway_id or "",
        "proof": row.proof,
        "reason": row.reason,
        "problem_code": row.problem_code,
        "attention": row.attention,
        "spent_later": money.text(0 if (fresh := queries.fresh(row)) is None else fresh.micros),
        "owed": money.text(row.customer.account.owed_micros),
        "balance": money.text(row.customer.account.balance_micros or 0),
    }


PAYMENT_SHAPE = {
    "customer": TEXT,
    "method": TEXT,
    "state": words(PaymentState.values),
    "asked": AMOUNT,
    "fee": AMOUNT,
    "currency": TEXT,
    "received": maybe(AMOUNT),
    "credited": AMOUNT,
    "bonus": AMOUNT,
    "payment_reference": TEXT,
    "gateway_id": TEXT,
    "proof": TEXT,
    "reason": TEXT,
    "problem_code": TEXT,
    "attention": words(["", *Attention.values]),
    "spent_later": AMOUNT,
    "owed": AMOUNT,
    "balance": AMOUNT,
}

PAYMENT = Noun(
    "payment",
    "payments",
    gettext_noop("Payment"),
    _payment_state,
    shape=fields(PAYMENT_SHAPE),
    find=by_id,
    id_of=queries.payment_id,
    named_by="number",
)


def _approve(_actor: Actor, panel_id: int, payment_id: int, /, **given: Any) -> None:
    staff_actions.approve(_actor, panel_id=panel_id, payment_id=payment_id, now=clock.now(), **given)


def _reject(_actor: Actor, panel_id: int, payment_id: int, /, *, reason: str) -> None:
    staff_actions.reject(_actor, panel_id=panel_id, payment_id=payment_id, reason=reason, now=clock.now())


def _is_unpaid(payment: Payment) -> bool:
    return payment.state in _UNPAID


_GATEWAY_ID = Field(
    "gateway_id",
    _KIND.TEXT,
    gettext_noop("Reference at the bank"),
    most=GATEWAY_ID_MAX,
    help=gettext_noop("What the transfer is called on your account. Each reference is accepted once."),
)
_ON_PAYMENTS = (
    Action(
        PAYMENT,
        "approve",
        gettext_noop("Approve payment"),
        Right.PAYMENTS,
        _approve,
        (_GATEWAY_ID,),
        moves_money=True,
        offered=lambda payment: 3 if payment.state == PaymentState.PENDING else 0,
        help=gettext_noop("Only after you have found the full amount on your account."),
    ),
    Action(
        PAYMENT,
        "approve_amount",
        gettext_noop("Approve another amount"),
        Right.PAYMENTS,
        _approve,
        (
            Field(
                "received",
                _KIND.AMOUNT,
                gettext_noop("Amount received"),
                required=True,
                argument="amount_micros",
                help=gettext_noop("In the currency of the method, the fee included. The rest follows from it."),
            ),
            _GATEWAY_ID,
        ),
        moves_money=True,
        offered=lambda payment: 2 if _is_unpaid(payment) else 0,
    ),
    Action(
        PAYMENT,
        "reject",
        gettext_noop("Reject payment"),
        Right.PAYMENTS,
        _reject,
        (
            Field(
                "reason",
                _KIND.LONG_TEXT,
                gettext_noop("Reason"),
                required=True,
                most=REASON_MAX,
                help=gettext_noop("The customer reads it."),
            ),
        ),
        offered=lambda payment: int(payment.state in _REJECTABLE and payment.problem_code != HELD),
    ),
)


# ---- methods -----------------------------------------------------------------------------------------------


def _method_state(panel_id: int, method_id: int) -> State | None:
    rows = PaymentMethod.objects.select_for_update(no_key=True, of=("self",)).select_related("panel")
    row = rows.filter(panel_id=panel_id, id=method_id).first()
    if row is None:
        return None
    gateway = registry.gateway(row.kind)
    shown = {} if gateway is None else {one.name: row.settings.get(one.name) for one in gateway.fields}
    return {
        "kind": row.kind,
        "name": row.name,
        "enabled": row.enabled,
        "live": row.live,
        "currency": row.currency,
        # What nobody has said stands in no form.
        "rate": money.rate_text(row.rate_e12) if row.rate_given or row.currency == row.panel.currency else None,
        "min": money.text(row.min_micros),
        "max": money.text(row.max_micros),
        "fee_percent": _percent(row.fee_percent_e2),
        "fee_fixed": money.text(row.fee_fixed_micros),
        "bonuses": rules.bonuses_text(rows_of(row.bonuses)),
        "spend_after": row.spend_after_h,
        "position": row.position,
        "texts": row.texts,
        "settings": {name: value for name, value in shown.items() if value is not None},
        # Of secrets alone that they are there.
        "secrets": sorted(method_actions.secrets_of(row)),
        "webhook": "" if gateway is None or gateway.api is None else f"/hooks/payments/{row.hook_token}",
    }


def _percent(percent_e2: int) -> str:
    return f"{percent_e2 // 100}.{percent_e2 % 100:02d}".rstrip("0").rstrip(".")


PAYMENT_METHOD = Noun(
    "payment_method",
    "payment_methods",
    gettext_noop("Payment method"),
    _method_state,
    shape=fields(
        {
            "kind": TEXT,
            "name": TEXT,
            "enabled": YES_NO,
            "live": YES_NO,
            "currency": TEXT,
            "rate": maybe(AMOUNT),
            "min": AMOUNT,
            "max": AMOUNT,
            "fee_percent": AMOUNT,
            "fee_fixed": AMOUNT,
            "bonuses": TEXT,
            "spend_after": NUMBER,
            "position": NUMBER,
            "texts": ANYTHING,
            "settings": ANYTHING,
            "secrets": listed(TEXT),
            "webhook": TEXT,
        }
    ),
    find=by_id,
    of_money=True,
)


def _add(_actor: Actor, panel_id: int, _target: None, /, **given: Any) -> ActionDone:
    return ActionDone(method_actions.add(panel_id=panel_id, **given).id)


def _set(_actor: Actor, panel_id: int, method_id: int, /, **given: Any) -> None:
    method_actions.set_method(panel_id=panel_id, method_id=method_id, **given)


def _set_texts(_actor: Actor, panel_id: int, method_id: int, /, **given: Any) -> None:
    method_actions.set_texts(panel_id=panel_id, method_id=method_id, **given)


def _set_gateway(_actor: Actor, panel_id: int, method_id: int, /, **given: Any) -> None:
    method_actions.set_gateway(panel_id=panel_id, method_id=method_id, **given)


def _turn_on(_actor: Actor, panel_id: int, method_id: int, /) -> None:
    method_actions.turn(panel_id=panel_id, method_id=method_id, enabled=True)


def _turn_off(_actor: Actor, panel_id: int, method_id: int, /) -> None:
    method_actions.turn(panel_id=panel_id, method_id=method_id, enabled=False)


def _remove(_actor: Actor, panel_id: int, method_id: int, /) -> None:
    method_actions.remove(panel_id=panel_id, method_id=method_id)


def _ask_gateway(panel_id: int, method_id: int | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Before the transaction: a real call that changes nothing."""
    row = PaymentMethod.objects.filter(panel_id=panel_id, id=method_id or 0).first()
    if row is None:
        raise Refused("no_payment_method", id=method_id or 0)
    api = connections.api_of(row)
    if api is None:
        raise Refused("gateway_has_no_test")
    trouble = api.test(connections.connection_of(row))
    if trouble is not None:
        raise Refused("gateway_says", said=trouble.said or trouble.code)
    return {**values, "works": True}


def _test(_actor: Actor, _panel_id: int, _method_id: int, /, *, works: bool) -> ActionDone:
    return ActionDone(before={}, after={"works": works}, shown={"works": works})


def _has_api(method: PaymentMethod) -> int:
    return int(connections.api_of(method) is not None)


def _languages(panel_id: int) -> Iterable[tuple[str, str]]:
    panel = Panel.objects.get(id=panel_id)
    return [(code, code) for code in dict.fromkeys((panel.language, *panel.languages))]


_NAME = Field("name", _KIND.TEXT, gettext_noop("Name"), required=True, most=NAME_MAX)
_CURRENCY = Field("currency", _KIND.TEXT, gettext_noop("Currency"), most=8)
_POSITION_MAX = 10_000


def _is_of(kind: str, method: PaymentMethod) -> int:
    return 2 if method.kind == kind else 0


def _of_gateway(gateway: Gateway) -> Action:
    """The settings of one gateway, for methods of it alone."""
    return Action(
        PAYMENT_METHOD,
        f"set_{gateway.name}",
        gettext_noop("Change payment details") if gateway.by_hand else gettext_noop("Change gateway settings"),
        Right.SETTINGS,
        _set_gateway,
        gateway.fields,
        help=gateway.help,
        offered=partial(_is_of, gateway.name),
    )


_ON_METHODS = (
    Action(
        PAYMENT_METHOD,
        "add",
        gettext_noop("Add payment method"),
        Right.SETTINGS,
        _add,
        (
            Field(
                "kind",
                _KIND.CHOICE,
                gettext_noop("Kind"),
                required=True,
                choices=tuple(registry.all_gateways()),
            ),
            _NAME,
            _CURRENCY,
        ),
        on_target=False,
        help=gettext_noop("It stays off until you turn it on."),
    ),
    Action(
        PAYMENT_METHOD,
        "set",
        gettext_noop("Fees, limits and bonuses"),
        Right.SETTINGS,
        _set,
        (
            Field("name", _KIND.TEXT, gettext_noop("Name"), most=NAME_MAX),
            _CURRENCY,
            Field(
                "rate",
                _KIND.EXCHANGE_RATE,
                gettext_noop("Exchange rate"),
                argument="rate_e12",
                help=gettext_noop(
                    "What one unit of the method's currency is worth on the balance. Payments keep the rate that"
                    " the customer agreed to."
                ),
            ),
            Field("min", _KIND.AMOUNT, gettext_noop("Minimum amount"), argument="min_micros"),
            Field(
                "max",
                _KIND.AMOUNT,
                gettext_noop("Maximum amount"),
                argument="max_micros",
                help=gettext_noop("0: no maximum."),
            ),
            Field(
                "fee_percent",
                _KIND.PERCENT,
                gettext_noop("Fee in percent"),
                argument="fee_percent_e2",
                help=gettext_noop("The customer pays it on top of the amount."),
            ),
            Field("fee_fixed", _KIND.AMOUNT, gettext_noop("Fixed fee"), argument="fee_fixed_micros"),
            Field(
                "bonuses",
                _KIND.TEXT,
                gettext_noop("Bonuses"),
                most=300,
                clears=True,
                help=gettext_noop("Such as 100 5, 250 7: from 100 on 5% more, from 250 on 7%."),
            ),
            Field(
                "spend_after",
                _KIND.NUMBER,
                gettext_noop("Money can be spent after so many hours"),
                most=HOURS_MAX,
                argument="spend_after_h",
                help=gettext_noop(
                    "For cards and other payments that can be taken back. The money is on the balance at once, and can"
                    " be spent on orders later. 0: at once."
                ),
            ),
            Field(
                "position",
                _KIND.NUMBER,
                gettext_noop("Position"),
                most=_POSITION_MAX,
                help=gettext_noop("Methods with lower numbers stand first."),
            ),
        ),
        offered=lambda method: 3,
    ),
    Action(
        PAYMENT_METHOD,
        "set_texts",
        gettext_noop("Texts for customers"),
        Right.SETTINGS,
        _set_texts,
        (
            Field("language", _KIND.TEXT, gettext_noop("Language"), required=True, offers=_languages),
            Field("name", _KIND.TEXT, gettext_noop("Name"), most=NAME_MAX, held_as="-"),
            Field(
                "note",
                _KIND.TEXT,
                gettext_noop("Short note"),
                most=method_actions.NOTE_MAX,
                help=gettext_noop("Beside the name, such as 1–2 business days."),
            ),
            Field(
                "instructions",
                _KIND.LONG_TEXT,
                gettext_noop("Instructions"),
                most=limits.TICKET_CHARS_MAX,
                help=gettext_noop(
                    "Markdown. Fields are filled in for each payment: {{amount}}, {{currency}}, {{reference}}."
                ),
            ),
        ),
        offered=lambda method: 2,
    ),
    *map(_of_gateway, registry.all_gateways().values()),
    Action(
        PAYMENT_METHOD,
        "test",
        gettext_noop("Test the connection"),
        Right.SETTINGS,
        _test,
        prepare=limited(_ask_gateway),
        shown={"works": YES_NO},
        offered=_has_api,
    ),
    Action(
        PAYMENT_METHOD,
        "turn_on",
        gettext_noop("Turn on"),
        Right.SETTINGS,
        _turn_on,
        offered=lambda method: 4 if not method.enabled else 0,
    ),
    Action(
        PAYMENT_METHOD,
        "turn_off",
        gettext_noop("Turn off"),
        Right.SETTINGS,
        _turn_off,
        offered=lambda method: int(method.enabled),
    ),
    Action(
        PAYMENT_METHOD,
        "remove",
        gettext_noop("Delete payment method"),
        Right.SETTINGS,
        _remove,
        gone=True,
        offered=lambda method: int(not method.enabled),
    ),
)

ACTIONS = (*_ON_PAYMENTS, *_ON_METHODS)
