"""What is said to Flutterwave and what it answers. Nothing here reads or writes the database.

A payment goes by our reference, and that is no key: each call makes a page of its own, and each try on a page is a
transaction with an id of its own. So all that were successful under our reference count, each as Flutterwave tells of
it by its id. Refunds have no key either: ours stands in their comment, and is looked for before another one is made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeGuard
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
from panelwright.payments.gateway_amounts import json_number, micros_of
from panelwright.payments.gateway_calls import GatewayAnswer, call, list_of, object_of, read_json
from panelwright.payments.rules import ReceivedMoney, step_micros

HOST = "https://api.flutterwave.com"
# How many paid transactions under one reference are asked about, and how many pages of a list are read.
_PAID_MAX, _PAGES_MAX = 10, 5
_KEY_TEST = "FLWSECK_TEST-"
_REFERENCE = re.compile(r"[A-Za-z0-9]{1,40}", re.ASCII)
# `accepted` is the owner's word, and so is `declined`, after which the bank decides.
_CHARGEBACKS = {"won": DisputeProgress.WON, "lost": DisputeProgress.LOST, "accepted": DisputeProgress.LOST}
_NOT_FOUND = Trouble("gateway_refused", "transaction_not_found")


def is_live(key: str) -> bool:
    return not key.startswith(_KEY_TEST)


def step(currency: str) -> int:
    """It takes no thousandths."""
    return max(step_micros(currency), 10_000)


# ---- opening ---------------------------------------------------------------------------------------


def open_(to: Connection, asked: NewCheckout) -> OpenCheckout | Trouble:
    """Make a page. A second one for the same reference asks for the same, and what is paid on either is found."""
    fields = {
        "tx_ref": asked.reference,
        "amount": json_number(asked.amount_micros),
        "currency": asked.currency,
        "redirect_url": asked.back_url,
        "customer": {"email": asked.email},
        "meta": {"panel": asked.panel, "payment": asked.number},
        "customizations": {"title": asked.label[:100]},
    }
    made = _call(to, "/v3/payments", fields)
    if isinstance(made, Trouble):
        return made
    url = object_of(made.get("data")).get("link")
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return Trouble("gateway_answer", "no page of the payment in the answer", sure=False)
    # A page has no name; what is paid on it goes by our reference.
    return OpenCheckout(asked.reference, url)


# ---- asking ----------------------------------------------------------------------------------------


def ask(to: Connection, reference: str, gateway_id: str) -> FoundPayment | Trouble:
    """What was paid under our reference, and what of it has gone back. What failed can be tried again."""
    paid = _paid(to, reference)
    if isinstance(paid, Trouble):
        return paid
    if not paid:
        return FoundPayment(Progress.OPEN)
    refunded, disputes = 0, []
    for one in paid:
        given, taken = _refunds(to, one), _chargebacks(to, one)
        if isinstance(given, Trouble):
            return given
        if isinstance(taken, Trouble):
            return taken
        done = [row for row in given if _progress(row) is RefundProgress.DONE]
        refunded += sum(micros_of(row.get("amount_refunded")) for row in done)
        disputes += _dispute(one, taken)
    currencies = {str(one.get("currency") or "") for one in paid}
    return FoundPayment(
        Progress.PAID,
        ReceivedMoney(
            # Who pays twice has paid twice as much: what to do with it is for staff.
            amount_micros=sum(micros_of(one.get("amount")) for one in paid),
            currency=currencies.pop() if len(currencies) == 1 else "",
            reference=reference,
            # Its mode is that of the key, which sees nothing of the other one.
            live=is_live(to.secrets.get("key", "")),
        ),
        refunded_micros=refunded,
        disputes=tuple(disputes),
        gateway_id=reference,
    )


def _paid(to: Connection, reference: str) -> list[dict[str, Any]] | Trouble:
    """The successful transactions under our reference, each as it is told by its id; the first is the oldest.

    The list finds those of a payment that was made twice, and the question by reference what is not listed yet.
    """
    if not _REFERENCE.fullmatch(reference):
        return Trouble("gateway_refused", "no payment of this name")
    name = quote(reference, safe="")
    last = _call(to, f"/v3/transactions/verify_by_reference?tx_ref={name}")
    if isinstance(last, Trouble) and last != _NOT_FOUND:
        return last
    listed = _rows(to, f"/v3/transactions?tx_ref={name}&status=successful")
    if isinstance(listed, Trouble):
        return listed
    known = {} if isinstance(last, Trouble) else {object_of(last.get("data")).get("id"): object_of(last.get("data"))}
    # What only looks like our reference is not ours. Those that failed are many, and would push out what was paid.
    ours = [one for one in listed if one.get("tx_ref") == reference and one.get("status") == "successful"]
    ids = {one.get("id") for one in ours} | set(known)
    found = []
    for id_ in sorted(id_ for id_ in ids if _is_id(id_))[:_PAID_MAX]:
        one = known.get(id_) or _transaction(to, id_)
        if isinstance(one, Trouble):
            return one
        if one.get("tx_ref") == reference and one.get("status") == "successful":
            found.append(one)
    return found


def _transaction(to: Connection, id_: object) -> dict[str, Any] | Trouble:
    found = _call(to, f"/v3/transactions/{id_}/verify")
    return found if isinstance(found, Trouble) else object_of(found.get("data"))


def _chargebacks(to: Connection, one: Mapping[str, Any]) -> list[dict[str, Any]] | Trouble:
    rows = _rows(to, f"/v3/chargebacks?flw_ref={quote(str(one.get('flw_ref') or ''), safe='')}")
    if isinstance(rows, Trouble):
        # Some accounts cannot see them, and take payments all the same.
        return [] if rows.code in ("gateway_refused", "gateway_key") else rows
    return [row for row in rows if row.get("transaction_id") == one.get("id") and _is_id(row.get("id"))]


def _dispute(one: Mapping[str, Any], rows: list[dict[str, Any]]) -> list[FoundDispute]:
    """Each stage of a chargeback is a row of its own, about the same money: the last one says how it stands."""
    if not rows:
        return []
    last = max(rows, key=lambda row: int(row["id"]))
    progress = _CHARGEBACKS.get(str(last.get("status")), DisputeProgress.OPEN)
    found = FoundDispute(
        gateway_id=f"{one.get('id')}",
        progress=progress,
        # About all of it, where it does not say of how much: the debit is made, and must not stay on the balance.
        amount_micros=micros_of(last.get("amount")) or micros_of(one.get("amount")),
        currency=str(one.get("currency") or ""),
        # It is debited, and held, as soon as it is raised.
        taken=progress is not DisputeProgress.WON,
        reason=str(last.get("comment") or "")[:60],
        answer_by=_moment(last.get("due_date")),
    )
    return [found]


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


# ---- giving back -----------------------------------------------------------------------------------


def refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble:
    """Give some of it back, once for the key: one whose comment has it was made before."""
    paid = _paid(to, reference)
    if isinstance(paid, Trouble):
        return paid
    before = _by_key(to, paid, asked.key)
    if before is not None:
        return before
    # The same one each time: after a lost answer, another would be given back from once more.
    fit = [one for one in paid if micros_of(one.get("amount")) >= asked.amount_micros]
    if not fit:
        return Trouble("gateway_refused", "no paid transaction of so much under this reference")
    fields = {"amount": json_number(asked.amount_micros), "comments": asked.key}
    made = _call(to, f"/v3/transactions/{fit[0]['id']}/refund", fields)
    return made if isinstance(made, Trouble) else _made(object_of(made.get("data")))


def ask_refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble | None:
    """How it stands, by its id, else by the key in its comment."""
    if asked.gateway_id.isascii() and asked.gateway_id.isdecimal():
        found = _call(to, f"/v3/refunds/{asked.gateway_id[:20]}")
        return found if isinstance(found, Trouble) else _made(object_of(found.get("data")))
    paid = _paid(to, reference)
    return paid if isinstance(paid, Trouble) else _by_key(to, paid, asked.key)


def _by_key(to: Connection, paid: list[dict[str, Any]], key: str) -> MadeRefund | Trouble | None:
    for one in paid:
        rows = _refunds(to, one)
        if isinstance(rows, Trouble):
            return rows
        made = next((row for row in rows if key in (row.get("comment"), row.get("comments"))), None)
        if made is not None:
            return _made(made)
    return None


def _refunds(to: Connection, one: Mapping[str, Any]) -> list[dict[str, Any]] | Trouble:
    rows = _rows(to, f"/v3/refunds?id={one.get('id')}")
    if isinstance(rows, Trouble):
        return rows
    return [row for row in rows if one.get("id") in (row.get("transaction_id"), row.get("tx_id"))]


def _progress(one: Mapping[str, Any]) -> RefundProgress:
    """`completed` may have behind it by which way, as in completed-mpgs."""
    status = str(one.get("status") or "")
    if status.startswith("completed") or status == "successful":
        return RefundProgress.DONE
    return RefundProgress.FAILED if status.startswith("failed") else RefundProgress.PENDING


def _made(one: Mapping[str, Any]) -> MadeRefund:
    return MadeRefund(str(one["id"]) if _is_id(one.get("id")) else "", _progress(one))


# ---- webhooks --------------------------------------------------------------------------------------


def read(hook: Hook) -> HookEvent | None:
    """What an event is about: our reference, or the id of a transaction, which is asked about. It has no id of its own
    that could be believed.
    """
    try:
        event = read_json(hook.body)
    except ValueError:
        return None
    if not isinstance(event, dict):
        return None
    data = object_of(event.get("data"))
    name = data.get("tx_ref")
    if isinstance(name, str) and name:
        return HookEvent("", name) if _REFERENCE.fullmatch(name) else None
    # Refunds name their transaction in one of these ways.
    ids = (data.get(key) for key in ("TransactionId", "transaction_id", "tx_id"))
    id_ = next(filter(_is_id, ids), None)
    return None if id_ is None else HookEvent("", "", lookup=f"transaction:{id_}")


def find(to: Connection, lookup: str) -> str | Trouble:
    """Our reference of a transaction; empty: it is none of ours."""
    kind, _, id_ = lookup.partition(":")
    if kind != "transaction" or not (id_.isascii() and id_.isdecimal()) or len(id_) > _ID_DIGITS_MAX:
        return ""
    found = _transaction(to, id_)
    if isinstance(found, Trouble):
        return "" if found.code == "gateway_refused" else found
    name = found.get("tx_ref")
    return name if isinstance(name, str) and _REFERENCE.fullmatch(name) else ""


# ---- calls -----------------------------------------------------------------------------------------


def test(to: Connection) -> Trouble | None:
    """Whether the key is taken: it reads the balances, which changes nothing."""
    found = _call(to, "/v3/balances")
    return found if isinstance(found, Trouble) else None


def _rows(to: Connection, path: str) -> list[dict[str, Any]] | Trouble:
    """A list, page after page. Where there is nothing to list it may say that it finds nothing."""
    found: list[dict[str, Any]] = []
    for page in range(1, _PAGES_MAX + 1):
        listed = _call(to, f"{path}&page={page}")
        if isinstance(listed, Trouble):
            return found if listed == _NOT_FOUND else listed
        rows = list(map(object_of, list_of(listed.get("data"))))
        found += rows
        last = object_of(object_of(listed.get("meta")).get("page_info")).get("total_pages")
        if not rows or not isinstance(last, int) or page >= last:
            break
    return found


def _call(to: Connection, path: str, fields: Mapping[str, Any] | None = None) -> dict[str, Any] | Trouble:
    key = to.secrets.get("key", "")
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
    if fields is not None:
        headers["Content-Type"] = "application/json"
    answer = call(
        (to.base_url or HOST) + path,
        headers=headers,
        body=None if fields is None else json.dumps(fields).encode(),
        secrets=(key,),
        allow_private=bool(to.base_url),
    )
    return answer if isinstance(answer, Trouble) else _heard(answer)


def _heard(answer: GatewayAnswer) -> dict[str, Any] | Trouble:
    if answer.status in (200, 201) and answer.fields.get("status") == "success":
        return answer.fields
    message = answer.fields.get("message")
    said = answer.says(message or f"HTTP {answer.status}")
    if answer.status in (401, 403):
        return Trouble("gateway_key", said)
    if answer.status == 404 or (isinstance(message, str) and message.startswith("No transaction was found")):
        return _NOT_FOUND
    if answer.status < 400 and answer.fields.get("status") != "error":
        return Trouble("gateway_answer", said, sure=False)
    return Trouble("gateway_busy" if answer.status == 429 else "gateway_refused", said)


_ID_DIGITS_MAX = 18


def _is_id(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**_ID_DIGITS_MAX
