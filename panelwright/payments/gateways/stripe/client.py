"""What is said to Stripe and what it answers. Nothing here reads or writes the database.

A pinned version of the API, so that its answers keep their shape. Each creating call has a key of ours: sent again, it
gives what the first one did. Amounts are whole numbers of the currency's smallest unit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from panelwright.core.money import MICROS
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
    paid_by,
)
from panelwright.payments.gateway_calls import GatewayAnswer, call, list_of, object_of, read_json
from panelwright.payments.hold_rules import PaidBy
from panelwright.payments.rules import ReceivedMoney, step_micros

_SESSIONS = "/v1/checkout/sessions"
HOST = "https://api.stripe.com"
API_VERSION = "2026-10-28.endive"
# What names a payment there.
_INTENT = re.compile(r"pi_[A-Za-z0-9_]{1,190}", re.ASCII)
# How many refunds or disputes of one payment are looked at.
_LISTED_MAX = 100
# Currencies without a smaller unit that Stripe counts in hundredths all the same, as it always has.
_IN_HUNDREDTHS = frozenset({"ISK", "UGX"})
_STATES = {"open": Progress.OPEN, "expired": Progress.EXPIRED}
_REFUNDS = {"succeeded": RefundProgress.DONE, "failed": RefundProgress.FAILED, "canceled": RefundProgress.FAILED}
# An inquiry that ends takes nothing, and a dispute that is prevented has become a refund.
_DISPUTES = dict.fromkeys(("won", "warning_closed", "prevented"), DisputeProgress.WON)
_DISPUTES["lost"] = DisputeProgress.LOST


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
    session = _call(to, "GET", f"{_session(gateway_id)}?expand[]=payment_intent.latest_charge")
    if isinstance(session, Trouble):
        return session
    intent = object_of(session.get("payment_intent"))
    if session.get("payment_status") != "paid":
        if session.get("status") != "complete":
            return FoundPayment(_STATES.get(str(session.get("status")), Progress.OPEN))
        failed = intent.get("status") in {"canceled", "requires_payment_method"}
        return FoundPayment(Progress.FAILED if failed else Progress.PENDING)
    currency = str(session.get("currency") or "").upper()
    charge = object_of(intent.get("latest_charge"))
    disputes = _disputes(to, str(intent.get("id") or "")) if charge.get("disputed") is True else ()
    if isinstance(disputes, Trouble):
        return disputes
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
        disputes=disputes,
        by=_by(charge),
    )


def _by(charge: Mapping[str, Any]) -> PaidBy:
    """The card, where it was one: its fingerprint is the same wherever that card pays to this account."""
    card = object_of(object_of(charge.get("payment_method_details")).get("card"))
    address = object_of(object_of(charge.get("billing_details")).get("address"))
    shown = f"{card.get('brand') or ''} {card.get('last4') or ''}".strip()
    return paid_by(
        "stripe",
        key=card.get("fingerprint"),
        card=shown,
        country=card.get("country"),
        billing_country=address.get("country"),
    )


def _disputes(to: Connection, intent: str) -> tuple[FoundDispute, ...] | Trouble:
    found = _call(to, "GET", f"/v1/disputes?payment_intent={quote(intent, safe='')}&limit={_LISTED_MAX}")
    if isinstance(found, Trouble):
        return found
    return tuple(_dispute(one) for one in map(object_of, list_of(found.get("data"))) if one.get("id"))


def _dispute(one: Mapping[str, Any]) -> FoundDispute:
    """Its transfers say whether the money is gone: what was withdrawn, less what was given back."""
    currency = str(one.get("currency") or "").upper()
    progress = _DISPUTES.get(str(one.get("status")), DisputeProgress.OPEN)
    moved = sum(_signed(object_of(each).get("amount")) for each in list_of(one.get("balance_transactions")))
    due = object_of(one.get("evidence_details")).get("due_by")
    return FoundDispute(
        gateway_id=str(one["id"])[:200],
        progress=progress,
        amount_micros=_whole(one.get("amount")) * unit_micros(currency),
        currency=currency,
        taken=moved < 0 or progress is DisputeProgress.LOST,
        reason=str(one.get("reason") or "")[:60],
        answer_by=datetime.fromtimestamp(due, UTC) if isinstance(due, int) and 0 < due < 10**11 else None,
    )


def refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble:
    """Give some of it back, once for the key. The session leads to the payment that is meant."""
    intent = _intent(to, gateway_id)
    if isinstance(intent, Trouble):
        return intent
    fields = {
        "payment_intent": intent,
        "amount": str(asked.amount_micros // unit_micros(asked.currency)),
        "metadata[reference]": reference,
        "metadata[key]": asked.key,
    }
    made = _call(to, "POST", "/v1/refunds", fields, key=asked.key)
    return made if isinstance(made, Trouble) else _refund(made)


def ask_refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble | None:
    """How it stands, by its name, else by the key that was sent with it."""
    if asked.gateway_id:
        found = _call(to, "GET", f"/v1/refunds/{quote(asked.gateway_id, safe='')}")
        return found if isinstance(found, Trouble) else _refund(found)
    intent = _intent(to, gateway_id)
    if isinstance(intent, Trouble):
        return intent
    listed = _call(to, "GET", f"/v1/refunds?payment_intent={quote(intent, safe='')}&limit={_LISTED_MAX}")
    if isinstance(listed, Trouble):
        return listed
    for one in map(object_of, list_of(listed.get("data"))):
        if object_of(one.get("metadata")).get("key") == asked.key:
            return _refund(one)
    return None


def _refund(one: Mapping[str, Any]) -> MadeRefund:
    return MadeRefund(str(one.get("id") or "")[:200], _REFUNDS.get(str(one.get("status")), RefundProgress.PENDING))


def expire(to: Connection, reference: str, gateway_id: str) -> Trouble | None:
    """Nobody can pay it any more; Stripe refuses where it is paid or over."""
    made = _call(to, "POST", f"{_session(gateway_id)}/expire", {}, key=f"{reference}-expire")
    return made if isinstance(made, Trouble) else None


def find(to: Connection, lookup: str) -> str | Trouble:
    """Our reference of a payment intent; empty: it is none of ours."""
    if not _INTENT.fullmatch(lookup):
        return ""
    intent = _call(to, "GET", f"/v1/payment_intents/{lookup}")
    if isinstance(intent, Trouble):
        return "" if intent.code == "gateway_refused" else intent
    return str(object_of(intent.get("metadata")).get("reference") or "")[:40]


def test(to: Connection) -> Trouble | None:
    """Whether the key may do what we need: it reads the account's balance, which changes nothing."""
    found = _call(to, "GET", "/v1/balance")
    return found if isinstance(found, Trouble) else None


def read(hook: Hook) -> HookEvent | None:
    """What an event is about. Its shape follows the endpoint's version, not ours: few fields are read.

    What is about a dispute, or a refund that somebody made there, names the payment intent alone.
    """
    try:
        event = read_json(hook.body)
    except ValueError:
        return None
    if not isinstance(event, dict) or not isinstance(event.get("id"), str):
        return None
    thing = object_of(object_of(event.get("data")).get("object"))
    reference = str(thing.get("client_reference_id") or object_of(thing.get("metadata")).get("reference") or "")[:40]
    session = str(thing.get("id") or "")[:200] if thing.get("object") == "checkout.session" else ""
    intent = thing.get("id") if thing.get("object") == "payment_intent" else thing.get("payment_intent")
    by_intent = not reference and not session and isinstance(intent, str) and _INTENT.fullmatch(intent) is not None
    return HookEvent(event["id"][:200], reference, session, str(intent) if by_intent else "")


def _session(gateway_id: str) -> str:
    return f"{_SESSIONS}/{quote(gateway_id, safe='')}"


def _intent(to: Connection, gateway_id: str) -> str | Trouble:
    """The payment that a session has led to."""
    session = _call(to, "GET", _session(gateway_id))
    if isinstance(session, Trouble):
        return session
    intent = session.get("payment_intent")
    return intent if isinstance(intent, str) else str(object_of(intent).get("id") or "")


def _call(
    to: Connection, method: str, path: str, fields: Mapping[str, str] | None = None, *, key: str = ""
) -> dict[str, Any] | Trouble:
    secret = to.secrets.get("key", "")
    headers = {"Authorization": f"Bearer {secret}", "Stripe-Version": API_VERSION, "Accept": "application/json"}
    if method == "POST":
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": key}
    answer = call(
        (to.base_url or HOST) + path,
        headers=headers,
        body=None if method == "GET" else urlencode(fields or {}).encode(),
        secrets=(secret,),
        allow_private=bool(to.base_url),
    )
    return answer if isinstance(answer, Trouble) else _heard(answer)


def _heard(answer: GatewayAnswer) -> dict[str, Any] | Trouble:
    if answer.status == 200 and isinstance(answer.body, dict):
        return answer.body
    error = object_of(answer.fields.get("error"))
    said = answer.says(error.get("message") or f"HTTP {answer.status}")
    if answer.status == 401:
        return Trouble("gateway_key", said)
    if answer.status < 400 or error.get("type") == "idempotency_error":
        # The key stood for other fields, so the first one may have been done.
        return Trouble("gateway_answer", said, sure=False)
    # 409: another request with this key is under way; 429: too many. Both are asked again.
    busy = answer.status in (409, 429)
    return Trouble("gateway_busy" if busy else "gateway_refused", said, sure=answer.status != 409)


def _whole(value: object) -> int:
    return max(_signed(value), 0)


def _signed(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
