"""What is said to PayPal and what it answers. Nothing here reads or writes the database.

An order is made, the buyer agrees to it, and only our capture moves the money: whoever asks how an order stands takes
what the buyer has agreed to, and whoever peeks takes nothing. Each creating call has a request id of ours; sent again,
it gives what the first one did. Amounts are decimal texts. Our reference is the order's custom id and invoice id, which
every capture keeps.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from panelwright.payments.access_tokens import AccessTokens, NewToken
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
from panelwright.payments.gateway_amounts import decimal_text, micros_of
from panelwright.payments.gateway_calls import GatewayAnswer, call, list_of, object_of, read_json
from panelwright.payments.hold_rules import PaidBy
from panelwright.payments.rules import ReceivedMoney, step_micros

HOSTS = {"live": "https://api-m.paypal.com", "test": "https://api-m.sandbox.paypal.com"}
_WHOLE = frozenset({"HUF", "JPY", "TWD"})
_ID = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_LOCALES = {"en": "en-US", "es": "es-ES", "pt-br": "pt-BR", "pt_br": "pt-BR", "ru": "ru-RU"}
# Captures that have brought money, whatever became of it since.
_PAID = frozenset({"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"})
_REFUNDS = {
    "COMPLETED": RefundProgress.DONE,
    "FAILED": RefundProgress.FAILED,
    "CANCELLED": RefundProgress.FAILED,
}
# With a payout, PayPal pays the buyer out of its own.
_WON = frozenset({"RESOLVED_SELLER_FAVOUR", "RESOLVED_WITH_PAYOUT", "CANCELED_BY_BUYER", "DENIED"})
_ASKED_AGAIN = frozenset({"INTERNAL_SERVER_ERROR", "RATE_LIMIT_REACHED", "RESOURCE_CONFLICT"})

_tokens = AccessTokens()


def step(currency: str) -> int:
    """PayPal takes no parts of some currencies that have them, and no thousandths."""
    return 1_000_000 if currency in _WHOLE else max(step_micros(currency), 10_000)


# ---- opening ---------------------------------------------------------------------------------------


def open_(to: Connection, asked: NewCheckout) -> OpenCheckout | Trouble:
    """Make an order. It may not be made twice: our reference is its request id."""
    amount = {"currency_code": asked.currency, "value": _text(asked.amount_micros, asked.currency)}
    context = {
        "return_url": asked.back_url,
        "cancel_url": asked.back_url,
        "user_action": "PAY_NOW",
        "shipping_preference": "NO_SHIPPING",
    }
    if locale := _LOCALES.get(asked.language.lower()):
        context["locale"] = locale
    unit = {
        "reference_id": asked.reference,
        "custom_id": asked.reference,
        "invoice_id": asked.reference,
        "description": asked.label[:127],
        "amount": amount,
    }
    fields = {
        "intent": "CAPTURE",
        "purchase_units": [unit],
        "payment_source": {"paypal": {"experience_context": context}},
    }
    made = _call(to, "/v2/checkout/orders", fields, key=asked.reference)
    if isinstance(made, Trouble):
        return made
    id_, url = made.get("id"), _link(made, "payer-action") or _link(made, "approve")
    if not isinstance(id_, str) or not _ID.fullmatch(id_) or not url.startswith(("https://", "http://")):
        return Trouble("gateway_answer", "no order in the answer", sure=False)
    return OpenCheckout(id_, url)


def _link(order: Mapping[str, Any], rel: str) -> str:
    links = map(object_of, list_of(order.get("links")))
    return next((str(one.get("href") or "") for one in links if one.get("rel") == rel), "")


def _text(micros: int, currency: str) -> str:
    return decimal_text(micros, step(currency))


# ---- asking ----------------------------------------------------------------------------------------


def ask(to: Connection, reference: str, gateway_id: str) -> FoundPayment | Trouble:
    """How an order stands. One that the buyer has agreed to is captured: without that no money moves.

    The request id names the approval, by the moment at which the order has last changed: sent again, it gives what the
    first one did, which after a declined card would be the decline for ever. A capture of another request id is
    harmless: PayPal captures an order once.
    """
    order = _order(to, gateway_id)
    if isinstance(order, Trouble):
        return _gone(order)
    if order.get("status") == "APPROVED":
        moment = re.sub(r"[^0-9A-Za-z]", "", str(order.get("update_time") or ""))[:24]
        key = f"{reference}-capture-{moment}" if moment else f"{reference}-capture"
        made = _call(to, f"/v2/checkout/orders/{gateway_id}/capture", {}, key=key)
        if isinstance(made, Trouble) and made.code != "gateway_refused":
            return made
        # Captured before, or declined: the order says.
        order = _order(to, gateway_id)
        if isinstance(order, Trouble):
            return order
    return _found(to, order)


def peek(to: Connection, reference: str, gateway_id: str) -> FoundPayment | Trouble:
    """How an order stands, without taking what the buyer has agreed to; that lapses by itself."""
    order = _order(to, gateway_id)
    return _gone(order) if isinstance(order, Trouble) else _found(to, order)


_GONE = "RESOURCE_NOT_FOUND"


def _gone(trouble: Trouble) -> FoundPayment | Trouble:
    """An order that nobody has agreed to is deleted after a while; another account's is not seen either."""
    return FoundPayment(Progress.OPEN) if (trouble.code, trouble.said) == ("gateway_refused", _GONE) else trouble


def _order(to: Connection, gateway_id: str) -> dict[str, Any] | Trouble:
    if not _ID.fullmatch(gateway_id):
        return Trouble("gateway_refused", "no order of this name")
    return _call(to, f"/v2/checkout/orders/{gateway_id}")


def _found(to: Connection, order: Mapping[str, Any]) -> FoundPayment | Trouble:
    captures = _captures(order)
    # Only a completed capture pays: an order may be completed whose capture waits.
    paid = next((one for one in captures if one.get("status") in _PAID), None)
    if paid is None:
        if any(one.get("status") == "PENDING" for one in captures):
            return FoundPayment(Progress.PENDING)
        if order.get("status") == "VOIDED" or captures:
            return FoundPayment(Progress.EXPIRED if order.get("status") == "VOIDED" else Progress.FAILED)
        return FoundPayment(Progress.OPEN)
    disputes = _disputes(to, str(paid.get("id") or ""))
    if isinstance(disputes, Trouble):
        return disputes
    amount = object_of(paid.get("amount"))
    return FoundPayment(
        Progress.PAID,
        ReceivedMoney(
            amount_micros=micros_of(amount.get("value")),
            currency=str(amount.get("currency_code") or ""),
            reference=str(paid.get("custom_id") or "")[:40],
            # There is no mark of it: test money has hosts and secrets of its own.
            live=to.settings.get("mode") == "live",
        ),
        refunded_micros=_refunded(order, paid),
        disputes=disputes,
        by=_by(order),
    )


def _by(order: Mapping[str, Any]) -> PaidBy:
    """The buyer's account, which has one country; where a card stands behind it nobody tells."""
    payer = object_of(order.get("payer"))
    country = object_of(payer.get("address")).get("country_code")
    return paid_by("paypal", key=payer.get("payer_id"), card="PayPal", country=country)


def _captures(order: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for unit in _units(order) for one in map(object_of, list_of(_payments(unit).get("captures")))]


def _units(order: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [object_of(unit) for unit in list_of(order.get("purchase_units"))]


def _payments(unit: Mapping[str, Any]) -> dict[str, Any]:
    return object_of(unit.get("payments"))


def _refunded(order: Mapping[str, Any], paid: Mapping[str, Any]) -> int:
    """What was given back, by whomever. PayPal's description does not say whether it lists here what a dispute took."""
    rows = [one for unit in _units(order) for one in map(object_of, list_of(_payments(unit).get("refunds")))]
    given = sum(micros_of(object_of(one.get("amount")).get("value")) for one in rows if one.get("status") in _GIVEN)
    if not given and paid.get("status") == "REFUNDED":
        given = micros_of(object_of(paid.get("amount")).get("value"))
    return given


_GIVEN = frozenset({"COMPLETED", "PENDING"})


def _disputes(to: Connection, capture: str) -> tuple[FoundDispute, ...] | Trouble:
    listed = _call(to, f"/v1/customer/disputes?{urlencode({'disputed_transaction_id': capture})}")
    if isinstance(listed, Trouble):
        # An app without leave to see disputes is refused, and takes payments all the same.
        return () if listed.code in ("gateway_refused", "gateway_key") else listed
    found = []
    for row in map(object_of, list_of(listed.get("items"))):
        id_ = row.get("dispute_id")
        if not isinstance(id_, str) or not _ID.fullmatch(id_):
            continue
        # The list does not say how one has ended.
        one = _call(to, f"/v1/customer/disputes/{id_}") if _is_over(row) else row
        if isinstance(one, Trouble):
            return one
        found.append(_dispute(id_, one))
    return tuple(found)


def _is_over(one: Mapping[str, Any]) -> bool:
    return "RESOLVED" in (one.get("status"), one.get("dispute_state"))


def _dispute(id_: str, one: Mapping[str, Any]) -> FoundDispute:
    amount, stage = object_of(one.get("dispute_amount")), str(one.get("dispute_life_cycle_stage") or "")
    progress = DisputeProgress.OPEN
    if _is_over(one):
        outcome = object_of(one.get("dispute_outcome")).get("outcome_code")
        progress = DisputeProgress.WON if outcome in _WON else DisputeProgress.LOST
    # An inquiry holds nothing back; a claim or a chargeback does, until it is decided.
    taken = progress is DisputeProgress.LOST or (progress is DisputeProgress.OPEN and stage not in ("", "INQUIRY"))
    return FoundDispute(
        gateway_id=id_,
        progress=progress,
        amount_micros=micros_of(amount.get("value")),
        currency=str(amount.get("currency_code") or ""),
        taken=taken,
        reason=str(one.get("reason") or "")[:60],
        answer_by=_moment(one.get("seller_response_due_date")),
    )


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


# ---- giving back -----------------------------------------------------------------------------------


def refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble:
    """Give some of it back, once for the key. The order leads to the capture that is meant."""
    order = _order(to, gateway_id)
    if isinstance(order, Trouble):
        return order
    paid = next((one for one in _captures(order) if one.get("status") in _PAID), {})
    if not _ID.fullmatch(str(paid.get("id") or "")):
        return Trouble("gateway_refused", "the order has no capture")
    fields = {
        "amount": {"currency_code": asked.currency, "value": _text(asked.amount_micros, asked.currency)},
        "custom_id": asked.key[:127],
    }
    made = _call(to, f"/v2/payments/captures/{paid['id']}/refund", fields, key=asked.key)
    return made if isinstance(made, Trouble) else _made(made)


def ask_refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble | None:
    """How it stands, by its name, else by the key that was sent with it."""
    if _ID.fullmatch(asked.gateway_id):
        found = _call(to, f"/v2/payments/refunds/{asked.gateway_id}")
        return found if isinstance(found, Trouble) else _made(found)
    order = _order(to, gateway_id)
    if isinstance(order, Trouble):
        return order
    rows = [one for unit in _units(order) for one in map(object_of, list_of(_payments(unit).get("refunds")))]
    return next((_made(one) for one in rows if one.get("custom_id") == asked.key), None)


def _made(one: Mapping[str, Any]) -> MadeRefund:
    return MadeRefund(str(one.get("id") or "")[:64], _REFUNDS.get(str(one.get("status")), RefundProgress.PENDING))


# ---- webhooks --------------------------------------------------------------------------------------


_SIGNED_BY = ("auth-algo", "cert-url", "transmission-id", "transmission-sig", "transmission-time")


def complete(hook: Hook) -> bool:
    """Whether it has what PayPal would be asked with."""
    return all(hook.headers.get(f"paypal-{name}") for name in _SIGNED_BY) and _is_object(hook.body)


def verified(to: Connection, hook: Hook) -> bool | Trouble:
    """Whether PayPal says that it has sent this. The body goes back to the byte: written anew it would fail."""
    if not complete(hook):
        return False
    told = {name.replace("-", "_"): hook.headers[f"paypal-{name}"] for name in _SIGNED_BY}
    front = json.dumps({**told, "webhook_id": to.settings.get("webhook_id", "")})
    body = front[:-1].encode() + b', "webhook_event": ' + hook.body + b"}"
    made = _send(to, "/v1/notifications/verify-webhook-signature", body)
    if isinstance(made, Trouble):
        # What it cannot read it refuses; without its leave nothing is genuine, and nobody could tell.
        return False if made.code == "gateway_refused" else made
    return made.get("verification_status") == "SUCCESS"


def _is_object(body: bytes) -> bool:
    """Else whoever wrote it could end our object early, and write one of their own behind it."""
    try:
        return isinstance(read_json(body), dict)
    except ValueError:
        return False


def read(hook: Hook) -> HookEvent | None:
    """What an event is about: an order, a capture, a refund, or a dispute about one of them."""
    try:
        event = read_json(hook.body)
    except ValueError:
        return None
    if not isinstance(event, dict) or not isinstance(event.get("id"), str):
        return None
    kind, thing = str(event.get("event_type") or ""), object_of(event.get("resource"))
    event_id = event["id"][:200]
    if kind.startswith("CHECKOUT.ORDER."):
        unit = object_of(next(iter(list_of(thing.get("purchase_units"))), {}))
        return HookEvent(event_id, str(unit.get("custom_id") or "")[:40], _id(thing.get("id")))
    if kind.startswith("PAYMENT.CAPTURE."):
        # Of a refund, the custom id is the refund's; the invoice is the payment's.
        reference = str(thing.get("invoice_id") or thing.get("custom_id") or "")[:40]
        related = object_of(object_of(thing.get("supplementary_data")).get("related_ids"))
        return HookEvent(event_id, reference, _id(related.get("order_id")), _capture_of(thing))
    if kind.startswith("CUSTOMER.DISPUTE."):
        disputed = object_of(next(iter(list_of(thing.get("disputed_transactions"))), {}))
        capture = _id(disputed.get("seller_transaction_id"))
        return HookEvent(event_id, "", "", f"capture:{capture}") if capture else None
    return None


def _id(value: object) -> str:
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def _capture_of(thing: Mapping[str, Any]) -> str:
    """What to ask for where an event has no reference: the capture that a refund goes up to, or the thing itself."""
    up = _link(thing, "up").rpartition("/")[2]
    capture = _id(up) if "/captures/" in _link(thing, "up") else _id(thing.get("id"))
    return f"capture:{capture}" if capture else ""


def find(to: Connection, lookup: str) -> str | Trouble:
    """Our reference of a capture; empty: it is none of ours."""
    kind, _, id_ = lookup.partition(":")
    if kind != "capture" or not _ID.fullmatch(id_):
        return ""
    found = _call(to, f"/v2/payments/captures/{id_}")
    if isinstance(found, Trouble):
        return "" if found.code == "gateway_refused" else found
    return str(found.get("custom_id") or "")[:40]


def test(to: Connection) -> Trouble | None:
    """Whether client and secret are taken, and the webhook is known there."""
    id_ = str(to.settings.get("webhook_id") or "")
    found = _call(to, f"/v1/notifications/webhooks/{id_}")
    return found if isinstance(found, Trouble) else None


# ---- calls -----------------------------------------------------------------------------------------


def _base(to: Connection) -> str:
    return to.base_url or HOSTS["live" if to.settings.get("mode") == "live" else "test"]


def _whose(to: Connection) -> tuple[str, ...]:
    return (_base(to), str(to.settings.get("client_id") or ""), to.secrets.get("secret", ""))


def _fetch(to: Connection) -> NewToken | Trouble:
    base, client, secret = _whose(to)
    basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
    answer = call(
        f"{base}/v1/oauth2/token",
        headers={"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"},
        body=b"grant_type=client_credentials",
        secrets=(secret, basic),
        allow_private=bool(to.base_url),
    )
    if isinstance(answer, Trouble):
        return answer
    token, lives_s = answer.fields.get("access_token"), answer.fields.get("expires_in")
    if answer.status == 200 and isinstance(token, str) and isinstance(lives_s, int):
        return NewToken(token, lives_s)
    said = answer.says(answer.fields.get("error_description") or f"HTTP {answer.status}")
    return Trouble("gateway_key" if answer.status in (400, 401, 403) else "gateway_busy", said)


def _call(
    to: Connection, path: str, fields: Mapping[str, Any] | None = None, *, key: str = ""
) -> dict[str, Any] | Trouble:
    return _send(to, path, None if fields is None else json.dumps(fields).encode(), key=key)


def _send(to: Connection, path: str, body: bytes | None, *, key: str = "") -> dict[str, Any] | Trouble:
    """One call, with a token that holds; one that PayPal takes no more is renewed once."""
    whose = _whose(to)
    for last in (False, True):
        token = _tokens.of(whose, lambda: _fetch(to))
        if isinstance(token, Trouble):
            return token
        answer = _once(to, path, body, token, key)
        if isinstance(answer, Trouble) or answer.status != 401 or last:
            break
        _tokens.drop(whose, token)
    return answer if isinstance(answer, Trouble) else _heard(answer)


def _once(to: Connection, path: str, body: bytes | None, token: str, key: str) -> GatewayAnswer | Trouble:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "Prefer": "return=representation"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if key:
        headers["PayPal-Request-Id"] = key
    return call(
        _base(to) + path,
        headers=headers,
        body=body,
        secrets=(to.secrets.get("secret", ""), token),
        allow_private=bool(to.base_url),
    )


def _heard(answer: GatewayAnswer) -> dict[str, Any] | Trouble:
    if answer.status in (200, 201) and isinstance(answer.body, dict):
        return answer.body
    fields = answer.fields
    details = object_of(next(iter(list_of(fields.get("details"))), {}))
    name = str(fields.get("name") or "")
    if answer.status == 404 and name == _GONE:
        return Trouble("gateway_refused", _GONE)
    said = answer.says(details.get("description") or fields.get("message") or name or f"HTTP {answer.status}")
    if answer.status in (401, 403):
        return Trouble("gateway_key", said)
    if answer.status < 400:
        return Trouble("gateway_answer", said, sure=False)
    # 409: another request with this id is under way; 429: too many.
    busy = answer.status in (409, 429) or name in _ASKED_AGAIN
    return Trouble("gateway_busy" if busy else "gateway_refused", said, sure=answer.status != 409)
