"""What staff can do about affiliates, declared: the panel's terms, partners, commissions and payouts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import clock, money
from panelwright.panels.models import Panel
from panelwright.promotions import affiliate_actions, affiliate_queries, affiliate_rules, payout_actions
from panelwright.promotions.models import (
    PAYOUT_REASON_MAX,
    PAYOUT_REFERENCE_MAX,
    Commission,
    CommissionState,
    Partner,
    Payout,
    PayoutState,
    PayoutWay,
)
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State, by_opposite
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import AMOUNT, MOMENT, NUMBER, TEXT, YES_NO, fields, listed, maybe, words

_KIND = ActionFieldKind


def _percent(percent_e2: int | None) -> str | None:
    return None if percent_e2 is None else f"{percent_e2 / 100:.2f}"


def _moment(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _terms_state(panel_id: int, id_: int) -> State | None:
    if id_ != panel_id:
        return None
    Panel.objects.select_for_update(no_key=True).filter(id=panel_id).first()
    return _terms(panel_id)


def _terms(panel_id: int) -> State:
    row = affiliate_queries.terms_of(panel_id)
    return {
        "affiliates": Panel.objects.filter(id=panel_id, affiliates=True).exists(),
        "affiliate_percent": _percent(row.percent_e2),
        "affiliate_hold_days": row.hold_days,
        "affiliate_least_payout": money.text(row.least_payout_micros),
        "affiliate_staff_payouts": row.staff_payouts,
        "affiliate_first_only": row.first_only,
        "affiliate_months": row.months,
        "affiliate_cookie_days": row.cookie_days,
    }


AFFILIATES = Noun(
    "affiliates",
    "affiliate_settings",
    gettext_noop("Affiliate program"),
    _terms_state,
    shape=fields(
        {
            "affiliates": YES_NO,
            "affiliate_percent": AMOUNT,
            "affiliate_hold_days": NUMBER,
            "affiliate_least_payout": AMOUNT,
            "affiliate_staff_payouts": YES_NO,
            "affiliate_first_only": YES_NO,
            "affiliate_months": NUMBER,
            "affiliate_cookie_days": NUMBER,
        }
    ),
    single=True,
)


def _set_terms(_actor: Actor, panel_id: int, _target: None, /, **values: Any) -> ActionDone:
    before = _terms(panel_id)
    affiliate_actions.set_terms(panel_id=panel_id, **values)
    after = _terms(panel_id)
    return ActionDone(panel_id, before=before, after=after, nothing=before == after)


def _partner_state(panel_id: int, partner_id: int) -> State | None:
    rows = Partner.objects.select_for_update(no_key=True, of=("self",)).select_related("customer")
    row = rows.filter(panel_id=panel_id, id=partner_id).first()
    if row is None:
        return None
    return {
        "code": row.code,
        "customer": row.customer.number,
        "percent": _percent(row.percent_e2),
        "blocked": row.blocked,
    }


def _find_partner(panel_id: int, text: str) -> int | None:
    """By the code of the link, or by the id."""
    rows = Partner.objects.filter(panel_id=panel_id, code=affiliate_rules.normal_code(text) or "")
    found: int | None = rows.values_list("id", flat=True).first()
    return found if found is not None else _number(text)


PARTNER = Noun(
    "partner",
    "partners",
    gettext_noop("Affiliate"),
    _partner_state,
    shape=fields({"code": TEXT, "customer": NUMBER, "percent": maybe(AMOUNT), "blocked": YES_NO}),
    find=_find_partner,
    named_by="code",
)


def _set_percent(actor: Actor, panel_id: int, partner_id: int, /, *, percent_e2: int) -> None:
    affiliate_actions.set_percent(actor, panel_id=panel_id, partner_id=partner_id, percent_e2=percent_e2)


def _drop_percent(actor: Actor, panel_id: int, partner_id: int, /) -> None:
    affiliate_actions.set_percent(actor, panel_id=panel_id, partner_id=partner_id, percent_e2=None)


def _block(actor: Actor, panel_id: int, partner_id: int, /) -> None:
    affiliate_actions.block(actor, panel_id=panel_id, partner_id=partner_id, blocked=True)


def _unblock(actor: Actor, panel_id: int, partner_id: int, /) -> None:
    affiliate_actions.block(actor, panel_id=panel_id, partner_id=partner_id, blocked=False)


def _commission_state(panel_id: int, commission_id: int) -> State | None:
    rows = Commission.objects.select_for_update(no_key=True, of=("self",)).select_related("partner")
    row = rows.filter(panel_id=panel_id, id=commission_id).first()
    if row is None:
        return None
    return {
        "code": row.partner.code,
        "payment": row.payment_number,
        "commission_state": row.state,
        "commission": money.text(row.earned_micros),
        "withdrawn": money.text(row.withdrawn_micros),
        "evidence": row.evidence,
        "held_until": _moment(row.held_until),
    }


COMMISSION = Noun(
    "commission",
    "commissions",
    gettext_noop("Commission"),
    _commission_state,
    shape=fields(
        {
            "code": TEXT,
            "payment": NUMBER,
            "commission_state": words(CommissionState.values),
            "commission": AMOUNT,
            "withdrawn": AMOUNT,
            "evidence": listed(TEXT),
            "held_until": MOMENT,
        }
    ),
    find=lambda panel_id, text: _number(text),
)


def _accept(actor: Actor, panel_id: int, commission_id: int, /) -> None:
    affiliate_actions.decide(actor, panel_id=panel_id, commission_id=commission_id, earned=True, now=clock.now())


def _decline(actor: Actor, panel_id: int, commission_id: int, /) -> None:
    affiliate_actions.decide(actor, panel_id=panel_id, commission_id=commission_id, earned=False, now=clock.now())


def _payout_state(panel_id: int, payout_id: int) -> State | None:
    rows = Payout.objects.select_for_update(no_key=True, of=("self",)).select_related("partner__customer")
    row = rows.filter(panel_id=panel_id, id=payout_id).first()
    if row is None:
        return None
    return {
        "payout": row.name,
        "customer": row.partner.customer.number,
        "payout_way": row.way,
        "payout_state": row.state,
        "amount": money.text(row.amount_micros),
        "payout_to": row.to,
        "reference": row.reference,
        "reason": row.reason,
    }


def _find_payout(panel_id: int, text: str) -> int | None:
    """As the statement calls it, K7F3M2QA-3, or by the id."""
    code, dash, n = text.partition("-")
    rows = Payout.objects.filter(
        panel_id=panel_id, partner__code=affiliate_rules.normal_code(code) or "", n=_number(n) or 0
    )
    return rows.values_list("id", flat=True).first() if dash else _number(text)


PAYOUT = Noun(
    "payout",
    "payouts",
    gettext_noop("Payout"),
    _payout_state,
    shape=fields(
        {
            "payout": TEXT,
            "customer": NUMBER,
            "payout_way": words(PayoutWay.values),
            "payout_state": words(PayoutState.values),
            "amount": AMOUNT,
            "payout_to": TEXT,
            "reference": TEXT,
            "reason": TEXT,
        }
    ),
    find=_find_payout,
    named_by="payout",
)


def _approve(actor: Actor, panel_id: int, payout_id: int, /, *, reference: str) -> None:
    payout_actions.approve(actor, panel_id=panel_id, payout_id=payout_id, reference=reference, now=clock.now())


def _reject(actor: Actor, panel_id: int, payout_id: int, /, *, reason: str) -> None:
    payout_actions.reject(actor, panel_id=panel_id, payout_id=payout_id, reason=reason, now=clock.now())


def _waits(payout: Payout) -> int:
    return int(payout.state == PayoutState.REQUESTED)


def _refused(commission: Commission) -> int:
    return int(commission.state == CommissionState.REFUSED)


_ON_TERMS = Action(
    AFFILIATES,
    "set",
    gettext_noop("Change affiliate program"),
    Right.SETTINGS,
    _set_terms,
    (
        Field("affiliates", _KIND.YES_NO, gettext_noop("Affiliate program on"), argument="enabled"),
        Field(
            "affiliate_percent",
            _KIND.PERCENT,
            gettext_noop("Commission in percent"),
            argument="percent_e2",
            help=gettext_noop("Of what a deposit adds to the balance, without fees, bonuses and coupons."),
        ),
        Field(
            "affiliate_hold_days",
            _KIND.NUMBER,
            gettext_noop("Days on hold"),
            most=affiliate_rules.DAYS_MAX,
            argument="hold_days",
            help=gettext_noop("A commission can be paid out after so many days. Refunds usually come before."),
        ),
        Field(
            "affiliate_least_payout",
            _KIND.AMOUNT,
            gettext_noop("Minimum payout"),
            argument="least_payout_micros",
        ),
        Field(
            "affiliate_staff_payouts",
            _KIND.YES_NO,
            gettext_noop("Payouts outside the panel"),
            argument="staff_payouts",
            help=gettext_noop("Affiliates may also ask for money, which you send. Otherwise it goes to their balance."),
        ),
        Field(
            "affiliate_first_only",
            _KIND.YES_NO,
            gettext_noop("First deposit only"),
            argument="first_only",
        ),
        Field(
            "affiliate_months",
            _KIND.NUMBER,
            gettext_noop("Months after sign-up"),
            most=affiliate_rules.MONTHS_MAX,
            argument="months",
            help=gettext_noop("For how long deposits earn a commission. 0: always."),
        ),
        Field(
            "affiliate_cookie_days",
            _KIND.NUMBER,
            gettext_noop("Days from click to sign-up"),
            least=1,
            most=affiliate_rules.DAYS_MAX,
            argument="cookie_days",
            help=gettext_noop("The last link that a visitor opened counts."),
        ),
    ),
    on_target=False,
    of_money=True,
    help=gettext_noop("Commissions that were earned before do not change."),
)

_ON_PARTNERS = (
    Action(
        PARTNER,
        "set_percent",
        gettext_noop("Set own commission"),
        Right.PAYMENTS,
        _set_percent,
        (
            Field(
                "percent",
                _KIND.PERCENT,
                gettext_noop("Commission in percent"),
                required=True,
                argument="percent_e2",
                help=gettext_noop("For deposits from now on."),
            ),
        ),
        of_money=True,
    ),
    Action(
        PARTNER,
        "drop_percent",
        gettext_noop("Use the panel's commission"),
        Right.PAYMENTS,
        _drop_percent,
        offered=lambda partner: partner.percent_e2 is not None,
        of_money=True,
    ),
    Action(
        PARTNER,
        "block",
        gettext_noop("Block affiliate"),
        Right.PAYMENTS,
        _block,
        undo=by_opposite("unblock", "blocked"),
        offered=lambda partner: not partner.blocked,
        caution=True,
        help=gettext_noop("The link brings nobody, deposits earn nothing, and nothing is paid out until you unblock."),
    ),
    Action(
        PARTNER,
        "unblock",
        gettext_noop("Unblock affiliate"),
        Right.PAYMENTS,
        _unblock,
        undo=by_opposite("block", "blocked"),
        offered=lambda partner: partner.blocked,
    ),
)

_ON_COMMISSIONS = (
    Action(
        COMMISSION,
        "decline",
        gettext_noop("Decline commission"),
        Right.PAYMENTS,
        _decline,
        offered=_refused,
    ),
    Action(
        COMMISSION,
        "accept",
        gettext_noop("Accept commission"),
        Right.PAYMENTS,
        _accept,
        moves_money=True,
        offered=lambda commission: 2 * _refused(commission),
        help=gettext_noop("Affiliate and customer looked like one person. Accept it if they are not."),
    ),
)

_ON_PAYOUTS = (
    Action(
        PAYOUT,
        "approve",
        gettext_noop("Mark as sent"),
        Right.PAYMENTS,
        _approve,
        (
            Field(
                "reference",
                _KIND.TEXT,
                gettext_noop("Reference"),
                required=True,
                most=PAYOUT_REFERENCE_MAX,
                help=gettext_noop("What the transfer is called where you sent it. The affiliate sees it."),
            ),
        ),
        moves_money=True,
        offered=lambda payout: 2 * _waits(payout),
        help=gettext_noop(
            "Before you send it, check that the affiliate is not blocked and still has the amount. Then mark it:"
            " what you have sent is always booked."
        ),
    ),
    Action(
        PAYOUT,
        "reject",
        gettext_noop("Reject payout"),
        Right.PAYMENTS,
        _reject,
        (
            Field(
                "reason",
                _KIND.TEXT,
                gettext_noop("Reason"),
                required=True,
                most=PAYOUT_REASON_MAX,
                help=gettext_noop("The affiliate sees it. The amount becomes available again."),
            ),
        ),
        offered=_waits,
    ),
)

ACTIONS = (_ON_TERMS, *_ON_PARTNERS, *_ON_COMMISSIONS, *_ON_PAYOUTS)
