"""What is said to a BTCPay Server and what it answers. Nothing here reads or writes the database.

The server is the owner's own, at an address of theirs. It knows no keys that make a repeat harmless: before anything is
made, it is asked whether it is there, by our reference, or by the name of a refund. Amounts are decimal texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from panelwright.payments.gateway import (
    AskedRefund,
    Connection,
    FoundPayment,
    Hook,
    HookEvent,
    MadeRefund,
    NewCheckout,
    OpenCheckout,
    Progress,
    RefundProgress,
    Trouble,
)
from panelwright.payments.gateway_amounts import decimal_text, micros_down, micros_of
from panelwright.payments.gateway_calls import GatewayAnswer, call, list_of, object_of, read_json
from panelwright.payments.rules import ReceivedMoney, step_micros

MINUTES, MINUTES_MIN, MINUTES_MAX = 30, 5, 1_440
_ID = re.compile(r"[A-Za-z0-9]{8,64}", re.ASCII)
_SETTLED, _EXPIRED = "Settled", "Expired"
# Paid, but not as it was asked: the owner's staff decide.
_OTHERWISE = frozenset({"PaidOver", "PaidPartial", "PaidLate", "Marked"})
_PAYOUTS_MAX = 50


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


# ---- opening ---------------------------------------------------------------------------------------


def open_(to: Connection, asked: NewCheckout) -> OpenCheckout | Trouble:
    """Make an invoice, unless there is one: a second one could be paid, too."""
    before = _invoices(to, asked.reference)
    if isinstance(before, Trouble):
        return before
    for one in before:
        if one.get("status") not in (_EXPIRED, "Invalid"):
            return _opened(one)
    fields = {
        "amount": decimal_text(asked.amount_micros, step_micros(asked.currency)),
        "currency": asked.currency,
        "metadata": {
            "orderId": asked.reference,
            "itemDesc": asked.label,
            "panel": asked.panel,
            "payment": asked.number,
        },
        "checkout": {
            "expirationMinutes": min(max(int(to.settings.get("minutes") or MINUTES), MINUTES_MIN), MINUTES_MAX),
            "redirectURL": asked.back_url,
            "redirectAutomatically": True,
            # A store may call an invoice settled that was paid short of it by so many percent.
            "paymentTolerance": 0,
        },
    }
    made = _call(to, "/invoices", fields)
    return made if isinstance(made, Trouble) else _opened(object_of(made))


def _opened(invoice: Mapping[str, Any]) -> OpenCheckout | Trouble:
    id_, url, until = invoice.get("id"), invoice.get("checkoutLink"), invoice.get("expirationTime")
    if not isinstance(id_, str) or not is_id(id_):
        return Trouble("gateway_answer", "no invoice in the answer", sure=False)
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return Trouble("gateway_answer", "no page of the invoice in the answer", sure=False)
    ends = datetime.fromtimestamp(until, UTC) if isinstance(until, int) and 0 < until < 10**11 else None
    return OpenCheckout(id_, url, expires_at=ends)


def _invoices(to: Connection, reference: str) -> list[dict[str, Any]] | Trouble:
    """Those with our reference, as the server has them; what only looks like it is not ours."""
    found = _call(to, f"/invoices?orderId={quote(reference, safe='')}")
    if isinstance(found, Trouble):
        return found
    rows = map(object_of, list_of(found))
    return [one for one in rows if object_of(one.get("metadata")).get("orderId") == reference]


# ---- asking ----------------------------------------------------------------------------------------


# Of several invoices, the one that says most of the payment.
_FIRST = (Progress.PAID, Progress.PENDING, Progress.OPEN, Progress.EXPIRED, Progress.FAILED)


def ask(to: Connection, reference: str, gateway_id: str) -> FoundPayment | Trouble:
    """How its invoices stand. Requests at the same moment may have made several, and whichever is paid counts."""
    rows = _known(to, reference, gateway_id)
    if isinstance(rows, Trouble):
        return rows
    each: list[FoundPayment] = []
    for one in rows:
        stands = _stands(to, one)
        if isinstance(stands, Trouble):
            return stands
        each.append(stands)
    if not each:
        return FoundPayment(Progress.OPEN)
    first = min(each, key=lambda one: _FIRST.index(one.progress))
    paid = [one.money for one in each if one.money is not None]
    if first.money is None or len(paid) == 1:
        return first
    # Who pays twice has paid twice as much: what to do with it is for staff.
    return first._replace(money=first.money._replace(amount_micros=sum(one.amount_micros for one in paid)))


def _known(to: Connection, reference: str, gateway_id: str) -> list[dict[str, Any]] | Trouble:
    """All invoices under our reference, first of all the one that we know, whatever reference it has by now."""
    listed = _invoices(to, reference)
    if isinstance(listed, Trouble):
        return listed
    mine = [one for one in listed if one.get("id") == gateway_id]
    if not mine and is_id(gateway_id):
        one = _call(to, f"/invoices/{gateway_id}")
        if isinstance(one, Trouble):
            return one
        mine = [object_of(one)]
    return mine + [one for one in listed if one.get("id") != gateway_id]


def _stands(to: Connection, found: Mapping[str, Any]) -> FoundPayment | Trouble:
    """How an invoice stands. Only a settled one is paid; what came late, in part or too much is told as it is."""
    id_, status, more = str(found.get("id") or ""), found.get("status"), found.get("additionalStatus")
    if status == _SETTLED:
        return _paid(to, found, as_asked=more not in _OTHERWISE)
    if status == _EXPIRED and more in _OTHERWISE:
        confirmed = _is_confirmed(to, id_)
        if isinstance(confirmed, Trouble):
            return confirmed
        return _paid(to, found, as_asked=False) if confirmed else FoundPayment(Progress.PENDING, gateway_id=id_)
    ends = {"Processing": Progress.PENDING, _EXPIRED: Progress.EXPIRED, "Invalid": Progress.FAILED}
    return FoundPayment(ends.get(str(status), Progress.OPEN), gateway_id=id_)


def _paid(to: Connection, invoice: Mapping[str, Any], *, as_asked: bool) -> FoundPayment:
    """What came in: of an invoice that was paid as it was asked, its amount, else what the coins were worth."""
    currency = str(invoice.get("currency") or "")
    came = micros_down(invoice.get("paidAmount"), step_micros(currency)) if currency else 0
    return FoundPayment(
        Progress.PAID,
        ReceivedMoney(
            amount_micros=micros_of(invoice.get("amount")) if as_asked else came,
            currency=currency,
            reference=str(object_of(invoice.get("metadata")).get("orderId") or "")[:40],
            # A server does not say on which chain it is; the owner does.
            live=to.settings.get("mode") == "live",
        ),
        gateway_id=str(invoice.get("id") or "")[:200],
    )


def _is_confirmed(to: Connection, id_: str) -> bool | Trouble:
    """Whether all that came has the confirmations that the store asks for: an expired invoice does not say."""
    found = _call(to, f"/invoices/{id_}/payment-methods")
    if isinstance(found, Trouble):
        return found
    each = [one for way in map(object_of, list_of(found)) for one in map(object_of, list_of(way.get("payments")))]
    return bool(each) and all(one.get("status") == _SETTLED for one in each)


# ---- giving back -----------------------------------------------------------------------------------


def refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble:
    """Make a page on which the customer fetches it, by an address of theirs. Its name is the key."""
    before = ask_refund(to, reference, gateway_id, asked)
    if isinstance(before, Trouble):
        # It may be there since the last time.
        return before._replace(sure=False)
    if before is not None:
        return before
    fields = {
        "name": asked.key,
        "payoutMethodId": str(to.settings.get("payout") or "BTC-CHAIN"),
        "refundVariant": "Custom",
        "customAmount": decimal_text(asked.amount_micros, step_micros(asked.currency)),
        "customCurrency": asked.currency,
    }
    invoice = _refundable(to, reference, gateway_id)
    if isinstance(invoice, Trouble):
        return invoice
    made = _call(to, f"/invoices/{quote(invoice, safe='')}/refund", fields)
    return made if isinstance(made, Trouble) else _pull(object_of(made), RefundProgress.PENDING)


def _refundable(to: Connection, reference: str, gateway_id: str) -> str | Trouble:
    """The invoice that was paid, where it is another one than we know; the server refuses what cannot be given back."""
    rows = _known(to, reference, gateway_id)
    if isinstance(rows, Trouble):
        return rows
    settled = [one.get("id") for one in rows if one.get("status") == _SETTLED]
    others = [id_ for id_ in settled if isinstance(id_, str) and is_id(id_)]
    return gateway_id if gateway_id in others or not others else others[0]


def ask_refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble | None:
    """How it stands, by the name that was given to it: done when the customer has all of it. Where somebody has
    archived the page, which one does with finished ones as well, it has failed only if the customer has nothing of it,
    and gets nothing; with a part of it, staff decide.
    """
    listed = _call(to, "/pull-payments?includeArchived=true")
    if isinstance(listed, Trouble):
        return listed
    page = next((one for one in map(object_of, list_of(listed)) if one.get("name") == asked.key), None)
    if page is None:
        return None
    payouts = _call(to, f"/api/v1/pull-payments/{page.get('id')}/payouts", of_store=False)
    if isinstance(payouts, Trouble):
        return payouts
    stands = [one for one in map(object_of, list_of(payouts)) if one.get("state") != "Cancelled"]
    done = [one for one in stands if one.get("state") == "Completed"]
    given = sum(micros_down(one.get("originalAmount") or one.get("amount"), 1) for one in done[:_PAYOUTS_MAX])
    if given >= asked.amount_micros:
        return _pull(page, RefundProgress.DONE)
    if page.get("archived") is not True or len(stands) > len(done):
        return _pull(page, RefundProgress.PENDING)
    return _pull(page, RefundProgress.UNKNOWN if stands else RefundProgress.FAILED)


def _pull(page: Mapping[str, Any], progress: RefundProgress) -> MadeRefund:
    url = str(page.get("viewLink") or "")
    return MadeRefund(str(page.get("id") or "")[:200], progress, url if url.startswith(("https://", "http://")) else "")


# ---- webhooks and calls ----------------------------------------------------------------------------


def read(hook: Hook) -> HookEvent | None:
    """What an event is about: an invoice, with our reference in what we gave to it."""
    try:
        event = read_json(hook.body)
    except ValueError:
        return None
    if not isinstance(event, dict) or not str(event.get("type") or "").startswith("Invoice"):
        return None
    invoice = event.get("invoiceId")
    reference = str(object_of(event.get("metadata")).get("orderId") or "")[:40]
    # Of one that is told again, its first name.
    told = event.get("originalDeliveryId") or event.get("deliveryId")
    return HookEvent(
        str(told)[:200] if isinstance(told, str) else "",
        reference,
        invoice if isinstance(invoice, str) and is_id(invoice) else "",
    )


def test(to: Connection) -> Trouble | None:
    """Whether the key may see invoices of the store, which changes nothing."""
    found = _call(to, "/invoices?take=1")
    return found if isinstance(found, Trouble) else None


def _call(to: Connection, path: str, fields: Mapping[str, Any] | None = None, *, of_store: bool = True) -> Any:
    """An object or a list of the store, or Trouble."""
    key, own = to.secrets.get("key", ""), str(to.settings.get("url") or "").rstrip("/")
    base = to.base_url or own
    store = f"/api/v1/stores/{quote(str(to.settings.get('store') or ''), safe='')}" if of_store else ""
    headers = {"Authorization": f"token {key}", "Accept": "application/json"}
    if fields is not None:
        headers["Content-Type"] = "application/json"
    answer = call(
        base + store + path,
        headers=headers,
        body=None if fields is None else json.dumps(fields).encode(),
        secrets=(key,),
        allow_private=to.may_be_private(base),
    )
    return answer if isinstance(answer, Trouble) else _heard(answer)


def _heard(answer: GatewayAnswer) -> Any:
    if answer.status in (200, 201) and isinstance(answer.body, (dict, list)):
        return answer.body
    told = object_of(next(iter(list_of(answer.body)), answer.body))
    said = answer.says(told.get("message") or f"HTTP {answer.status}")
    if answer.status in (401, 403):
        return Trouble("gateway_key", said)
    if answer.status < 400:
        return Trouble("gateway_answer", said, sure=False)
    return Trouble("gateway_busy" if answer.status in (408, 429) else "gateway_refused", said)
