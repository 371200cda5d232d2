"""What staff can find out of a provider and do with its rest, declared."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import clock
from panelwright.core.refusal import Refused
from panelwright.customers.asking import limited
from panelwright.providers import actions
from panelwright.providers.declarations import PROVIDER, client_of
from panelwright.providers.models import Provider, ProviderKind
from panelwright.providers.sync.syncing import asked
from panelwright.providers.wire.outcomes import Balance, Offers
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import NUMBER, TEXT, YES_NO

HOURS_MAX = 24 * 30


def _asked(panel_id: int, target: int | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """What it answers when it is asked for our balance and its list, and how long that took."""
    provider = Provider.objects.filter(panel_id=panel_id, id=target or 0).first()
    if provider is None:
        raise Refused("no_provider", id=target or 0)
    client = client_of(provider)
    began = time.monotonic()
    balance, offers = asked(provider.id, lambda row: client)
    return {"balance": balance, "offers": offers, "took_ms": int((time.monotonic() - began) * 1000)}


def _test(actor: Actor, panel_id: int, target: int, /, *, balance: Any, offers: Any, took_ms: int) -> ActionDone:
    told = isinstance(balance, Balance)
    works = told and isinstance(offers, Offers)
    return ActionDone(
        before={},
        after={"works": works},
        shown={
            "works": works,
            "balance": f"{balance.amount} {balance.currency}".strip() if told else balance.text,
            "services": str(len(offers)) if isinstance(offers, Offers) else offers.text,
            "took_ms": took_ms,
        },
    )


def rests(provider: Provider) -> bool:
    """Whether it gets nothing now."""
    now = clock.now()
    return any(until is not None and until > now for until in (provider.rest_until, provider.sends_rest_until))


def _rest(actor: Actor, panel_id: int, target: int, /, *, hours: int) -> None:
    actions.rest(panel_id=panel_id, provider_id=target, hours=hours)


def _resume(actor: Actor, panel_id: int, target: int, /) -> None:
    actions.resume(panel_id=panel_id, provider_id=target)


ACTIONS = (
    Action(
        PROVIDER,
        "test",
        gettext_noop("Test the connection"),
        Right.PROVIDERS,
        _test,
        prepare=limited(_asked),
        offered=lambda provider: provider.kind == ProviderKind.API.value,
        shown={"works": YES_NO, "balance": TEXT, "services": TEXT, "took_ms": NUMBER},
    ),
    Action(
        PROVIDER,
        "rest",
        gettext_noop("Pause sending"),
        Right.PROVIDERS,
        _rest,
        (
            Field(
                "hours",
                ActionFieldKind.NUMBER,
                gettext_noop("For how many hours"),
                required=True,
                least=1,
                most=HOURS_MAX,
            ),
        ),
        offered=lambda provider: not rests(provider),
    ),
    Action(PROVIDER, "resume", gettext_noop("Resume sending"), Right.PROVIDERS, _resume, offered=rests),
)
