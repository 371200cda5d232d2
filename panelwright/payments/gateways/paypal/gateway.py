"""Payments by PayPal.

The moments, and what may not happen in each:

- open: an order is made under our reference. A lost answer makes no second one.
- the buyer agrees on PayPal's page. That moves no money: we capture, when they come back, when a webhook tells of it,
  and when the loop asks, with one request id for each time that the buyer agrees. What was given up, or paid by another
  way, is not captured.
- a webhook comes: PayPal is asked whether it has sent it, then how the order stands. Its body credits nothing.
- ask: paid is a completed capture, in our currency, amount and reference; one that waits is not paid.
- refund: with a key of the row's; a lost answer is asked again, not doubled.
- a dispute freezes, a claim or chargeback takes: PayPal is asked for the disputes of a capture.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refusal
from panelwright.payments.gateway import Api, Gateway
from panelwright.payments.gateways.paypal import client
from panelwright.staff.action import ActionFieldKind, Field

_CLIENT = re.compile(r"[A-Za-z0-9_-]{20,120}", re.ASCII)
_HOOK = re.compile(r"[A-Za-z0-9]{8,40}", re.ASCII)


def ready(settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Refusal | None:
    """Without the id of its webhook nothing is turned on: a check that is skipped is none."""
    if not _CLIENT.fullmatch(str(settings.get("client_id") or "")):
        return Refusal("paypal_client_missing", "client_id")
    if not _CLIENT.fullmatch(secrets.get("secret", "")):
        return Refusal("paypal_secret_missing", "secret")
    if not _HOOK.fullmatch(str(settings.get("webhook_id") or "")):
        return Refusal("paypal_webhook_missing", "webhook_id")
    return None


def live(settings: Mapping[str, Any], _secrets: Mapping[str, str]) -> bool:
    return settings.get("mode") == "live"


GATEWAY = Gateway(
    name="paypal",
    # A name, in every language.
    label="PayPal",
    icon="wallet",
    help=gettext_noop(
        "In the PayPal developer dashboard, open Apps & Credentials, your app, and copy client ID and secret. Under"
        " Webhooks, add the address shown on the method with the events Checkout order approved, all Payment capture"
        " and all Customer dispute events, and copy the webhook ID."
    ),
    fields=(
        Field(
            "mode",
            ActionFieldKind.CHOICE,
            gettext_noop("Mode"),
            required=True,
            choices=("live", "test"),
            help=gettext_noop("Test takes sandbox credentials and no real money."),
        ),
        Field("client_id", ActionFieldKind.TEXT, gettext_noop("Client ID"), most=120),
        Field("secret", ActionFieldKind.SECRET, gettext_noop("Secret")),
        Field("webhook_id", ActionFieldKind.TEXT, gettext_noop("Webhook ID"), most=40),
    ),
    ready=ready,
    api=Api(
        open_=client.open_,
        ask=client.ask,
        peek=client.peek,
        refund=client.refund,
        ask_refund=client.ask_refund,
        verified=client.verified,
        read=client.read,
        find=client.find,
        test=client.test,
        live=live,
        asks_to_verify=True,
        complete=client.complete,
    ),
    step=client.step,
    currencies=frozenset(
        ["AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY", "MXN"]
    )
    | frozenset(["MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD"]),
)
