"""Payments by an installation of UddoktaPay or PipraPay.

The moments, and what may not happen in each:

- open: an invoice is made with our reference in its metadata; a repeat makes another, and either pays.
- the customer pays on the installation's page. The address that leads them back names the invoice, and proves nothing.
- a webhook comes with the API key in its head, which proves nothing of its body: the installation is asked.
- ask: paid is an invoice that is completed, with our reference and amount.
- refund: what came to a wallet goes back from that wallet.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refusal
from panelwright.core.transport import split_url
from panelwright.payments.gateway import Api, Connection, Gateway, Hook
from panelwright.payments.gateways.uddoktapay import client
from panelwright.staff.action import ActionFieldKind, Field

_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]{16,200}", re.ASCII)


def ready(settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Refusal | None:
    """Its key stands in the head of webhooks, too: without it nothing is turned on."""
    try:
        split_url(str(settings.get("url") or ""))
    except ValueError:
        return Refusal("uddoktapay_url_missing", "url")
    keys = client.keys_of(secrets)
    if not keys or not all(map(_KEY.fullmatch, keys)):
        return Refusal("uddoktapay_key_missing", "key")
    return None if client.currency_of(settings) else Refusal("uddoktapay_currency_missing", "counts_in")


def live(settings: Mapping[str, Any], _secrets: Mapping[str, str]) -> bool:
    return settings.get("mode") == "live"


def verified(to: Connection, hook: Hook) -> bool:
    """Whether it knows the key. That says nothing of what else it tells."""
    told = hook.headers.get(client.dialect_of(to).header.lower(), "").strip().encode("utf-8", "replace")
    fits = [hmac.compare_digest(key.encode(), told) for key in client.keys_of(to.secrets)]
    return any(fits)


GATEWAY = Gateway(
    name="uddoktapay",
    # Names, in every language.
    label="UddoktaPay, PipraPay",
    icon="wallet",
    help=gettext_noop(
        "In your installation of UddoktaPay or PipraPay, create an API key that may make and verify payments."
        " PipraPay 3 wants the domain of this panel under Domains. Webhooks need no setting: each invoice says where"
        " they go."
    ),
    fields=(
        Field(
            "speaks",
            ActionFieldKind.CHOICE,
            gettext_noop("Program"),
            required=True,
            choices=tuple(client.DIALECTS),
        ),
        Field(
            "mode",
            ActionFieldKind.CHOICE,
            gettext_noop("Mode"),
            required=True,
            choices=("live", "test"),
            help=gettext_noop("Test: the installation is a sandbox, where nobody pays real money."),
        ),
        Field("url", ActionFieldKind.URL, gettext_noop("Address of the installation"), most=200),
        Field(
            "key",
            ActionFieldKind.SECRET,
            gettext_noop("API key"),
            help=gettext_noop("While you exchange it, both, separated by a comma, the new one first."),
        ),
        Field(
            "counts_in",
            ActionFieldKind.TEXT,
            gettext_noop("Currency of the installation"),
            most=3,
            help=gettext_noop("It has to be the currency of this method. Without one: BDT."),
        ),
    ),
    ready=ready,
    api=Api(
        open_=client.open_,
        ask=client.ask,
        ask_told=client.ask_told,
        returned=client.returned,
        refund=client.refund,
        verified=verified,
        read=client.read,
        find=client.find,
        test=client.test,
        live=live,
        gives_back=False,
        by_reference=True,
    ),
)
