"""Payments by Cryptomus or Heleket.

The moments, and what may not happen in each:

- open: an invoice is made under our reference; a repeat gives the same one, and another amount under it is refused.
- the customer pays on the provider's page, in the coin of their choice.
- a webhook comes, with a signature that is weak: the provider is asked.
- ask: paid is an invoice that is paid as it was asked. Too much and too little are for staff, with what it was worth.
- refund: coins go back to an address, which the provider's dashboard asks for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refusal
from panelwright.payments.gateway import Api, Gateway
from panelwright.payments.gateways.cryptomus import client
from panelwright.staff.action import ActionFieldKind, Field

_MERCHANT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_KEY = re.compile(r"[A-Za-z0-9]{20,200}", re.ASCII)


def ready(settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Refusal | None:
    """Its key signs webhooks, too: without it nothing is turned on."""
    if not _MERCHANT.fullmatch(str(settings.get("merchant") or "")):
        return Refusal("cryptomus_merchant_missing", "merchant")
    if not _KEY.fullmatch(secrets.get("key", "")):
        return Refusal("cryptomus_key_missing", "key")
    return None


def live(settings: Mapping[str, Any], _secrets: Mapping[str, str]) -> bool:
    return settings.get("mode") == "live"


GATEWAY = Gateway(
    name="cryptomus",
    # Names, in every language.
    label="Cryptomus, Heleket",
    icon="wallet",
    help=gettext_noop(
        "In the dashboard of Cryptomus or Heleket, open your merchant, Settings, and copy the merchant ID and the"
        " payment API key. Webhooks need no setting: each invoice says where they go."
    ),
    fields=(
        Field(
            "host",
            ActionFieldKind.CHOICE,
            gettext_noop("Provider"),
            required=True,
            choices=tuple(client.HOSTS),
        ),
        Field(
            "mode",
            ActionFieldKind.CHOICE,
            gettext_noop("Mode"),
            required=True,
            choices=("live", "test"),
            help=gettext_noop("Test is for simulated gateways: the providers have no test money."),
        ),
        Field("merchant", ActionFieldKind.TEXT, gettext_noop("Merchant ID"), most=40),
        Field("key", ActionFieldKind.SECRET, gettext_noop("Payment API key")),
        Field(
            "minutes",
            ActionFieldKind.NUMBER,
            gettext_noop("Minutes to pay"),
            least=client.MINUTES_MIN,
            most=client.MINUTES_MAX,
            help=gettext_noop("For so long the exchange rate of an invoice holds. Without a number: 60."),
        ),
    ),
    ready=ready,
    api=Api(
        open_=client.open_,
        ask=client.ask,
        refund=client.refund,
        verified=client.verified,
        read=client.read,
        test=client.test,
        live=live,
        gives_back=False,
        by_reference=True,
    ),
)
