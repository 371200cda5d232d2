"""Payments on Flutterwave's page, by the third version of its interface.

The moments, and what may not happen in each:

- open: a page is made for our reference. Made twice, it asks twice for the same, and both are found by it.
- the customer pays on Flutterwave's page. What the browser brings back says nothing: Flutterwave is asked.
- a webhook comes with the owner's secret in a header, which proves nothing of its body: it is a hint, and no more.
- ask: paid is what was successful under our reference, each by its id; amount and currency are compared.
- refund: it has no key; ours stands in the refund's comment, and is looked for before it is made.
- a chargeback takes the money at once, until it is won.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refusal
from panelwright.payments.gateway import Api, Connection, Gateway, Hook
from panelwright.payments.gateways.flutterwave import client, signature
from panelwright.staff.action import ActionFieldKind, Field

_KEY = re.compile(r"FLWSECK(?:_TEST)?-[A-Za-z0-9-]{8,120}", re.ASCII)
_HOOK = re.compile(r"[\x21-\x2b\x2d-\x7e]{16,200}", re.ASCII)


def ready(_settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Refusal | None:
    """Without the secret of its webhooks nothing is turned on: a check that is skipped is none."""
    if not _KEY.fullmatch(secrets.get("key", "")):
        return Refusal("flutterwave_key_missing", "key")
    kept = _hook_secrets(secrets)
    if not kept or not all(map(_HOOK.fullmatch, kept)):
        return Refusal("flutterwave_hash_missing", "hook_secret")
    return None


def live(_settings: Mapping[str, Any], secrets: Mapping[str, str]) -> bool:
    return client.is_live(secrets.get("key", ""))


def verified(to: Connection, hook: Hook) -> bool:
    return signature.verified(_hook_secrets(to.secrets), hook.headers, hook.body)


def _hook_secrets(secrets: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[\s,]+", secrets.get("hook_secret", "")) if part)


GATEWAY = Gateway(
    name="flutterwave",
    # A name, in every language.
    label="Flutterwave",
    icon="card",
    help=gettext_noop(
        "In the Flutterwave dashboard, open Settings, API keys, and copy the secret key of version 3. Under Webhooks,"
        " enter the address shown on the method and a secret hash of your own, and turn on the events of refunds and"
        " chargebacks."
    ),
    fields=(
        Field(
            "key",
            ActionFieldKind.SECRET,
            gettext_noop("Secret key"),
            help=gettext_noop("Begins with FLWSECK-, or with FLWSECK_TEST- for test payments."),
        ),
        Field(
            "hook_secret",
            ActionFieldKind.SECRET,
            gettext_noop("Secret hash of webhooks"),
            help=gettext_noop("While you exchange it, both, separated by a comma."),
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
