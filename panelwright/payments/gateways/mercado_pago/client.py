"""What is said to Mercado Pago and what it answers. Nothing here reads or writes the database.

Pix is a payment that we make and show; its checkout is a preference, under which the buyer makes payments, of which
some may be refused before one is approved. Both carry our reference, by which they are found. Amounts are numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
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
    paid_by,
)
from panelwright.payments.gateway_amounts import json_number, micros_of
from panelwright.payments.gateway_calls import GatewayAnswer, call, list_of, object_of, read_json
from panelwright.payments.hold_rules import PaidBy
from panelwright.payments.rules import ReceivedMoney

HOST = "https://api.mercadopago.com"
PIX, CHECKOUT = "pix", "checkout"
MINUTES, MINUTES_MIN, MINUTES_MAX = 60, 30, 43_200
_PAYMENTS = "/v1/payments"
# How many payments under one reference are looked at: refused cards among them.
_LISTED_MAX = 50
_TOKEN = re.compile(r"(?:APP_USR|TEST)-[A-Za-z0-9-]{8,240}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,20}", re.ASCII)
# Paid, whatever has become of it since.
_PAID = frozenset({"approved", "in_mediation", "refunded", "charged_back"})
_WAITS = frozenset({"in_process", "authorized"})
_CHARGEBACKS = {"settled": DisputeProgress.LOST, "reimbursed": DisputeProgress.WON}
# How a claim has ended: the payment says nothing else of it afterwards.
_ENDS = {"approved": DisputeProgress.WON, "refunded": DisputeProgress.LOST}
_REFUNDS = {"approved": RefundProgress.DONE, "rejected": RefundProgress.FAILED, "cancelled": RefundProgress.FAILED}


def is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def is_live(token: str) -> bool:
    return not token.startswith("TEST-")


# ---- opening ---------------------------------------------------------------------------------------


def open_(to: Connection, asked: NewCheckout) -> OpenCheckout | Trouble:
    """Pix to be shown on our page, or a checkout page of theirs; our reference is the key of either."""
    until = asked.created_at + timedelta(minutes=_minutes(to.settings))
    if to.settings.get("product") == CHECKOUT:
        return _preference(to, asked, until)
    fields = {
        "transaction_amount": json_number(asked.amount_micros),
        "payment_method_id": "pix",
        "payer": {"email": asked.email},
        "description": asked.label[:200],
        "external_reference": asked.reference,
        "date_of_expiration": _moment(until),
        "metadata": {"panel": asked.panel, "payment": asked.number},
    }
    made = _call(to, _PAYMENTS, fields, key=asked.reference)
    if isinstance(made, Trouble):
        return made
    shown = object_of(object_of(made.get("point_of_interaction")).get("transaction_data"))
    id_, code = made.get("id"), shown.get("qr_code")
    if not isinstance(id_, int) or not isinstance(code, str) or not code:
        return Trouble("gateway_answer", "no Pix code in the answer", sure=False)
    # Their page shows the same code.
    page = str(shown.get("ticket_url") or "")
    url = page if page.startswith(("https://", "http://")) else ""
    return OpenCheckout(str(id_), url, code=code, expires_at=until)


def _preference(to: Connection, asked: NewCheckout, until: datetime) -> OpenCheckout | Trouble:
    item = {
        "title": asked.label[:200],
        "quantity": 1,
        "unit_price": json_number(asked.amount_micros),
        "currency_id": asked.currency,
    }
    fields = {
        "items": [item],
        "payer": {"email": asked.email},
        "external_reference": asked.reference,
        "back_urls": dict.fromkeys(("success", "pending", "failure"), asked.back_url),
        "auto_return": "approved",
        "expires": True,
        "expiration_date_to": _moment(until),
        "metadata": {"panel": asked.panel, "payment": asked.number},
    }
    made = _call(to, "/checkout/preferences", fields, key=asked.reference)
    if isinstance(made, Trouble):
        return made
    id_, url = made.get("id"), made.get("init_point")
    if not isinstance(id_, str) or not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return Trouble("gateway_answer", "no preference in the answer", sure=False)
    return OpenCheckout(id_[:200], url, expires_at=until)


def _minutes(settings: Mapping[str, Any]) -> int:
    minutes = settings.get("minutes") or MINUTES
    return min(max(int(minutes), MINUTES_MIN), MINUTES_MAX)


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


# ---- asking ----------------------------------------------------------------------------------------


def ask(to: Connection, reference: str, gateway_id: str) -> FoundPayment | Trouble:
    """How it stands: a Pix by its id, all else by our reference, under which there may be several payments."""
    found = _payments(to, reference, gateway_id)
    if isinstance(found, Trouble):
        return found
    paid = [one for one in found if one.get("status") in _PAID]
    if not paid:
        return FoundPayment(_unpaid(found, is_pix=bool(_DIGITS.fullmatch(gateway_id))))
    currencies = {str(one.get("currency_id") or "") for one in paid}
    return FoundPayment(
        Progress.PAID,
        ReceivedMoney(
            # Who pays twice has paid twice as much: what to do with it is for staff.
            amount_micros=sum(micros_of(one.get("transaction_amount")) for one in paid),
            currency=currencies.pop() if len(currencies) == 1 else "",
            reference=_reference(to, paid),
            live=all(one.get("live_mode") is True for one in paid),
        ),
        refunded_micros=sum(map(_refunded, paid)),
        disputes=tuple(dispute for one in paid if (dispute := _dispute(one)) is not None),
        ended=tuple((f"{one.get('id')}", _ENDS[str(one["status"])]) for one in paid if one["status"] in _ENDS),
        by=_by(paid[-1]),
    )


def _by(payment: Mapping[str, Any]) -> PaidBy:
    """The card, by its first and last digits and its holder's document; of a Pix nobody tells whose it is."""
    card = object_of(payment.get("card"))
    first, last = str(card.get("first_six_digits") or ""), str(card.get("last_four_digits") or "")
    holder = object_of(object_of(card.get("cardholder")).get("identification")).get("number")
    shown = f"{payment.get('payment_method_id') or ''} {last}".strip()
    return paid_by("mercado_pago", key=f"{first}-{last}-{holder or ''}", card=shown) if first and last else PaidBy()


def _payments(to: Connection, reference: str, gateway_id: str) -> list[dict[str, Any]] | Trouble:
    if _DIGITS.fullmatch(gateway_id):
        one = _call(to, f"{_PAYMENTS}/{gateway_id}")
        return one if isinstance(one, Trouble) else [one]
    found: dict[object, dict[str, Any]] = {}
    for status in ("", *sorted(_PAID)):
        listed = _search(to, reference, status)
        if isinstance(listed, Trouble):
            return listed
        # What only looks like our reference is not ours. The later answer is the newer one.
        found |= {one.get("id"): one for one in listed if one.get("external_reference") == reference}
        if not status and len(listed) < _LISTED_MAX:
            return list(found.values())
    # So many tries that those which were refused may have pushed out what was paid.
    return list(found.values())


def _search(to: Connection, reference: str, status: str) -> list[dict[str, Any]] | Trouble:
    """The newest ones under our reference; of one status, where it is given."""
    asked = f"external_reference={quote(reference, safe='')}&sort=date_created&criteria=desc&limit={_LISTED_MAX}"
    listed = _call(to, f"{_PAYMENTS}/search?{asked}" + (f"&status={status}" if status else ""))
    return listed if isinstance(listed, Trouble) else list(map(object_of, list_of(listed.get("results"))))


def _unpaid(found: list[dict[str, Any]], *, is_pix: bool) -> Progress:
    if any(one.get("status") in _WAITS for one in found):
        return Progress.PENDING
    if not is_pix or not found:
        # A card that is refused is no end: the buyer may try another one.
        return Progress.OPEN
    status = found[0].get("status")
    if status == "cancelled":
        return Progress.EXPIRED if found[0].get("status_detail") == "expired" else Progress.FAILED
    return Progress.FAILED if status == "rejected" else Progress.OPEN


def _reference(to: Connection, paid: list[dict[str, Any]]) -> str:
    """Our reference as Mercado Pago has it; empty where the money went to another account than the token's."""
    owner = to.secrets.get("token", "").rpartition("-")[2]
    collectors = {str(one["collector_id"]) for one in paid if one.get("collector_id") is not None}
    if _DIGITS.fullmatch(owner) and collectors - {owner}:
        return ""
    return str(paid[0].get("external_reference") or "")[:40]


def _refunded(one: Mapping[str, Any]) -> int:
    """What was given back. What a chargeback took is no refund."""
    if one.get("status") == "charged_back":
        return 0
    given = micros_of(one.get("transaction_amount_refunded"))
    return given or (micros_of(one.get("transaction_amount")) if one.get("status") == "refunded" else 0)


def _dispute(one: Mapping[str, Any]) -> FoundDispute | None:
    """A claim at Mercado Pago, or a chargeback of the card's bank, which takes the money at once."""
    status, detail = one.get("status"), str(one.get("status_detail") or "")
    if status not in ("in_mediation", "charged_back"):
        return None
    progress = _CHARGEBACKS.get(detail, DisputeProgress.OPEN) if status == "charged_back" else DisputeProgress.OPEN
    given = micros_of(one.get("transaction_amount_refunded"))
    return FoundDispute(
        gateway_id=f"{one.get('id')}",
        progress=progress,
        amount_micros=max(micros_of(one.get("transaction_amount")) - given, 0),
        currency=str(one.get("currency_id") or ""),
        taken=status == "charged_back" and progress is not DisputeProgress.WON,
        reason=detail[:60],
    )


# ---- giving back -----------------------------------------------------------------------------------


def refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble:
    """Give some of it back, once for the key, from a payment that still holds so much."""
    payment = _refundable(to, reference, gateway_id, asked.amount_micros)
    if isinstance(payment, Trouble):
        return payment
    fields = {"amount": json_number(asked.amount_micros)}
    made = _call(to, f"{_PAYMENTS}/{payment}/refunds", fields, key=asked.key)
    return made if isinstance(made, Trouble) else _made(payment, made)


def _refundable(to: Connection, reference: str, gateway_id: str, amount_micros: int) -> str | Trouble:
    """The payment to give back from. It is the same one each time: after a lost answer, another would be given back
    from once more.
    """
    found = _payments(to, reference, gateway_id)
    if isinstance(found, Trouble):
        return found
    paid = [one for one in found if one.get("status") in _PAID]
    fit = [one["id"] for one in paid if micros_of(one.get("transaction_amount")) >= amount_micros]
    ids = [id_ for id_ in fit if isinstance(id_, int)]
    return str(min(ids)) if ids else Trouble("gateway_refused", "no paid payment of so much under this reference")


def ask_refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble | None:
    """How it stands. Its name here is that of the payment and its own; without one, the key tells which it was."""
    payment, _, id_ = asked.gateway_id.partition("/")
    if not (_DIGITS.fullmatch(payment) and _DIGITS.fullmatch(id_)):
        return None
    found = _call(to, f"{_PAYMENTS}/{payment}/refunds/{id_}")
    return found if isinstance(found, Trouble) else _made(payment, found)


def _made(payment: str, one: Mapping[str, Any]) -> MadeRefund:
    return MadeRefund(f"{payment}/{one.get('id')}"[:200], _REFUNDS.get(str(one.get("status")), RefundProgress.PENDING))


# ---- webhooks --------------------------------------------------------------------------------------


def read(hook: Hook) -> HookEvent | None:
    """What it is about: the id of a payment, or of a chargeback. Neither amount nor reference are told."""
    try:
        event = read_json(hook.body)
    except ValueError:
        return None
    if not isinstance(event, dict):
        return None
    data, kind = object_of(event.get("data")), str(event.get("type") or event.get("topic") or "")
    id_ = str(data.get("payment_id") or "") if kind == "topic_chargebacks_wh" else str(data.get("id") or "")
    lookup = f"payment:{id_}"
    if kind == "topic_chargebacks_wh" and not id_:
        id_, lookup = "", f"chargeback:{data.get('id')}"
    elif kind not in ("payment", "topic_chargebacks_wh") or not _DIGITS.fullmatch(id_):
        return None
    told = event.get("id")
    return HookEvent(str(told)[:200] if isinstance(told, (int, str)) else "", "", id_, lookup[:200])


def is_about(hook: Hook, signed: str) -> bool:
    """Whether the body, which nobody signs, names the signed id; also where it names nothing that we look at."""
    if read(hook) is None:
        return True
    return str(object_of(read_json(hook.body).get("data")).get("id") or "") == signed


def find(to: Connection, lookup: str) -> str | Trouble:
    """Our reference of a payment, or of a chargeback's; empty: it is none of ours."""
    kind, _, id_ = lookup.partition(":")
    if not _DIGITS.fullmatch(id_):
        return ""
    if kind == "chargeback":
        found = _call(to, f"/v1/chargebacks/{id_}")
        if isinstance(found, Trouble):
            return "" if found.code == "gateway_refused" else found
        id_ = str(next(iter(list_of(found.get("payments"))), ""))
        if not _DIGITS.fullmatch(id_):
            return ""
    payment = _call(to, f"{_PAYMENTS}/{id_}")
    if isinstance(payment, Trouble):
        return "" if payment.code == "gateway_refused" else payment
    return str(payment.get("external_reference") or "")[:40]


def test(to: Connection) -> Trouble | None:
    """Whether the token is taken: it reads the account that it belongs to, which changes nothing."""
    found = _call(to, "/users/me")
    return found if isinstance(found, Trouble) else None


def _call(
    to: Connection, path: str, fields: Mapping[str, Any] | None = None, *, key: str = ""
) -> dict[str, Any] | Trouble:
    token = to.secrets.get("token", "")
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    if fields is not None:
        headers |= {"Content-Type": "application/json", "X-Idempotency-Key": key}
    answer = call(
        (to.base_url or HOST) + path,
        headers=headers,
        body=None if fields is None else json.dumps(fields).encode(),
        secrets=(token,),
        allow_private=bool(to.base_url),
    )
    return answer if isinstance(answer, Trouble) else _heard(answer)


def _heard(answer: GatewayAnswer) -> dict[str, Any] | Trouble:
    if answer.status in (200, 201) and isinstance(answer.body, dict):
        return answer.body
    said = answer.says(answer.fields.get("message") or answer.fields.get("error") or f"HTTP {answer.status}")
    if answer.status in (401, 403):
        return Trouble("gateway_key", said)
    if answer.status < 400:
        return Trouble("gateway_answer", said, sure=False)
    # 409: another request with this key is under way; 423: the payment is being written; 429: too many.
    busy = answer.status in (409, 423, 429)
    return Trouble("gateway_busy" if busy else "gateway_refused", said, sure=answer.status != 409)
