"""Reads of receipts, inside the panel's scope. Each names its panel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from panelwright.payments.models import Dispute, DisputeState, Payment, Refund, RefundState
from panelwright.receipts.models import BillingDetails, Receipt, ReceiptSettings

SHOWN_MAX = 100
# A gateway is asked about a refund for a month; a dispute takes a year at most.
BACK_WITHIN = timedelta(days=400)


def settings_of(panel_id: int) -> ReceiptSettings:
    """As they stand; an unsaved row where the panel never had any."""
    found: ReceiptSettings | None = ReceiptSettings.objects.filter(panel_id=panel_id).first()
    return found or ReceiptSettings(panel_id=panel_id)


def issuing(limit: int) -> Sequence[int]:
    """The panels that issue receipts."""
    rows = ReceiptSettings.objects.filter(enabled=True).order_by("panel_id")
    return list(rows.values_list("panel_id", flat=True)[:limit])


def without_receipt(panel_id: int, *, since: datetime, limit: int) -> list[int]:
    """Payments of real money that came in from then on and have none yet, the first first."""
    rows = Payment.objects.filter(panel_id=panel_id, paid_at__gte=since, paid_at__isnull=False, live=True)
    none = ~Exists(Receipt.objects.filter(panel_id=panel_id, payment_id=OuterRef("id"), of__isnull=True))
    return list(rows.filter(none).order_by("paid_at", "id").values_list("id", flat=True)[:limit])


def without_note(panel_id: int, *, since: datetime, limit: int) -> list[tuple[int, int, int | None, int | None]]:
    """What has gone back of payments with a receipt, and has no credit note yet: payment, amount, refund, dispute."""
    receipts = Receipt.objects.filter(panel_id=panel_id)
    has = Exists(receipts.filter(payment_id=OuterRef("payment_id"), of__isnull=True))
    refunds = Refund.objects.filter(panel_id=panel_id, state=RefundState.DONE, created_at__gte=since)
    refunds = refunds.filter(has, ~Exists(receipts.filter(refund_id=OuterRef("id")))).order_by("created_at", "id")
    disputes = Dispute.objects.filter(
        panel_id=panel_id, state=DisputeState.LOST, closed_at__gte=since, taken_micros__gt=0
    )
    disputes = disputes.filter(has, ~Exists(receipts.filter(dispute_id=OuterRef("id")))).order_by("closed_at", "id")
    return [
        *(
            (of, micros, id_, None)
            for of, micros, id_ in refunds.values_list("payment_id", "amount_micros", "id")[:limit]
        ),
        *(
            (of, micros, None, id_)
            for of, micros, id_ in disputes.values_list("payment_id", "taken_micros", "id")[:limit]
        ),
    ]


def of_payment(payment: Payment) -> list[Receipt]:
    """Its receipt and the credit notes of its refunds, in the order in which they were issued."""
    rows = Receipt.objects.filter(panel_id=payment.panel_id, payment_id=payment.id).order_by("id")
    return list(rows[:SHOWN_MAX])


def receipt(panel_id: int, receipt_id: int, *, customer_id: int | None = None) -> Receipt | None:
    """One of the panel's, or (customer_id set) of that customer's."""
    rows: QuerySet[Receipt] = Receipt.objects.filter(panel_id=panel_id, id=receipt_id)
    rows = rows if customer_id is None else rows.filter(customer_id=customer_id)
    return rows.select_related("of", "payment", "panel", "customer").first()


def billing(panel_id: int, customer_id: int) -> BillingDetails:
    """As the customer has set them; an unsaved row where they have not."""
    found: BillingDetails | None = BillingDetails.objects.filter(panel_id=panel_id, customer_id=customer_id).first()
    return found or BillingDetails(panel_id=panel_id, customer_id=customer_id)
