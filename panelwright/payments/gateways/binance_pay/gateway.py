"""Payments by Binance Pay.

The moments, and what may not happen in each:

- open: an order is made under our reference; after a lost answer another one, since nobody was told the first's page.
- the customer pays on Binance's page, or in its app. What the browser brings back says nothing: Binance is asked.
- a webhook comes, signed with a key of the platform's, which signs for every merchant: Binance is asked.
- ask: paid is an order that is paid, in our currency, amount and reference.
- refund: with a key of the row's; a lost answer is asked again, not doubled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refusal
from panelwright.payments.gateway import Api, Gateway
from panelwright.payments.gateways.binance_pay import client
from panelwright.staff.action import ActionFieldKind, Field

_KEY = re.compile(r"[A-Za-z0-9]{20,120}", re.ASCII)


def ready(_settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Refusal | None:
    """Its webhooks are signed with keys of Binance's, which these two fetch."""
    if not _KEY.fullmatch(secrets.get("key", "")):
        return Refusal("binance_pay_key_missing", "key")
    return None if _KEY.fullmatch(secrets.get("secret", "")) else Refusal("binance_pay_secret_missing", "secret")


GATEWAY = Gateway(
    name="binance_pay",
    # A name, in every language.
    label="Binance Pay",
    icon="wallet",
    help=gettext_noop(
        "You need a merchant account of Binance Pay. In its dashboard, create an API key under Developers, and copy the"
        " key and its secret. Webhooks need no setting: each order says where they go."
    ),
    fields=(
        Field("key", ActionFieldKind.SECRET, gettext_noop("API key")),
        Field("secret", ActionFieldKind.SECRET, gettext_noop("Key secret")),
        Field(
            "minutes",
            ActionFieldKind.NUMBER,
            gettext_noop("Minutes to pay"),
            least=client.MINUTES_MIN,
            most=client.MINUTES_MAX,
            help=gettext_noop("After that an order cannot be paid any more. Without a number: 60."),
        ),
    ),
    ready=ready,
    api=Api(
        open_=client.open_,
        ask=client.ask,
        refund=client.refund,
        ask_refund=client.ask_refund,
        expire=client.expire,
        verified=client.verified,
        asks_to_verify=True,
        complete=client.complete,
        read=client.read,
        test=client.test,
        by_reference=True,
        # What is answered otherwise is told six times.
        heard={"returnCode": "SUCCESS", "returnMessage": None},
    ),
    step=client.step,
    currencies=client.CURRENCIES,
)
