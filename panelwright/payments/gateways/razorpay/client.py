"""What is said to Razorpay and what it answers. Nothing here reads or writes the database.

A payment link goes by our reference, under which there is one: made again, it is refused, and looked for. The payments
that were made by it are named in it; refunds and disputes are asked of those. Amounts are whole numbers of the
currency's smallest unit.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from panelwright.payments.gateway import (
    AskedRefund,
    Connection,
    DisputeProgress,
    FoundDispute,
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
from panelwright.payments.gateway_calls import GatewayAnswer, call, list_of, object_of, read_json
from panelwright.payments.rules import ReceivedMoney, step_micros

HOST = "https://api.razorpay.com"
MINUTES, MINUTES_MIN, MINUTES_MAX = 60, 20, 43_200
_LINKS = "/v1/payment_links"
_ID = re.compile(r"[a-z]{2,6}_[A-Za-z0-9]{4,40}", re.ASCII)
_ENDS = {"expired": Progress.EXPIRED, "cancelled": Progress.FAILED}
_REFUNDS = {"processed": RefundProgress.DONE, "failed": RefundProgress.FAILED}
# A dispute that is closed has been settled without taking anything.
_DISPUTES = {"won": DisputeProgress.WON, "closed": DisputeProgress.WON, "lost": DisputeProgress.LOST}
# What takes money at once; a retrieval or an inquiry only asks.
_TAKING = frozenset({"chargeback", "pre_arbitration", "arbitration", "fraud"})


def step(currency: str) -> int:
    """Of currencies with a thousand parts it takes whole tens."""
    return max(step_micros(currency), 10_000)


# ---- opening ---------------------------------------------------------------------------------------


def open_(to: Connection, asked: NewCheckout) -> OpenCheckout | Trouble:
    """Make a payment link, unless there is one: of our reference there is one alone."""
    minutes = min(max(int(to.settings.get("minutes") or MINUTES), MINUTES_MIN), MINUTES_MAX)
    until = asked.created_at + timedelta(minutes=minutes)
    fields = {
        "amount": asked.amount_micros // step_micros(asked.currency),
        "currency": asked.currency,
        "accept_partial": False,
        "reference_id": asked.reference,
        "description": asked.label[:200],
        "customer": {"email": asked.email},
        "notify": {"sms": False, "email": False},
        "reminder_enable": False,
        "notes": {"reference": asked.reference, "panel": asked.panel, "payment": str(asked.number)},
        "callback_url": asked.back_url,
        "callback_method": "get",
        "expire_by": int(until.timestamp()),
    }
    before = _by_reference(to, asked.reference)
    if isinstance(before, Trouble):
        return before
    link = before or _call(to, _LINKS, fields)
    if isinstance(link, Trouble):
        return link
    id_, url, ends = link.get("id"), link.get("short_url"), link.get("expire_by")
    if not isinstance(id_, str) or not _ID.fullmatch(id_):
        return Trouble("gateway_answer", "no payment link in the answer", sure=False)
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return Trouble("gateway_answer", "no page of the payment link in the answer", sure=False)
    over = datetime.fromtimestamp(ends, UTC) if isinstance(ends, int) and 0 < ends < 10**11 else None
    return OpenCheckout(id_, url, expires_at=over)


def _by_reference(to: Connection, reference: str) -> dict[str, Any] | Trouble | None:
    """What only looks like our reference is not ours."""
    listed = _call(to, f"{_LINKS}?reference_id={quote(reference, safe='')}")
    if isinstance(listed, Trouble):
        return listed
    rows = map(object_of, list_of(listed.get("payment_links")))
    return next((one for one in rows if one.get("reference_id") == reference), None)


# ---- asking ----------------------------------------------------------------------------------------


def ask(to: Connection, reference: str, gateway_id: str) -> FoundPayment | Trouble:
    """How a payment link stands, and what has become of the payment that was made by it."""
    link = _link(to, reference, gateway_id)
    if isinstance(link, Trouble):
        return link
    id_, status = str(link.get("id") or "")[:64], str(link.get("status") or "")
    if status not in ("paid", "partially_paid"):
        return FoundPayment(_ENDS.get(status, Progress.OPEN), gateway_id=id_)
    payment = _payment(to, link)
    if isinstance(payment, Trouble):
        return payment
    disputes = _disputes(to, payment)
    if isinstance(disputes, Trouble):
        return disputes
    currency = str(link.get("currency") or "")
    unit = step_micros(currency)
    return FoundPayment(
        Progress.PAID,
        ReceivedMoney(
            amount_micros=_whole(link.get("amount_paid")) * unit,
            currency=currency,
            reference=str(link.get("reference_id") or "")[:40],
            # Its mode is that of the key, which sees nothing of the other one.
            live=is_live(str(to.settings.get("key_id") or "")),
        ),
        refunded_micros=_whole(payment.get("amount_refunded")) * unit,
        disputes=disputes,
        gateway_id=id_,
    )


def is_live(key_id: str) -> bool:
    return not key_id.startswith("rzp_test_")


def _link(to: Connection, reference: str, gateway_id: str) -> dict[str, Any] | Trouble:
    if _ID.fullmatch(gateway_id):
        return _call(to, f"{_LINKS}/{gateway_id}")
    found = _by_reference(to, reference)
    return {} if found is None else found


def _payment(to: Connection, link: Mapping[str, Any]) -> dict[str, Any] | Trouble:
    """The captured payment of a link, as it stands now; of several tries, the one that was taken."""
    rows = list(map(object_of, list_of(link.get("payments"))))
    taken = [one for one in rows if one.get("status") not in ("failed", "created")]
    id_ = next((one.get("payment_id") for one in (taken or rows)), None)
    if not isinstance(id_, str) or not _ID.fullmatch(id_):
        return Trouble("gateway_answer", "a paid link without a payment")
    return _call(to, f"/v1/payments/{id_}")


def _disputes(to: Connection, payment: Mapping[str, Any]) -> tuple[FoundDispute, ...] | Trouble:
    """The list is the account's, newest first; those of this payment are picked out."""
    if not payment.get("disputed") and not payment.get("dispute_id") and payment.get("disputed") is not None:
        return ()
    listed = _call(to, "/v1/disputes?count=100")
    if isinstance(listed, Trouble):
        # Some accounts cannot see disputes, and take payments all the same.
        return () if listed.code in ("gateway_refused", "gateway_key") else listed
    rows = map(object_of, list_of(listed.get("items")))
    return tuple(_dispute(one) for one in rows if one.get("payment_id") == payment.get("id") and one.get("id"))


def _dispute(one: Mapping[str, Any]) -> FoundDispute:
    currency = str(one.get("currency") or "")
    progress = _DISPUTES.get(str(one.get("status")), DisputeProgress.OPEN)
    is_taking = one.get("phase") in _TAKING or _whole(one.get("amount_deducted")) > 0
    by = one.get("respond_by")
    return FoundDispute(
        gateway_id=str(one["id"])[:64],
        progress=progress,
        amount_micros=_whole(one.get("amount")) * step_micros(currency),
        currency=currency,
        taken=progress is DisputeProgress.LOST or (progress is DisputeProgress.OPEN and is_taking),
        reason=str(one.get("reason_code") or "")[:60],
        answer_by=datetime.fromtimestamp(by, UTC) if isinstance(by, int) and 0 < by < 10**11 else None,
    )


# ---- giving back -----------------------------------------------------------------------------------


def refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble:
    """Give some of it back, once for the key."""
    payment = _paid_by(to, reference, gateway_id)
    if isinstance(payment, Trouble):
        return payment
    fields = {
        "amount": asked.amount_micros // step_micros(asked.currency),
        "notes": {"reference": reference, "key": asked.key},
    }
    made = _call(to, f"/v1/payments/{payment.get('id')}/refund", fields, key=asked.key)
    return made if isinstance(made, Trouble) else _made(made)


def ask_refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble | None:
    """How it stands, by its name, else by the key that was sent with it."""
    if _ID.fullmatch(asked.gateway_id):
        found = _call(to, f"/v1/refunds/{asked.gateway_id}")
        return found if isinstance(found, Trouble) else _made(found)
    payment = _paid_by(to, reference, gateway_id)
    if isinstance(payment, Trouble):
        return payment
    listed = _call(to, f"/v1/payments/{payment.get('id')}/refunds?count=100")
    if isinstance(listed, Trouble):
        return listed
    rows = map(object_of, list_of(listed.get("items")))
    return next((_made(one) for one in rows if object_of(one.get("notes")).get("key") == asked.key), None)


def _paid_by(to: Connection, reference: str, gateway_id: str) -> dict[str, Any] | Trouble:
    link = _link(to, reference, gateway_id)
    return link if isinstance(link, Trouble) else _payment(to, link)


def _made(one: Mapping[str, Any]) -> MadeRefund:
    return MadeRefund(str(one.get("id") or "")[:64], _REFUNDS.get(str(one.get("status")), RefundProgress.PENDING))


# ---- webhooks --------------------------------------------------------------------------------------


def read(hook: Hook) -> HookEvent | None:
    """What an event is about: a link, or a payment with what became of it. Its id stands in a header."""
    try:
        event = read_json(hook.body)
    except ValueError:
        return None
    if not isinstance(event, dict):
        return None
    payload = object_of(event.get("payload"))
    link, payment = _entity(payload, "payment_link"), _entity(payload, "payment")
    of = (
        payment.get("id")
        or _entity(payload, "refund").get("payment_id")
        or _entity(payload, "dispute").get("payment_id")
    )
    reference = str(link.get("reference_id") or object_of(payment.get("notes")).get("reference") or "")[:40]
    id_, event_id = link.get("id"), hook.headers.get("x-razorpay-event-id", "")[:200]
    lookup = f"payment:{of}" if isinstance(of, str) and _ID.fullmatch(of) else ""
    if not reference and not lookup:
        return None
    return HookEvent(event_id, reference, id_ if isinstance(id_, str) and _ID.fullmatch(id_) else "", lookup)


def _entity(payload: Mapping[str, Any], name: str) -> dict[str, Any]:
    return object_of(object_of(payload.get(name)).get("entity"))


def find(to: Connection, lookup: str) -> str | Trouble:
    """Our reference of a payment, which stands in its notes; empty: it is none of ours."""
    kind, _, id_ = lookup.partition(":")
    if kind != "payment" or not _ID.fullmatch(id_):
        return ""
    found = _call(to, f"/v1/payments/{id_}")
    if isinstance(found, Trouble):
        return "" if found.code == "gateway_refused" else found
    return str(object_of(found.get("notes")).get("reference") or "")[:40]


def test(to: Connection) -> Trouble | None:
    """Whether the keys are taken: it reads payment links, which changes nothing."""
    found = _call(to, f"{_LINKS}?count=1")
    return found if isinstance(found, Trouble) else None


def _call(
    to: Connection, path: str, fields: Mapping[str, Any] | None = None, *, key: str = ""
) -> dict[str, Any] | Trouble:
    secret = to.secrets.get("secret", "")
    basic = base64.b64encode(f"{to.settings.get('key_id') or ''}:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Accept": "application/json"}
    if fields is not None:
        headers["Content-Type"] = "application/json"
    if key:
        headers["X-Refund-Idempotency"] = key
    answer = call(
        (to.base_url or HOST) + path,
        headers=headers,
        body=None if fields is None else json.dumps(fields).encode(),
        secrets=(secret, basic),
        allow_private=bool(to.base_url),
    )
    return answer if isinstance(answer, Trouble) else _heard(answer)


def _heard(answer: GatewayAnswer) -> dict[str, Any] | Trouble:
    if answer.status in (200, 201) and isinstance(answer.body, dict):
        return answer.body
    error = object_of(answer.fields.get("error"))
    said = answer.says(error.get("description") or f"HTTP {answer.status}")
    if answer.status in (401, 403):
        return Trouble("gateway_key", said)
    if answer.status < 400:
        return Trouble("gateway_answer", said, sure=False)
    # 409: another request with this key is under way; 429: too many.
    busy = answer.status in (409, 429)
    return Trouble("gateway_busy" if busy else "gateway_refused", said, sure=answer.status != 409)


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
