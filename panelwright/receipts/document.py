"""What stands on a receipt, in words of the reader's language: the same for the page and for the PDF."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from panelwright.receipts import rules
from panelwright.receipts.models import Receipt, ReceiptKind


class ReceiptLine(NamedTuple):
    label: str
    value: str


class ReceiptText(NamedTuple):
    """`about`: dates and what it refers to. `sums`: lines of money, and `total` below them."""

    title: str
    number: str
    purpose: str
    seller: list[str]
    buyer: list[str]
    about: list[ReceiptLine]
    sums: list[ReceiptLine]
    total: ReceiptLine
    within: list[ReceiptLine]
    note: str


def text_of(receipt: Receipt) -> ReceiptText:
    """Dates are days of the panel's time zone; amounts are in the payment's currency."""
    zone = ZoneInfo(receipt.panel.timezone)
    is_note = receipt.kind == ReceiptKind.CREDIT_NOTE
    about = [ReceiptLine(_("Issued"), f"{receipt.issued_at.astimezone(zone):%Y-%m-%d}")]
    if is_note and receipt.of is not None:
        about.append(ReceiptLine(_("For receipt"), receipt.of.number))
    else:
        about.append(ReceiptLine(_("Paid"), f"{receipt.paid_at.astimezone(zone):%Y-%m-%d}"))
    about.append(ReceiptLine(_("Method"), receipt.method))
    about.append(ReceiptLine(_("Payment"), str(receipt.payment.number)))
    whole = rules.sum_text(receipt.amount_micros, receipt.currency)
    sums = []
    if not is_note:
        top_up, fee = rules.amounts(amount_micros=receipt.amount_micros, fee_micros=receipt.fee_micros)
        sums.append(ReceiptLine(_("Balance top-up (prepayment)"), rules.sum_text(top_up, receipt.currency)))
        if fee:
            sums.append(ReceiptLine(_("Payment fee"), rules.sum_text(fee, receipt.currency)))
    else:
        sums.append(ReceiptLine(_("Refund of a balance top-up"), whole))
    within = []
    if receipt.tax_percent_e2:
        label = f"{receipt.tax_name} {rules.percent_text(receipt.tax_percent_e2)}%"
        net = receipt.amount_micros - receipt.tax_micros
        within = [
            ReceiptLine(_("Net amount"), rules.sum_text(net, receipt.currency)),
            ReceiptLine(label, rules.sum_text(receipt.tax_micros, receipt.currency)),
        ]
    total = ReceiptLine(_("Refunded") if is_note else _("Paid"), whole)
    return ReceiptText(
        title=_("Credit note") if is_note else _("Receipt"),
        number=receipt.number,
        purpose=_("Refund of a prepayment") if is_note else _("Prepayment for services"),
        seller=_lines(receipt.seller, "name", "address", "tax_id"),
        buyer=_lines(receipt.buyer, "name", "address", "tax_id", "email"),
        about=about,
        sums=sums,
        total=total,
        within=within,
        note=str(receipt.seller.get("note", "")),
    )


def _lines(who: dict[str, str], *names: str) -> list[str]:
    """What is set of it, a line each; an address has several."""
    return [line for name in names for line in str(who.get(name, "")).split("\n") if line.strip()]
