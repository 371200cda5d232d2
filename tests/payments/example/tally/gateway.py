"""Payments by Tally, which does not exist: the smallest gateway that is whole. docs/how-to/add-a-gateway.md has it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from panelwright.core.refusal import Refusal
from panelwright.payments.gateway import (
    Api,
    AskedRefund,
    Connection,
    FoundPayment,
    Gateway,
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
from panelwright.payments.gateway_calls import call, read_json
from panelwright.payments.rules import ReceivedMoney, step_micros
from panelwright.staff.action import ActionFieldKind, Field

HOST = "https://tally.example"


def open_(to: Connection, asked: NewCheckout) -> OpenCheckout | Trouble:
    amount = decimal_text(asked.amount_micros, step_micros(asked.currency))
    fields = {"ref": asked.reference, "amount": amount, "currency": asked.currency, "back": asked.back_url}
    made = _call(to, "/bills", fields)
    return made if isinstance(made, Trouble) else OpenCheckout(str(made["id"]), str(made["url"]))


def ask(to: Connection, reference: str, gateway_id: str) -> FoundPayment | Trouble:
    bill = _call(to, f"/bills/{gateway_id}")
    if isinstance(bill, Trouble):
        return bill
    if bill.get("state") != "paid":
        return FoundPayment(Progress.EXPIRED if bill.get("state") == "over" else Progress.OPEN)
    money = ReceivedMoney(
        amount_micros=micros_of(bill.get("amount")),
        currency=str(bill.get("currency") or ""),
        reference=str(bill.get("ref") or ""),
        live=bill.get("live") is True,
    )
    return FoundPayment(Progress.PAID, money, refunded_micros=micros_of(bill.get("given_back")))


def refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble:
    fields = {"amount": decimal_text(asked.amount_micros, step_micros(asked.currency)), "key": asked.key}
    made = _call(to, f"/bills/{gateway_id}/back", fields)
    return made if isinstance(made, Trouble) else MadeRefund(str(made["id"]), RefundProgress.DONE)


def verified(to: Connection, hook: Hook) -> bool:
    secret = to.secrets.get("hook_secret", "")
    wanted = hmac.new(secret.encode(), hook.body, hashlib.sha256).hexdigest()
    told = hook.headers.get("x-tally", "").encode("utf-8", "replace")
    return bool(secret) and hmac.compare_digest(wanted.encode(), told)


def read(hook: Hook) -> HookEvent | None:
    try:
        event = read_json(hook.body)
    except ValueError:
        return None
    if not isinstance(event, dict):
        return None
    return HookEvent(event_id="", reference=str(event.get("ref") or "")[:40])


def test(to: Connection) -> Trouble | None:
    found = _call(to, "/me")
    return found if isinstance(found, Trouble) else None


def _call(to: Connection, path: str, fields: Mapping[str, Any] | None = None) -> dict[str, Any] | Trouble:
    key = to.secrets.get("key", "")
    answer = call(
        (to.base_url or HOST) + path,
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        body=None if fields is None else json.dumps(fields).encode(),
        secrets=(key,),
        allow_private=to.may_be_private(to.base_url or HOST),
    )
    if isinstance(answer, Trouble) or answer.status == 200:
        return answer if isinstance(answer, Trouble) else answer.fields
    said = answer.says(answer.fields.get("error") or f"HTTP {answer.status}")
    codes = {401: "gateway_key", 429: "gateway_busy"}
    return Trouble(codes.get(answer.status, "gateway_refused"), said)


def ready(_settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Refusal | None:
    missing = next((name for name in ("key", "hook_secret") if len(secrets.get(name, "")) < 16), None)
    return Refusal("gateway_hook_secret_missing", missing) if missing else None


def live(_settings: Mapping[str, Any], secrets: Mapping[str, str]) -> bool:
    return secrets.get("key", "").startswith("live_")


GATEWAY = Gateway(
    name="tally",
    label="Tally",
    icon="wallet",
    fields=(
        Field("key", ActionFieldKind.SECRET, "Secret key"),
        Field("hook_secret", ActionFieldKind.SECRET, "Secret of the webhook"),
    ),
    ready=ready,
    api=Api(open_=open_, ask=ask, refund=refund, verified=verified, read=read, test=test, live=live),
)
