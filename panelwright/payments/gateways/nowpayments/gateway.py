"""Payments by NOWPayments.

The moments, and what may not happen in each:

- open: an invoice is made with our reference as its order id; a repeat makes another, and either pays.
- the customer chooses a coin on the invoice's page and pays; each try is a payment of its own there.
- a webhook comes, signed over its sorted JSON: the payment that it names is asked about.
- ask: paid is one payment that is finished. What came in part, by several deposits or in another coin is for staff.
- refund: coins go back from the owner's wallet, to an address of the customer's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refusal
from panelwright.payments.gateway import Api, Connection, Gateway, Hook
from panelwright.payments.gateways.nowpayments import client, signature
from panelwright.staff.action import ActionFieldKind, Field

_KEY = re.compile(r"[A-Za-z0-9-]{16,80}", re.ASCII)
_HOOK = re.compile(r"[\x21-\x2b\x2d-\x7e]{16,200}", re.ASCII)


def ready(settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Refusal | None:
    """Without the secret of its webhooks nothing is turned on: a check that is skipped is none."""
    if not _KEY.fullmatch(secrets.get("key", "")):
        return Refusal("nowpayments_key_missing", "key")
    kept = _hook_secrets(secrets)
    if not kept or not all(map(_HOOK.fullmatch, kept)):
        return Refusal("gateway_hook_secret_missing", "hook_secret")
    if settings.get("email") and not secrets.get("password"):
        return Refusal("nowpayments_password_missing", "password")
    return None


def live(settings: Mapping[str, Any], _secrets: Mapping[str, str]) -> bool:
    return settings.get("mode") == "live"


def verified(to: Connection, hook: Hook) -> bool:
    return signature.verified(_hook_secrets(to.secrets), hook.headers.get("x-nowpayments-sig", ""), hook.body)


def _hook_secrets(secrets: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[\s,]+", secrets.get("hook_secret", "")) if part)


GATEWAY = Gateway(
    name="nowpayments",
    # A name, in every language.
    label="NOWPayments",
    icon="wallet",
    help=gettext_noop(
        "In the NOWPayments dashboard, set your payout wallet, add an API key under Settings, Payments, and generate"
        " the IPN secret key there. Set how often notifications are repeated, too: without that they come once."
        " Webhooks need no address: each invoice says where they go."
    ),
    fields=(
        Field(
            "mode",
            ActionFieldKind.CHOICE,
            gettext_noop("Mode"),
            required=True,
            choices=("live", "test"),
            help=gettext_noop("Test: the keys are of the sandbox, and its coins are worth nothing."),
        ),
        Field("key", ActionFieldKind.SECRET, gettext_noop("API key")),
        Field(
            "hook_secret",
            ActionFieldKind.SECRET,
            gettext_noop("IPN secret key"),
            help=gettext_noop("While you exchange it, both, separated by a comma."),
        ),
        Field(
            "email",
            ActionFieldKind.EMAIL,
            gettext_noop("E-mail of the account"),
            most=200,
            help=gettext_noop(
                "May be left empty. NOWPayments lists the payments of an invoice for who logs in: with e-mail and"
                " password payments are found even when no notification arrives. Without them, as far as the API key"
                " allows it."
            ),
        ),
        Field("password", ActionFieldKind.SECRET, gettext_noop("Password of the account")),
    ),
    ready=ready,
    api=Api(
        open_=client.open_,
        ask=client.ask,
        ask_told=client.ask_told,
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
