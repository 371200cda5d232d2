"""Opening checkouts and asking gateways how payments stand: claim, ask with no transaction open, write down.

A webhook, and the customer who comes back, only bring the moment forward at which the gateway is asked.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from panelwright.core import clock, limits
from panelwright.core.loop import let_go
from panelwright.core.refusal import Refusal
from panelwright.customers import throttle_actions
from panelwright.customers.throttle_actions import AttemptLimit
from panelwright.payments import (
    dispute_actions,
    refund_actions,
    registry,
    rules,
    settling_actions,
    surplus_actions,
)
from panelwright.payments.connections import api_of, connection_of
from panelwright.payments.gateway import (
    Api,
    Connection,
    FoundPayment,
    HookEvent,
    NewCheckout,
    OpenCheckout,
    Progress,
    Trouble,
)
from panelwright.payments.hold_rules import HELD
from panelwright.payments.models import Payment, PaymentMethod, PaymentState, WebhookEvent
from panelwright.payments.settling_actions import lock, move, tell

# A payment is asked for at these ages, and is over after the last; each time its claim holds for LEASE.
AGES = tuple(
    timedelta(**age)
    for age in (
        {"minutes": 1},
        {"minutes": 3},
        {"minutes": 10},
        {"minutes": 30},
        {"hours": 2},
        {"hours": 12},
        {"hours": 24},
        {"hours": 72},
        {"days": 7},
        {"days": 14},
    )
)
LEASE = timedelta(minutes=2)
# Once it was asked for so often, a gateway that cannot be reached is asked at those ages alone.
UNHEARD_MAX = 60
# While a dispute is open, its payment is asked about so often.
DISPUTE_ASKED = timedelta(days=1)
# So many webhooks of a payment are looked through for what they name.
TOLD_MAX = 500
# Signed webhooks are kept for so long.
EVENTS_KEPT = timedelta(days=90)


def open_checkout(
    *, panel_id: int, payment_id: int, back_url: str, hook_url: str = "", now: datetime | None = None
) -> OpenCheckout | Refusal:
    """How the customer pays; a repeat leads to the same checkout. No transaction is open while the gateway is asked.

    A gateway may take its time, and each who waits for it has a thread: of one payment there is one at a time, and of
    a customer so many in a while. Refused: no_payment, payment_ended, payment_opening, too_often, gateway_unreachable,
    gateway_refused.
    """
    rows = Payment.objects.filter(panel_id=panel_id, id=payment_id)
    row: Payment | None = rows.select_related("method", "panel", "customer__user").first()
    api = None if row is None else api_of(row.method)
    if row is None or api is None:
        return Refusal("no_payment")
    if row.expires_at is not None and row.expires_at <= (now or clock.now()):
        return Refusal("payment_ended")
    if (row.url or row.code) and row.state in (PaymentState.SENT, PaymentState.PENDING):
        return OpenCheckout(row.gateway_id or "", row.url, row.code, row.qr, row.expires_at)
    if row.state != PaymentState.CREATED:
        return Refusal("payment_ended")
    asked = NewCheckout(
        reference=row.reference,
        amount_micros=row.asked_micros + row.fee_micros,
        currency=row.currency,
        label=f"{row.panel.name}: {row.number}",
        email=row.customer.user.email,
        back_url=back_url,
        panel=row.panel.slug,
        number=row.number,
        created_at=row.created_at,
        language=row.customer.user.language or row.panel.language,
        hook_url=hook_url,
    )
    with _alone(payment_id) as first:
        if not first:
            return Refusal("payment_opening")
        who = str(row.customer_id)
        often = throttle_actions.count(panel_id, [(OPENINGS, who)], now=now or clock.now())
        if often is not None:
            return often
        let_go()
        try:
            made = api.open_(connection_of(row.method), asked)
        except ValueError:
            made = Trouble("gateway_key")
        return _opened(panel_id, payment_id, made, now or clock.now())


OPENINGS = AttemptLimit("payment opening", limits.PAYMENT_OPENINGS_MAX)
# Payments whose checkout this process is opening. Another process may open it meanwhile: see `_opened`.
_opening: set[int] = set()
_opening_lock = threading.Lock()


@contextmanager
def _alone(payment_id: int) -> Iterator[bool]:
    """Whether nobody else in this process opens the payment's checkout; nobody does for as long as this lasts."""
    with _opening_lock:
        first = payment_id not in _opening
        _opening.add(payment_id)
    try:
        yield first
    finally:
        if first:
            with _opening_lock:
                _opening.discard(payment_id)


def _opened(panel_id: int, payment_id: int, made: OpenCheckout | Trouble, now: datetime) -> OpenCheckout | Refusal:
    """Keep what was made. Where another request was faster the customer is led to what that one has kept: it is what
    the gateway is asked about. Where the payment has ended meanwhile they are led nowhere.
    """
    if isinstance(made, Trouble):
        return Refusal("gateway_unreachable" if made.code != "gateway_refused" else "gateway_refused")
    with transaction.atomic(durable=True):
        payment = lock(panel_id, payment_id)
        if payment is None:
            return Refusal("no_payment")
        rows = Payment.objects.filter(panel_id=panel_id, id=payment_id)
        state = PaymentState(payment.state)
        # A webhook may have been faster than this answer.
        if payment.gateway_id in (None, made.gateway_id) or not made.gateway_id:
            rows.update(
                gateway_id=payment.gateway_id or made.gateway_id or None,
                url=made.url,
                code=made.code,
                qr=made.qr,
                expires_at=made.expires_at,
            )
        elif (payment.url or payment.code) and state in (PaymentState.SENT, PaymentState.PENDING):
            return OpenCheckout(payment.gateway_id, payment.url, payment.code, payment.qr, payment.expires_at)
        if state is PaymentState.CREATED:
            move(payment, PaymentState.SENT, now=now, due_at=now + AGES[0], attempts=0)
            tell(payment, "sent", now=now)
        elif state not in (PaymentState.SENT, PaymentState.PENDING):
            if state is not PaymentState.PROBLEM:
                # Who pays there all the same is credited, and nobody else is to: the gateway is asked.
                rows.update(due_at=now)
            return Refusal("payment_ended")
    return made


def hasten(*, panel_id: int, payment_id: int, now: datetime) -> None:
    """Ask the gateway at once: somebody says that something has happened. One by hand has nobody to ask."""
    named = Q(gateway_id__isnull=False, method__kind__in=registry.spoken_with())
    found = named | Q(method__kind__in=registry.spoken_with(by_reference=True))
    ids = Payment.objects.filter(found, panel_id=panel_id, id=payment_id).values_list("id", flat=True)
    rows = Payment.objects.filter(panel_id=panel_id, id__in=list(ids))
    # What is held may have been given back there.
    rows.exclude(~Q(problem_code=HELD), state=PaymentState.PROBLEM).update(due_at=now)


COMES_BACK = AttemptLimit("payment return", limits.PAYMENT_RETURNS_MAX)


def named(payment: Payment, query: Mapping[str, str]) -> str:
    """What the address names by which a customer comes back: a lookup of the gateway's. Empty: nothing."""
    api = api_of(payment.method)
    return "" if api is None or api.returned is None else api.returned(query)


def come_back(*, panel_id: int, payment: Payment, now: datetime, named: str = "") -> None:
    """The customer comes back from the gateway, or says so: it is asked at once, so often and no more.

    `named`: see `named`; the last one is kept, and proves nothing.
    """
    if PaymentState(payment.state) not in rules.UNPAID:
        return
    if throttle_actions.count(panel_id, [(COMES_BACK, str(payment.id))], now=now) is None:
        if named and named != payment.named_on_return:
            Payment.objects.filter(panel_id=panel_id, id=payment.id).update(named_on_return=named)
        hasten(panel_id=panel_id, payment_id=payment.id, now=now)


HOOK_CHECKS = AttemptLimit("payment hook", limits.PAYMENT_HOOK_CHECKS_MAX)


def may_verify(*, panel_id: int, method_id: int, now: datetime) -> Refusal | None:
    """Whether one more webhook may make us ask its gateway if it is genuine. Refused: too_often."""
    return throttle_actions.count(panel_id, [(HOOK_CHECKS, str(method_id))], now=now)


def hear(*, method: PaymentMethod, event: HookEvent, body: bytes, now: datetime) -> bool:
    """Keep a webhook whose signature was right, and ask about its payment; False: it had come before.

    Where the answer to the creation was lost, the gateway's name of the payment comes with it: the answer to asking by
    that name must hold our reference, or it is for staff. Where the event does not say whose it is, `learn` asks.
    """
    panel_id = method.panel_id
    with transaction.atomic(durable=True):
        rows = Payment.objects.filter(panel_id=panel_id, method=method, reference=event.reference)
        named = Payment.objects.filter(panel_id=panel_id, method=method, gateway_id=event.gateway_id)
        payment_id = (
            (rows.values_list("id", flat=True).first() if event.reference else None)
            if event.reference or not event.gateway_id
            else named.values_list("id", flat=True).first()
        )
        if payment_id is not None and event.reference and event.gateway_id and not named.exists():
            rows.filter(gateway_id__isnull=True).update(gateway_id=event.gateway_id)
        kept, made = WebhookEvent.objects.get_or_create(
            panel_id=panel_id,
            method=method,
            # Without a name of its own it is one with what says the same.
            event_id=event.event_id or f"sha256:{hashlib.sha256(body).hexdigest()}",
            defaults={"payment_id": payment_id, "body": body, "received_at": now, "lookup": event.lookup},
        )
        payment_id = payment_id or kept.payment_id
        if payment_id is not None:
            hasten(panel_id=panel_id, payment_id=payment_id, now=now)
        elif event.lookup:
            WebhookEvent.objects.filter(panel_id=panel_id, id=kept.id).update(due_at=now)
        return made


def learn(*, panel_id: int, event_id: int, now: datetime) -> bool:
    """Ask the gateway whose a webhook is that does not say so, and then about that payment; False: somebody else does.

    What is nobody's of ours stays nobody's: another shop may have the same account.
    """
    rows = WebhookEvent.objects.filter(panel_id=panel_id, id=event_id, due_at__lte=now)
    row: WebhookEvent | None = rows.select_related("method").first()
    if row is None or not rows.update(due_at=now + LEASE, attempts=row.attempts + 1):
        return False
    api = api_of(row.method)
    found: str | Trouble = ""
    if api is not None and api.find is not None:
        let_go()
        try:
            found = api.find(connection_of(row.method), row.lookup)
        except ValueError:
            found = Trouble("gateway_key")
    events = WebhookEvent.objects.filter(panel_id=panel_id, id=event_id)
    if isinstance(found, Trouble):
        wait = timedelta(minutes=min(2**row.attempts, 60))
        events.update(due_at=now + wait if row.attempts < UNHEARD_MAX else None)
        return True
    payments = Payment.objects.filter(panel_id=panel_id, method=row.method, reference=found)
    with transaction.atomic(durable=True):
        payment_id = payments.values_list("id", flat=True).first() if found else None
        events.update(due_at=None, payment_id=payment_id)
        if payment_id is not None:
            hasten(panel_id=panel_id, payment_id=payment_id, now=now)
    return True


def look(*, panel_id: int, payment_id: int, now: datetime) -> bool:
    """Ask the gateway of a payment that is due, and do what follows; False where somebody else does.

    What a payment brings, settling_actions.receive decides from the gateway's answer alone.
    """
    rows = Payment.objects.filter(panel_id=panel_id, id=payment_id, due_at__lte=now)
    row: Payment | None = rows.select_related("method").first()
    if row is None or not rows.update(due_at=now + LEASE, attempts=row.attempts + 1):
        return False
    row.due_at = now + LEASE
    api = api_of(row.method)
    if api is None or (row.gateway_id is None and not api.by_reference):
        _later(row, now)
        return True
    told = () if api.ask_told is None else _told(row)
    let_go()
    try:
        to = connection_of(row.method)
        found = _ask(api, to, row, told)
        if isinstance(found, FoundPayment) and found.progress is Progress.OPEN and _is_not_wanted(row):
            _expire(api, to, row, found)
    except ValueError:
        found = Trouble("gateway_key")
    if isinstance(found, Trouble):
        _unheard(row, now)
        return True
    _write(row, found, now)
    return True


# Nobody is to pay these any more; who does so all the same is credited.
_NOT_WANTED = frozenset({PaymentState.FAILED.value, PaymentState.EXPIRED.value, PaymentState.CANCELED.value})


def _is_not_wanted(row: Payment) -> bool:
    """Given up, or approved by staff who had the money by another way."""
    return row.state in _NOT_WANTED or (row.paid_at is not None and not row.at_gateway)


def _told(row: Payment) -> tuple[str, ...]:
    """What webhooks about a payment have named, last of all what was named last; then what its customer's address has.
    Where there are too many, those that were named first are left out.
    """
    events = WebhookEvent.objects.filter(panel_id=row.panel_id, payment_id=row.id).exclude(lookup="")
    newest = dict.fromkeys(events.order_by("-id").values_list("lookup", flat=True)[:TOLD_MAX])
    found = tuple(reversed(newest))
    return (*found, row.named_on_return) if row.named_on_return else found


def _ask(api: Api, to: Connection, row: Payment, told: tuple[str, ...]) -> FoundPayment | Trouble:
    """How it stands there. What the customer has agreed to is not taken of who has given the payment up, or has paid it
    by another way; who pays late still wants it.
    """
    if api.ask_told is not None:
        return api.ask_told(to, row.reference, row.gateway_id or "", told)
    is_late = row.state == PaymentState.EXPIRED
    ask = api.ask if api.peek is None or is_late or not _is_not_wanted(row) else api.peek
    return ask(to, row.reference, row.gateway_id or "")


def _expire(api: Api, to: Connection, row: Payment, found: FoundPayment) -> None:
    """Its checkout is closed; whether that worked shows when it is asked about again."""
    if api.expire is not None:
        api.expire(to, row.reference, row.gateway_id or found.gateway_id)


def _write(row: Payment, found: FoundPayment, now: datetime) -> None:
    panel_id, payment_id = row.panel_id, row.id
    if row.gateway_id is None and found.gateway_id:
        Payment.objects.filter(panel_id=panel_id, id=payment_id, gateway_id__isnull=True).update(
            gateway_id=found.gateway_id
        )
        row.gateway_id = found.gateway_id
    if found.progress is Progress.PAID and found.money is not None:
        settling_actions.receive(
            panel_id=panel_id,
            payment_id=payment_id,
            got=found.money,
            gateway_id=row.gateway_id or "",
            by=found.by,
            now=now,
        )
        # Another payment's money, or of another currency, is none that can be compared.
        ours = (found.money.reference, found.money.currency, found.money.live) == (
            row.reference,
            row.currency,
            row.live,
        )
        there = {"came_micros": found.money.amount_micros if ours else 0, "refunded_micros": found.refunded_micros}
        refund_actions.note_refunded(panel_id=panel_id, payment_id=payment_id, now=now, **there)
        refund_actions.hasten(panel_id=panel_id, payment_id=payment_id, now=now)
        disputed = dispute_actions.note(
            panel_id=panel_id, payment_id=payment_id, found=found.disputes, ended=found.ended, now=now, **there
        )
        surplus_actions.note(panel_id=panel_id, payment_id=payment_id, now=now, **there)
        mine = Payment.objects.filter(panel_id=panel_id, id=payment_id)
        mine.filter(due_at=row.due_at).update(due_at=None)
        if disputed:
            # It may take months, and the end of it may not be told.
            mine.filter(due_at__isnull=True).update(due_at=now + DISPUTE_ASKED)
        return
    ends = {Progress.FAILED: PaymentState.FAILED, Progress.EXPIRED: PaymentState.EXPIRED}.get(found.progress)
    if ends is None:
        if found.progress is Progress.PENDING:
            _pending(row, now)
        _later(row, now)
        return
    with transaction.atomic(durable=True):
        _end(lock(panel_id, payment_id), row, ends, now)


def _pending(row: Payment, now: datetime) -> None:
    """The customer has paid, as the gateway says; the money is not there yet."""
    with transaction.atomic(durable=True):
        payment = lock(row.panel_id, row.id)
        if payment is not None and move(payment, PaymentState.PENDING, now=now):
            tell(payment, "pending_there", now=now)


def _unheard(row: Payment, now: datetime) -> None:
    """The gateway was not reached: soon again, at distances that grow. It may know what nobody tells twice."""
    if row.attempts >= UNHEARD_MAX:
        _later(row, now)
        return
    wait = timedelta(minutes=min(2**row.attempts, 60))
    Payment.objects.filter(panel_id=row.panel_id, id=row.id, due_at=row.due_at).update(due_at=now + wait)


def _later(row: Payment, now: datetime) -> None:
    """The next age; behind the last one a payment that nobody made is over."""
    ages = [row.created_at + age for age in AGES if row.created_at + age > now]
    if ages:
        # What was hastened while the gateway answered stays so: the answer may be older than what has happened.
        Payment.objects.filter(panel_id=row.panel_id, id=row.id, due_at=row.due_at).update(due_at=ages[0])
        return
    with transaction.atomic(durable=True):
        _end(lock(row.panel_id, row.id), row, PaymentState.EXPIRED, now)


def _end(payment: Payment | None, row: Payment, ends: PaymentState, now: datetime) -> None:
    """A locked payment is over, unless it was hastened meanwhile; one that is paid is not asked about again."""
    if payment is None or payment.due_at != row.due_at:
        return
    if move(payment, ends, now=now, due_at=None):
        tell(payment, "expired" if ends is PaymentState.EXPIRED else "refused", now=now)
    else:
        Payment.objects.filter(panel_id=payment.panel_id, id=payment.id).update(due_at=None)


def forget_events(limit: int, *, now: datetime) -> int:
    """Webhooks that are older than they are kept."""
    old = WebhookEvent.objects.filter(received_at__lt=now - EVENTS_KEPT).order_by("received_at")
    rows = list(old.values_list("panel_id", "id")[:limit])
    for panel_id, id_ in rows:
        WebhookEvent.objects.filter(panel_id=panel_id, id=id_).delete()
    return len(rows)
