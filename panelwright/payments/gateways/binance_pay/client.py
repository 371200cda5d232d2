"""What is said to Binance Pay and what it answers. Nothing here reads or writes the database.

An order goes by our reference, under which there is one. Asked for again, it does not tell its page: after an answer
that was lost another one is made, under our reference with a number behind it. No reference has a "0". Amounts are
decimal numbers of a coin.
"""

from __future__ import annotations

import json
import re
import secrets
import string
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from panelwright.core import clock
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
    RefundProgress,
    Trouble,
)
from panelwright.payments.gateway_amounts import json_number, micros_of
from panelwright.payments.gateway_calls import GatewayAnswer, call, list_of, object_of, read_json
from panelwright.payments.gateways.binance_pay import signature
from panelwright.payments.rules import ReceivedMoney, step_micros

HOST = "https://bpay.binanceapi.com"
CURRENCIES = frozenset({"USDT", "USDC"})
MINUTES, MINUTES_MIN, MINUTES_MAX = 60, 5, 1_440
TRIES_MAX = 5
_ORDER = "/binancepay/openapi"
_ID = re.compile(r"[0-9]{6,24}", re.ASCII)
_TRADE = re.compile(r"([A-Z1-9]{8,30})(?:0[2-9])?", re.ASCII)
_SUCCESS = ("SUCCESS", "000000")
# INVALID_SIGNATURE, INVALID_TIMESTAMP, INVALID_API_KEY_OR_IP; and what is theirs to mend.
_KEY_CODES = frozenset({"400002", "400003", "400004"})
_THEIR_CODES = frozenset({"500000", "500001", "500002"})
_PAID = frozenset({"PAID", "REFUNDING", "REFUNDED", "FULL_REFUNDED"})
_STANDS = {
    "PENDING": Progress.PENDING,
    "EXPIRED": Progress.EXPIRED,
    "CANCELED": Progress.FAILED,
    "ERROR": Progress.FAILED,
}
_REFUNDS = {"REFUND_SUCCESS": RefundProgress.DONE, "REFUND_FAIL": RefundProgress.FAILED}
_CERTIFICATES_S = 3_600
_CERTIFICATES_MAX = 20

_certificates = AccessTokens()


def step(currency: str) -> int:
    """Hundredths of a coin, as people count money."""
    return max(step_micros(currency), 10_000)


# ---- opening ---------------------------------------------------------------------------------------


def open_(to: Connection, asked: NewCheckout) -> OpenCheckout | Trouble:
    """Make an order under the first name that is free."""
    trade = _free_name(to, asked.reference)
    if isinstance(trade, Trouble):
        return trade
    minutes = min(max(int(to.settings.get("minutes") or MINUTES), MINUTES_MIN), MINUTES_MAX)
    until = clock.now() + timedelta(minutes=minutes)
    fields = {
        "env": {"terminalType": "WEB"},
        "merchantTradeNo": trade,
        "orderAmount": json_number(asked.amount_micros),
        "currency": asked.currency,
        "description": asked.label[:256],
        # Virtual goods, of no category of theirs.
        "goodsDetails": [
            {
                "goodsType": "02",
                "goodsCategory": "Z000",
                "referenceGoodsId": asked.reference,
                "goodsName": asked.label[:256],
            }
        ],
        "returnUrl": asked.back_url,
        "cancelUrl": asked.back_url,
        "webhookUrl": asked.hook_url,
        "orderExpireTime": int(until.timestamp() * 1000),
    }
    made = _call(to, f"{_ORDER}/v3/order", fields)
    if isinstance(made, Trouble):
        return made
    id_, url, ends = _id(made.get("prepayId")), made.get("checkoutUrl"), made.get("expireTime")
    if not id_:
        return Trouble("gateway_answer", "no order in the answer", sure=False)
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return Trouble("gateway_answer", "no page of the order in the answer", sure=False)
    over = datetime.fromtimestamp(ends / 1000, UTC) if isinstance(ends, int) and 0 < ends < 10**14 else None
    return OpenCheckout(id_, url, expires_at=over)


def _free_name(to: Connection, reference: str) -> str | Trouble:
    """Nobody was told the page of an order whose answer was lost, so that nobody pays it."""
    for trade in (reference, *_later_names(reference)):
        found = _call(to, f"{_ORDER}/v2/order/query", {"merchantTradeNo": trade})
        if isinstance(found, Trouble):
            return trade if found.code == "gateway_refused" else found
    return Trouble("gateway_refused", "orders were made too often without an answer")


def _later_names(reference: str) -> list[str]:
    return [f"{reference}0{n}" for n in range(2, TRIES_MAX + 1)]


# ---- asking ----------------------------------------------------------------------------------------


def ask(to: Connection, reference: str, gateway_id: str) -> FoundPayment | Trouble:
    """How an order stands, by Binance's name of it, else by our reference."""
    order = _order(to, reference, gateway_id)
    if isinstance(order, Trouble):
        return order
    id_, status = _id(order.get("prepayId")), str(order.get("status") or "")
    if status not in _PAID:
        return FoundPayment(_STANDS.get(status, Progress.OPEN), gateway_id=id_)
    amount = micros_of(order.get("orderAmount"))
    return FoundPayment(
        Progress.PAID,
        ReceivedMoney(
            amount_micros=amount,
            currency=str(order.get("currency") or "")[:8],
            reference=_reference(order.get("merchantTradeNo")),
            # It has no test mode; beside a simulated one it is none.
            live=not to.base_url,
        ),
        # Of a part it tells no amount.
        refunded_micros=amount if status == "FULL_REFUNDED" else 0,
        gateway_id=id_,
    )


def _order(to: Connection, reference: str, gateway_id: str) -> dict[str, Any] | Trouble:
    """The one that is paid; while none is, the newest, which the customer was led to. The one that we know may be the
    first, whose answer was lost.
    """
    known, query = _id(gateway_id), f"{_ORDER}/v2/order/query"
    order = _call(to, query, {"prepayId": known} if known else {"merchantTradeNo": reference})
    for trade in _later_names(reference):
        if isinstance(order, Trouble) or order.get("status") in _PAID:
            break
        later = _call(to, query, {"merchantTradeNo": trade})
        if isinstance(later, Trouble) and later.code == "gateway_refused":
            break
        order = later
    return order


def expire(to: Connection, reference: str, gateway_id: str) -> Trouble | None:
    """Nobody can pay it any more; one that is paid stays so."""
    order = _order(to, reference, gateway_id)
    if isinstance(order, Trouble):
        return order
    closed = _call(to, f"{_ORDER}/order/close", {"prepayId": _id(order.get("prepayId"))})
    return closed if isinstance(closed, Trouble) else None


# ---- giving back -----------------------------------------------------------------------------------


def refund(to: Connection, reference: str, gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble:
    """Give some of it back, once for the key."""
    order = _order(to, reference, gateway_id)
    if isinstance(order, Trouble):
        # It may be there since the last time.
        return order._replace(sure=False)
    fields = {
        "refundRequestId": _refund_name(asked),
        "prepayId": _id(order.get("prepayId")),
        "refundAmount": json_number(asked.amount_micros),
    }
    made = _call(to, f"{_ORDER}/order/refund", fields)
    return made if isinstance(made, Trouble) else _made(made, asked)


def ask_refund(to: Connection, _reference: str, _gateway_id: str, asked: AskedRefund) -> MadeRefund | Trouble | None:
    """How it stands, by the key that was sent with it."""
    found = _call(to, f"{_ORDER}/order/refund/query", {"refundRequestId": _refund_name(asked)})
    if isinstance(found, Trouble):
        return None if found.code == "gateway_refused" else found
    return _made(found, asked)


def _refund_name(asked: AskedRefund) -> str:
    """Letters and digits."""
    return re.sub(r"[^A-Za-z0-9]", "", asked.key)[:64]


def _made(one: Mapping[str, Any], asked: AskedRefund) -> MadeRefund:
    """The last of the refunds that an order may have gives back all that is left, whatever was asked for."""
    progress = _REFUNDS.get(str(one.get("refundStatus")), RefundProgress.PENDING)
    given = micros_of(one.get("refundAmount"))
    if progress is not RefundProgress.FAILED and given and given != asked.amount_micros:
        progress = RefundProgress.UNKNOWN
    return MadeRefund(_refund_name(asked), progress)


# ---- webhooks --------------------------------------------------------------------------------------


def complete(hook: Hook) -> bool:
    return signature.signed(hook.headers, hook.now) is not None


def verified(to: Connection, hook: Hook) -> bool | Trouble:
    """By the certificate that it names. One that is not known yet may be new."""
    what = signature.signed(hook.headers, hook.now)
    if what is None:
        return False
    whose = (_base(to), to.secrets.get("key", ""), to.secrets.get("secret", ""))
    for last in (False, True):
        text = _certificates.of(whose, lambda: _fetch(to))
        if isinstance(text, Trouble):
            return text
        pem = read_json(text).get(what.serial)
        if pem is not None or last:
            break
        _certificates.drop(whose, text)
    return isinstance(pem, str) and signature.verified(pem, what, hook.body)


def _fetch(to: Connection) -> NewToken | Trouble:
    """The certificates by their serials, as a text."""
    found = _call(to, f"{_ORDER}/certificates", {})
    if isinstance(found, Trouble):
        return found
    rows = list(map(object_of, list_of(found.get("list"))))[:_CERTIFICATES_MAX]
    kept = {str(one.get("certSerial"))[:128]: str(one.get("certPublic"))[:4_000] for one in rows}
    return NewToken(json.dumps(kept), _CERTIFICATES_S)


def read(hook: Hook) -> HookEvent | None:
    """What an event is about: an order, with our reference in a text of JSON inside. Binance's name of it is not taken
    from there: the order may be another merchant's, whose webhooks fit, too.
    """
    try:
        event = read_json(hook.body)
        data = read_json(event["data"]) if isinstance(event, dict) and isinstance(event.get("data"), str) else None
    except ValueError:
        return None
    if not isinstance(data, dict):
        return None
    id_, status = _id(event.get("bizIdStr") or event.get("bizId")), str(event.get("bizStatus") or "")[:40]
    reference = _reference(data.get("merchantTradeNo"))
    named = object_of(data.get("refundInfo")).get("refundRequestId")
    return HookEvent(f"{id_}:{status}:{named or ''}"[:200] if id_ else "", reference)


def test(to: Connection) -> Trouble | None:
    """Whether the keys are taken: it reads certificates, which changes nothing."""
    found = _call(to, f"{_ORDER}/certificates", {})
    return found if isinstance(found, Trouble) else None


# ---- calls -----------------------------------------------------------------------------------------


def _id(value: object) -> str:
    text = "" if isinstance(value, bool) or not isinstance(value, (int, str)) else str(value)[:40]
    return text if _ID.fullmatch(text) else ""


def _reference(value: object) -> str:
    """Ours, without the number of a later try."""
    text = value[:40] if isinstance(value, str) else ""
    match = _TRADE.fullmatch(text)
    return match[1] if match else text


def _base(to: Connection) -> str:
    return to.base_url or HOST


def _call(to: Connection, path: str, fields: Mapping[str, Any]) -> dict[str, Any] | Trouble:
    """The `data` of an answer; a list as `list`."""
    key, secret = to.secrets.get("key", ""), to.secrets.get("secret", "")
    body = json.dumps(fields).encode()
    stamp = str(int(clock.now().timestamp() * 1000))
    nonce = "".join(secrets.choice(string.ascii_letters) for _ in range(32))
    answer = call(
        _base(to) + path,
        headers={
            "Content-Type": "application/json",
            "BinancePay-Timestamp": stamp,
            "BinancePay-Nonce": nonce,
            "BinancePay-Certificate-SN": key,
            "BinancePay-Signature": signature.sign(secret, stamp, nonce, body),
        },
        body=body,
        secrets=tuple(filter(None, (key, secret))),
        allow_private=bool(to.base_url),
    )
    return answer if isinstance(answer, Trouble) else _heard(answer)


def _heard(answer: GatewayAnswer) -> dict[str, Any] | Trouble:
    code = str(answer.fields.get("code") or "")
    if (answer.fields.get("status"), code) == _SUCCESS:
        data = answer.fields.get("data")
        return {"list": data} if isinstance(data, list) else object_of(data)
    said = answer.says(answer.fields.get("errorMessage") or code or f"HTTP {answer.status}")
    if code in _KEY_CODES or answer.status in (401, 403):
        return Trouble("gateway_key", said)
    if code in _THEIR_CODES:
        return Trouble("gateway_unreachable", said, sure=False)
    if answer.status == 429:
        return Trouble("gateway_busy", said)
    return Trouble("gateway_refused", said) if code else Trouble("gateway_answer", said, sure=False)
