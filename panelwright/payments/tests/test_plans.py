"""What SQLite does where money moves: it looks rows up, and reads no panel."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django_scopes import scope

from panelwright.core import clock, money
from panelwright.payments import fresh_actions, holding_actions
from panelwright.payments.hold_rules import PaidBy
from panelwright.payments.tests import making, partners
from panelwright.promotions import affiliate_queries, queries
from panelwright.promotions.models import Partner
from tests.support.people import Buyer, Owner, Time, execute

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]

# All rows of a panel or of a table, one way or another; what is ordered by its number is read as far as it is shown.
_WHOLE = re.compile(
    r"\(panel_id=\?(?: AND (?:code|kind|state)=\?)?\)|\(panel_id=\? AND (?:paid_at|at|id)[<>]"
    r"|^SCAN (?!json_each|CONSTANT)|AUTOMATIC"
)
_LARGE = re.compile(r"\b(?:ledger_\w+|payments_payment|promotions_(?:partner(?:clicks)?|referral|commission|payout))\b")


class Plans:
    """Explains each statement that runs meanwhile, with what it was given."""

    def __init__(self) -> None:
        self.looked = 0
        self.faults: list[str] = []

    def __call__(self, execute: Callable[..., Any], text: str, params: Any, many: bool, context: Any) -> Any:
        if text.startswith("SELECT") and _LARGE.search(text):
            self.looked += 1
            # By the driver's own cursor: Django's would come here.
            run = connection.connection.cursor()
            steps = sqlite3.Cursor.execute(
                run, f"EXPLAIN QUERY PLAN {text.replace('%s', '?')}", tuple(params or ())
            ).fetchall()
            self.faults += [f"{step[3]}: {text}" for step in steps if _WHOLE.search(step[3])]
        return execute(text, params, many, context)


def test_nothing_reads_a_whole_panel_where_money_moves(alice: Owner, carol: Buyer, time: Time) -> None:
    bank, dave = making.method(alice, spend_after_h=5), alice.customer("dave")
    partners.program(alice, first_only=True, least_payout_micros=money.MICROS)
    link = partners.partner(carol)
    partners.brings(link, dave)
    making.approve(alice, making.begun(carol, bank))
    paid = making.begun(dave, bank, "50")
    execute("UPDATE payments_payment SET payer_key = 'one card'")
    plans = Plans()
    with connection.execute_wrapper(plans):
        making.approve(alice, paid)
        with scope(panel=alice.panel), transaction.atomic():
            row = making.payment(paid)
            assert holding_actions.has_paid_so(row, carol.customer_id)
            assert holding_actions._shares(row, PaidBy(key="one card"))
            fresh_actions.follow(row, left_micros=1)
            assert queries.has_deposits(alice.panel_id, dave.account_id, "")
            partner = Partner.objects.select_related("customer").get(panel_id=alice.panel_id, id=link.id)
            affiliate_queries.money_of(partner, now=clock.now())
            affiliate_queries.numbers_of(partner)
            list(affiliate_queries.commissions(partner).rows.order_by("-id")[:20])
            affiliate_queries.payouts(partner, most=20)
        time.passes(days=30)
        partners.pay_out(link)
    assert plans.looked > 20
    assert plans.faults == []
    assert alice.audit() == []
