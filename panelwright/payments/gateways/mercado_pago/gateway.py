"""Payments by Mercado Pago: Pix with a code on the panel's page, or its checkout with everything that it offers.

The moments, and what may not happen in each:

- open: a Pix payment, or a preference, is made under our reference; a lost answer makes no second one.
- the customer pays in the bank's app, or on Mercado Pago's page. What the browser brings back says nothing.
- a webhook comes: its signature covers ids alone, and its body has neither amount nor reference. Mercado Pago is asked
  whose payment it is, and how it stands. Nothing comes where the owner has not set it up there: the loop asks, too.
- ask: paid is what its own answer says, to the smallest unit, in our currency, mode, reference and to our account.
- refund: with a key of the row's; a lost answer is asked again, not doubled.
- a claim freezes, a chargeback takes: both are read from the payment itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refusal
from panelwright.payments.gateway import Api, Connection, Gateway, Hook
from panelwright.payments.gateways.mercado_pago import client, signature
from panelwright.staff.action import ActionFieldKind, Field

_HOOK = re.compile(r"[\x21-\x2b\x2d-\x7e]{16,200}", re.ASCII)


def ready(settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Refusal | None:
    """Without the secret of its webhooks nothing is turned on: a check that is skipped is none."""
    if not client.is_token(secrets.get("token", "")):
        return Refusal("mercado_pago_token_missing", "token")
    kept = _hook_secrets(secrets)
    if not kept or not all(map(_HOOK.fullmatch, kept)):
        return Refusal("gateway_hook_secret_missing", "hook_secret")
    return None


def live(_settings: Mapping[str, Any], secrets: Mapping[str, str]) -> bool:
    return client.is_live(secrets.get("token", ""))


def verified(to: Connection, hook: Hook) -> bool:
    signed = hook.query.get("data.id", "")
    genuine = signature.verified(_hook_secrets(to.secrets), hook.headers, signed, hook.now)
    return genuine and client.is_about(hook, signed)


def _hook_secrets(secrets: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[\s,]+", secrets.get("hook_secret", "")) if part)


GATEWAY = Gateway(
    name="mercado_pago",
    # A name, in every language.
    label="Mercado Pago",
    icon="wallet",
    help=gettext_noop(
        "In Mercado Pago, open Your integrations, your application, and copy the access token under Production"
        " credentials. Under Webhooks, enter the address shown on the method, choose the events Payments and"
        " Chargebacks, and copy the secret signature."
    ),
    fields=(
        Field(
            "product",
            ActionFieldKind.CHOICE,
            gettext_noop("Product"),
            required=True,
            choices=(client.PIX, client.CHECKOUT),
            help=gettext_noop("Pix shows a code on your page; the checkout leads to Mercado Pago's page."),
        ),
        Field(
            "token",
            ActionFieldKind.SECRET,
            gettext_noop("Access token"),
            help=gettext_noop("Begins with APP_USR-, or with TEST- for test payments."),
        ),
        Field(
            "hook_secret",
            ActionFieldKind.SECRET,
            gettext_noop("Secret signature of webhooks"),
            help=gettext_noop("While you exchange it, both, separated by a comma."),
        ),
        Field(
            "minutes",
            ActionFieldKind.NUMBER,
            gettext_noop("Minutes to pay"),
            least=client.MINUTES_MIN,
            most=client.MINUTES_MAX,
            help=gettext_noop("After that a code cannot be paid any more. Without a number: 60."),
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
    currencies=frozenset({"ARS", "BRL", "CLP", "COP", "MXN", "PEN", "UYU"}),
)
