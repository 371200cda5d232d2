"""A customer's statement of a month that is over, as a page and as a PDF."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from panelwright.core import clock
from panelwright.ledger import month_sums, statement
from panelwright.ledger.statement import Month
from panelwright.receipts import monthly, pdf
from panelwright.receipts.document import ReceiptText
from panelwright.storefront.balance import catch_up_account, time_zone
from panelwright.ui.receipts import pdf_file
from panelwright.ui.request import CustomerRequest


@require_safe
def monthly_statement(request: CustomerRequest, month: str) -> HttpResponse:
    """What came and went, from the balance at the month's start to that at its end."""
    asked = _asked(month)
    if asked is None:
        return render(request, "ui/not_found.html", status=404)
    context = {"month": f"{asked.year:04}-{asked.month:02}", "text": _text(request, asked)}
    return render(request, "storefront/funds/statement.html", context)


@require_safe
def monthly_statement_pdf(request: CustomerRequest, month: str) -> HttpResponse:
    """The same as a file."""
    asked = _asked(month)
    text = None if asked is None else _text(request, asked)
    if asked is None or text is None:
        return render(request, "ui/not_found.html", status=404)
    data = pdf.written(text, panel=request.panel.name, at=asked.ends_at)
    return pdf_file(data, f"statement-{text.number}.pdf")


def _asked(text: str) -> Month | None:
    """A month that is over; None for any other."""
    found = statement.read_month(text, time_zone())
    return found if found is not None and month_sums.over(found, clock.now()) else None


def _text(request: CustomerRequest, month: Month) -> ReceiptText | None:
    """None: it is not added up yet, or is too long for a page."""
    catch_up_account(request)
    found = month_sums.of_month(request.panel.id, request.customer.account_id, month)
    return None if found is None else monthly.text_of(request.customer, month, found)
