"""The lists of payments and of methods for staff, declared."""

from __future__ import annotations

from operator import attrgetter

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, FilterKind, Listing, ListScope, whole
from panelwright.core.paging import Found, Narrowing, counted, of_days
from panelwright.customers.queries import customer_id
from panelwright.customers.staff_lists import with_email
from panelwright.panels.models import Panel
from panelwright.payments import queries
from panelwright.payments.models import Payment, PaymentMethod, PaymentState, Voucher
from panelwright.payments.texts import BLOCK_KINDS, STATES
from panelwright.staff.lists import StaffList, offers
from panelwright.staff.rights import Right


def _searched(panel: Panel, text: str) -> Narrowing:
    """A payment's number or reference, what names it where it was paid, or the beginning of an address."""
    number = whole(text.strip().upper().removeprefix("P-"))
    if number is not None and Payment.objects.filter(panel_id=panel.id, number=number).exists():
        return Narrowing(served=Q(number=number), few=3)
    if "@" in text:
        ids = with_email(panel.id, text)
        found = Q(customer_id__in=ids)
        return Narrowing(served=found, few=3) if len(ids) <= 1 else Narrowing(sought=found)
    exact = "".join(text.split()).upper()
    if Payment.objects.filter(panel_id=panel.id, reference=exact).exists():
        return Narrowing(served=Q(reference=exact), few=3)
    return Narrowing(sought=Q(gateway_id__icontains=text) | Q(proof__icontains=text))


def _shown(panel: Panel, show: str) -> Narrowing | None:
    if show == "waiting":
        return Narrowing(served=queries.to_approve(), few=1, oldest_first=True)
    if show == "problem":
        return Narrowing(served=queries.to_decide(), few=1, oldest_first=True)
    return Narrowing(served=queries.held(), few=1, oldest_first=True) if show == "held" else None


def counts(panel_id: int) -> dict[str, int]:
    """How many stand behind each tab."""
    rows = Payment.objects.filter(panel_id=panel_id)
    return {
        "waiting": counted(rows.filter(queries.to_approve())),
        "problem": counted(rows.filter(queries.to_decide())),
        "held": counted(rows.filter(queries.held())),
    }


def _methods(panel_id: int) -> list[tuple[str, str]]:
    rows = PaymentMethod.objects.filter(panel_id=panel_id).order_by("position", "id")
    return [(str(id_), name) for id_, name in rows.values_list("id", "name")]


PAYMENTS = Listing(
    name="payments",
    label=gettext_noop("Payments"),
    scope=ListScope.PANEL,
    columns=(
        Column(
            "id", ColumnKind.ID, gettext_noop("Payment"), ColumnPlace.FIRST, value=attrgetter("number"), cell="payment"
        ),
        Column(
            "customer",
            label=gettext_noop("Customer"),
            place=ColumnPlace.MAIN,
            value="customer.user.email",
            cell="payment_customer",
        ),
        Column("method", label=gettext_noop("Method"), place=ColumnPlace.LEFT, value="method.name"),
        Column("state", label=gettext_noop("State"), place=ColumnPlace.MARK, cell="payment_state"),
        Column("currency"),
        Column(
            "asked",
            ColumnKind.MONEY,
            value="asked_micros",
        ),
        Column("fee", ColumnKind.MONEY),
        Column("received", ColumnKind.MONEY, value="received_micros", empty=True),
        Column("credited", ColumnKind.MONEY, gettext_noop("Credited"), ColumnPlace.END, value="credit_micros"),
        Column("bonus", ColumnKind.MONEY),
        Column("reference"),
        Column("gateway_id", value=lambda row: row.gateway_id or ""),
        Column("created_at", ColumnKind.TIME, gettext_noop("Created"), ColumnPlace.LEFT),
        Column("paid_at", ColumnKind.TIME, empty=True),
        offers("payment", attrgetter("number")),
    ),
    filters=(
        Filter(
            "show",
            gettext_noop("Show"),
            (
                ("", gettext_noop("All")),
                ("waiting", gettext_noop("To approve")),
                ("problem", gettext_noop("Problems")),
                ("held", gettext_noop("Held")),
            ),
            chips=True,
            where=_shown,
        ),
        Filter(
            "q",
            gettext_noop("Search payments"),
            hint=gettext_noop("Payment ID, reference, email"),
            where=_searched,
        ),
        Filter(
            "state",
            gettext_noop("State"),
            (("", gettext_noop("All")), *((state.value, STATES[state.value]) for state in PaymentState)),
            where=lambda panel, state: Narrowing(served=Q(state=state), few=1),
        ),
        Filter(
            "method",
            gettext_noop("Method"),
            (("", gettext_noop("All")),),
            kind=FilterKind.NUMBER,
            offers=_methods,
            names=True,
            where=lambda panel, method: Narrowing(served=Q(method_id=method), few=1),
        ),
        Filter(
            "since",
            gettext_noop("From day"),
            kind=FilterKind.DAY,
            where=lambda panel, day: Narrowing(sought=of_days("created_at", day, None)),
        ),
        Filter(
            "until",
            gettext_noop("To day"),
            kind=FilterKind.DAY,
            where=lambda panel, day: Narrowing(sought=of_days("created_at", None, day)),
        ),
        Filter(
            "customer",
            gettext_noop("Customer"),
            kind=FilterKind.NUMBER,
            hidden=True,
            where=lambda panel, number: Narrowing(served=Q(customer_id=customer_id(panel.id, number) or 0), few=2),
        ),
    ),
    empty=gettext_noop("No payments yet. Turn on a payment method, and customers can add funds."),
    none_match=gettext_noop("No payments match your filters."),
)


def _payments(panel: Panel) -> Found:
    every: QuerySet[Payment] = Payment.objects.filter(panel_id=panel.id).select_related(
        "customer__user", "method", "fresh"
    )
    return Found(every, key="number")


def fee_text(row: PaymentMethod) -> str:
    """The fee as people write it: 2.9% + 0.30; a dash where there is none."""
    return queries.fee_text(row.fee_percent_e2, row.fee_fixed_micros)


METHODS = Listing(
    name="payment_methods",
    label=gettext_noop("Payment methods"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("name", label=gettext_noop("Name"), place=ColumnPlace.MAIN, cell="method_name"),
        Column("kind", label=gettext_noop("Kind"), place=ColumnPlace.LEFT, cell="method_kind"),
        Column("enabled", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, cell="method_state"),
        Column("live", ColumnKind.FLAG),
        Column("currency", label=gettext_noop("Currency"), place=ColumnPlace.LEFT),
        Column("fee", label=gettext_noop("Fee"), place=ColumnPlace.LEFT, value=fee_text, says=True),
        Column("position", ColumnKind.NUMBER),
        offers("payment_method"),
    ),
    empty=gettext_noop("No payment methods yet. Add one, and customers can add funds."),
)


def _all_methods(panel: Panel) -> Found:
    return Found(PaymentMethod.objects.filter(panel_id=panel.id), small=True)


def _voucher_searched(panel: Panel, text: str) -> Narrowing:
    """The first characters of its code, or a part of its batch's name."""
    prefix = text.replace("-", "").strip().upper()[:8]
    if Voucher.objects.filter(panel_id=panel.id, prefix=prefix).exists():
        return Narrowing(served=Q(prefix=prefix), few=3)
    return Narrowing(sought=Q(label__icontains=text))


_USABLE = Q(enabled=True, uses_left__gt=0)
_BY_STATE = {
    "usable": _USABLE,
    "used": Q(uses_left=0),
    "off": Q(enabled=False),
}

VOUCHERS = Listing(
    name="vouchers",
    label=gettext_noop("Vouchers"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("prefix", label=gettext_noop("Code"), place=ColumnPlace.FIRST, cell="voucher_prefix"),
        Column("label", label=gettext_noop("Batch"), place=ColumnPlace.MAIN),
        Column("value", ColumnKind.MONEY, gettext_noop("Value"), ColumnPlace.END),
        Column("uses_left", ColumnKind.NUMBER, gettext_noop("Uses left"), ColumnPlace.LEFT, cell="voucher_uses"),
        Column("uses_max", ColumnKind.NUMBER),
        Column("expires_at", ColumnKind.TIME, gettext_noop("Expires"), ColumnPlace.LEFT, says=True, empty=True),
        Column("enabled", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, cell="voucher_state"),
        Column("created_at", ColumnKind.TIME),
        offers("voucher"),
    ),
    filters=(
        Filter(
            "state",
            gettext_noop("State"),
            (
                ("", gettext_noop("All")),
                ("usable", gettext_noop("Usable")),
                ("used", gettext_noop("Used up")),
                ("off", gettext_noop("Off")),
            ),
            chips=True,
            where=lambda panel, state: Narrowing(sought=_BY_STATE[state]),
        ),
        Filter(
            "q",
            gettext_noop("Search vouchers"),
            hint=gettext_noop("Beginning of the code, name of the batch"),
            where=_voucher_searched,
        ),
    ),
    empty=gettext_noop("No vouchers yet. Create some, and customers can redeem their codes."),
    none_match=gettext_noop("No vouchers match your filters."),
)


def _vouchers(panel: Panel) -> Found:
    return Found(Voucher.objects.filter(panel_id=panel.id))


BLOCKS = Listing(
    name="payment_blocks",
    label=gettext_noop("Payment blocks"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("value", label=gettext_noop("Blocked"), place=ColumnPlace.MAIN),
        Column("kind", label=gettext_noop("Kind"), place=ColumnPlace.LEFT, cell="payment_block_kind"),
        Column("note", label=gettext_noop("Note"), place=ColumnPlace.LEFT),
        Column("created_at", ColumnKind.TIME, gettext_noop("Created"), ColumnPlace.FIRST),
        offers("payment_block"),
    ),
    filters=(
        Filter(
            "kind",
            gettext_noop("Kind"),
            (("", gettext_noop("All")), *((kind.value, label) for kind, label in BLOCK_KINDS.items())),
            chips=True,
            where=lambda panel, kind: Narrowing(sought=Q(kind=kind)),
        ),
        Filter(
            "q",
            gettext_noop("Search blocks"),
            hint=gettext_noop("Customer ID, IP address or domain"),
            where=lambda panel, text: Narrowing(sought=Q(value__icontains=text) | Q(note__icontains=text)),
        ),
    ),
    empty=gettext_noop("No blocks yet. Block customers, IP addresses and email domains that may not pay."),
    none_match=gettext_noop("No blocks match your filters."),
)


def _blocks(panel: Panel) -> Found:
    return Found(queries.payment_blocks(panel.id))


LISTS = (
    StaffList(BLOCKS, "payment_block", Right.PAYMENTS, _blocks),
    StaffList(PAYMENTS, "payment", Right.PAYMENTS, _payments, counts=counts, target=attrgetter("number")),
    StaffList(VOUCHERS, "voucher", Right.PAYMENTS, _vouchers),
    StaffList(METHODS, "payment_method", Right.SETTINGS, _all_methods),
)
