"""A customer's receipts, and what they say about the customer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from panelwright.receipts import actions, document, queries
from panelwright.receipts.models import ADDRESS_MAX, NAME_MAX, TAX_ID_MAX
from panelwright.ui import receipts
from panelwright.ui.forms import Form
from panelwright.ui.pages import is_resumed
from panelwright.ui.request import CustomerRequest


@require_safe
def receipt(request: CustomerRequest, receipt_id: int) -> HttpResponse:
    """One receipt or credit note of hers."""
    found = queries.receipt(request.panel.id, receipt_id, customer_id=request.customer.id)
    if found is None:
        return render(request, "ui/not_found.html", status=404)
    return render(request, "storefront/funds/receipt.html", {"receipt": found, "text": document.text_of(found)})


@require_safe
def receipt_pdf(request: CustomerRequest, receipt_id: int) -> HttpResponse:
    """The same as a file."""
    found = queries.receipt(request.panel.id, receipt_id, customer_id=request.customer.id)
    return receipts.as_pdf(found) if found is not None else render(request, "ui/not_found.html", status=404)


@require_http_methods(["GET", "HEAD", "POST"])
def billing(request: CustomerRequest) -> HttpResponse:
    """Whom her next receipts name."""
    there = queries.billing(request.panel.id, request.customer.id)
    form = Form({"name": there.name, "address": there.address, "tax_id": there.tax_id})
    if request.method == "POST":
        form = Form.sent(request)
        if not is_resumed(request):
            refused = actions.set_billing(
                panel_id=request.panel.id,
                customer_id=request.customer.id,
                name=form.text("name"),
                address=form.raw("address"),
                tax_id=form.text("tax_id"),
            )
            if not form.refuse(refused):
                messages.success(request, _("Saved."))
                return redirect("storefront:billing")
    most = {"name": NAME_MAX, "address": ADDRESS_MAX, "tax_id": TAX_ID_MAX}
    return render(request, "storefront/account/billing.html", {"form": form, "most": most}, status=form.status)
