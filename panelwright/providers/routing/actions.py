"""The writes of delivery. Claims are committed before a call goes out, results after it came back.

An order that was claimed is guarded by its lease: a result is written only where the lease is
still the one of the claim, so a worker that was too slow changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from panelwright.core import clock
from panelwright.core.places import Room
from panelwright.core.said import said
from panelwright.orders import lifecycle, problems, settling
from panelwright.orders.models import Job, OrderKind
from panelwright.orders.problems import NONE
from panelwright.orders.settling import OpenOrder, Report
from panelwright.providers.manual import manual_actions
from panelwright.providers.posts import subscription_actions
from panelwright.providers.posts.subscription_actions import Reports
from panelwright.providers.routing import assigning, calls, first_choices, health, health_actions, rules, stopped, store
from panelwright.providers.routing.calls import NewCall
from panelwright.providers.routing.health import FAILURES_MAX
from panelwright.providers.routing.rules import Next
from panelwright.providers.routing.store import PollTask, ProviderRow, RouteRow, SendTask
from panelwright.providers.wire.outcomes import Accepted, OrderReport, Reason, Unknown, UpstreamRefused

# Refusals of a repeat that say nothing about the first request, which may have arrived: those that come before the
# provider looks for its request_id, and those that the first one may have caused: it is the open order for the link,
# and it took the rest of our balance.
_NO_PROOF = frozenset({Reason.UNREACHABLE, Reason.LIMIT, Reason.KEY, Reason.OTHER, Reason.FUNDS, Reason.DUPLICATE})

# The same provider takes it later: a route that staff chose stays chosen.
_SAME_ROUTE = frozenset({Reason.DUPLICATE, Reason.LIMIT})

# So many refusals of an order are kept with what was sent, and the one that ends it; of a parameter so many characters.
REFUSALS_KEPT = 20
SENT_MAX = 300

# Not asked about for so long although it was due: a problem; so many are noted at a time.
SILENT_AFTER = timedelta(hours=1)
SILENT_BATCH = 1000
_PROBLEM = slice(OpenOrder._fields.index("problem_code"), OpenOrder._fields.index("problem_facts") + 1)
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
    """`sent_at` and `took_ms`: when the request went out, and until its answer; None where none did."""

    sending: Sending
    outcome: Accepted | UpstreamRefused | Unknown
    sent_at: datetime | None = None
    took_ms: int = 0


def claim_forward(limit: int, room: Room | None = None) -> list[Sending]:
    """Pending orders that are due, now Processing and ours to send until the lease ends.

    Those whose providers rest, or have had their requests of this minute, are put off; those for the
    panel's own people are handed over to them. `room`: how many more may be under way, of which those are taken that
    are claimed; an order whose provider may get no more now stands in line for it, in nobody's way.
    """
    now = clock.now()
    lines = _lines_with_room(now, room, limit)
    if not lines and not store.any_forward(now):
        return []
    claimed: list[Sending] = []
    # Where all places go to lines, those that have come since find theirs, and have their turn.
    look_at = max(limit, _LOOKED_AT) if lines and room is not None else limit
    for _ in range(_ROUNDS):
        with transaction.atomic(durable=True):
            # Who stood in line was there before those that have come since.
            of_lines = {id_: store.pick_of_line(id_, now, min(count, limit)) for id_, count in lines}
            in_line = {(id_, order.id) for id_, orders in of_lines.items() for order in orders}
            new = store.pick_forward(now, look_at)
            due = [*(order for orders in of_lines.values() for order in orders), *new]
            picked = store.with_first_routes(stopped.left_out(due, now))
            routes = store.routes({o.panel_id for o in picked}, {o.service_id for o in picked}) if picked else {}
            providers = _providers_of([route for of_service in routes.values() for route in of_service])
            merits = first_choices.merits(picked, routes)
            more = limit - len(claimed)
            assigned = assigning.assign(picked, routes, providers, now, limit=more, room=room, merits=merits)
            store.wait(assigned.later)
            store.line_up(sorted({(route.provider_id, o.id) for o, route in assigned.line} - in_line))
            manual_actions.hand_over(assigned.by_hand, now)
            _take(assigned, providers, now)
            claimed += _claimed(assigned.send, now)
            first_choices.tell_why(assigned, providers, now)
        # Orders that have to wait must not stand in the way of those behind them.
        if len(claimed) >= limit or len(new) < look_at or (claimed and room is None):
            return claimed
        look_at, lines = _LOOKED_AT, []
    return claimed


def _lines_with_room(now: datetime, room: Room | None, limit: int) -> list[tuple[int, int]]:
    """(provider id, how many more it may get), of those for which orders stand in line, as `_in_turn`."""
    ids = store.lines(now)
    return _in_turn(ids, store.providers(ids) if ids else {}, room, max(limit, _LOOKED_AT))


def _in_turn(
    ids: Sequence[int], providers: Mapping[int, ProviderRow], room: Room | None, limit: int
) -> list[tuple[int, int]]:
    """(provider id, how many more it may get): the emptiest first, then in turns; so many that they get `limit`.

    One whose row is gone has room, too: its orders go elsewhere. `ids`: the longest waiting first.
    """
    if room is None:
        return [(id_, _LOOKED_AT) for id_ in ids]
    found, count = [], 0
    for panel_id, id_ in room.in_turn([(providers[id_].panel_id if id_ in providers else 0, id_) for id_ in ids]):
        if count >= limit:
            break
        found.append((id_, room.more(panel_id, id_)))
        count += found[-1][1]
    return found


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
    know whether the order arrived, so it waits for a person, and is not sent again. `room` as in `claim_forward`:
    of each provider only as many are looked at as it may get, so those of one that is slow are in nobody's way.
    """
    now = clock.now()
    ids = store.unfinished(now)
    if not ids:
        return []
    providers = store.providers(ids)
    places = _in_turn([id_ for id_ in ids if id_ in providers], providers, room, limit) if limit else []
    looked_at = {id_ for id_, _ in places} | {id_ for id_ in ids if id_ not in providers or not _asks(providers[id_])}
    _give_up([id_ for provider_id in sorted(looked_at) for id_ in store.lost(provider_id, now, _LOOKED_AT)], now)
    if not places:
        return []
    with transaction.atomic(durable=True):
        # Locks as everywhere: orders, of which none is waited for, then providers. Parents are not needed here.
        picked = [order for id_, count in places for order in store.pick_unfinished(id_, now, min(count, limit))]
        routes = store.routes_by_id({o.route_id for o in picked if o.route_id is not None})
        providers = _providers_of(routes.values())
        known = [(order, routes[order.route_id or 0]) for order in picked if (order.route_id or 0) in routes]
        # To the same provider and to no other one, however it fares.
        asking = [(order, route) for order, route in known if _asks(providers[route.provider_id])]
        again, later = _when_it_takes(asking[:limit], providers, now, room)
        store.wait(later)
        return _claimed(again, now, again=True)


def _asks(provider: ProviderRow) -> bool:
    """Whether an order may be sent there once more, which may have arrived."""
    return provider.knows_request_id


def _give_up(lost: Sequence[int], now: datetime) -> None:
    """A person has to find out what became of these. Nothing else is locked meanwhile: their parents come first."""
    if not lost:
        return
    with transaction.atomic(durable=True):
        changes = lifecycle.OrderChanges(lifecycle.lock(lost[:SILENT_BATCH]), now)
        # Read before the lock: another worker or a person may have been faster.
        ours = [id_ for id_ in lost[:SILENT_BATCH] if _is_lost(changes.orders[id_], now)]
        tasks = store.tasks(ours)
        routes = store.routes_by_id({task.route_id for task in tasks if task.route_id is not None})
        for order_id in ours:
            changes.apply(settling.Settled(rules.left_unknown(changes.orders[order_id], problems.SENDER_STOPPED)))
        changes.write()
        sent = [(task, routes[task.route_id or 0]) for task in tasks if (task.route_id or 0) in routes]
        calls.keep([_lost_call(task, route, now) for task, route in sent])
        asked = {route.provider_id for _, route in sent}
        if asked:
            # Locked in id order before they are written to.
            calls.ask_balances(store.providers(asked, locked=True), now)


def _is_lost(order: OpenOrder, now: datetime) -> bool:
    return order.job == Job.SENDING.value and order.due_at is not None and order.due_at <= now


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
        waits = rules.asked_again(said("once_requests"))
        # One for which there is no place is left as it is, due, behind nobody of another provider.
        later += [one._replace(problem=waits, since=order.problem_at or now) for one in assigned.later]
    return again, later


def commit_sent(results: Sequence[Sent]) -> int:
    """Write what became of orders that were sent. Answers how many were still ours to write."""
    now = clock.now()
    with transaction.atomic(durable=True):
        changes = lifecycle.OrderChanges(lifecycle.lock([r.sending.order.id for r in results]), now)
        ours = [r for r in results if _is_ours(changes.orders[r.sending.order.id], r.sending)]
        ours = first_choices.known(ours)
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
        # Only looked at: they are locked at the end, all at once, by what is noted of how they fare.
        leading_to = {route.provider_id for of_service in routes.values() for route in of_service}
        providers = store.providers(leading_to) if leading_to else {}
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
        # Also what came too late was sent, and says how the provider fares.
        calls.keep([_call(result, result.sent_at) for result in results if result.sent_at is not None])
        unknown = {r.sending.provider.id for r in ours if _is_unknown(changes.orders[r.sending.order.id])}
        health_actions.note(_by_provider(results), unknown=unknown)
    return len(ours)


def _is_unknown(order: OpenOrder) -> bool:
    return order.problem_code == problems.OUTCOME_UNKNOWN


def _call(result: Sent, sent_at: datetime) -> NewCall:
    """What is kept of an order that was sent."""
    outcome, came = calls.outcome_of(result.outcome)
    return _call_of(result.sending.order, result.sending.route, outcome, came, sent_at, result.took_ms)


def _lost_call(order: SendTask, route: RouteRow, now: datetime) -> NewCall:
    """Of one whose sender died: it was claimed when its lease began, and may have gone out since."""
    sent_at = (order.due_at or now) - rules.LEASE
    return _call_of(order, route, "unknown", problems.SENDER_STOPPED, sent_at, None)


def _call_of(
    order: SendTask, route: RouteRow, outcome: str, came: str, sent_at: datetime, took_ms: int | None
) -> NewCall:
    sent = calls.written(_params(order, route, ""))
    # As its provider counts, whose balance it is held against.
    cost, _ = rules.estimated_cost(
        type_name=order.type_name, units=order.quantity, rate_micros=route.rate_micros, rate_e12=rules.PAR_E12
    )
    which = (order.panel_id, order.id, route.provider_id, route.id, "add", outcome, order.attempts)
    return NewCall(*which, sent, came, cost, sent_at, took_ms)


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
        return rules.left_unknown(order, said("up_no_id", provider=provider.name))
    if (provider.id, ref) in taken:
        return rules.left_unknown(order, said("up_id_taken", provider=provider.name, id=ref))
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
        return order._replace(due_at=due_at, lease_until=None).having(rules.asked_again(outcome.text))
    return rules.left_unknown(order, outcome.text, outcome.evidence)


def _after_refusal(
    order: OpenOrder,
    sending: Sending,
    refused: UpstreamRefused,
    routes: dict[int, list[RouteRow]],
    providers: dict[int, ProviderRow],
    now: datetime,
) -> settling.Settled:
    if refused.known_request_id:
        return settling.Settled(
            rules.left_unknown(order, said("up_other_order", provider=sending.provider.name, said=refused.text))
        )
    if sending.again and refused.reason in _NO_PROOF:
        after = rules.after_refusal(
            refused, provider=sending.provider.name, attempts=sending.order.attempts, more_routes=False, now=now
        )
        waits = order._replace(due_at=after.due_at, lease_until=None).having(rules.asked_again(refused.text))
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
    return _params(sending.order, sending.route, secret)


def _params(order: SendTask, route: RouteRow, secret: str) -> dict[str, str]:
    return rules.upstream_params(
        kind=order.kind,
        type_name=order.type_name,
        upstream_service=route.upstream_service,
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
        named = [r.currency for r in reports.values() if isinstance(r, OrderReport) and r.charge is not None]
        exchange = store.exchange(provider_id, named) if named else None
        following = _following(changes, asked, reports, posts or {})
        ours, telling = 0, []
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
            if (call := _telling(order, changes.orders[ask.id], report, now)) is not None:
                telling.append(call)
        changes.write()
        calls.keep(telling)
        if following is not None:
            following.done()
    return ours


def _telling(
    before: OpenOrder, after: OpenOrder, report: OrderReport | UpstreamRefused | Unknown | None, now: datetime
) -> NewCall | None:
    """What is kept of a status: what gives money back or needs a person. All others say what the order's row says."""
    problem = after.problem_code and (after.problem_code, after.problem_facts) != before[_PROBLEM]
    short = after.ended_at is not None and after.status in {"Partial", "Canceled"}
    if report is None or after.provider_id is None or not (problem or short):
        return None
    back = None
    if isinstance(report, OrderReport):
        told = {"status": report.raw_status, "charge": report.charge, "start_count": report.start_count}
        told |= {"remains": report.remains, "currency": report.currency}
        outcome, came = "reported", json.dumps({k: str(v) for k, v in told.items() if v not in (None, "")})
        if short and before.cost_micros is not None and before.cost_rate_e12:
            back = -(before.cost_micros - (after.cost_micros or 0)) * rules.PAR_E12 // before.cost_rate_e12
    else:
        outcome, came = calls.outcome_of(report)
    sent = calls.written({"order": after.upstream_id or before.upstream_id or ""})
    which = (after.panel_id, after.id, after.provider_id, after.route_id, "status", outcome, 0)
    return NewCall(*which, sent, came, back, now, 0)


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
    since = now - SILENT_AFTER
    with transaction.atomic(durable=True):
        # Read before the lock, as parents come first: who waits for one must not hold its child.
        seen = store.overdue(provider_id, since, limit)
        changes = lifecycle.OrderChanges(lifecycle.lock(seen), now)
        overdue = [id_ for id_ in seen if _is_overdue(changes.orders[id_], provider_id, since)]
        for order_id in overdue:
            order = changes.orders[order_id]
            kept = order.problem_code not in {"", problems.PROVIDER_SILENT, problems.PROVIDER_GONE}
            # Still due now: as soon as the provider is back it is asked about them.
            changes.apply(settling.Settled((order if kept else order.having(silent))._replace(due_at=now)))
        changes.write()
    return len(overdue)


def _is_overdue(order: OpenOrder, provider_id: int, since: datetime) -> bool:
    due = order.due_at is not None and order.due_at <= since
    return due and order.job == Job.POLL.value and order.provider_id == provider_id


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
        told = Report(report.status, report.start_count, report.remains, report.raw_status, cost)
        settled = settling.settle(order, told, now)
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
