"""Payments on YooKassa's page.

The moments, and what may not happen in each:

- open: a payment is made with our reference as its key; a lost answer comes again.
- the customer pays on YooKassa's page. What the browser brings back says nothing: YooKassa is asked.
- a webhook comes, which nobody has signed: it is a hint, taken where YooKassa knows the payment that it names.
- ask: what is held is taken; paid is a payment that has succeeded, in our currency, amount, reference, shop and mode.
- refund: with a key of the row's; a lost answer is asked again, not doubled.
- expire: what is held for somebody who has given up is let go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refusal
from panelwright.payments.gateway import Api, Gateway
from panelwright.payments.gateways.yookassa import client
from panelwright.staff.action import ActionFieldKind, Field

_SHOP = re.compile(r"[0-9]{3,15}", re.ASCII)
_KEY = re.compile(r"(?:live|test)_[A-Za-z0-9_-]{16,120}", re.ASCII)


def ready(settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Refusal | None:
    if not _SHOP.fullmatch(str(settings.get("shop_id") or "")):
        return Refusal("yookassa_shop_missing", "shop_id")
    if not _KEY.fullmatch(secrets.get("key", "")):
        return Refusal("yookassa_key_missing", "key")
    return None


def live(_settings: Mapping[str, Any], secrets: Mapping[str, str]) -> bool:
    return client.is_live(secrets.get("key", ""))


GATEWAY = Gateway(
    name="yookassa",
    # A name, in every language.
    label="YooKassa",
    icon="card",
    help=gettext_noop(
        "In YooKassa's dashboard, copy the shopId under Settings, Shop, and create a secret key under Integration, API"
        " keys. Under Integration, HTTP notifications, enter the address shown on the method with the events"
        " payment.succeeded, payment.waiting_for_capture, payment.canceled and refund.succeeded."
    ),
    fields=(
        Field("shop_id", ActionFieldKind.TEXT, gettext_noop("Shop ID"), most=15),
        Field(
            "key",
            ActionFieldKind.SECRET,
            gettext_noop("Secret key"),
            help=gettext_noop("Begins with live_, or with test_ for test payments."),
        ),
        Field(
            "vat_code",
            ActionFieldKind.NUMBER,
            gettext_noop("VAT code of receipts"),
            least=1,
            most=client.VAT_CODES,
            help=gettext_noop(
                "Where YooKassa sends your fiscal receipts (54-FZ): your VAT rate by its number there; 1 is without"
                " VAT. Without a number no receipt is sent."
            ),
        ),
        Field(
            "tax_system",
            ActionFieldKind.NUMBER,
            gettext_noop("Tax system of receipts"),
            least=1,
            most=client.TAX_SYSTEMS,
            help=gettext_noop("By its number at YooKassa, where you have more than one."),
        ),
    ),
    ready=ready,
    api=Api(
        open_=client.open_,
        ask=client.ask,
        refund=client.refund,
        ask_refund=client.ask_refund,
        verified=client.verified,
        read=client.read,
        find=client.find,
        expire=client.expire,
        peek=client.peek,
        test=client.test,
        live=live,
        asks_to_verify=True,
        complete=client.complete,
    ),
    step=client.step,
)
