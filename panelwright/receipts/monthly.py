"""The statement of a month as a document, for a customer's accountant: the same for the page and for the PDF."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from panelwright.customers.models import Customer
from panelwright.ledger import codes
from panelwright.ledger.month_sums import CodeSum, MonthSums
from panelwright.ledger.statement import Month
from panelwright.receipts import queries, rules
from panelwright.receipts.document import ReceiptLine, ReceiptText

# Codes of which there are many: they say how many.
_COUNTED = frozenset({"order", "refund"})
_TITLES = {"order": gettext_noop("Orders"), "refund": gettext_noop("Order refunds")}


def text_of(customer: Customer, month: Month, found: MonthSums) -> ReceiptText:
    """Amounts are in the panel's currency, days those of the month's time zone. Seller and buyer stand as on receipts,
    where they are set.
    """
    panel = customer.panel
    settings, buyer = queries.settings_of(panel.id), queries.billing(panel.id, customer.id)
    last = month.ends_at.date().toordinal() - 1
    days = f"{month.starts_at:%Y-%m-%d} – {type(month.ends_at.date()).fromordinal(last):%Y-%m-%d}"
    seller = [settings.seller or panel.name, *settings.address.splitlines(), settings.tax_id]
    payer = [buyer.name, *buyer.address.splitlines(), buyer.tax_id, customer.user.email]
    sums = [ReceiptLine(_("Balance at the start"), rules.sum_text(found.opening_micros, panel.currency))]
    sums += [ReceiptLine(_label(one), rules.sum_text(one.micros, panel.currency)) for one in found.sums]
    return ReceiptText(
        title=_("Statement"),
        number=f"{month.year:04}-{month.month:02}",
        purpose=_("What came to your balance and left it"),
        seller=[line for line in seller if line.strip()],
        buyer=[line for line in payer if line.strip()],
        about=[
            ReceiptLine(_("Period"), days),
            ReceiptLine(_("Time zone"), str(month.zone)),
            ReceiptLine(_("Customer"), str(customer.number)),
        ],
        sums=sums,
        total=ReceiptLine(_("Balance at the end"), rules.sum_text(found.closing_micros, panel.currency)),
        within=[],
        note="",
    )


def _label(one: CodeSum) -> str:
    words = _(_TITLES.get(one.code) or codes.words(one.code, came_in=one.micros > 0))
    if one.code not in _COUNTED:
        return words
    counted = ngettext("%(count)s transaction", "%(count)s transactions", one.transfers) % {"count": one.transfers}
    return f"{words} ({counted})"
