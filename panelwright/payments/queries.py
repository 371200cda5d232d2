"""Reads of payments with more than one caller, inside the panel's scope. Each names its panel."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db.models import Q, QuerySet

from panelwright.core import money, paging
from panelwright.core.paging import Found, ListPage
from panelwright.ledger.models import Account
from panelwright.payments import registry, rules
from panelwright.payments.hold_rules import HELD
from panelwright.payments.models import (
    Dispute,
    FreshMoney,
    Payment,
    PaymentBlock,
    PaymentFile,
    PaymentMethod,
    PaymentState,
    PaymentStep,
    Refund,
    RefundState,
    WebhookEvent,
)

STEPS_MAX = 200
RIPENING_MAX = 20


def payment_id(panel_id: int, number: int) -> int | None:
    """The id of the panel's payment with this number; None: there is none."""
    found: int | None = Payment.objects.filter(panel_id=panel_id, number=number).values_list("id", flat=True).first()
    return found


def payment(panel_id: int, number: int, *, customer_id: int | None = None) -> Payment | None:
    """A payment of the panel by its number, or (customer_id set) of that customer."""
    rows = Payment.objects.filter(panel_id=panel_id, number=number)
    rows = rows if customer_id is None else rows.filter(customer_id=customer_id)
    found: Payment | None = rows.select_related("method", "customer__user", "customer__account", "fresh").first()
    return found


def steps(of: Payment) -> list[PaymentStep]:
    """Its story, the oldest line first."""
    return list(PaymentStep.objects.filter(panel_id=of.panel_id, payment_id=of.id).order_by("id")[:STEPS_MAX])


def files(of: Payment) -> list[PaymentFile]:
    """What the customer sent, without the bytes."""
    rows = PaymentFile.objects.filter(panel_id=of.panel_id, payment_id=of.id).defer("data")
    return list(rows.order_by("id"))


def file(panel_id: int, of: Payment, file_id: int) -> PaymentFile | None:
    """One of them with its bytes."""
    found: PaymentFile | None = PaymentFile.objects.filter(panel_id=panel_id, payment_id=of.id, id=file_id).first()
    return found


def methods(panel_id: int) -> list[PaymentMethod]:
    """The methods that customers can pay by, in the order of the owner."""
    return list(offered(panel_id).order_by("position", "id")[: rules.METHODS_MAX])


def offered(panel_id: int) -> QuerySet[PaymentMethod]:
    """What is turned on: by gateways for test money where the installation takes that, and else for real money."""
    rows: QuerySet[PaymentMethod] = PaymentMethod.objects.filter(panel_id=panel_id, enabled=True)
    return rows.filter(Q(live=not settings.TEST_PAYMENTS) | ~Q(kind__in=registry.spoken_with()))


def takes_real_money() -> tuple[str, str] | None:
    """Panel and method of one that is turned on and whose gateway takes real money; of all panels."""
    rows = PaymentMethod.objects.filter(enabled=True, live=True, kind__in=registry.spoken_with()).order_by("id")
    return rows.values_list("panel__slug", "name").first()


def payments_of(
    panel_id: int, customer_id: int, *, further: int | None = None, back: int | None = None, limit: int = 20
) -> ListPage:
    """A customer's payments, the newest first."""
    rows: QuerySet[Payment] = Payment.objects.filter(panel_id=panel_id, customer_id=customer_id)
    found = Found(rows.select_related("method"), key="number")
    return paging.page(found, further=further, back=back, limit=limit)


def open_of(panel_id: int, customer_id: int) -> Payment | None:
    """The newest payment that the customer has to do something about."""
    rows = Payment.objects.filter(panel_id=panel_id, customer_id=customer_id)
    open_: Payment | None = (
        rows.filter(state__in=(PaymentState.CREATED, PaymentState.SENT)).select_related("method").order_by("-number")
    ).first()
    return open_


def waiting(panel_id: int) -> QuerySet[Payment]:
    """Payments that wait for staff, those of which something is said to have come in first of all."""
    return Payment.objects.filter(to_approve() | to_decide(), panel_id=panel_id)


def to_decide() -> Q:
    """Something else came in than was asked for, nobody knows of a refund, or a dispute has to be answered."""
    return Q(state=PaymentState.PROBLEM) | ~Q(attention="")


def to_approve() -> Q:
    """Said to be paid, with nobody but staff to confirm it: what a gateway has to confirm waits for that."""
    return Q(state=PaymentState.PENDING) & ~Q(method__kind__in=registry.spoken_with())


class BusyNow(NamedTuple):
    """What is not asked about now, by ids: panels and methods that have no place left, and what is under way."""

    panels: Collection[int] = ()
    methods: Collection[int] = ()
    payments: Collection[int] = ()
    events: Collection[int] = ()


class DueRow(NamedTuple):
    """`payment_id`: whose it is, of a refund; else its own, and 0 where nobody knows yet."""

    panel_id: int
    id: int
    method_id: int
    payment_id: int = 0
    by_hand: bool = False


def due(now: datetime, limit: int, busy: BusyNow) -> list[DueRow]:
    """Payments that the loop has to look at."""
    rows = Payment.objects.filter(due_at__lte=now, due_at__isnull=False).order_by("due_at")
    by_hand = {name for name, one in registry.all_gateways().items() if one.api is None}
    found = rows.exclude(panel_id__in=busy.panels).exclude(method_id__in=busy.methods).exclude(id__in=busy.payments)
    return [
        DueRow(panel_id, id_, method_id, id_, kind in by_hand)
        for panel_id, id_, method_id, kind in found.values_list("panel_id", "id", "method_id", "method__kind")[:limit]
    ]


def refunds_due(now: datetime, limit: int, busy: BusyNow) -> list[DueRow]:
    """Refunds that the gateway has to be told of."""
    open_ = (RefundState.REQUESTED, RefundState.SENT, RefundState.UNKNOWN)
    rows = Refund.objects.filter(due_at__lte=now, due_at__isnull=False, state__in=open_).order_by("due_at")
    found = rows.exclude(panel_id__in=busy.panels).exclude(payment__method_id__in=busy.methods)
    found = found.exclude(payment_id__in=busy.payments)
    return [DueRow(*row) for row in found.values_list("panel_id", "id", "payment__method_id", "payment_id")[:limit]]


def events_due(now: datetime, limit: int, busy: BusyNow) -> list[DueRow]:
    """Webhooks of which the gateway has to be asked whose they are."""
    rows = WebhookEvent.objects.filter(due_at__lte=now, due_at__isnull=False).order_by("due_at")
    found = rows.exclude(panel_id__in=busy.panels).exclude(method_id__in=busy.methods).exclude(id__in=busy.events)
    return [DueRow(*row) for row in found.values_list("panel_id", "id", "method_id")[:limit]]


def ripe(now: datetime, limit: int) -> list[tuple[int, int]]:
    """Panels and payments whose money can be spent by now."""
    rows = FreshMoney.objects.filter(ripens_at__lte=now).order_by("ripens_at", "id")
    return list(rows.values_list("panel_id", "payment_id")[:limit])


class Ripening(NamedTuple):
    """So much can be spent from then on."""

    micros: int
    ripens_at: datetime
    number: int


def ripening(account: Account) -> list[Ripening]:
    """What of a customer's balance cannot be spent yet, the first to come first; nothing is asked where there is
    none.
    """
    if not account.fresh_micros:
        return []
    rows = FreshMoney.objects.filter(panel_id=account.panel_id, account_id=account.id).order_by("ripens_at", "id")
    return [Ripening(*row) for row in rows.values_list("micros", "ripens_at", "payment__number")[:RIPENING_MAX]]


def fresh(of: Payment) -> FreshMoney | None:
    """What of a payment cannot be spent yet."""
    found: FreshMoney | None = FreshMoney.objects.filter(panel_id=of.panel_id, payment_id=of.id).first()
    return found


def payment_blocks(panel_id: int) -> QuerySet[PaymentBlock]:
    """Those from whom a panel takes no payments."""
    rows: QuerySet[PaymentBlock] = PaymentBlock.objects.filter(panel_id=panel_id)
    return rows


def held() -> Q:
    """Came in, and is held by a rule of the panel until staff decide."""
    return Q(state=PaymentState.PROBLEM, problem_code=HELD)


def disputes(of: Payment) -> list[Dispute]:
    """A payment's disputes, the oldest first."""
    return list(Dispute.objects.filter(panel_id=of.panel_id, payment_id=of.id).order_by("n")[:STEPS_MAX])


def disputes_since(panel_id: int, since: datetime) -> QuerySet[Dispute]:
    """A panel's disputes that are open, and those that have ended since then."""
    rows: QuerySet[Dispute] = Dispute.objects.filter(panel_id=panel_id)
    return rows.filter(Q(closed_at__isnull=True) | Q(closed_at__gt=since))


def refunds(of: Payment) -> list[Refund]:
    """What of a payment has gone back, or is to, the oldest first."""
    return list(Refund.objects.filter(panel_id=of.panel_id, payment_id=of.id).order_by("n")[:STEPS_MAX])


def hook_token(panel_id: int, payment_id: int) -> str:
    """The part of the address where the gateway of a payment can tell us of it; of no payment none that counts."""
    found = Payment.objects.filter(panel_id=panel_id, id=payment_id).values_list("method__hook_token", flat=True)
    return found.first() or "-" * 43


def method_of_hook(panel_id: int, token: str) -> PaymentMethod | None:
    """The panel's method whose webhooks come to this address."""
    found: PaymentMethod | None = PaymentMethod.objects.filter(panel_id=panel_id, hook_token=token).first()
    return found


def fee_text(percent_e2: int, fixed_micros: int) -> str:
    """A fee as people write it: 2.9% + 0.30; a dash where there is none."""
    percent = f"{percent_e2 // 100}.{percent_e2 % 100:02d}".rstrip("0").rstrip(".")
    parts = [f"{percent}%" if percent_e2 else "", money.text(fixed_micros) if fixed_micros else ""]
    return " + ".join(filter(None, parts)) or "–"
