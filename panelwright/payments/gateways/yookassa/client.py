"""What is said to YooKassa and what it answers. Nothing here reads or writes the database.

Each creating call has a key of ours; sent again within a day, it gives what the first one did. A payment cannot be
found by our reference, which stands in its metadata. Webhooks are not signed: what they name is asked for, and nothing
else of them is used. Amounts are decimal texts.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

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
from panelwright.payments.gateway_amounts import decimal_text, micros_of
from panelwright.payments.gateway_calls import GatewayAnswer, call, list_of, object_of, read_json
from panelwright.payments.rules import ReceivedMoney, step_micros

HOST = "https://api.yookassa.ru"
VAT_CODES, TAX_SYSTEMS = 12, 6
_ID = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
_LOCALES = {"en": "en_US", "ru": "ru_RU"}
# The customer has agreed, and the money is held on their card until it is taken or let go.
_HELD = "waiting_for_capture"
# Nobody has paid in time; other reasons are refusals.
_LATE = frozenset({"expired_on_confirmation", "expired_on_capture", "loan_application_expired"})
_REFUNDS = {"succeeded": RefundProgress.DONE, "canceled": RefundProgress.FAILED}
_EVENTS = frozenset({"payment.waiting_for_capture", "payment.succeeded", "payment.canceled", "refund.succeeded"})
_NOT_FOUND = Trouble("gateway_refused", "not_found")


def is_live(key: str) -> bool:
    return not key.startswith("test_")


def step(currency: str) -> int:
    """It takes no thousandths."""
    return max(step_micros(currency), 10_000)


# ---- opening ---------------------------------------------------------------------------------------


def open_(to: Connection, asked: NewCheckout) -> OpenCheckout | Trouble:
    """Make a payment, once: our reference is its key."""
    amount = _amount(asked.amount_micros, asked.currency)
    confirmation = {"type": "redirect", "return_url": asked.back_url}
    if locale := _LOCALES.get(asked.language.lower()):
        confirmation["locale"] = locale
    metadata = {"reference": asked.reference, "panel": asked.panel, "payment": str(asked.number)}
    fields: dict[str, Any] = {
        "amount": amount,
        "capture": True,
        "confirmation": confirmation,
        "description": asked.label[:128],
        "metadata": metadata,
    }
    if receipt := _receipt(to, amount, asked.label, asked.email):
        # A refund of a part needs a receipt, too, and has to know to whom it goes.
        fields |= {"receipt": receipt, "metadata": {**metadata, "email": asked.email[:512]}}
    made = _call(to, "/v3/payments", fields, key=asked.reference)
    if isinstance(made, Trouble):
        return made
    id_, url = made.get("id"), object_of(made.get("confirmation")).get("confirmation_url")
    if not _is_id(id_):
        return Trouble("gateway_answer", "no payment in the answer", sure=False)
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return Trouble("gateway_answer", "no page of the payment in the answer", sure=False)
    return OpenCheckout(str(id_), url)


def _receipt(to: Connection, amount: Mapping[str, str], label: str, email: str) -> dict[str, Any]:
    """The fiscal receipt, where the shop has YooKassa send it: an advance, since nobody has ordered anything yet."""
    vat, system = to.settings.get("vat_code"), to.settings.get("tax_system")
    if not vat:
        return {}
    item = {
        "description": label[:128],
        "quantity": "1.00",
        "amount": amount,
        "vat_code": int(vat),
        "payment_mode": "advance",
        "payment_subject": "payment",
    }
    found: dict[str, Any] = {"customer": {"email": email}, "items": [item]}
    return {**found, "tax_system_code": int(system)} if system else found


def _amount(micros: int, currency: str) -> dict[str, str]:
    return {"value": decimal_text(micros, step(currency)), "currency": currency}


# ---- asking ----------------------------------------------------------------------------------------


def ask(to: Connection, reference: str, gateway_id: str) -> FoundPayment | Trouble:
    """How a payment stands. One that is held is taken: without that the money would go back to the customer."""
    found = _payment(to, gateway_id)
    if not isinstance(found, Trouble) and found.get("status") == _HELD:
        fields = {"amount": found.get("amount")}
        made = _call(to, f"/v3/payments/{gateway_id}/capture", fields, key=f"{reference}-capture")
        if isinstance(made, Trouble) and made.code != "gateway_refused":
            return made
        # Taken or let go before: the payment says.
        found = _payment(to, gateway_id)
    return found if isinstance(found, Trouble) else _found(to, found)


def peek(to: Connection, reference: str, gateway_id: str) -> FoundPayment | Trouble:
    """How a payment stands, without taking what is held."""
    found = _payment(to, gateway_id)
    return found if isinstance(found, Trouble) else _found(to, found)


def expire(to: Connection, reference: str, gateway_id: str) -> Trouble | None:
    """What is held is let go; a payment that nobody has made ends by itself."""
    found = _payment(to, gateway_id)
    if isinstance(found, Trouble) or found.get("status") != _HELD:
        return found if isinstance(found, Trouble) else None
    made = _call(to, f"/v3/payments/{gateway_id}/cancel", {}, key=f"{reference}-cancel")
    return made if isinstance(made, Trouble) else None


def _payment(to: Connection, id_: str) -> dict[str, Any] | Trouble:
    return _call(to, f"/v3/payments/{id_}") if _ID.fullmatch(id_) else _NOT_FOUND


def _found(to: Connection, one: Mapping[str, Any]) -> FoundPayment:
    status = one.get("status")
    if status == "canceled":
        reason = object_of(one.get("cancellation_details")).get("reason")
        return FoundPayment(Progress.EXPIRED if reason in _LATE else Progress.FAILED)
    if status != "succeeded":
        return FoundPayment(Progress.OPEN)
    amount = object_of(one.get("amount"))
    return FoundPayment(
        Progress.PAID,
        ReceivedMoney(
            amount_micros=micros_of(amount.get("value")),
            currency=str(amount.get("currency") or ""),
            reference=_reference(to, one),
            live=one.get("test") is False,
        ),
        refunded_micros=micros_of(object_of(one.get("refunded_amount")).get("value")),
    )


def _reference(to: Connection, one: Mapping[str, Any]) -> str:
    """Our reference as YooKassa has it; empty where the money went to another shop than ours."""
    shop = object_of(one.get("recipient")).get("account_id")
    if shop is not None and str(shop) != str(to.settings.get("shop_id") or ""):
        return ""
    return str(object_of(one.get("metadata")).get("reference") or "")[:40]


# ---- giving back -----------------------------------------------------------------------------------


def refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble:
    """Give some of it back, once for the key. The receipt of all of it YooKassa makes by itself."""
    amount = _amount(asked.amount_micros, asked.currency)
    fields: dict[str, Any] = {"payment_id": gateway_id, "amount": amount, "description": asked.key[:250]}
    if to.settings.get("vat_code"):
        found = _payment(to, gateway_id)
        if isinstance(found, Trouble):
            return found
        email = str(object_of(found.get("metadata")).get("email") or "")
        label = str(found.get("description") or reference)
        is_part = micros_of(object_of(found.get("amount")).get("value")) != asked.amount_micros
        if is_part and email:
            fields["receipt"] = _receipt(to, amount, label, email)
    made = _call(to, "/v3/refunds", fields, key=asked.key)
    return made if isinstance(made, Trouble) else _made(made)


def ask_refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble | None:
    """How it stands, by its name, else by the key in its description."""
    if _ID.fullmatch(asked.gateway_id):
        found = _call(to, f"/v3/refunds/{asked.gateway_id}")
        return found if isinstance(found, Trouble) else _made(found)
    if not _ID.fullmatch(gateway_id):
        return None
    listed = _call(to, f"/v3/refunds?payment_id={gateway_id}&limit=100")
    if isinstance(listed, Trouble):
        return listed
    rows = map(object_of, list_of(listed.get("items")))
    return next((_made(one) for one in rows if one.get("description") == asked.key), None)


def _made(one: Mapping[str, Any]) -> MadeRefund:
    id_ = one.get("id")
    return MadeRefund(str(id_) if _is_id(id_) else "", _REFUNDS.get(str(one.get("status")), RefundProgress.PENDING))


# ---- webhooks --------------------------------------------------------------------------------------


def read(hook: Hook) -> HookEvent | None:
    """Which payment an event is about. Whoever knows the address can have written it: no reference is read."""
    try:
        event = read_json(hook.body)
    except ValueError:
        return None
    if not isinstance(event, dict) or event.get("type") != "notification":
        return None
    kind, thing = event.get("event"), object_of(event.get("object"))
    if not isinstance(kind, str) or kind not in _EVENTS:
        return None
    own, payment = thing.get("id"), thing.get("payment_id") if kind.startswith("refund.") else thing.get("id")
    if not _is_id(own) or not _is_id(payment):
        return None
    return HookEvent(f"{kind}:{own}", "", str(payment), f"payment:{payment}")


def complete(hook: Hook) -> bool:
    """Whether it names a payment that YooKassa can be asked about."""
    return read(hook) is not None


def verified(to: Connection, hook: Hook) -> bool | Trouble:
    """Whether it is about a payment of this shop: that is all that can be known of what nobody has signed."""
    event = read(hook)
    if event is None:
        return False
    found = _payment(to, event.gateway_id)
    if isinstance(found, Trouble):
        return False if found.code == "gateway_refused" else found
    return found.get("id") == event.gateway_id


def find(to: Connection, lookup: str) -> str | Trouble:
    """Our reference of a payment; empty: it is none of ours."""
    kind, _, id_ = lookup.partition(":")
    found = _payment(to, id_) if kind == "payment" else _NOT_FOUND
    if isinstance(found, Trouble):
        return "" if found.code == "gateway_refused" else found
    return _reference(to, found)


# ---- calls -----------------------------------------------------------------------------------------


def test(to: Connection) -> Trouble | None:
    """Whether shop and key are taken: it reads the shop, which changes nothing."""
    found = _call(to, "/v3/me")
    return found if isinstance(found, Trouble) else None


def _call(
    to: Connection, path: str, fields: Mapping[str, Any] | None = None, *, key: str = ""
) -> dict[str, Any] | Trouble:
    secret = to.secrets.get("key", "")
    basic = base64.b64encode(f"{to.settings.get('shop_id') or ''}:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Accept": "application/json"}
    if fields is not None:
        headers |= {"Content-Type": "application/json", "Idempotence-Key": key[:64]}
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
    said = answer.says(answer.fields.get("description") or answer.fields.get("code") or f"HTTP {answer.status}")
    if answer.status in (401, 403):
        return Trouble("gateway_key", said)
    if answer.status == 404:
        return _NOT_FOUND
    if answer.status == 202:
        # It is still at it.
        return Trouble("gateway_busy", said, sure=False)
    if answer.status < 400:
        return Trouble("gateway_answer", said, sure=False)
    return Trouble("gateway_busy" if answer.status == 429 else "gateway_refused", said)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None
