"""The writes of delivery. Claims are committed before a call goes out, results after it came back.

An order that was claimed is guarded by its lease: a result is written only where the lease is
still the one of the claim, so a worker that was too slow changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from panelwright.core import clock
from panelwright.orders import lifecycle, problems, settling
from panelwright.orders.models import Job, OrderKind
from panelwright.orders.problems import NONE, Problem
from panelwright.orders.settling import OpenOrder, Report
from panelwright.providers.manual import manual_actions
from panelwright.providers.posts import subscription_actions
from panelwright.providers.posts.subscription_actions import Reports
from panelwright.providers.routing import assigning, health, health_actions, rules, store
from panelwright.providers.routing.health import FAILURES_MAX
from panelwright.providers.routing.room import Room
from panelwright.providers.routing.rules import Next
from panelwright.providers.routing.store import PollTask, ProviderRow, RouteRow, SendTask
from panelwright.providers.wire.outcomes import Accepted, OrderReport, Reason, Unknown, UpstreamRefused

# Refusals of a repeat that come before the provider looks for its request_id: they say nothing about the
# first request, which may have arrived.
_NO_PROOF = frozenset({Reason.UNREACHABLE, Reason.LIMIT, Reason.KEY, Reason.OTHER})


# The same provider takes it later: a route that staff chose stays chosen.
_SAME_ROUTE = frozenset({Reason.DUPLICATE, Reason.LIMIT})

# So many refusals of an order are kept with what was sent, and the one that ends it; of a parameter so many characters.
REFUSALS_KEPT = 20
SENT_MAX = 300

# Not asked about for so long although it was due: a problem; so many are noted at a time.
SILENT_AFTER = timedelta(hours=1)
SILENT_BATCH = 1000
# An order that is sent once more waits so long where its provider has as many requests under way as it may.
IN_LINE_AGAIN = timedelta(seconds=2)
# How many orders a claim looks at when all of the first ones had to be put off, and how often.
_LOOKED_AT = 200
_ROUNDS = 20


class Sending(NamedTuple):
    """An order on its way: what is sent, to whom, and the lease that proves the claim.

    `again`: it was sent before, with the same request_id, and nobody knows what became of that.
    """

    order: SendTask
    route: RouteRow
    provider: ProviderRow
    lease_until: datetime
    again: bool = False


class Sent(NamedTuple):
    sending: Sending
    outcome: Accepted | UpstreamRefused | Unknown


def claim_forward(limit: int, room: Room | None = None) -> list[Sending]:
    """Pending orders that are due, now Processing and ours to send until the lease ends.

    Those whose providers rest, or have had their requests of this minute, are put off; those for the
    panel's own people are handed over to them. `room`: how many more may be under way, of which those are taken that
    are claimed; an order whose provider may get no more now stands in line for it, in nobody's way.
    """
    now = clock.now()
    lines = _lines_with_room(now, room)
    if not lines and not store.any_forward(now):
        return []
    claimed: list[Sending] = []
    look_at = limit
    for _ in range(_ROUNDS):
        with transaction.atomic(durable=True):
            # Who stood in line was there before those that have come since.
            of_lines = {id_: store.pick_of_line(id_, now, min(count, limit)) for id_, count in lines}
            in_line = {(id_, order.id) for id_, orders in of_lines.items() for order in orders}
            new = store.pick_forward(now, look_at)
            picked = [*(order for orders in of_lines.values() for order in orders), *new]
            routes = store.routes({o.panel_id for o in picked}, {o.service_id for o in picked}) if picked else {}
            providers = _providers_of([route for of_service in routes.values() for route in of_service])
            assigned = assigning.assign(picked, routes, providers, now, limit=limit - len(claimed), room=room)
            store.wait(assigned.later)
            store.line_up(sorted({(route.provider_id, o.id) for o, route in assigned.line} - in_line))
            manual_actions.hand_over(assigned.by_hand, now)
            _take(assigned, providers, now)
            claimed += _claimed(assigned.send, now)
        # Orders that have to wait must not stand in the way of those behind them.
        if len(claimed) >= limit or len(new) < look_at or (claimed and room is None):
            return claimed
        look_at, lines = _LOOKED_AT, []
    return claimed


def _lines_with_room(now: datetime, room: Room | None) -> list[tuple[int, int]]:
    """(provider id, how many more it may get), of those for which orders stand in line; the emptiest first."""
    ids = store.lines()
    providers = store.providers(ids) if ids else {}
    found = []
    for id_ in ids:
        panel_id = providers[id_].panel_id if id_ in providers else 0
        more = _LOOKED_AT if room is None else room.more(panel_id, id_)
        if more and store.any_of_line(id_, now):
            found.append((id_, more))
    return sorted(found, key=lambda line: -line[1])


def _providers_of(routes: Collection[RouteRow]) -> dict[int, ProviderRow]:
    """The providers that routes lead to; locked where it is counted what they get."""
    ids = {route.provider_id for route in routes}
    found = store.providers(ids) if ids else {}
    counted = [p.id for p in found.values() if p.per_minute_max is not None or p.health.failures >= FAILURES_MAX]
    return found | store.providers(counted, locked=True) if counted else found


def _take(assigned: assigning.Assigned, providers: dict[int, ProviderRow], now: datetime) -> None:
    """Write down what of the providers' limits is taken, and that an order tries one that had rested."""
    for provider_id, spoken_for_us in sorted(assigned.spoken_for_us.items()):
        store.speak_for(provider_id, spoken_for_us)
    for provider_id in sorted(assigned.trials):
        # Until it is known, or the time is up, nobody else tries it.
        store.set_health(provider_id, providers[provider_id].health._replace(rest_until=now + health.TRIAL))


def _claimed(chosen: Sequence[tuple[SendTask, RouteRow]], now: datetime, *, again: bool = False) -> list[Sending]:
    lease_until = now + rules.LEASE
    store.claim_sending(chosen, lease_until)
    providers = store.providers({route.provider_id for _, route in chosen}) if chosen else {}
    return [
        Sending(order._replace(attempts=order.attempts + 1), route, providers[route.provider_id], lease_until, again)
        for order, route in chosen
    ]


def claim_unfinished(limit: int, room: Room | None = None) -> list[Sending]:
    """Orders whose sender died between claim and result, or whose outcome was unknown.

    Where the provider knows `request_id` they are claimed again, to be sent to the same route with
    the same request_id: that gives the first order, if there was one. Everywhere else nobody can
    know whether the order arrived, so it waits for a person, and is not sent again. `room` as in `claim_forward`.
    """
    now = clock.now()
    if not store.any_sending(now):
        return []
    with transaction.atomic(durable=True):
        picked = store.pick_unfinished(now, limit)
        routes = store.routes_by_id({o.route_id for o in picked if o.route_id is not None})
        providers = _providers_of(routes.values())
        asking, lost = [], []
        for order in picked:
            route = routes.get(order.route_id or 0)
            if route is not None and providers[route.provider_id].knows_request_id:
                # To the same provider and to no other one, however it fares.
                asking.append((order, route))
            else:
                lost.append(order.id)
        again, later = _when_it_takes(asking, providers, now, room)
        store.wait(later)
        changes = lifecycle.OrderChanges(lifecycle.lock(lost), now)
        for order_id in lost:
            changes.apply(settling.Settled(_unknown(changes.orders[order_id], problems.SENDER_STOPPED)))
        changes.write()
        return _claimed(again, now, again=True)


def _when_it_takes(
    asking: Sequence[tuple[SendTask, RouteRow]], providers: dict[int, ProviderRow], now: datetime, room: Room | None
) -> tuple[list[tuple[SendTask, RouteRow]], list[assigning.Deferred]]:
    """Of orders that go to their provider once more, those that may go now; the others wait for it."""
    again, later = [], []
    for order, route in asking:
        assigned = assigning.assign(
            [order._replace(route_id=None)], {order.service_id: [route]}, providers, now, room=room
        )
        _take(assigned, providers, now)
        for id_, spoken_for_us in assigned.spoken_for_us.items():
            providers[id_] = providers[id_]._replace(spoken_for_us=spoken_for_us)
        for id_ in assigned.trials:
            rests = providers[id_].health._replace(rest_until=now + health.TRIAL)
            providers[id_] = providers[id_]._replace(health=rests)
        if assigned.send:
            again.append((order, route))
        # What is known of the order's outcome stays its problem.
        waits = _asked_again("once the provider takes requests")
        put_off = [*assigned.later, *(assigning.Deferred(o.id, now + IN_LINE_AGAIN) for o, _ in assigned.line)]
        later += [one._replace(problem=waits, since=order.problem_at or now) for one in put_off]
    return again, later


def _unknown(order: OpenOrder, why: str, said: str = "") -> OpenOrder:
    """Nothing but a person moves it now. `said`: the start of what came back, where something did."""
    facts = {"why": why, "said": said} if said else {"why": why}
    unknown = problems.problem(problems.OUTCOME_UNKNOWN, **facts)
    return order._replace(job=None, due_at=None, lease_until=None).having(unknown)


def _asked_again(why: str) -> Problem:
    return problems.problem(problems.OUTCOME_ASKED_AGAIN, why=why)


def commit_sent(results: Sequence[Sent]) -> int:
    """Write what became of orders that were sent. Answers how many were still ours to write."""
    now = clock.now()
    with transaction.atomic(durable=True):
        changes = lifecycle.OrderChanges(lifecycle.lock([r.sending.order.id for r in results]), now)
        ours = [r for r in results if _is_ours(changes.orders[r.sending.order.id], r.sending)]
        refs = {
            (r.sending.order.panel_id, r.sending.provider.id, r.outcome.ref)
            for r in ours
            if isinstance(r.outcome, Accepted) and r.outcome.ref
        }
        taken = store.taken_upstream_ids(refs)
        routes = (
            store.routes({r.sending.order.panel_id for r in ours}, {r.sending.order.service_id for r in ours})
            if any(isinstance(r.outcome, UpstreamRefused) for r in ours)
            else {}
        )
        providers = _providers_of([route for of_service in routes.values() for route in of_service])
        for result in ours:
            order = changes.orders[result.sending.order.id]
            if isinstance(result.outcome, Accepted):
                changes.apply(settling.Settled(_accepted(order, result, taken, now)))
            elif isinstance(result.outcome, Unknown):
                changes.apply(settling.Settled(_after_unknown(order, result.sending, result.outcome, now)))
            else:
                refused = _after_refusal(order, result.sending, result.outcome, routes, providers, now)
                if result.sending.order.attempts <= REFUSALS_KEPT or refused.order.ended_at is not None:
                    changes.event("order.refused", order, _refusal_facts(result.sending, result.outcome))
                changes.apply(refused)
        changes.write()
        # Also what came too late says how the provider fares.
        health_actions.note(_by_provider(results))
    return len(ours)


def _by_provider(results: Sequence[Sent]) -> dict[int, tuple[ProviderRow, list[object]]]:
    given: dict[int, tuple[ProviderRow, list[object]]] = {}
    for result in results:
        provider = result.sending.provider
        given.setdefault(provider.id, (provider, []))[1].append(result.outcome)
    return given


def _is_ours(order: OpenOrder, sending: Sending) -> bool:
    return order.job == Job.SENDING.value and order.lease_until == sending.lease_until and order.ended_at is None


def _accepted(order: OpenOrder, result: Sent, taken: set[tuple[int, str]], now: datetime) -> OpenOrder:
    assert isinstance(result.outcome, Accepted)
    ref, provider = result.outcome.ref, result.sending.provider
    if not ref:
        return _unknown(order, f"{provider.name} said yes and gave no order id")
    if (provider.id, ref) in taken:
        return _unknown(order, f"{provider.name} answered with id {ref}, which another order has already")
    taken.add((provider.id, ref))
    order = order._replace(
        provider_id=provider.id,
        upstream_id=ref,
        job=Job.POLL.value,
        lease_until=None,
        due_at=now + settling.POLL_MIN,
        attempts=0,
        chosen_route_id=None,
    )
    return order.having(NONE)


def _after_unknown(order: OpenOrder, sending: Sending, outcome: Unknown, now: datetime) -> OpenOrder:
    if sending.provider.knows_request_id:
        # Asked again by itself, with the same request_id, after a while.
        due_at = now + rules.backoff(sending.order.attempts)
        return order._replace(due_at=due_at, lease_until=None).having(_asked_again(outcome.text))
    return _unknown(order, outcome.text, outcome.evidence)


def _after_refusal(
    order: OpenOrder,
    sending: Sending,
    refused: UpstreamRefused,
    routes: dict[int, list[RouteRow]],
    providers: dict[int, ProviderRow],
    now: datetime,
) -> settling.Settled:
    if "request_id" in refused.text.lower():
        # The provider knows this request_id with another input: an order of ours is there already.
        return settling.Settled(_unknown(order, f"{sending.provider.name} has another order for it: {refused.text}"))
    if sending.again and refused.reason in _NO_PROOF:
        after = rules.after_refusal(
            refused, provider=sending.provider.name, attempts=sending.order.attempts, more_routes=False, now=now
        )
        waits = order._replace(due_at=after.due_at, lease_until=None).having(_asked_again(refused.text))
        return settling.Settled(waits)
    usable = routes.get(sending.order.service_id, [])
    more = bool(assigning.after_refusal(sending.order, usable, sending.route.id))
    after = rules.after_refusal(
        refused, provider=sending.provider.name, attempts=sending.order.attempts, more_routes=more, now=now
    )
    if after.step is Next.CANCEL and refused.reason in rules.FINAL and _one_rests(sending, usable, providers, now):
        # A route that was passed over because its provider rests may take it yet.
        after = after._replace(step=Next.WAIT, due_at=now + rules.backoff(sending.order.attempts))
    if after.step is Next.CANCEL:
        order = order._replace(upstream_id=None)
        return settling.end(order, "Canceled", remains=order.quantity, now=now)
    again = order._replace(
        status=settling.unsent(order.kind),
        job=Job.FORWARD.value,
        provider_id=None,
        cost_micros=None,
        cost_rate_e12=None,
        # The route that refused is kept, so that the next one is tried; after waiting, the first one again.
        route_id=order.route_id if after.step is Next.OTHER_ROUTE else None,
        lease_until=None,
        due_at=after.due_at,
        # A route that staff chose has had its turn, unless it is the one that is waited for.
        chosen_route_id=order.chosen_route_id if refused.reason in _SAME_ROUTE else None,
    )
    # On its way to the next route it keeps the trouble that it had, and since when.
    return settling.Settled(again if after.step is Next.OTHER_ROUTE else again.having(after.problem))


def params_of(sending: Sending, secret: str) -> dict[str, str]:
    """The parameters of `add` for an order on its way, without our key. `secret`: what request ids are made of."""
    order = sending.order
    return rules.upstream_params(
        kind=order.kind,
        type_name=order.type_name,
        upstream_service=sending.route.upstream_service,
        link=order.link,
        quantity=order.quantity,
        fields=order.fields,
        request_id=rules.request_id(secret, order.id, order.created_at, order.sent_anew),
    )


def _refusal_facts(sending: Sending, refused: UpstreamRefused) -> dict[str, object]:
    """What is kept of a refusal: who refused, in which words, and what it was sent."""
    sent = {name: value[:SENT_MAX] for name, value in params_of(sending, "").items() if name != "request_id"}
    return {
        "provider": sending.provider.id,
        "name": sending.provider.name,
        "route": sending.route.id,
        "reason": refused.reason.name.lower(),
        "said": refused.text,
        "sent": sent,
        "attempt": sending.order.attempts,
    }


def _one_rests(sending: Sending, routes: Sequence[RouteRow], providers: dict[int, ProviderRow], now: datetime) -> bool:
    others = [route for route in assigning.in_order(sending.order, routes) if route.id != sending.route.id]
    return any(not health.takes_orders(providers[route.provider_id].health, now) for route in others)


def claim_poll(provider_id: int, limit: int) -> list[PollTask]:
    """Up to `limit` orders of one provider to be asked about, if one is due.

    The request is filled with those that will be due in a moment: what is asked in one request need
    not be asked in two.
    """
    now = clock.now()
    if not store.any_poll(provider_id, now):
        return []
    with transaction.atomic(durable=True):
        return store.claim_poll(provider_id, now + rules.POLL_AHEAD, now + rules.LEASE, limit)


def commit_polled(
    asked: Sequence[PollTask],
    reports: dict[str, OrderReport | UpstreamRefused | Unknown],
    *,
    provider_id: int,
    posts: Reports | None = None,
) -> int:
    """Settle orders by what their provider reported. Answers how many were still ours to settle.

    `posts` are its reports on orders that it made of subscriptions and that we do not have yet, by its ids.
    """
    now = clock.now()
    with transaction.atomic(durable=True):
        changes = lifecycle.OrderChanges(lifecycle.lock([a.id for a in asked]), now)
        said = [r.currency for r in reports.values() if isinstance(r, OrderReport) and r.charge is not None]
        exchange = store.exchange(provider_id, said) if said else None
        following = _following(changes, asked, reports, posts or {})
        ours = 0
        for ask in asked:
            # A neighbour's end may have changed this one (a drip-feed's parent), so read it anew.
            order = changes.orders[ask.id]
            if order.lease_until != ask.token or order.job != Job.POLL.value or order.provider_id != provider_id:
                continue
            ours += 1
            report = reports.get(ask.upstream_id)
            if following is not None and order.kind == OrderKind.SUBSCRIPTION.value and isinstance(report, OrderReport):
                changes.apply(following.follow(order, report))
            else:
                changes.apply(_polled(order, report, exchange, now))
        changes.write()
        if following is not None:
            following.done()
    return ours


def _following(
    changes: lifecycle.OrderChanges, asked: Sequence[PollTask], reports: Reports, posts: Reports
) -> subscription_actions.Following | None:
    """What the subscriptions among the asked orders need; None when there are none. Locks accounts."""
    theirs = {
        ask.id: report
        for ask in asked
        if changes.orders[ask.id].kind == OrderKind.SUBSCRIPTION.value
        and isinstance(report := reports.get(ask.upstream_id), OrderReport)
    }
    if not theirs:
        return None
    # Of all of them, as any may get a refund: accounts are locked in id order, once.
    accounts = {order.account_id for order in changes.orders.values()}
    subscriptions = [changes.orders[order_id] for order_id in theirs]
    return subscription_actions.Following.load(changes, subscriptions, theirs, posts, accounts)


def note_silent(limit: int = SILENT_BATCH) -> int:
    """Orders that should have been asked about for an hour and could not be, because their provider rests or is gone:
    each becomes a problem. Answers how many. Whatever the provider says of them heals it."""
    now = clock.now()
    ids = store.polled_providers()
    providers = store.providers(ids) if ids else {}
    # Where it answers and allows few requests, orders wait for their turn.
    silent = [id_ for id_ in ids if id_ not in providers or providers[id_].health.failures >= FAILURES_MAX]
    return sum(_note_silent(id_, providers.get(id_), now, limit) for id_ in silent)


def _note_silent(provider_id: int, provider: ProviderRow | None, now: datetime, limit: int) -> int:
    if provider is None:
        silent = problems.problem(problems.PROVIDER_GONE, provider=provider_id)
    else:
        silent = problems.problem(problems.PROVIDER_SILENT, provider=provider.name, said=provider.health.problem)
    with transaction.atomic(durable=True):
        overdue = store.overdue(provider_id, now - SILENT_AFTER, limit)
        changes = lifecycle.OrderChanges(lifecycle.lock(overdue), now)
        for order_id in overdue:
            order = changes.orders[order_id]
            kept = order.problem_code not in {"", problems.PROVIDER_SILENT, problems.PROVIDER_GONE}
            # Still due now: as soon as the provider is back it is asked about them.
            changes.apply(settling.Settled((order if kept else order.having(silent))._replace(due_at=now)))
        changes.write()
    return len(overdue)


def _polled(
    order: OpenOrder,
    report: OrderReport | UpstreamRefused | Unknown | None,
    exchange: rules.Exchange | None,
    now: datetime,
) -> settling.Settled:
    attempts = min(order.attempts + 1, 1000)
    due_at = max(settling.next_poll(order, now), now + rules.backoff(attempts))
    if isinstance(report, OrderReport):
        cost = rules.told_cost(report, exchange)
        said = Report(report.status, report.start_count, report.remains, report.raw_status, cost)
        settled = settling.settle(order, said, now)
        if settled.order.problem_code:
            # What is not understood is asked about less and less often.
            return settled._replace(order=settled.order._replace(attempts=attempts, due_at=due_at))
        return settled
    order = order._replace(attempts=attempts, lease_until=None, due_at=due_at)
    if isinstance(report, UpstreamRefused) and report.reason is Reason.NOT_FOUND:
        not_known = problems.problem(problems.NOT_KNOWN_UPSTREAM, upstream_id=order.upstream_id)
        return settling.Settled(order.having(not_known))
    if isinstance(report, UpstreamRefused) and report.reason not in {Reason.LIMIT, Reason.UNREACHABLE}:
        return settling.Settled(order.having(problems.problem(problems.STATUS_REFUSED, said=report.text)))
    # A passing fault of the whole request: the order itself has no problem.
    return settling.Settled(order)
