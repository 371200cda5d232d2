"""Payments on Paystack's page.

The moments, and what may not happen in each:

- open: a transaction is begun under our reference; after a lost answer, another try of it, which alone can be paid.
- the customer pays on Paystack's page. What the browser brings back says nothing: Paystack is asked.
- a webhook comes, signed over its whole body with the secret key: Paystack is asked. Of what fails none comes.
- ask: paid is a transaction that Paystack verifies, in our currency, amount, reference and mode.
- refund: it has no key; ours stands in the refund's note, and is looked for before it is made.
- a dispute freezes; lost, or while the transaction is reversed, the money is gone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refusal
from panelwright.payments.gateway import Api, Connection, Gateway, Hook
from panelwright.payments.gateways.paystack import client, signature
from panelwright.staff.action import ActionFieldKind, Field

_KEY = re.compile(r"sk_(?:live|test)_[A-Za-z0-9]{16,100}", re.ASCII)


def ready(_settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Refusal | None:
    """The key is the secret of the webhooks, too. Two of one mode hold while it is exchanged."""
    keys = client.keys_of(secrets)
    if not keys or not all(map(_KEY.fullmatch, keys)) or len(set(map(client.is_live, keys))) != 1:
        return Refusal("paystack_key_missing", "key")
    return None


def live(_settings: Mapping[str, Any], secrets: Mapping[str, str]) -> bool:
    return all(map(client.is_live, client.keys_of(secrets)))


def verified(to: Connection, hook: Hook) -> bool:
    return signature.verified(client.keys_of(to.secrets), hook.headers.get("x-paystack-signature", ""), hook.body)


GATEWAY = Gateway(
    name="paystack",
    # A name, in every language.
    label="Paystack",
    icon="card",
    help=gettext_noop(
        "In the Paystack dashboard, open Settings, API Keys & Webhooks. Copy the secret key, and enter the address"
        " shown on the method as the webhook URL, for live or for test mode."
    ),
    fields=(
        Field(
            "key",
            ActionFieldKind.SECRET,
            gettext_noop("Secret key"),
            help=gettext_noop(
                "Begins with sk_live_, or with sk_test_ for test payments. While you exchange it, the new and the old"
                " one, separated by a comma."
            ),
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
    step=client.step,
    currencies=frozenset({"GHS", "KES", "NGN", "USD", "XOF", "ZAR"}),
)
