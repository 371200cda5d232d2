"""The pages about payments, entries of the back office's registry (pages.py)."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.backoffice import payments
from panelwright.staff.rights import Right
from panelwright.ui.pages import Answer, Menu, SitePage, Who

PAGES = (
    SitePage(
        "payments",
        "admin/payments",
        payments.payments,
        Who.STAFF,
        menus=(
            Menu("office", gettext_noop("Payments"), "wallet", count="payments"),
            Menu("office_payments", gettext_noop("Payments")),
        ),
        samples=("/admin/payments", "/admin/payments?show=waiting", "/admin/payments?q=nothing+like+it"),
        right=Right.PAYMENTS,
    ),
    SitePage(
        "payment",
        "admin/payments/<int:target>",
        payments.payment,
        Who.STAFF,
        under="payments",
        samples=("/admin/payments/{payment}",),
        right=Right.PAYMENTS,
    ),
    SitePage(
        "payment_file",
        "admin/payments/<int:target>/files/<hidden:file_id>",
        payments.payment_file,
        Who.STAFF,
        Answer.FILE,
        samples=("/admin/payments/{payment}/files/{file}",),
        right=Right.PAYMENTS,
    ),
    SitePage(
        "receipts",
        "admin/receipts",
        payments.receipts,
        Who.STAFF,
        menus=(Menu("office_payments", gettext_noop("Receipts")),),
        under="payments",
        samples=("/admin/receipts", "/admin/receipts?kind=credit_note&q=nothing"),
        right=Right.PAYMENTS,
    ),
    SitePage(
        "receipt",
        "admin/receipts/<int:target>",
        payments.receipt,
        Who.STAFF,
        under="receipts",
        samples=("/admin/receipts/{receipt_id}",),
        right=Right.PAYMENTS,
    ),
    SitePage(
        "receipt_pdf",
        "admin/receipts/<int:target>/pdf",
        payments.receipt_pdf,
        Who.STAFF,
        Answer.FILE,
        samples=("/admin/receipts/{receipt_id}/pdf",),
        right=Right.PAYMENTS,
    ),
    SitePage(
        "vouchers",
        "admin/vouchers",
        payments.vouchers,
        Who.STAFF,
        menus=(Menu("office_payments", gettext_noop("Vouchers")),),
        under="payments",
        samples=("/admin/vouchers", "/admin/vouchers?state=used&q=nothing"),
        right=Right.PAYMENTS,
    ),
    SitePage(
        "payment_blocks",
        "admin/payment-blocks",
        payments.blocks,
        Who.STAFF,
        menus=(Menu("office_payments", gettext_noop("Payment blocks")),),
        under="payments",
        samples=("/admin/payment-blocks", "/admin/payment-blocks?kind=domain&q=nothing"),
        right=Right.PAYMENTS,
    ),
    SitePage(
        "coupons",
        "admin/coupons",
        payments.coupons,
        Who.STAFF,
        menus=(Menu("office_payments", gettext_noop("Coupons")),),
        under="payments",
        samples=("/admin/coupons", "/admin/coupons?state=off&q=nothing"),
        right=Right.PAYMENTS,
    ),
)
