"""The writes of how providers fare: what their answers say of them, and the lease of their rate limits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.db import transaction

from panelwright.core import clock
from panelwright.events.actions import NewEvent, record
from panelwright.providers.routing import assigning, calls, health, store
from panelwright.providers.routing.health import FAILURES_MAX, Health, HealthSignal, HealthState
from panelwright.providers.routing.store import ProviderRow


def note(answers: Mapping[int, tuple[ProviderRow, Iterable[object]]], unknown: Collection[int] = ()) -> None:
    """Write what answers say of the providers (by id) that gave them. Inside the caller's transaction.

    The rows as they were when the requests were made come along: a provider that was well and
    answered is not written to. `unknown`: those of whose answers an order's outcome does not come out; our balance
    there is evidence, and is read at once.
    """
    verdicts = {id_: health.judge(given) for id_, (_, given) in answers.items()}
    telling = {id_ for id_, verdict in verdicts.items() if _tells(answers[id_][0].health, verdict)}
    if not telling and not unknown:
        return
    now = clock.now()
    events = []
    locked = store.providers({*telling, *unknown}, locked=True)
    calls.ask_balances(unknown, now)
    for provider in (locked[id_] for id_ in sorted(telling & set(locked))):
        after = health.after(provider.health, verdicts[provider.id], now)
        store.set_health(provider.id, after)
        events += _events(provider, after)
    record(events, now=now)


def _tells(before: Health, verdict: HealthSignal) -> bool:
    news = verdict.failures or verdict.pause_s is not None or verdict.no_funds
    return bool(news) or (verdict.answered and before != Health())


def _events(provider: ProviderRow, after: Health) -> list[NewEvent]:
    before = provider.health
    facts: dict[str, object] = {"provider": provider.name, "said": after.problem}
    names = []
    if before.failures < FAILURES_MAX <= after.failures:
        names.append("provider.resting")
    if after.failures < FAILURES_MAX <= before.failures:
        names.append("provider.back")
    if after.sends_rest_until is not None and before.sends_rest_until is None:
        names.append("provider.no_funds")
    return [NewEvent(provider.panel_id, name, provider.id, facts) for name in names]


def note_one(provider: ProviderRow, answers: Iterable[object]) -> bool:
    """As `note`, for one provider, in a transaction of its own. Answers whether it answered at all."""
    given = list(answers)
    verdict = health.judge(given)
    if _tells(provider.health, verdict):
        with transaction.atomic(durable=True):
            note({provider.id: (provider, given)})
    return verdict.answered


def take_request(provider: ProviderRow) -> bool:
    """Whether one request may go out to this provider now; it is counted then, over all processes."""
    now = clock.now()
    if provider.per_minute_max is None:
        return health.state(provider.health, now) in {HealthState.WELL, HealthState.TRIAL}
    with transaction.atomic(durable=True):
        fresh = store.providers([provider.id], locked=True).get(provider.id)
        if fresh is None or health.state(fresh.health, now) not in {HealthState.WELL, HealthState.TRIAL}:
            return False
        granted, spoken_for_us = health.permits(
            per_minute_max=fresh.per_minute_max,
            spoken_for_us=fresh.spoken_for_us,
            wanted=1,
            now_us=assigning.micros_of(now),
        )
        store.speak_for(provider.id, spoken_for_us)
        return bool(granted)


def next_request_s(provider: ProviderRow) -> float | None:
    """After how many seconds a request may go out by the provider's limit; None while it rests or asked for a pause."""
    now = clock.now()
    fresh = store.providers([provider.id]).get(provider.id)
    if fresh is None or health.state(fresh.health, now) not in {HealthState.WELL, HealthState.TRIAL}:
        return None
    if fresh.per_minute_max is None:
        return 0.0
    now_us = assigning.micros_of(now)
    at_us = health.next_permit_us(per_minute_max=fresh.per_minute_max, spoken_for_us=fresh.spoken_for_us, now_us=now_us)
    return (at_us - now_us) / 1_000_000


def claim_trial(provider_id: int) -> ProviderRow | None:
    """A provider whose rest is over, ours to try with a harmless request; None when another worker does it."""
    now = clock.now()
    with transaction.atomic(durable=True):
        provider = store.providers([provider_id], locked=True).get(provider_id)
        if provider is None or provider.health.failures < FAILURES_MAX:
            return None
        rest_until = provider.health.rest_until
        if rest_until is None or rest_until > now:
            return None
        store.set_health(provider_id, provider.health._replace(rest_until=now + health.TRIAL))
        return provider


def commit_trial(provider: ProviderRow, answer: object) -> None:
    """After the harmless request: one order may try it, or it rests on, twice as long."""
    now = clock.now()
    verdict = health.judge([answer])
    with transaction.atomic(durable=True):
        fresh = store.providers([provider.id], locked=True).get(provider.id)
        if fresh is None or fresh.health.failures < FAILURES_MAX:
            return
        if verdict.answered:
            store.set_health(provider.id, health.answers_again(fresh.health))
        elif verdict.pause_s is not None:
            store.set_health(provider.id, fresh.health._replace(rest_until=now + health.REST_MIN))
        else:
            store.set_health(provider.id, health.after(fresh.health, verdict, now))
