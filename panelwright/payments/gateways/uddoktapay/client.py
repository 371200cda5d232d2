"""What is said to an installation of UddoktaPay or PipraPay and what it answers. Nothing here touches the database.

The three that are spoken here differ in paths and names alone. UddoktaPay does not say how an invoice is called when it
makes it: the address that the customer comes back to does, and so does a webhook. Neither is believed: the installation
is asked, and its answer must hold our reference. Amounts are decimal texts or numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

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
from panelwright.payments.gateway_amounts import decimal_text, micros_of
from panelwright.payments.gateway_calls import GatewayAnswer, call, object_of, read_json
from panelwright.payments.rules import ReceivedMoney, step_micros


class Dialect(NamedTuple):
    """`id_` and `url`: what an invoice's name and page are called. `email` and `back`: what we send is called."""

    header: str
    create: str
    verify: str
    id_: str
    url: str
    email: str
    back: str


DIALECTS = {
    "uddoktapay": Dialect(
        "RT-UDDOKTAPAY-API-KEY",
        "/api/checkout-v2",
        "/api/verify-payment",
        "invoice_id",
        "payment_url",
        "email",
        "redirect_url",
    ),
    "piprapay": Dialect(
        "MHS-PIPRAPAY-API-KEY",
        "/api/checkout/redirect",
        "/api/verify-payment",
        "pp_id",
        "pp_url",
        "email_address",
        "return_url",
    ),
    "piprapay_2": Dialect(
        "mh-piprapay-api-key",
        "/api/create-charge",
        "/api/verify-payments",
        "pp_id",
        "pp_url",
        "email_mobile",
        "redirect_url",
    ),
}
CURRENCY = "BDT"
# So many invoices of a payment are asked about.
TOLD_MAX = 20
_ID = re.compile(r"[A-Za-z0-9_-]{4,64}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
# What a webhook has named, and what the customer's address has.
_HOOK, _BACK = "invoice:", "back:"
_DONE, _REFUNDED = "completed", "refunded"
_ENDS = {
    "failed": Progress.FAILED,
    "rejected": Progress.FAILED,
    "canceled": Progress.FAILED,
    "cancelled": Progress.FAILED,
    "expired": Progress.EXPIRED,
}
_KEY_CODES = frozenset({"MISSING_API_KEY", "INVALID_API_KEY", "EXPIRED_API_KEY", "INSUFFICIENT_SCOPE"})
_KEY_WORDS = re.compile(r"api ?key|api do not match|unauthori[sz]ed", re.IGNORECASE)
_NO_INVOICE = "00000000000000000000"


def dialect_of(to: Connection) -> Dialect:
    return DIALECTS.get(str(to.settings.get("speaks")), DIALECTS["uddoktapay"])


def currency_of(settings: Mapping[str, Any]) -> str:
    """What an installation counts in; empty: what was entered is no currency."""
    text = str(settings.get("counts_in") or CURRENCY).strip().upper()
    return text if _CURRENCY.fullmatch(text) else ""


# ---- opening ---------------------------------------------------------------------------------------


def open_(to: Connection, asked: NewCheckout) -> OpenCheckout | Trouble:
    """Make an invoice. It has no key for that: after a lost answer there are two, and both lead to our reference."""
    dialect, counts_in = dialect_of(to), currency_of(to.settings)
    if asked.currency != counts_in:
        return Trouble("gateway_refused", f"the installation counts in {counts_in}")
    # Its own parameters are added behind a question mark, whether there is one or not.
    back_url = asked.back_url.partition("?")[0]
    fields = {
        "full_name": asked.email.partition("@")[0][:60] or asked.label[:60],
        dialect.email: asked.email,
        "mobile_number": "-",
        "amount": decimal_text(asked.amount_micros, step_micros(asked.currency)),
        "currency": asked.currency,
        "metadata": {"reference": asked.reference, "panel": asked.panel, "payment": str(asked.number)},
        dialect.back: back_url,
        "return_type": "GET",
        "cancel_url": back_url,
        "webhook_url": asked.hook_url,
    }
    made = _call(to, dialect.create, fields)
    if isinstance(made, Trouble):
        return made
    url, id_ = made.get(dialect.url), _id(made.get(dialect.id_))
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return Trouble("gateway_answer", "no page of the invoice in the answer", sure=False)
    return OpenCheckout(id_, url)


# ---- asking ----------------------------------------------------------------------------------------


def ask(to: Connection, reference: str, gateway_id: str) -> FoundPayment | Trouble:
    return ask_told(to, reference, gateway_id, ())


def ask_told(to: Connection, reference: str, gateway_id: str, told: tuple[str, ...]) -> FoundPayment | Trouble:
    """How the invoices stand that are known of a payment. What its customer's address names is theirs to write: of
    that, only what has our reference counts, and what is refused is nothing.
    """
    told_by_it = [_id(one.removeprefix(_HOOK)) for one in told if one.startswith(_HOOK)]
    # The newest: it is the last one that the customer has paid.
    sure = [_id(gateway_id), *told_by_it[2 - TOLD_MAX :]]
    said = [_id(one.removeprefix(_BACK)) for one in told if one.startswith(_BACK)]
    rows: dict[str, dict[str, Any]] = {}
    for name in [name for name in dict.fromkeys([*sure, *said]) if name][:TOLD_MAX]:
        one = _verify(to, name)
        if isinstance(one, Trouble):
            if one.code == "gateway_refused" and name not in sure:
                continue
            return one
        if name in sure or _reference(one) == reference:
            rows[name] = one
    return _stands(to, reference, gateway_id or next(iter(rows), ""), list(rows.values()))


def _stands(to: Connection, reference: str, gateway_id: str, rows: list[dict[str, Any]]) -> FoundPayment:
    """Paid is what is completed. Who has paid two invoices has paid twice as much."""
    states = [str(one.get("status") or "").lower() for one in rows]
    came = [one for one, state in zip(rows, states, strict=True) if state in (_DONE, _REFUNDED)]
    if not came:
        if any(state == "pending" and _is_sent(one) for one, state in zip(rows, states, strict=True)):
            return FoundPayment(Progress.PENDING, gateway_id=gateway_id)
        ends = [_ENDS.get(state, Progress.OPEN) for state in states]
        over = bool(ends) and Progress.OPEN not in ends
        return FoundPayment(ends[0] if over else Progress.OPEN, gateway_id=gateway_id)
    names = [_reference(one) for one in came]
    return FoundPayment(
        Progress.PAID,
        ReceivedMoney(
            # Without what the customer paid on top for the way it was paid.
            amount_micros=sum(micros_of(one.get("amount")) for one in came),
            currency=str(came[0].get("currency") or currency_of(to.settings)).upper()[:8],
            reference=next((name for name in names if name != reference), reference),
            # A sandbox speaks as any other: the owner says whether its money is real.
            live=to.settings.get("mode") == "live",
        ),
        refunded_micros=sum(_gone_back(one) for one in came),
        gateway_id=gateway_id,
    )


def _is_sent(one: Mapping[str, Any]) -> bool:
    """The customer has entered what proves it, and somebody looks at it; before that, nobody has paid."""
    return str(one.get("transaction_id") or "").strip(" -") not in ("", "N/A")


def _gone_back(one: Mapping[str, Any]) -> int:
    whole = str(one.get("status") or "").lower() == _REFUNDED
    return micros_of(one.get("amount") if whole else one.get("refund_amount"))


def _reference(one: Mapping[str, Any]) -> str:
    """Ours, which stands in what was given to it; some give that back as a text of JSON."""
    given = one.get("metadata")
    if isinstance(given, str):
        try:
            given = read_json(given[:4_000])
        except ValueError:
            given = None
    return str(object_of(given).get("reference") or "")[:40]


def _verify(to: Connection, name: str) -> dict[str, Any] | Trouble:
    dialect = dialect_of(to)
    return _call(to, dialect.verify, {dialect.id_: name})


def refund(_to: Connection, _reference: str, _gateway_id: str, _asked: AskedRefund) -> MadeRefund | Trouble:
    """What came to a wallet goes back from that wallet."""
    return Trouble("gateway_refused", "the installation gives nothing back: send it from the wallet that it came to")


# ---- webhooks --------------------------------------------------------------------------------------


def read(hook: Hook) -> HookEvent | None:
    """What an event is about: an invoice, with our reference in what we gave to it. It has no id of its own."""
    try:
        event = read_json(hook.body)
    except ValueError:
        return None
    id_ = _id(event.get("invoice_id") or event.get("pp_id")) if isinstance(event, dict) else ""
    return HookEvent("", _reference(event), id_, _HOOK + id_) if id_ else None


def returned(query: Mapping[str, str]) -> str:
    """What the address names that a customer came back by."""
    id_ = _id(query.get("invoice_id") or query.get("pp_id"))
    return _BACK + id_ if id_ else ""


def find(to: Connection, lookup: str) -> str | Trouble:
    """Our reference of an invoice; empty: it is none of ours."""
    name = _id(lookup.removeprefix(_HOOK)) if lookup.startswith(_HOOK) else ""
    found = _verify(to, name) if name else {}
    if isinstance(found, Trouble):
        return "" if found.code == "gateway_refused" else found
    return _reference(found)


def test(to: Connection) -> Trouble | None:
    """Whether the key is taken: it asks about an invoice that does not exist, which is refused and changes nothing."""
    found = _verify(to, _NO_INVOICE)
    return found if isinstance(found, Trouble) and found.code != "gateway_refused" else None


# ---- calls -----------------------------------------------------------------------------------------


def _id(value: object) -> str:
    text = "" if isinstance(value, bool) or not isinstance(value, (int, str)) else str(value)[:65]
    return text if _ID.fullmatch(text) else ""


def keys_of(secrets: Mapping[str, str]) -> tuple[str, ...]:
    """While the key is exchanged there are two, the new one first."""
    return tuple(part for part in re.split(r"[\s,]+", secrets.get("key", "")) if part)


def _call(to: Connection, path: str, fields: Mapping[str, Any]) -> dict[str, Any] | Trouble:
    keys, own = keys_of(to.secrets), str(to.settings.get("url") or "").rstrip("/")
    base = to.base_url or own.removesuffix("/api")
    answer = call(
        base + path,
        headers={
            dialect_of(to).header: keys[0] if keys else "",
            "Content-Type": "application/json",
            "Accept": "application/json",
        },
        body=json.dumps(fields).encode(),
        secrets=keys,
        allow_private=to.may_be_private(base),
    )
    return answer if isinstance(answer, Trouble) else _heard(answer)


def _heard(answer: GatewayAnswer) -> dict[str, Any] | Trouble:
    """An invoice, or what was made. Refusals come with any status, as a code or as words."""
    error = object_of(answer.fields.get("error"))
    status = answer.fields.get("status")
    is_refused = bool(error) or status in (False, "ERROR", "error")
    if answer.status in (200, 201) and isinstance(answer.body, dict) and not is_refused:
        return answer.body
    said = answer.says(error.get("message") or answer.fields.get("message") or f"HTTP {answer.status}")
    if answer.status in (401, 403) or error.get("code") in _KEY_CODES or _KEY_WORDS.search(said):
        return Trouble("gateway_key", said)
    if answer.status < 400 and not is_refused:
        return Trouble("gateway_answer", said, sure=False)
    return Trouble("gateway_busy" if answer.status == 429 else "gateway_refused", said)
