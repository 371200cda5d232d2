"""Payments by the owner's BTCPay Server.

The moments, and what may not happen in each:

- open: an invoice is made with our reference, unless there is one.
- the customer pays on the server's page. What they do there is told by the server alone.
- a webhook comes, signed over its whole body: the server is asked.
- ask: a settled invoice is paid. What came late, in part, too much, or was marked by hand is for staff.
- refund: a page on which the customer fetches it; its name is our key, by which it is found again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refusal
from panelwright.core.transport import split_url
from panelwright.payments.gateway import Api, Connection, Gateway, Hook
from panelwright.payments.gateways.btcpay import client, signature
from panelwright.staff.action import ActionFieldKind, Field

_KEY = re.compile(r"[A-Za-z0-9]{20,120}", re.ASCII)
_HOOK = re.compile(r"[\x21-\x2b\x2d-\x7e]{16,200}", re.ASCII)


def ready(settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Refusal | None:
    """Without the secret of its webhooks nothing is turned on: a check that is skipped is none."""
    try:
        split_url(str(settings.get("url") or ""))
    except ValueError:
        return Refusal("btcpay_url_missing", "url")
    if not client.is_id(str(settings.get("store") or "")):
        return Refusal("btcpay_store_missing", "store")
    if not _KEY.fullmatch(secrets.get("key", "")):
        return Refusal("btcpay_key_missing", "key")
    kept = _hook_secrets(secrets)
    if not kept or not all(map(_HOOK.fullmatch, kept)):
        return Refusal("gateway_hook_secret_missing", "hook_secret")
    return None


def live(settings: Mapping[str, Any], _secrets: Mapping[str, str]) -> bool:
    return settings.get("mode") == "live"


def verified(to: Connection, hook: Hook) -> bool:
    return signature.verified(_hook_secrets(to.secrets), hook.headers.get("btcpay-sig", ""), hook.body)


def _hook_secrets(secrets: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[\s,]+", secrets.get("hook_secret", "")) if part)


GATEWAY = Gateway(
    name="btcpay",
    # A name, in every language.
    label="BTCPay Server",
    icon="wallet",
    help=gettext_noop(
        "In your BTCPay Server, create an API key under Account, API keys, with the rights to view and create"
        " invoices and to create pull payments. Under Settings, Webhooks of the store, add the address shown on the"
        " method with all events, and copy its secret."
    ),
    fields=(
        Field(
            "mode",
            ActionFieldKind.CHOICE,
            gettext_noop("Mode"),
            required=True,
            choices=("live", "test"),
            help=gettext_noop("Test: the server is on a test network, and its coins are worth nothing."),
        ),
        Field("url", ActionFieldKind.URL, gettext_noop("Address of the server"), most=200),
        Field("store", ActionFieldKind.TEXT, gettext_noop("Store ID"), most=64),
        Field("key", ActionFieldKind.SECRET, gettext_noop("API key")),
        Field(
            "hook_secret",
            ActionFieldKind.SECRET,
            gettext_noop("Secret of the webhook"),
            help=gettext_noop("While you exchange it, both, separated by a comma."),
        ),
        Field(
            "minutes",
            ActionFieldKind.NUMBER,
            gettext_noop("Minutes to pay"),
            least=client.MINUTES_MIN,
            most=client.MINUTES_MAX,
            help=gettext_noop("For so long the exchange rate of an invoice holds. Without a number: 30."),
        ),
        Field(
            "payout",
            ActionFieldKind.TEXT,
            gettext_noop("Payment method of refunds"),
            most=20,
            help=gettext_noop("As the server calls it. Without one: BTC-CHAIN."),
        ),
    ),
    ready=ready,
    api=Api(
        open_=client.open_,
        ask=client.ask,
        refund=client.refund,
        ask_refund=client.ask_refund,
        verified=verified,
        read=client.read,
        test=client.test,
        live=live,
        by_reference=True,
    ),
)
