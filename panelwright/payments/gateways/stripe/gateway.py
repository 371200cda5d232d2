"""Payments by Stripe Checkout.

The moments, and what may not happen in each:

- open: the customer has agreed to the sum; a session is made under our reference. A lost answer makes no second one.
- the customer pays on Stripe's page. What the browser brings back says nothing: Stripe is asked.
- a webhook comes, twice, late or never: it is checked, kept, and Stripe is asked. Its body credits nothing.
- ask: paid is what Stripe's session says, to the smallest unit, in our currency, mode and reference; else staff decide.
- refund: the row and the money first, then the call with a key of the row's; a lost answer is asked again, not doubled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import money
from panelwright.core.refusal import Refusal
from panelwright.payments import rules
from panelwright.payments.gateway import Api, Connection, Gateway, Hook
from panelwright.payments.gateways.stripe import client, signature
from panelwright.staff.action import ActionFieldKind, Field

_KEY = re.compile(r"(?:sk|rk)_(live|test)_[A-Za-z0-9_]{8,200}", re.ASCII)
_HOOK = re.compile(r"whsec_[A-Za-z0-9_+/=]{8,200}", re.ASCII)


def ready(_settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Refusal | None:
    """Without the secret of its webhooks nothing is turned on: a check that is skipped is none."""
    if not _KEY.fullmatch(secrets.get("key", "")):
        return Refusal("stripe_key_missing", "key")
    kept = [part for part in re.split(r"[\s,]+", secrets.get("hook_secret", "")) if part]
    if not kept or not all(map(_HOOK.fullmatch, kept)):
        return Refusal("stripe_hook_secret_missing", "hook_secret")
    return None


def live(_settings: Mapping[str, Any], secrets: Mapping[str, str]) -> bool:
    found = _KEY.fullmatch(secrets.get("key", ""))
    return found is None or found[1] == "live"


def verified(to: Connection, hook: Hook) -> bool:
    kept = tuple(part for part in re.split(r"[\s,]+", to.secrets.get("hook_secret", "")) if part)
    return signature.verified(kept, hook.headers.get("stripe-signature", ""), hook.body, hook.now)


def step(currency: str) -> int:
    """Of currencies with a thousand parts Stripe takes whole tens: the last digit is a zero."""
    step = rules.step_micros(currency)
    return money.MICROS // 100 if step == money.MICROS // 1000 else step


GATEWAY = Gateway(
    name="stripe",
    # A name, in every language.
    label="Stripe",
    icon="card",
    help=gettext_noop(
        "In the Stripe dashboard, create a secret key under Developers, API keys. Under Developers, Webhooks, add an"
        " endpoint with the address shown on the method and the events checkout.session.*, charge.refunded,"
        " refund.* and charge.dispute.*, and copy its signing secret."
    ),
    fields=(
        Field(
            "key",
            ActionFieldKind.SECRET,
            gettext_noop("Secret key"),
            help=gettext_noop("Begins with sk_live_, or with sk_test_ for test payments."),
        ),
        Field(
            "hook_secret",
            ActionFieldKind.SECRET,
            gettext_noop("Webhook signing secret"),
            help=gettext_noop("Begins with whsec_. While you exchange it, both, separated by a comma."),
        ),
    ),
    ready=ready,
    api=Api(
        open_=client.open_,
        ask=client.ask,
        refund=client.refund,
        verified=verified,
        read=client.read,
        test=client.test,
        live=live,
        ask_refund=client.ask_refund,
        find=client.find,
        expire=client.expire,
    ),
    step=step,
)
