"""Payments by Razorpay's payment links.

The moments, and what may not happen in each:

- open: a link is made under our reference, of which there is one; after a lost answer it is found.
- the customer pays on Razorpay's page. What the browser brings back says nothing: Razorpay is asked.
- a webhook comes, signed over its whole body: Razorpay is asked.
- ask: paid is a link that is paid, in our currency, amount and reference.
- refund: with a key of the row's; a lost answer is asked again, not doubled.
- a dispute freezes, a chargeback takes: the account's disputes are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refusal
from panelwright.payments.gateway import Api, Connection, Gateway, Hook
from panelwright.payments.gateways.razorpay import client, signature
from panelwright.staff.action import ActionFieldKind, Field

_KEY = re.compile(r"rzp_(?:live|test)_[A-Za-z0-9]{8,60}", re.ASCII)
_SECRET = re.compile(r"[A-Za-z0-9]{16,120}", re.ASCII)
_HOOK = re.compile(r"[\x21-\x2b\x2d-\x7e]{16,200}", re.ASCII)


def ready(settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Refusal | None:
    """Without the secret of its webhooks nothing is turned on: a check that is skipped is none."""
    if not _KEY.fullmatch(str(settings.get("key_id") or "")):
        return Refusal("razorpay_key_missing", "key_id")
    if not _SECRET.fullmatch(secrets.get("secret", "")):
        return Refusal("razorpay_secret_missing", "secret")
    kept = _hook_secrets(secrets)
    if not kept or not all(map(_HOOK.fullmatch, kept)):
        return Refusal("gateway_hook_secret_missing", "hook_secret")
    return None


def live(settings: Mapping[str, Any], _secrets: Mapping[str, str]) -> bool:
    return client.is_live(str(settings.get("key_id") or ""))


def verified(to: Connection, hook: Hook) -> bool:
    return signature.verified(_hook_secrets(to.secrets), hook.headers.get("x-razorpay-signature", ""), hook.body)


def _hook_secrets(secrets: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[\s,]+", secrets.get("hook_secret", "")) if part)


GATEWAY = Gateway(
    name="razorpay",
    # A name, in every language.
    label="Razorpay",
    icon="card",
    help=gettext_noop(
        "In the Razorpay dashboard, create keys under Account & Settings, API keys. Under Webhooks, add the address"
        " shown on the method with a secret of your own and all payment link, refund and dispute events."
    ),
    fields=(
        Field(
            "key_id",
            ActionFieldKind.TEXT,
            gettext_noop("Key ID"),
            most=80,
            help=gettext_noop("Begins with rzp_live_, or with rzp_test_ for test payments."),
        ),
        Field("secret", ActionFieldKind.SECRET, gettext_noop("Key secret")),
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
            help=gettext_noop("After that a link cannot be paid any more. Without a number: 60."),
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
        find=client.find,
        test=client.test,
        live=live,
        by_reference=True,
    ),
    step=client.step,
)
