"""What is said to Stripe and what it answers. Nothing here reads or writes the database.

A pinned version of the API, so that its answers keep their shape. Each creating call has a key of ours: sent again, it
gives what the first one did. Amounts are whole numbers of the currency's smallest unit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from panelwright.core.money import MICROS
from panelwright.core.reply import HttpReply
from panelwright.core.transport import NoResponse, NotSent, Transport
from panelwright.payments.gateway import (
    Connection,
    FoundPayment,
    HookEvent,
    MadeRefund,
    NewCheckout,
    OpenCheckout,
    Progress,
    RefundState,
    Trouble,
)
from panelwright.payments.rules import ReceivedMoney, step_micros

_SESSIONS = "/v1/checkout/sessions"
HOST = "https://api.stripe.com"
API_VERSION = "2026-10-28.endive"
ANSWER_BYTES_MAX = 256 * 1024
CONNECT_S, READ_S = 5.0, 20.0
# Currencies without a smaller unit that Stripe counts in hundredths all the same, as it always has.
_IN_HUNDREDTHS = frozenset({"ISK", "UGX"})
_STATES = {"open": Progress.OPEN, "expired": Progress.EXPIRED}
_REFUNDS = {"succeeded": RefundState.DONE, "failed": RefundState.FAILED, "canceled": RefundState.FAILED}


def unit_micros(currency: str) -> int:
    """What one stands for in an amount of Stripe's."""
    return MICROS // 100 if currency in _IN_HUNDREDTHS else step_micros(currency)


def open_(to: Connection, asked: NewCheckout) -> OpenCheckout | Trouble:
    """Make a checkout session. It may not be made twice: our reference is its key."""
    fields = {
        "mode": "payment",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": asked.currency.lower(),
        "line_items[0][price_data][unit_amount]": str(asked.amount_micros // unit_micros(asked.currency)),
        "line_items[0][price_data][product_data][name]": asked.label,
        "success_url": asked.back_url,
        "cancel_url": asked.back_url,
        "client_reference_id": asked.reference,
        "customer_email": asked.email,
        # Else buyers pay in a currency of their own, and the amount is another.
        "adaptive_pricing[enabled]": "false",
    }
    for prefix in ("metadata", "payment_intent_data[metadata]"):
        fields |= {f"{prefix}[reference]": asked.reference, f"{prefix}[panel]": asked.panel}
        fields[f"{prefix}[payment]"] = str(asked.number)
    found = _call(to, "POST", _SESSIONS, fields, key=asked.reference)
    if isinstance(found, Trouble):
        return found
    id_, url = found.get("id"), found.get("url")
    if not isinstance(id_, str) or not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return Trouble("gateway_answer", "no session in the answer", sure=False)
    return OpenCheckout(id_, url)


def ask(to: Connection, reference: str, gateway_id: str) -> FoundPayment | Trouble:
    """How a session stands. Of what was paid, amount, currency, mode and reference are Stripe's, never a webhook's."""
    session = _call(
        to, "GET", f"/v1/checkout/sessions/{quote(gateway_id, safe='')}?expand[]=payment_intent.latest_charge"
    )
    if isinstance(session, Trouble):
        return session
    if session.get("payment_status") != "paid":
        intent = _object(session.get("payment_intent"))
        if session.get("status") == "complete" and intent.get("status") in {"canceled", "requires_payment_method"}:
            return FoundPayment(Progress.FAILED)
        return FoundPayment(_STATES.get(str(session.get("status")), Progress.OPEN))
    currency = str(session.get("currency") or "").upper()
    charge = _object(_object(session.get("payment_intent")).get("latest_charge"))
    unit = unit_micros(currency)
    return FoundPayment(
        Progress.PAID,
        ReceivedMoney(
            amount_micros=_whole(session.get("amount_total")) * unit,
            currency=currency,
            reference=str(session.get("client_reference_id") or ""),
            live=session.get("livemode") is True,
        ),
        refunded_micros=_whole(charge.get("amount_refunded")) * unit,
    )


def refund(
    to: Connection, reference: str, gateway_id: str, *, amount_micros: int, currency: str, key: str
) -> MadeRefund | Trouble:
    """Give some of it back, once for the key. The session leads to the payment that is meant."""
    session = _call(to, "GET", f"{_SESSIONS}/{quote(gateway_id, safe='')}")
    if isinstance(session, Trouble):
        return session
    intent = session.get("payment_intent")
    fields = {
        "payment_intent": intent if isinstance(intent, str) else str(_object(intent).get("id") or ""),
        "amount": str(amount_micros // unit_micros(currency)),
        "metadata[reference]": reference,
    }
    made = _call(to, "POST", "/v1/refunds", fields, key=key)
    if isinstance(made, Trouble):
        return made
    return MadeRefund(str(made.get("id") or ""), _REFUNDS.get(str(made.get("status")), RefundState.PENDING))


def test(to: Connection) -> Trouble | None:
    """Whether the key may do what we need: it reads the account's balance, which changes nothing."""
    found = _call(to, "GET", "/v1/balance")
    return found if isinstance(found, Trouble) else None


def read(body: bytes) -> HookEvent | None:
    """What an event is about. Its shape follows the endpoint's version, not ours: few fields are read."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(event.get("id"), str):
        return None
    thing = _object(_object(event.get("data")).get("object"))
    reference = thing.get("client_reference_id") or _object(thing.get("metadata")).get("reference") or ""
    session = str(thing.get("id") or "")[:200] if thing.get("object") == "checkout.session" else ""
    return HookEvent(event["id"][:200], str(reference)[:40], session)


def _call(
    to: Connection, method: str, path: str, fields: Mapping[str, str] | None = None, *, key: str = ""
) -> dict[str, Any] | Trouble:
    secret = to.secrets.get("key", "")
    transport = Transport(
        url=(to.base_url or HOST) + path,
        # Of a simulated gateway alone, which the operator of the host has set.
        allow_private=bool(to.base_url),
        connect_timeout_s=CONNECT_S,
        read_timeout_s=READ_S,
        max_bytes=ANSWER_BYTES_MAX,
        secrets=(secret,),
    )
    headers = {"Authorization": f"Bearer {secret}", "Stripe-Version": API_VERSION, "Accept": "application/json"}
    try:
        if method == "GET":
            reply = transport.get(headers)
        else:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": key}
            reply = transport.post_body(urlencode(fields or {}).encode(), headers)
    finally:
        transport.close()
    return _heard(reply)


def _heard(reply: HttpReply | NotSent | NoResponse) -> dict[str, Any] | Trouble:
    if isinstance(reply, NotSent):
        return Trouble("gateway_unreachable", reply.text)
    if isinstance(reply, NoResponse) or reply.broke or reply.status >= 500:
        said = reply.text if isinstance(reply, NoResponse) else reply.broke or f"HTTP {reply.status}"
        return Trouble("gateway_unreachable", said, sure=False)
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return Trouble("gateway_answer", reply.clean(reply.body.decode("utf-8", "replace")), sure=False)
    if reply.status == 200 and isinstance(found, dict):
        return found
    said = reply.clean(_object(_object(found).get("error")).get("message") or f"HTTP {reply.status}")
    if reply.status == 401:
        return Trouble("gateway_key", said)
    # 409: another request with this key is under way; 429: too many. Both are asked again.
    return Trouble("gateway_busy" if reply.status in (409, 429) else "gateway_refused", said, sure=reply.status != 409)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
