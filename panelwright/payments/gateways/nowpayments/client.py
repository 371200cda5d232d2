"""What is said to NOWPayments and what it answers. Nothing here reads or writes the database.

An invoice is a page on which the customer chooses a coin; each try there, and each later deposit to its address, is a
payment of its own, with our reference as its order id. Which payments an invoice has, NOWPayments may tell only to who
logs in; webhooks name them, too. Amounts of the price are numbers; what came is told in coins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from panelwright.payments.access_tokens import AccessTokens, NewToken
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
from panelwright.payments.gateway_amounts import coins_worth, json_number, micros_of
from panelwright.payments.gateway_calls import GatewayAnswer, call, list_of, object_of, read_json
from panelwright.payments.rules import ReceivedMoney, step_micros

HOSTS = {"live": "https://api.nowpayments.io", "test": "https://api-sandbox.nowpayments.io"}
LISTED_MAX = 100
# So many payments of an invoice are asked for by the names that webhooks gave them.
TOLD_MAX = 20
_ID = re.compile(r"[0-9]{4,24}", re.ASCII)
_NAMED = "payment:"
_FINISHED, _REFUNDED = "finished", "refunded"
_MONEY = frozenset({_FINISHED, "partially_paid", _REFUNDED})
# Seen, or confirmed and not with the owner yet.
_WAITS = frozenset({"confirming", "confirmed", "sending"})
_ENDS = frozenset({"failed", "expired"})
# Theirs hold for five minutes.
_TOKEN_S = 300

_tokens = AccessTokens()


# ---- opening ---------------------------------------------------------------------------------------


def open_(to: Connection, asked: NewCheckout) -> OpenCheckout | Trouble:
    """Make an invoice. It has no key for that: after a lost answer there are two, and both lead to our reference."""
    fields = {
        "price_amount": json_number(asked.amount_micros),
        "price_currency": asked.currency.lower(),
        "order_id": asked.reference,
        "order_description": asked.label[:200],
        "ipn_callback_url": asked.hook_url,
        "success_url": asked.back_url,
        "cancel_url": asked.back_url,
    }
    made = _call(to, "/v1/invoice", fields)
    if isinstance(made, Trouble):
        return made
    id_, url = _id(made.get("id")), made.get("invoice_url")
    if not id_:
        return Trouble("gateway_answer", "no invoice in the answer", sure=False)
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return Trouble("gateway_answer", "no page of the invoice in the answer", sure=False)
    return OpenCheckout(id_, url)


# ---- asking ----------------------------------------------------------------------------------------


def ask(to: Connection, reference: str, gateway_id: str) -> FoundPayment | Trouble:
    return ask_told(to, reference, gateway_id, ())


def ask_told(to: Connection, reference: str, gateway_id: str, told: tuple[str, ...]) -> FoundPayment | Trouble:
    """How an invoice stands, by the payments that were made to it."""
    listed = _of_invoice(to, gateway_id) if _ID.fullmatch(gateway_id) else []
    if isinstance(listed, Trouble):
        return listed
    found = {_id(one.get("payment_id")): one for one in listed}
    named = (lookup.removeprefix(_NAMED) for lookup in told if lookup.startswith(_NAMED))
    names = [name for name in dict.fromkeys(named) if name not in found and _ID.fullmatch(name)]
    # The newest: each try at the invoice's page is a payment, and it is the last one that the customer has paid.
    for name in names[-TOLD_MAX:]:
        one = _call(to, f"/v1/payment/{name}")
        if isinstance(one, Trouble) and one.code == "gateway_refused":
            # It knows no such payment.
            continue
        if isinstance(one, Trouble):
            return one
        found[name] = one
    return _stands(to, reference, gateway_id, list(found.values()))


def _stands(to: Connection, reference: str, gateway_id: str, rows: list[dict[str, Any]]) -> FoundPayment:
    """One payment that is finished, of the coin that it was made for, is paid as it was asked. Whatever came in part,
    by several deposits or in another coin is for staff, with what it was worth.
    """
    id_ = gateway_id or next(filter(None, (_id(one.get("invoice_id")) for one in rows)), "")
    states = [str(one.get("payment_status") or "") for one in rows]
    came = [one for one, state in zip(rows, states, strict=True) if state in _MONEY]
    plain = len(came) == 1 and came[0].get("payment_status") != "partially_paid" and not _is_later(came[0])
    if not came or (not plain and _WAITS.intersection(states)):
        if _WAITS.intersection(states):
            return FoundPayment(Progress.PENDING, gateway_id=id_)
        ended = bool(states) and _ENDS.issuperset(states)
        ends = Progress.FAILED if "failed" in states else Progress.EXPIRED
        return FoundPayment(ends if ended else Progress.OPEN, gateway_id=id_)
    currency = str(came[0].get("price_currency") or "").upper()
    worth = [(one, _worth(one, currency)) for one in came]
    others = [name for one in came if (name := str(one.get("order_id") or "")[:40]) not in ("", reference)]
    named = any(one.get("order_id") == reference for one in came)
    return FoundPayment(
        Progress.PAID,
        ReceivedMoney(
            amount_micros=sum(micros for _, micros in worth),
            currency=currency,
            # A later deposit may not repeat it; one that names another payment is none of this one's.
            reference=others[0] if others else reference if named or any(map(_is_later, came)) else "",
            live=to.settings.get("mode") == "live",
            plain=plain,
        ),
        refunded_micros=sum(micros for one, micros in worth if one.get("payment_status") == _REFUNDED),
        gateway_id=id_,
    )


def _is_later(one: Mapping[str, Any]) -> bool:
    """A deposit to the address of another payment: once more, or of another coin than it was made for."""
    return bool(_id(one.get("parent_payment_id")))


def _worth(one: Mapping[str, Any], currency: str) -> int:
    """What came, in the currency of the price: its amount, by how much of the coins that were asked for has come."""
    if str(one.get("price_currency") or "").upper() != currency:
        return 0
    price = micros_of(one.get("price_amount"))
    step = step_micros(currency or "USD")
    return coins_worth(price, asked=one.get("pay_amount"), came=one.get("actually_paid"), step_micros=step)


def _of_invoice(to: Connection, invoice: str) -> list[dict[str, Any]] | Trouble:
    """Its payments. Where nobody logs in, and the key alone may not see them: none."""
    path = f"/v1/payment/?invoiceId={invoice}&limit={LISTED_MAX}&page=0&sortBy=created_at&orderBy=asc"
    logs_in = bool(to.settings.get("email"))
    listed = _logged_in(to, path) if logs_in else _call(to, path)
    if isinstance(listed, Trouble):
        return [] if listed.code == "gateway_key" and not logs_in else listed
    return list(map(object_of, list_of(listed.get("data"))))


def refund(_to: Connection, _reference: str, _gateway_id: str, _asked: AskedRefund) -> MadeRefund | Trouble:
    """Coins go back to an address, which only the customer knows."""
    return Trouble("gateway_refused", "NOWPayments gives nothing back by program: send the coins from your wallet")


# ---- webhooks --------------------------------------------------------------------------------------


def read(hook: Hook) -> HookEvent | None:
    """What an event is about: a payment, with our reference, of an invoice. It has no id of its own."""
    try:
        event = read_json(hook.body)
    except ValueError:
        return None
    id_ = _id(event.get("payment_id")) if isinstance(event, dict) else ""
    if not id_:
        return None
    reference = str(event.get("order_id") or "")[:40]
    return HookEvent("", reference, _id(event.get("invoice_id")), _NAMED + id_)


def find(to: Connection, lookup: str) -> str | Trouble:
    """Our reference of a payment, or of the one to whose address it came; empty: it is none of ours."""
    id_ = lookup.removeprefix(_NAMED)
    for _ in range(2):
        if not lookup.startswith(_NAMED) or not _ID.fullmatch(id_):
            return ""
        one = _call(to, f"/v1/payment/{id_}")
        if isinstance(one, Trouble):
            return "" if one.code == "gateway_refused" else one
        if one.get("order_id"):
            return str(one["order_id"])[:40]
        id_ = _id(one.get("parent_payment_id"))
    return ""


def test(to: Connection) -> Trouble | None:
    """Whether the key is taken, and the login where there is one: it reads coins and a payment, and changes nothing."""
    found = _call(to, "/v1/merchant/coins")
    if not isinstance(found, Trouble) and to.settings.get("email"):
        found = _logged_in(to, "/v1/payment/?limit=1&page=0")
    return found if isinstance(found, Trouble) else None


# ---- calls -----------------------------------------------------------------------------------------


def _id(value: object) -> str:
    """Their ids are numbers, or texts of digits."""
    text = "" if isinstance(value, bool) or not isinstance(value, (int, str)) else str(value)[:40]
    return text if _ID.fullmatch(text) else ""


def _base(to: Connection) -> str:
    return to.base_url or HOSTS.get(str(to.settings.get("mode")), HOSTS["live"])


def _logged_in(to: Connection, path: str) -> dict[str, Any] | Trouble:
    """One call, with a token that holds; one that is taken no more is renewed once."""
    whose = (_base(to), str(to.settings.get("email")), to.secrets.get("password", ""), to.secrets.get("key", ""))
    for last in (False, True):
        token = _tokens.of(whose, lambda: _log_in(to))
        if isinstance(token, Trouble):
            return token
        found = _call(to, path, token=token)
        if last or not isinstance(found, Trouble) or found.code != "gateway_key":
            break
        _tokens.drop(whose, token)
    return found


def _log_in(to: Connection) -> NewToken | Trouble:
    fields = {"email": str(to.settings.get("email")), "password": to.secrets.get("password", "")}
    made = _call(to, "/v1/auth", fields)
    if isinstance(made, Trouble):
        return made._replace(code="gateway_key") if made.code == "gateway_refused" else made
    token = made.get("token")
    if not isinstance(token, str) or not 0 < len(token) <= 4_000:
        return Trouble("gateway_answer", "no token in the answer")
    return NewToken(token, _TOKEN_S)


def _call(
    to: Connection, path: str, fields: Mapping[str, Any] | None = None, *, token: str = ""
) -> dict[str, Any] | Trouble:
    key, password = to.secrets.get("key", ""), to.secrets.get("password", "")
    headers = {"x-api-key": key, "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if fields is not None:
        headers["Content-Type"] = "application/json"
    answer = call(
        _base(to) + path,
        headers=headers,
        body=None if fields is None else json.dumps(fields).encode(),
        secrets=tuple(filter(None, (key, password, token))),
        allow_private=bool(to.base_url),
    )
    return answer if isinstance(answer, Trouble) else _heard(answer)


def _heard(answer: GatewayAnswer) -> dict[str, Any] | Trouble:
    if answer.status in (200, 201) and isinstance(answer.body, dict):
        return answer.body
    said = answer.says(answer.fields.get("message") or f"HTTP {answer.status}")
    if answer.status in (401, 403):
        return Trouble("gateway_key", said)
    if answer.status < 400:
        return Trouble("gateway_answer", said, sure=False)
    return Trouble("gateway_busy" if answer.status == 429 else "gateway_refused", said)
