"""Payments for staff: the list, one payment with its proof and its story, and the methods that customers can pay by."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panelwright.backoffice import acting, lists
from panelwright.payments import queries, registry
from panelwright.payments.settling_actions import reference_of
from panelwright.payments.texts import evidence
from panelwright.promotions import queries as promotions
from panelwright.receipts import document
from panelwright.receipts import queries as issued
from panelwright.receipts.models import Receipt
from panelwright.staff.lists import named
from panelwright.support import downloads
from panelwright.ui.receipts import as_pdf
from panelwright.ui.request import StaffRequest

NUMBER_MAX = 2**63 - 1


@require_safe
def payments(request: StaffRequest) -> HttpResponse:
    """All payments, the newest first; those that wait for staff, the oldest first."""
    return lists.shown(request, named("payments"), title=_("Payments"), icon="wallet", tabs="office_payments")


@require_safe
def methods(request: StaffRequest) -> HttpResponse:
    """What customers can pay by, and what is turned off."""
    return lists.shown(
        request, named("payment_methods"), title=_("Payment methods"), icon="wallet", tabs="office_payments"
    )


@require_safe
def blocks(request: StaffRequest) -> HttpResponse:
    """From whom the panel takes no payments, the newest first."""
    return lists.shown(
        request, named("payment_blocks"), title=_("Payment blocks"), icon="shield", tabs="office_payments"
    )


@require_safe
def vouchers(request: StaffRequest) -> HttpResponse:
    """Vouchers, the newest first; of their codes the first characters."""
    return lists.shown(request, named("vouchers"), title=_("Vouchers"), icon="gift", tabs="office_payments")


@require_safe
def coupons(request: StaffRequest) -> HttpResponse:
    """Coupons, the newest first, with how often each was used."""
    return lists.shown(request, named("coupons"), title=_("Coupons"), icon="gift", tabs="office_payments")


@require_safe
def trials(request: StaffRequest) -> HttpResponse:
    """Trial balances that new customers were given, the newest first."""
    return lists.shown(request, named("trials"), title=_("Trial balances"), icon="gift", tabs="office_payments")


@require_safe
def partners(request: StaffRequest) -> HttpResponse:
    """Affiliates, the newest first, with what each has brought, earned and got."""
    return lists.shown(request, named("partners"), title=_("Affiliates"), icon="gift", tabs="office_affiliates")


@require_safe
def referrals(request: StaffRequest) -> HttpResponse:
    """Customers who signed up by an affiliate's link."""
    return lists.shown(request, named("referrals"), title=_("Referrals"), icon="person", tabs="office_affiliates")


@require_safe
def commissions(request: StaffRequest) -> HttpResponse:
    """Commissions, the newest first; those that look like self-referral wait for a decision."""
    return lists.shown(request, named("commissions"), title=_("Commissions"), icon="gift", tabs="office_affiliates")


@require_safe
def payouts(request: StaffRequest) -> HttpResponse:
    """Payouts to affiliates, those that wait for staff among them."""
    return lists.shown(request, named("payouts"), title=_("Payouts"), icon="wallet", tabs="office_affiliates")


@require_safe
def payment(request: StaffRequest, target: int) -> HttpResponse:
    """One payment: what was asked for, what came in, the proof, and what has happened."""
    found = queries.payment(request.panel.id, min(target, NUMBER_MAX))
    if found is None:
        raise Http404
    gateway = registry.gateway(found.method.kind)
    coupon = promotions.use_of(request.panel.id, found.number)
    context = {
        "payment": found,
        "coupon": coupon,
        "coupon_micros": promotions.micros_of(coupon),
        "actions": acting.offered(request, "payment", found),
        "gross": found.asked_micros + found.fee_micros,
        "steps": queries.steps(found),
        "files": queries.files(found),
        "refunds": queries.refunds(found),
        "receipts": issued.of_payment(found),
        "disputes": queries.disputes(found),
        "fresh": queries.fresh(found),
        "evidence": evidence(found.problem_facts, request.panel.currency),
        "kind": _(gateway.label) if gateway is not None else found.method.kind,
        "ledger_reference": reference_of(found),
        "foreign": found.currency != request.panel.currency,
    }
    return render(request, "backoffice/payment.html", context)


@require_safe
def receipts(request: StaffRequest) -> HttpResponse:
    """Receipts and credit notes, the newest first."""
    return lists.shown(request, named("receipts"), title=_("Receipts"), icon="wallet", tabs="office_payments")


def _receipt(request: StaffRequest, target: int) -> Receipt:
    found = issued.receipt(request.panel.id, min(target, NUMBER_MAX))
    if found is None:
        raise Http404
    return found


@require_safe
def receipt(request: StaffRequest, target: int) -> HttpResponse:
    """One of them, as the customer sees it."""
    found = _receipt(request, target)
    return render(request, "backoffice/receipt.html", {"receipt": found, "text": document.text_of(found)})


@require_safe
def receipt_pdf(request: StaffRequest, target: int) -> HttpResponse:
    return as_pdf(_receipt(request, target))


@require_safe
def payment_file(request: StaffRequest, target: int, file_id: int) -> HttpResponse:
    """A receipt that the customer sent, as a download."""
    found = queries.payment(request.panel.id, min(target, NUMBER_MAX))
    file = found and queries.file(request.panel.id, found, min(file_id, NUMBER_MAX))
    if not file:
        raise Http404
    return downloads.file(file)
