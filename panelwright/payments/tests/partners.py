"""Partners and whom they bring, for tests of several apps. Import this late: it needs Django to be set up."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import transaction
from django_scopes import scope

from panelwright.core import clock, money
from panelwright.core.refusal import Refusal
from panelwright.panels.models import Panel
from panelwright.payments.tests.making import BOB
from panelwright.promotions import affiliate_actions, affiliate_queries, payout_actions
from panelwright.promotions.affiliate_rules import PartnerMoney
from panelwright.promotions.models import Partner, Payout, PayoutWay
from panelwright.staff.actor import Actor
from tests.support.people import Buyer, Owner


def program(owner: Owner, *, enabled: bool = True, **terms: Any) -> None:
    """The panel's terms, and that it has any."""
    with scope(panel=owner.panel), transaction.atomic():
        affiliate_actions.set_terms(panel_id=owner.panel_id, enabled=enabled, **terms)
    owner.panel.affiliates = enabled


def partner(buyer: Buyer) -> Partner:
    """The buyer with a link, the one that there is or a new one."""
    with scope(panel=buyer.owner.panel):
        made = affiliate_actions.become_partner(
            panel=Panel.objects.get(id=buyer.owner.panel_id), customer=buyer.customer
        )
        assert isinstance(made, Partner), made
        return made


def brings(who: Partner, buyer: Buyer) -> None:
    """The buyer signed up by the partner's link."""
    with scope(panel=buyer.owner.panel), transaction.atomic():
        affiliate_actions.attribute(
            panel_id=buyer.owner.panel_id, customer=buyer.customer, code=who.code, now=clock.now()
        )


def stands(who: Partner) -> PartnerMoney:
    with scope(panel=who.panel_id):
        return affiliate_queries.money_of(Partner.objects.select_related("customer").get(id=who.id), now=clock.now())


def available(who: Partner) -> str:
    return money.text(stands(who).available_micros)


def pay_out(who: Partner, amount: str = "", *, to: str = "", request_id: str = "") -> Payout | Refusal:
    """To the balance; with `to`, by staff."""
    with scope(panel=who.panel_id):
        return payout_actions.pay_out(
            panel_id=who.panel_id,
            customer_id=who.customer_id,
            way=PayoutWay.STAFF if to else PayoutWay.BALANCE,
            amount_micros=money.parse(amount) if amount else None,
            to=to,
            request_id=request_id or secrets.token_urlsafe(8),
            now=clock.now(),
        )


def approve_payout(owner: Owner, payout_id: int, reference: str = "wire 1", actor: Actor = BOB) -> None:
    """Raises Refused."""
    with scope(panel=owner.panel), transaction.atomic():
        payout_actions.approve(
            actor, panel_id=owner.panel_id, payout_id=payout_id, reference=reference, now=clock.now()
        )


def reject_payout(owner: Owner, payout_id: int, reason: str = "No such wallet.", actor: Actor = BOB) -> None:
    """Raises Refused."""
    with scope(panel=owner.panel), transaction.atomic():
        payout_actions.reject(actor, panel_id=owner.panel_id, payout_id=payout_id, reason=reason, now=clock.now())


def decide(owner: Owner, commission_id: int, *, earned: bool, actor: Actor = BOB) -> None:
    """Raises Refused."""
    with scope(panel=owner.panel), transaction.atomic():
        affiliate_actions.decide(
            actor, panel_id=owner.panel_id, commission_id=commission_id, earned=earned, now=clock.now()
        )
