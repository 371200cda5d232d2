"""One sync round: ask a provider for its list and our balance, then write down what that changes."""

from __future__ import annotations

from collections.abc import Callable

from django_scopes import scope, scopes_disabled

from panelwright.core.loop import let_go
from panelwright.core.said import said
from panelwright.providers.models import Provider
from panelwright.providers.routing import health_actions, store
from panelwright.providers.routing.store import ProviderRow
from panelwright.providers.sync.round_actions import Round, commit_sync
from panelwright.providers.wire.outcomes import Balance, Offers, Reason, Unknown, UpstreamRefused
from panelwright.providers.wire.upstream import Upstream

_NOT_NOW = UpstreamRefused(Reason.LIMIT, said("up_rests"))


def sync_one(
    provider_id: int, client_of: Callable[[ProviderRow], Upstream], *, accept: bool = False, dry_run: bool = False
) -> Round:
    """A whole round for one provider; with `dry_run` its catalogue stays.

    Raises ValueError when its stored key cannot be decrypted.
    """
    balance, offers = asked(provider_id, client_of)
    with scopes_disabled():
        panel = Provider.objects.select_related("panel").get(id=provider_id).panel
    with scope(panel=panel):
        return commit_sync(
            panel=panel, provider_id=provider_id, offers=offers, balance=balance, accept=accept, dry_run=dry_run
        )


def asked(
    provider_id: int, client_of: Callable[[ProviderRow], Upstream]
) -> tuple[Balance | UpstreamRefused | Unknown, Offers | UpstreamRefused | Unknown]:
    """Our balance at a provider and its list, as far as its limit of requests lets us ask."""
    (row,) = store.providers([provider_id]).values()
    client = client_of(row)
    offers: Offers | UpstreamRefused | Unknown = _NOT_NOW
    balance: Balance | UpstreamRefused | Unknown = _NOT_NOW
    if health_actions.take_request(row):
        let_go()
        balance = client.balance()
    if health_actions.take_request(row):
        let_go()
        offers = client.services()
    health_actions.note_one(row, [balance, offers])
    return balance, offers


def asked_for_list(
    provider_id: int, client_of: Callable[[ProviderRow], Upstream]
) -> Offers | UpstreamRefused | Unknown:
    """A provider's list alone, as far as its limit of requests lets us ask."""
    (row,) = store.providers([provider_id]).values()
    client = client_of(row)
    offers: Offers | UpstreamRefused | Unknown = _NOT_NOW
    if health_actions.take_request(row):
        let_go()
        offers = client.services()
    health_actions.note_one(row, [offers])
    return offers
