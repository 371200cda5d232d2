"""What is said to Cryptomus or Heleket and what they answer. Nothing here reads or writes the database.

An invoice goes by our reference: made again, the first one is given back, with whatever amount it had, which is
compared. Amounts are decimal texts of the invoice's currency; what came is told in coins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
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
    Trouble,
)
from panelwright.payments.gateway_amounts import decimal_text, micros_down, micros_of
from panelwright.payments.gateway_calls import GatewayAnswer, call, object_of, read_json
from panelwright.payments.gateways.cryptomus import signature
from panelwright.payments.rules import ReceivedMoney, step_micros

HOSTS = {"cryptomus": "https://api.cryptomus.com", "heleket": "https://api.heleket.com"}
MINUTES, MINUTES_MIN, MINUTES_MAX = 60, 5, 720
_ID = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
# Paid as it was asked for, also where it went back afterwards.
_PAID = frozenset({"paid", "refund_process", "refund_fail", "refund_paid"})
# Paid, but another amount: staff decide.
_OTHERWISE = frozenset({"paid_over", "wrong_amount"})
# `locked`: somebody there looks at where the coins come from.
_WAITS = frozenset({"process", "confirm_check", "confirmations", "locked"})
_ENDS = {"cancel": Progress.EXPIRED, "fail": Progress.FAILED, "system_fail": Progress.FAILED}


def open_(to: Connection, asked: NewCheckout) -> OpenCheckout | Trouble:
    """Make an invoice. Our reference is its order id, under which there is one."""
    minutes = min(max(int(to.settings.get("minutes") or MINUTES), MINUTES_MIN), MINUTES_MAX)
    fields = {
        "amount": decimal_text(asked.amount_micros, step_micros(asked.currency)),
        "currency": asked.currency,
        "order_id": asked.reference,
        "url_return": asked.back_url,
        "url_success": asked.back_url,
        "url_callback": asked.hook_url,
        "lifetime": minutes * 60,
    }
    made = _call(to, "/v1/payment", fields)
    if isinstance(made, Trouble):
        return made
    id_, url, until = made.get("uuid"), made.get("url"), made.get("expired_at")
    if not isinstance(id_, str) or not _ID.fullmatch(id_):
        return Trouble("gateway_answer", "no invoice in the answer", sure=False)
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return Trouble("gateway_answer", "no page of the invoice in the answer", sure=False)
    if micros_of(made.get("amount")) != asked.amount_micros or made.get("currency") != asked.currency:
        return Trouble("gateway_refused", "an invoice of another amount has this order id")
    ends = datetime.fromtimestamp(until, UTC) if isinstance(until, int) and 0 < until < 10**11 else None
    return OpenCheckout(id_, url, expires_at=ends)


def ask(to: Connection, reference: str, gateway_id: str) -> FoundPayment | Trouble:
    """How an invoice stands, by our reference."""
    found = _call(to, "/v1/payment/info", {"order_id": reference})
    if isinstance(found, Trouble):
        return found
    id_, status = str(found.get("uuid") or "")[:64], str(found.get("status") or found.get("payment_status") or "")
    if status not in _PAID | _OTHERWISE:
        waits = Progress.PENDING if status in _WAITS else Progress.OPEN
        return FoundPayment(_ENDS.get(status, waits), gateway_id=id_)
    amount = micros_of(found.get("amount"))
    return FoundPayment(
        Progress.PAID,
        ReceivedMoney(
            amount_micros=amount if status in _PAID else _came(found),
            currency=str(found.get("currency") or ""),
            reference=str(found.get("order_id") or "")[:40],
            # It has no test mode: the owner says whether it is played.
            live=to.settings.get("mode") == "live",
        ),
        refunded_micros=amount if status == "refund_paid" else 0,
        gateway_id=id_,
    )


def _came(found: Mapping[str, Any]) -> int:
    """What came, in the invoice's currency: its amount, by how much of the coins that were asked for has come."""
    try:
        asked, came = Decimal(str(found.get("payer_amount"))), Decimal(str(found.get("payment_amount")))
    except InvalidOperation:
        return 0
    amount = Decimal(micros_of(found.get("amount"))) / 1_000_000
    if not (asked.is_finite() and came.is_finite() and asked > 0 and came > 0) or came.adjusted() > 18:
        return 0
    return micros_down(amount * came / asked, step_micros(str(found.get("currency") or "USD")))


def refund(_to: Connection, _reference: str, _gateway_id: str, _asked: AskedRefund) -> MadeRefund | Trouble:
    """Coins go back to an address, which only the customer knows."""
    return Trouble("gateway_refused", "coins go back from the provider's dashboard, to an address of the customer's")


def verified(to: Connection, hook: Hook) -> bool:
    return signature.verified(to.secrets.get("key", ""), hook.body)


def read(hook: Hook) -> HookEvent | None:
    """What an event is about: an invoice, with our reference. It has no id of its own."""
    try:
        event = read_json(hook.body)
    except ValueError:
        return None
    if not isinstance(event, dict) or event.get("type") not in ("payment", "wallet", None):
        return None
    id_ = event.get("uuid")
    reference = str(event.get("order_id") or "")[:40]
    return HookEvent("", reference, id_ if isinstance(id_, str) and _ID.fullmatch(id_) else "")


def test(to: Connection) -> Trouble | None:
    """Whether the key is taken: it reads which coins there are, which changes nothing."""
    found = _call(to, "/v1/payment/services", {})
    return found if isinstance(found, Trouble) else None


def _call(to: Connection, path: str, fields: Mapping[str, Any]) -> dict[str, Any] | Trouble:
    """The `result`, where it is an object; of a list, nothing."""
    key, merchant = to.secrets.get("key", ""), str(to.settings.get("merchant") or "")
    body = json.dumps(fields).encode()
    answer = call(
        (to.base_url or HOSTS.get(str(to.settings.get("host")), HOSTS["cryptomus"])) + path,
        headers={"merchant": merchant, "sign": signature.sign(key, body), "Content-Type": "application/json"},
        body=body,
        secrets=(key,),
        allow_private=bool(to.base_url),
    )
    return answer if isinstance(answer, Trouble) else _heard(answer)


def _heard(answer: GatewayAnswer) -> dict[str, Any] | Trouble:
    if answer.status == 200 and answer.fields.get("state") == 0:
        return object_of(answer.fields.get("result"))
    said = answer.says(answer.fields.get("message") or answer.fields.get("errors") or f"HTTP {answer.status}")
    if answer.status in (401, 403):
        return Trouble("gateway_key", said)
    return Trouble("gateway_busy" if answer.status == 429 else "gateway_refused", said)
