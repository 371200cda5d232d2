"""What is said to Paystack and what it answers. Nothing here reads or writes the database.

A transaction goes by a reference of ours, under which there is one: a second one is refused, and the page of the first
is told once. So a try after a lost answer has a reference of its own, ours with a number behind it; nobody has the page
of the one before. Amounts are whole hundredths in every currency. Refunds have no key: ours stands in their note, and
is looked for before another one is made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

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

HOST = "https://api.paystack.co"
# Micros of the amounts of all its currencies, those without a smaller unit included.
UNIT = 10_000
_TRIES_MAX = 9
_NAME = re.compile(r"[A-Za-z0-9]{1,40}(?:-[2-9])?", re.ASCII)
# Refunds of an account are listed by so many, and so many times.
_LISTED_MAX, _PAGES_MAX = 100, 5
# `reversed`: it was paid, and all of it has gone back, by a refund or by a chargeback.
_REVERSED = "reversed"
_PAID = frozenset({"success", _REVERSED})
# The customer is done. What has failed, or was left, they can try again on the same page.
_WAITS = frozenset({"pending", "processing", "queued"})
_REFUNDS = {"processed": RefundProgress.DONE, "failed": RefundProgress.FAILED}
_TAKEN = Trouble("gateway_refused", "duplicate_reference")
_UNKNOWN = Trouble("gateway_refused", "transaction_not_found")


def is_live(key: str) -> bool:
    return not key.startswith("sk_test_")


def keys_of(secrets: Mapping[str, str]) -> tuple[str, ...]:
    """The key that calls are made with first; others sign webhooks still."""
    return tuple(part for part in re.split(r"[\s,]+", secrets.get("key", "")) if part)


def step(currency: str) -> int:
    return max(step_micros(currency), UNIT)


# ---- opening ---------------------------------------------------------------------------------------


def open_(to: Connection, asked: NewCheckout) -> OpenCheckout | Trouble:
    """Begin a transaction under the first of its references that is free."""
    fields = {
        "email": asked.email,
        "amount": asked.amount_micros // UNIT,
        "currency": asked.currency,
        "callback_url": asked.back_url,
        "metadata": {
            "reference": asked.reference,
            "panel": asked.panel,
            "payment": asked.number,
            "cancel_action": asked.back_url,
        },
    }
    for n in range(1, _TRIES_MAX + 1):
        name = asked.reference if n == 1 else f"{asked.reference}-{n}"
        made = _call(to, "/transaction/initialize", {**fields, "reference": name})
        if made != _TAKEN:
            break
    if isinstance(made, Trouble):
        return made
    data = object_of(made.get("data"))
    url = data.get("authorization_url")
    if data.get("reference") != name or not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return Trouble("gateway_answer", "no page of the transaction in the answer", sure=False)
    return OpenCheckout(name, url)


# ---- asking ----------------------------------------------------------------------------------------


def ask(to: Connection, reference: str, gateway_id: str) -> FoundPayment | Trouble:
    """How a transaction stands, and what of it has gone back. One that nobody has looked at yet may be unknown."""
    data = _verify(to, reference, gateway_id)
    if isinstance(data, Trouble):
        return FoundPayment(Progress.OPEN) if data == _UNKNOWN else data
    status, id_ = str(data.get("status") or ""), data.get("id")
    if status not in _PAID:
        # Its name is not told: another try may have another one, and is the one that can be paid.
        return FoundPayment(Progress.PENDING if status in _WAITS else Progress.OPEN)
    if not _is_id(id_):
        return Trouble("gateway_answer", "a paid transaction without an id")
    disputes = _disputes(to, data)
    if isinstance(disputes, Trouble):
        return disputes
    refunds = _refunds(to, id_)
    if isinstance(refunds, Trouble):
        return refunds
    amount = _whole(data.get("amount")) * UNIT
    # What a dispute gave back is the dispute's.
    given = sum(_whole(one.get("amount")) for one in refunds if _is_given(one)) * UNIT
    if status == _REVERSED and not any(one.taken for one in disputes):
        given = amount
    return FoundPayment(
        Progress.PAID,
        ReceivedMoney(
            amount_micros=amount,
            currency=str(data.get("currency") or ""),
            reference=_ours(data.get("reference")),
            live=data.get("domain") == "live",
        ),
        refunded_micros=given,
        disputes=disputes,
        gateway_id=str(data.get("reference") or "")[:64],
    )


def _verify(to: Connection, reference: str, gateway_id: str) -> dict[str, Any] | Trouble:
    name = gateway_id if _NAME.fullmatch(gateway_id) else reference
    found = _call(to, f"/transaction/verify/{name}") if _NAME.fullmatch(name) else _UNKNOWN
    return found if isinstance(found, Trouble) else object_of(found.get("data"))


def _ours(name: object) -> str:
    """Our reference, of which a name there is one try."""
    return name.partition("-")[0][:40] if isinstance(name, str) else ""


def _disputes(to: Connection, data: Mapping[str, Any]) -> tuple[FoundDispute, ...] | Trouble:
    listed = _call(to, f"/dispute/transaction/{data.get('id')}")
    if isinstance(listed, Trouble):
        # Without any it may find nothing, and the transaction is paid all the same.
        return () if listed.code in ("gateway_refused", "gateway_key") else listed
    told = listed.get("data")
    rows = list(map(object_of, told if isinstance(told, list) else [told]))
    return tuple(_dispute(one, data) for one in rows if _is_id(one.get("id")))


def _dispute(one: Mapping[str, Any], data: Mapping[str, Any]) -> FoundDispute:
    progress, resolution = DisputeProgress.OPEN, str(one.get("resolution") or "")
    if one.get("status") == "resolved" and resolution == "declined":
        progress = DisputeProgress.WON
    elif one.get("status") == "resolved" and resolution.endswith("accepted"):
        # By the owner, or by Paystack, because they did not answer in time.
        progress = DisputeProgress.LOST
    is_open = progress is DisputeProgress.OPEN
    return FoundDispute(
        gateway_id=str(one["id"])[:64],
        progress=progress,
        amount_micros=(_whole(one.get("refund_amount")) or _whole(data.get("amount"))) * UNIT,
        currency=str(one.get("currency") or data.get("currency") or ""),
        taken=progress is DisputeProgress.LOST or (is_open and data.get("status") == _REVERSED),
        reason=str(one.get("category") or "")[:60],
        answer_by=_moment(one.get("dueAt")),
    )


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


# ---- giving back -----------------------------------------------------------------------------------


def refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble:
    """Give some of it back, once for the key: one whose note has it was made before."""
    data = _verify(to, reference, gateway_id)
    if isinstance(data, Trouble):
        return data
    before = _by_key(to, data, asked.key)
    if before is not None:
        return before
    fields = {
        "transaction": data.get("reference"),
        "amount": asked.amount_micros // UNIT,
        "currency": asked.currency,
        "merchant_note": asked.key,
    }
    made = _call(to, "/refund", fields)
    return made if isinstance(made, Trouble) else _made(object_of(made.get("data")))


def ask_refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble | None:
    """How it stands, by its id, else by the key in its note."""
    if asked.gateway_id.isascii() and asked.gateway_id.isdecimal():
        found = _call(to, f"/refund/{asked.gateway_id[:20]}")
        return found if isinstance(found, Trouble) else _made(object_of(found.get("data")))
    data = _verify(to, reference, gateway_id)
    return data if isinstance(data, Trouble) else _by_key(to, data, asked.key)


def _by_key(to: Connection, data: Mapping[str, Any], key: str) -> MadeRefund | Trouble | None:
    id_ = data.get("id")
    refunds = _refunds(to, id_) if _is_id(id_) else _UNKNOWN
    if isinstance(refunds, Trouble):
        return refunds
    return next((_made(one) for one in refunds if one.get("merchant_note") == key), None)


def _refunds(to: Connection, id_: object) -> list[dict[str, Any]] | Trouble:
    """Those of one transaction. Others may be listed with them: not everything that is asked for narrows the list."""
    found: list[dict[str, Any]] = []
    for page in range(1, _PAGES_MAX + 1):
        listed = _call(to, f"/refund?transaction={id_}&perPage={_LISTED_MAX}&page={page}")
        if isinstance(listed, Trouble):
            return listed
        rows = list(map(object_of, list_of(listed.get("data"))))
        found += [one for one in rows if id_ in (one.get("transaction"), object_of(one.get("transaction")).get("id"))]
        if len(rows) < _LISTED_MAX:
            break
    return found


def _is_given(one: Mapping[str, Any]) -> bool:
    """Gone back by a refund. One that waits may fail yet."""
    return one.get("status") == "processed" and one.get("dispute") is None


def _made(one: Mapping[str, Any]) -> MadeRefund:
    id_ = str(one["id"]) if _is_id(one.get("id")) else ""
    return MadeRefund(id_, _REFUNDS.get(str(one.get("status")), RefundProgress.PENDING))


# ---- webhooks --------------------------------------------------------------------------------------


def read(hook: Hook) -> HookEvent | None:
    """What an event is about: a transaction, by its reference. It has no id of its own."""
    try:
        event = read_json(hook.body)
    except ValueError:
        return None
    if not isinstance(event, dict):
        return None
    kind, data = str(event.get("event") or ""), object_of(event.get("data"))
    of = object_of(data.get("transaction")).get("reference")
    if kind.startswith("charge.dispute."):
        name = of
    elif kind.startswith("refund."):
        name = data.get("transaction_reference") or of
    else:
        name = data.get("reference") if kind.startswith("charge.") else None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return None
    return HookEvent("", _ours(name), name)


# ---- calls -----------------------------------------------------------------------------------------


def test(to: Connection) -> Trouble | None:
    """Whether the key is taken: it reads the balance, which changes nothing."""
    found = _call(to, "/balance")
    return found if isinstance(found, Trouble) else None


def _call(to: Connection, path: str, fields: Mapping[str, Any] | None = None) -> dict[str, Any] | Trouble:
    keys = keys_of(to.secrets)
    headers = {"Authorization": f"Bearer {keys[0] if keys else ''}", "Accept": "application/json"}
    if fields is not None:
        headers["Content-Type"] = "application/json"
    answer = call(
        (to.base_url or HOST) + path,
        headers=headers,
        body=None if fields is None else json.dumps(fields).encode(),
        secrets=keys,
        allow_private=bool(to.base_url),
    )
    return answer if isinstance(answer, Trouble) else _heard(answer)


def _heard(answer: GatewayAnswer) -> dict[str, Any] | Trouble:
    if answer.status in (200, 201) and answer.fields.get("status") is True:
        return answer.fields
    message, code = answer.fields.get("message"), answer.fields.get("code")
    said = answer.says(message or f"HTTP {answer.status}")
    if code == _TAKEN.said or message == "Duplicate Transaction Reference":
        return _TAKEN
    if code == _UNKNOWN.said or message == "Transaction reference not found.":
        return _UNKNOWN
    if answer.status in (401, 403):
        return Trouble("gateway_key", said)
    if answer.status < 400 and answer.fields.get("status") is not False:
        return Trouble("gateway_answer", said, sure=False)
    return Trouble("gateway_busy" if answer.status == 429 else "gateway_refused", said)


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
