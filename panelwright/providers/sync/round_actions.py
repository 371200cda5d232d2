"""The writes of a sync round: what a provider's list and our balance there change.

A list may change fifty thousand services, and on SQLite nobody else writes while a transaction is open. So what changes
is found out before anything is locked, and written in parts: some services a transaction, with the events that tell of
them. Each part is a small round of its own, of the rows as they are then; a round that dies between two of them is
begun anew, and finds what was written in step.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from django.db import transaction

from panelwright.catalog.changes import ChangeEvent
from panelwright.core import clock, money, refusal
from panelwright.core.loop import let_others_write
from panelwright.core.said import said
from panelwright.events.actions import NewEvent, record
from panelwright.orders import problems
from panelwright.orders.problems import NONE, Problem, problem
from panelwright.panels.models import Panel
from panelwright.providers.models import Provider, Route
from panelwright.providers.routing import calls
from panelwright.providers.sync import parts, sync_actions, sync_problems, sync_rules, whole_lists
from panelwright.providers.wire.outcomes import Balance, LeftOut, Offers, Reason, ServiceOffer, Unknown, UpstreamRefused

_BUSY = frozenset({Reason.LIMIT, Reason.UNREACHABLE})
# Services that are looked at together while nothing is locked: what is read of them is in memory at once.
WINDOW = 500
# Services of the first part, of the smallest and of the largest. The next one has half as many where this one locked
# what it changes for longer than PART_S, and twice as many where for less than half of it.
PART, PART_MIN, PART_MAX = 32, 4, 256
PART_S = 0.03
# How often a round begins anew because a person changed meanwhile how the list is to be read.
STARTS = 3


class Round(NamedTuple):
    """What came of a sync round: the events that it wrote, and what a person has to look at, if anything.

    `left_out`: each row of the list that changes nothing here, and why. `left`: how many services a worker's round,
    which is due now, has still to bring in step.
    """

    events: list[ChangeEvent]
    trouble: Problem
    left_out: Sequence[LeftOut] = ()
    left: int = 0

    @property
    def problem(self) -> str:
        """In English."""
        return sync_problems.words(self.trouble.problem_code, problems.facts_of(self.trouble.problem_facts))


class _Listed:
    """A list by the provider's ids of its services."""

    def __init__(self, offers: Offers) -> None:
        self._offers = defaultdict[str, list[ServiceOffer]](list)
        self._left_out = defaultdict[str, list[LeftOut]](list)
        for offer in offers:
            self._offers[offer.service].append(offer)
        for row in offers.left_out:
            self._left_out[row.service].append(row)
        self._is_empty = offers.is_empty

    def about(self, catalogue: sync_rules.Catalogue) -> Offers:
        """The part of it that is about what the provider delivers of these services."""
        theirs = {r.upstream_service for r in catalogue.routes if r.provider_id == catalogue.provider_id}
        return Offers(
            [offer for service in theirs for offer in self._offers.get(service, ())],
            [row for service in theirs for row in self._left_out.get(service, ())],
            is_empty=self._is_empty,
        )


class _Plan(NamedTuple):
    """What a list changes, found out before anything is locked. `trouble` is what a person has to look at; nothing
    changes where the list is not `believed`. `kept`: how many services of ours it still has."""

    listed: _Listed
    services: list[int] = []
    trouble: Problem = NONE
    believed: bool = True
    kept: int = 0
    events: Sequence[ChangeEvent] = ()


def commit_sync(
    *,
    panel: Panel,
    provider_id: int,
    offers: Offers | UpstreamRefused | Unknown,
    balance: Balance | UpstreamRefused | Unknown,
    accept: bool = False,
    dry_run: bool = False,
    at_most: int | None = None,
) -> Round:
    """Write what a provider's list and balance change. `accept`: believe the list whatever it has lost.

    `dry_run`: nothing is written; the answer is what would be. `at_most`: so many services are brought in step here,
    where the caller holds a transaction, and a worker is left the others, if one keeps this provider in step.
    """
    events: list[ChangeEvent] = []
    for _ in range(STARTS):
        provider, told, trouble = _balance_written(panel, provider_id, balance, dry_run=dry_run)
        events += told
        plan = None
        if isinstance(offers, Offers):
            plan = _plan(panel, provider, offers, accept=accept, dry_run=dry_run)
            trouble = next((found for found in (trouble, plan.trouble, _unread(balance)) if found != NONE), NONE)
        elif trouble == NONE:
            trouble = problem(sync_problems.LIST_UNREAD, said=offers.text)
        if dry_run:
            events += [] if plan is None else plan.events
            events += _failed(provider, trouble)
            return Round(events, trouble, parts.left_out(panel, provider, offers))
        left = 0
        if plan is not None and plan.services:
            here = at_most if at_most is not None and _is_kept_in_step(provider) else len(plan.services)
            left = max(len(plan.services) - here, 0)
            if not _all_parts(panel, provider, plan, plan.services[:here], events, rest=at_most is None):
                continue
        if left:
            _leave_to_worker(panel, provider, kept=plan.kept if plan is not None and accept else None)
            return Round(events, trouble, left=left)
        if _end(panel, provider, plan, trouble, events):
            return Round(events, trouble)
    _leave_to_worker(panel, provider)
    return Round(events, NONE)


def _standing(provider: Provider) -> tuple[object, ...]:
    """What of its row decides what its list means."""
    money_ = (provider.currency, provider.told_currency, provider.overruled_currency)
    return (*money_, provider.rework, provider.enabled, provider.rise_max_e2, provider.fall_max_e2)


def _is_kept_in_step(provider: Provider) -> bool:
    return provider.enabled and provider.sync_due_at is not None


def _written(panel: Panel, events: Sequence[ChangeEvent]) -> None:
    record([NewEvent(panel.id, e.name, e.subject_id, e.facts) for e in events], now=clock.now())


# ---- our balance -------------------------------------------------------------------------------------


def _balance_written(
    panel: Panel, provider_id: int, balance: Balance | UpstreamRefused | Unknown, *, dry_run: bool
) -> tuple[Provider, list[ChangeEvent], Problem]:
    """The provider as it is with what its balance tells, which is written down; what happened, and what is wrong."""
    with transaction.atomic():
        provider = Provider.objects.select_for_update().get(panel=panel, id=provider_id)
        events, trouble = _balance(panel, provider, balance)
        provider.save(
            update_fields=["currency", "told_currency", "rework", "balance_micros", "balance_at", "balance_is_low"]
        )
        _written(panel, events)
        if dry_run:
            transaction.set_rollback(True)
    return provider, events, trouble


def _unread(balance: Balance | UpstreamRefused | Unknown) -> Problem:
    """What a person has to know where something else than a balance was answered; of a busy provider, nothing."""
    if isinstance(balance, Balance) or (isinstance(balance, UpstreamRefused) and balance.reason in _BUSY):
        return NONE
    return problem(sync_problems.BALANCE_UNREAD, said=balance.text)


def _followers(provider: Provider) -> int:
    """How many services on sale follow its rates."""
    routes = Route.objects.filter(provider=provider, in_step=True, enabled=True, service__enabled=True)
    return routes.count() if provider.pk is not None else 0


def _balance(
    panel: Panel, provider: Provider, balance: Balance | UpstreamRefused | Unknown
) -> tuple[list[ChangeEvent], Problem]:
    """Our balance there, once low and once well again; and the currency that is told with it."""
    if not isinstance(balance, Balance):
        return [], NONE
    events = sync_actions.tell_currency(panel, provider, balance)
    other = sync_actions.other_currency(panel, provider)
    trouble = NONE
    if other is not None:
        trouble = problem(other.code, **dict(other.facts), followers=_followers(provider))
    try:
        provider.balance_micros = money.owned(balance.amount)
    except ValueError:
        cannot_be = problem(sync_problems.BALANCE_CANNOT_BE, said=said("too_large", amount=balance.amount))
        return events, cannot_be if trouble == NONE else trouble
    provider.balance_at = clock.now()
    calls.keep_balance(provider.id, provider.balance_micros, provider.balance_at)
    low = provider.low_balance_micros is not None and provider.balance_micros < provider.low_balance_micros
    if low != provider.balance_is_low and trouble == NONE:
        provider.balance_is_low = low
        name = "provider.low_balance" if low else "provider.balance_ok"
        facts = {"provider": provider.name, "balance": money.text(provider.balance_micros)}
        events.append(ChangeEvent(name, provider.id, facts | {"currency": provider.currency or panel.currency}))
    return events, trouble


# ---- the catalogue, in parts -------------------------------------------------------------------------


def _plan(panel: Panel, provider: Provider, offers: Offers, *, accept: bool, dry_run: bool) -> _Plan:
    """What the list changes, read without a lock. What a person changes meanwhile is for the next round."""
    counted = parts.counted(panel, provider, offers)
    plan = _Plan(_Listed(counted))
    try:
        sync_actions.believed_rate(panel=panel, provider=provider)
    except refusal.Refused as refused:
        return plan._replace(trouble=problem(refused.refusal.code, **dict(refused.refusal.facts)), believed=False)
    routes = list(
        Route.objects.filter(panel=panel, provider=provider).values_list("service_id", "upstream_service", "available")
    )
    known = {upstream_service for _, upstream_service, available in routes if available}
    kept = len(known) - len(whole_lists.lost(counted, known))
    accept = accept or (provider.kept_accepted is not None and kept >= provider.kept_accepted)
    why_not = NONE if accept else whole_lists.cannot_be(counted, known)
    if why_not != NONE:
        return plan._replace(trouble=why_not, believed=False)
    delivered = sorted({service_id for service_id, _, _ in routes})
    services, events = [], []
    try:
        for start in range(0, len(delivered), WINDOW):
            catalogue = sync_actions.load(panel, provider, delivered[start : start + WINDOW], lock=False)
            changes = sync_rules.step(catalogue, plan.listed.about(catalogue))
            of_routes = {route.service_id for route in changes.routes.values()}
            services += sorted(of_routes | set(changes.services) | {key[1] for key in changes.own_rates})
            if dry_run:
                events += changes.events
    except ValueError as error:
        return plan._replace(trouble=problem(sync_problems.LIST_CANNOT_BE, said=error.args[0]), believed=False)
    unread = whole_lists.unread(counted, {upstream_service for _, upstream_service, _ in routes})
    return plan._replace(services=services, trouble=unread, kept=kept, events=events)


def _all_parts(
    panel: Panel, provider: Provider, plan: _Plan, services: Sequence[int], events: list[ChangeEvent], *, rest: bool
) -> bool:
    """Bring these services in step; what happens is added to `events`. False where the round has to begin anew."""
    start, size = 0, PART
    while start < len(services):
        began = time.monotonic()
        told = _part(panel, provider, plan.listed, services[start : start + size])
        if told is None:
            return False
        events += told
        start += size
        took_s = time.monotonic() - began
        if took_s > PART_S:
            size = max(size // 2, PART_MIN)
        elif took_s < PART_S / 2:
            size = min(size * 2, PART_MAX)
        if rest and start < len(services):
            let_others_write(took_s)
    return True


def _part(panel: Panel, seen: Provider, listed: _Listed, services: Sequence[int]) -> list[ChangeEvent] | None:
    """Bring some services in step, as they are by now. None, and nothing was written, where the list cannot be read
    as it was when the round began: a person has changed something of the provider or its exchange rate.
    """
    try:
        with transaction.atomic():
            provider = Provider.objects.select_for_update().get(panel=panel, id=seen.id)
            if _standing(provider) != _standing(seen):
                return None
            panel = Panel.objects.get(id=panel.id)
            sync_actions.believed_rate(panel=panel, provider=provider)
            catalogue = sync_actions.load(panel, provider, services)
            changes = sync_rules.step(catalogue, listed.about(catalogue))
            sync_actions.write(panel, changes)
            _written(panel, changes.events)
    except ValueError:
        return None
    return changes.events


# ---- the end of a round ------------------------------------------------------------------------------


def _failed(provider: Provider, trouble: Problem) -> list[ChangeEvent]:
    """What a person has to look at is told once."""
    if trouble in {NONE, Problem(provider.sync_problem_code, provider.sync_problem_facts)}:
        return []
    told = problems.facts_of(trouble.problem_facts)
    facts = {"provider": provider.name, "code": trouble.problem_code, **told}
    facts["problem"] = sync_problems.words(trouble.problem_code, told)
    return [ChangeEvent("provider.sync_failed", provider.id, facts)]


def _end(panel: Panel, seen: Provider, plan: _Plan | None, trouble: Problem, events: list[ChangeEvent]) -> bool:
    """Keep what the round came to. False, and nothing was kept, where it has to begin anew."""
    now = clock.now()
    with transaction.atomic():
        provider = Provider.objects.select_for_update().get(panel=panel, id=seen.id)
        if plan is not None and _standing(provider) != _standing(seen):
            return False
        told = _failed(provider, trouble)
        provider.sync_problem_code, provider.sync_problem_facts = trouble
        provider.synced_at = now
        if provider.sync_due_at is not None:
            provider.sync_due_at = now + timedelta(minutes=provider.sync_every_min)
        if plan is not None and plan.believed:
            provider.rework, provider.kept_accepted = False, None
        provider.save(
            update_fields=[
                *("sync_problem_code", "sync_problem_facts", "synced_at", "sync_due_at", "rework", "kept_accepted"),
            ]
        )
        _written(panel, told)
    events += told
    return True


def _leave_to_worker(panel: Panel, provider: Provider, *, kept: int | None = None) -> None:
    """The rest is for a worker's round. `kept`: a person believes the list although it has only so many left."""
    accepted = {} if kept is None else {"kept_accepted": kept}
    rows = Provider.objects.filter(panel=panel, id=provider.id, sync_due_at__isnull=False)
    rows.update(sync_due_at=clock.now(), **accepted)
