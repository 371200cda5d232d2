"""A customer's link by which others sign up, what they bring, and how it is paid out."""

from __future__ import annotations

import secrets

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from panelwright.core import clock, paging
from panelwright.core.lists import whole
from panelwright.core.refusal import Refusal
from panelwright.payments import rules as amounts
from panelwright.promotions import affiliate_actions, affiliate_lists, affiliate_queries, payout_actions
from panelwright.promotions.models import PAYOUT_TO_MAX, PayoutState, PayoutWay, percent_text
from panelwright.ui import links
from panelwright.ui.forms import Form
from panelwright.ui.pages import is_resumed
from panelwright.ui.referring import PARAMETER
from panelwright.ui.request import CustomerRequest

PAYOUTS_SHOWN = 20


@require_safe
def affiliates(request: CustomerRequest) -> HttpResponse:
    """The link with what came by it; without one what the panel gives, and a button that makes it."""
    return _page(request, Form())


@require_POST
def start(request: CustomerRequest) -> HttpResponse:
    """Make the link, or find the one that there is."""
    made = affiliate_actions.become_partner(panel=request.panel, customer=request.customer)
    if isinstance(made, Refusal):
        return _page(request, _refused(made))
    return redirect("storefront:affiliates")


@require_POST
def payout(request: CustomerRequest) -> HttpResponse:
    """Move what is available to the balance, or ask staff to send an amount of it."""
    form = Form.sent(request)
    if is_resumed(request):
        return _page(request, form)
    by_staff = form.text("way") == PayoutWay.STAFF
    amount = amounts.read_amount(form.text("amount")) if by_staff else None
    if by_staff and amount is None:
        form.refuse(Refusal("bad_payment_amount", "amount"), beside="amount")
        return _page(request, form)
    made = payout_actions.pay_out(
        panel_id=request.panel.id,
        customer_id=request.customer.id,
        way=PayoutWay.STAFF if by_staff else PayoutWay.BALANCE,
        amount_micros=amount,
        to=form.text("to"),
        request_id=form.text("request_id")[:64] or secrets.token_urlsafe(16),
        now=clock.now(),
    )
    if isinstance(made, Refusal):
        form.refuse(made, beside=made.field if by_staff and made.field in {"amount", "to"} else "")
        return _page(request, form)
    done = _("We will send your payout and tell you here.") if by_staff else _("Your commission is on your balance.")
    messages.success(request, done)
    return redirect("storefront:affiliates")


def _refused(why: Refusal) -> Form:
    form = Form()
    form.refuse(why)
    return form


def _page(request: CustomerRequest, form: Form) -> HttpResponse:
    terms = affiliate_queries.terms_of(request.panel.id)
    partner = affiliate_queries.partner_of(request.panel.id, request.customer.id)
    context = {
        "terms": terms,
        "percent": percent_text(affiliate_queries.percent_e2(partner, terms)),
        "partner": partner,
        "form": form,
    }
    if partner is not None:
        partner.customer = request.customer
        further, back = whole(request.GET.get("before", "")), whole(request.GET.get("after", ""))
        home = links.origin(request) + reverse("storefront:home")
        payouts = affiliate_queries.payouts(partner, most=PAYOUTS_SHOWN)
        stands = affiliate_queries.money_of(partner, now=clock.now())
        context |= {
            "link": f"{home}?{PARAMETER}={partner.code}",
            "money": stands,
            "numbers": affiliate_queries.numbers_of(partner),
            "may_move": stands.available_micros >= max(terms.least_payout_micros, 1) and not partner.blocked,
            "asked": any(one.state == PayoutState.REQUESTED for one in payouts),
            "list": affiliate_lists.COMMISSIONS,
            "page": paging.page(affiliate_queries.commissions(partner), further=further, back=back, limit=20),
            "payouts_list": affiliate_lists.PAYOUTS,
            "payouts": payouts,
            "to_max": PAYOUT_TO_MAX,
            "request_id": secrets.token_urlsafe(16),
        }
    return render(request, "storefront/affiliates.html", context, status=form.status)
