"""A panel's terms for affiliates, who is one, whom they bring, and what they earn by it.

Lock order: the payment (its caller's), the referral, the commission, accounts. A partner's row is locked for payouts
alone (payout_actions.py), before accounts.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from panelwright.core import clock, sql
from panelwright.core.refusal import InvalidState, NotThere, Refusal, Refused
from panelwright.core.remote import neighbourhood
from panelwright.customers import throttle_actions
from panelwright.customers.models import Customer
from panelwright.customers.own import refuse_own
from panelwright.customers.throttle_actions import AttemptLimit
from panelwright.ledger import actions as ledger
from panelwright.ledger.models import AccountKind, TransferCode
from panelwright.ledger.rules import NamedAccount, NewTransfer
from panelwright.panels.models import Panel
from panelwright.promotions import affiliate_queries, affiliate_rules, queries, rules
from panelwright.promotions.models import COOKIE_DAYS, AffiliateTerms, Commission, CommissionState, Partner, Referral
from panelwright.staff.actor import Actor

_DAY_S = 24 * 3600
# A network address counts once a day for a link, and writes for so many links; a panel takes so many clicks, however
# many addresses come: then they are not counted, and lead to the page all the same.
CLICK_ONCE = AttemptLimit("click once", 1, stretch_s=_DAY_S)
CLICK_ADDRESS = AttemptLimit("click address", 20, everywhere=True)
CLICK_PANEL = AttemptLimit("click panel", 2_000)
_CLICK = sql.Query(
    "INSERT INTO promotions_partnerclicks (panel_id, partner_id, day, clicks) VALUES (?, ?, ?, 1)"
    " ON CONFLICT (panel_id, partner_id, day) DO UPDATE SET clicks = promotions_partnerclicks.clicks + 1"
)
# So many codes in a row are nobody's chance.
_CODE_TRIES = 5
_GIVES = NamedAccount(AccountKind.COMMISSION)
# Why staff do not decide about what is theirs.
OWN = "own_affiliate_money"


class Followed(NamedTuple):
    """A link of a partner that somebody came by: what the browser keeps of it, and for how long."""

    code: str
    lasts: timedelta


def set_terms(*, panel_id: int, enabled: bool | None = None, **values: Any) -> None:
    """What is not given stays. The caller has a transaction. Refused: bad_affiliate_percent, amount_not_positive."""
    if enabled is not None:
        Panel.objects.filter(id=panel_id).update(affiliates=enabled)
    row, _made = AffiliateTerms.objects.select_for_update(no_key=True).get_or_create(panel_id=panel_id)
    if not 0 <= values.get("percent_e2", 0) <= affiliate_rules.PERCENT_MAX_E2:
        raise Refused("bad_affiliate_percent", "affiliate_percent", limit=affiliate_rules.PERCENT_MAX_E2 // 100)
    if values.get("least_payout_micros", 0) < 0:
        raise Refused("amount_not_positive", "affiliate_least_payout")
    for name, value in values.items():
        setattr(row, name, value)
    if values:
        row.save(update_fields=list(values))


def become_partner(*, panel: Panel, customer: Customer) -> Partner | Refusal:
    """The customer's link: the one that there is, or a new one. Refused: affiliates_off."""
    if not panel.affiliates:
        return Refusal("affiliates_off")
    tries = 0
    while True:
        found = affiliate_queries.partner_of(panel.id, customer.id)
        if found is not None:
            return found
        code = "".join(secrets.choice(affiliate_rules.ALPHABET) for _ in range(affiliate_rules.CODE_CHARS))
        try:
            with transaction.atomic():
                made: Partner = Partner.objects.create(
                    panel=panel, customer=customer, code=code, created_at=clock.now()
                )
                return made
        except IntegrityError:
            # Made by the same form, sent twice; or another's code, and the next one is no one's. What goes on is
            # something else, and an error.
            tries += 1
            if tries == _CODE_TRIES:
                raise


def follow_link(*, panel: Panel, code: str, known: str, address: str, now: datetime) -> Followed | None:
    """Somebody has come by a link; None where it is nobody's. `known`: what the browser kept of one before.

    One read for a code that there is, or is not; what was followed before is neither read nor counted again.
    """
    plain = affiliate_rules.normal_code(code)
    if plain is None or plain == known or not panel.affiliates:
        return None
    rows = Partner.objects.filter(panel_id=panel.id, code=plain, blocked=False)
    row: Any = rows.values_list("id", "panel__affiliateterms__cookie_days").first()
    if row is None:
        return None
    partner_id, days = row
    _count_click(panel.id, partner_id, address, now)
    return Followed(plain, timedelta(days=days or COOKIE_DAYS))


def _count_click(panel_id: int, partner_id: int, address: str, now: datetime) -> None:
    home = neighbourhood(address)
    attempts = [(CLICK_ONCE, f"{partner_id} {home}"), (CLICK_ADDRESS, home), (CLICK_PANEL, "")]
    if throttle_actions.count(panel_id, attempts, now=now) is None:
        with transaction.atomic():
            _CLICK.run(connection, panel_id, partner_id, now.date())


def attribute(*, panel_id: int, customer: Customer, code: str, now: datetime) -> None:
    """A new customer was brought by whose code this is, if it is somebody's: in the transaction that makes the account,
    and never again.
    """
    plain = affiliate_rules.normal_code(code)
    if plain is None:
        return
    rows = Partner.objects.filter(panel_id=panel_id, code=plain, blocked=False, panel__affiliates=True)
    partner = rows.exclude(customer=customer).first()
    if partner is not None:
        Referral.objects.create(panel_id=panel_id, partner=partner, customer=customer, at=now)


def earn(
    *,
    panel_id: int,
    customer_id: int,
    payment_number: int,
    reference: str,
    credit_micros: int,
    paid_so_by: Callable[[int], bool],
    now: datetime,
) -> Refusal | None:
    """A payment is settled: what its customer's partner earns, in the caller's transaction. Refused as the ledger does.
    `paid_so_by`: whether a customer has paid with the same card or account.

    Where partner and customer look like one person nothing is posted: the row keeps why, and staff decide.
    """
    rows = Referral.objects.select_for_update(no_key=True, of=("self",)).filter(
        panel_id=panel_id, customer_id=customer_id
    )
    referral = rows.select_related("partner__customer", "customer", "panel").first()
    if referral is None or Commission.objects.filter(panel_id=panel_id, payment_number=payment_number).exists():
        return None
    terms, partner = affiliate_queries.terms_of(panel_id), referral.partner
    percent = affiliate_queries.percent_e2(partner, terms)
    micros = affiliate_rules.commission(credit_micros=credit_micros, percent_e2=percent)
    if not referral.panel.affiliates or partner.blocked or not micros:
        return None
    has_deposits = terms.first_only and queries.has_deposits(panel_id, referral.customer.account_id, reference)
    if not affiliate_rules.earns(
        first_only=terms.first_only,
        months=terms.months,
        joined_at=referral.at,
        has_deposits=has_deposits,
        now=now,
    ):
        return None
    why = affiliate_queries.evidence(
        panel_id,
        partner_user_id=partner.customer.user_id,
        user_id=referral.customer.user_id,
        payer=paid_so_by(partner.customer_id),
    )
    row: Commission = Commission.objects.create(
        panel_id=panel_id,
        partner=partner,
        referral=referral,
        payment_number=payment_number,
        state=CommissionState.REFUSED if why else CommissionState.EARNED,
        credit_micros=credit_micros,
        percent_e2=percent,
        earned_micros=micros,
        held_until=now + timedelta(days=terms.hold_days),
        evidence=why,
        at=now,
    )
    return None if why else _post(row, micros, reference, now)


def _earnings(row: Commission) -> NamedAccount:
    return NamedAccount(AccountKind.EARNINGS, affiliate_queries.account_name(row.partner))


def _post(row: Commission, micros: int, name: str, now: datetime) -> Refusal | None:
    """Give so much to the partner, or take it back."""
    sides = (_GIVES, _earnings(row)) if micros > 0 else (_earnings(row), _GIVES)
    posted = ledger.post([NewTransfer(row.panel_id, *sides, abs(micros), TransferCode.COMMISSION, name)], now=now)
    return posted if isinstance(posted, Refusal) else None


def follow_back(
    *, panel_id: int, payment_number: int, reference: str, gone_micros: int, received_micros: int, now: datetime
) -> None:
    """So much of a payment has gone back: the same share of its commission goes, too; less than before, and the part
    comes back. What was paid out already leaves the partner's account below zero. The caller holds the payment.
    """
    rows = Commission.objects.filter(panel_id=panel_id, payment_number=payment_number)
    row = rows.select_for_update(no_key=True, of=("self",)).select_related("partner__customer").first()
    if row is None:
        return
    wanted = rules.withdrawn(given_micros=row.earned_micros, gone_micros=gone_micros, received_micros=received_micros)
    micros = wanted - row.withdrawn_micros
    if not micros:
        return
    rows.filter(id=row.id).update(withdrawn_micros=wanted, moves=F("moves") + 1)
    if row.state == CommissionState.EARNED:
        refused = _post(row, -micros, f"{reference} commission {row.moves + 1}", now)
        if refused is not None:
            raise Refused.of(refused)


def decide(actor: Actor, *, panel_id: int, commission_id: int, earned: bool, now: datetime) -> None:
    """Staff say of a refused commission that it is earned, as far as it has not gone back meanwhile, or that it is not.
    The caller has a transaction. Refused: no_commission, own_affiliate_money, commission_decided.
    """
    rows = Commission.objects.filter(panel_id=panel_id, id=commission_id)
    locked = rows.select_for_update(no_key=True, of=("self",))
    row = locked.select_related("partner__customer", "referral__customer").first()
    if row is None:
        raise NotThere("no_commission", id=commission_id)
    both = row.partner.customer.user_id, row.referral.customer.user_id
    refuse_own(actor, panel_id, *both, code=OWN)
    if row.state != CommissionState.REFUSED:
        raise InvalidState("commission_decided")
    rows.update(state=CommissionState.EARNED if earned else CommissionState.DECLINED)
    if earned and row.left_micros:
        refused = _post(row, row.left_micros, f"P-{row.payment_number}", now)
        if refused is not None:
            raise Refused.of(refused)


def set_percent(actor: Actor, *, panel_id: int, partner_id: int, percent_e2: int | None) -> None:
    """The partner's own percentage from now on; None: everybody's. Refused: no_partner, own_affiliate_money,
    bad_affiliate_percent.
    """
    if percent_e2 is not None and not 0 <= percent_e2 <= affiliate_rules.PERCENT_MAX_E2:
        raise Refused("bad_affiliate_percent", "percent", limit=affiliate_rules.PERCENT_MAX_E2 // 100)
    _update(actor, panel_id, partner_id, percent_e2=percent_e2)


def block(actor: Actor, *, panel_id: int, partner_id: int, blocked: bool) -> None:
    """A blocked partner brings nobody, earns nothing and is paid nothing. Refused: no_partner, own_affiliate_money."""
    _update(actor, panel_id, partner_id, blocked=blocked)


def _update(actor: Actor, panel_id: int, partner_id: int, **values: Any) -> None:
    rows = Partner.objects.filter(panel_id=panel_id, id=partner_id)
    user_id = rows.values_list("customer__user_id", flat=True).first()
    if user_id is None:
        raise NotThere("no_partner", id=partner_id)
    refuse_own(actor, panel_id, user_id, code=OWN)
    rows.update(**values)
