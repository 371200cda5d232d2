"""The writes of delivery. Claims are committed before a call goes out, results after it came back.

An order that was claimed is guarded by its lease: a result is written only where the lease is
still the one of the claim, so a worker that was too slow changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from panelwright.core import clock
from panelwright.core.secret import Box
from panelwright.orders import settling, work
from panelwright.orders.models import Job
from panelwright.orders.settling import OpenOrder, Report
from panelwright.providers import manual_actions, manual_rules, rules, store
from panelwright.providers.models import Provider, Route
from panelwright.providers.outcomes import Accepted, OrderReport, Reason, Refused, Unknown
from panelwright.providers.rules import Next
from panelwright.providers.store import ProviderRow, RouteRow, ToAsk, ToSend

UNKNOWN_OUTCOME = "outcome unknown"
# Refusals of a repeat that come before the provider looks for its request_id: they say nothing about the
# first request, which may have arrived.
_NO_PROOF = frozenset({Reason.UNREACHABLE, Reason.LIMIT, Reason.KEY, Reason.OTHER})


class Sending(NamedTuple):
    """An order on its way: what is sent, to whom, and the lease that proves the claim.

    `again`: it was sent before, with the same request_id, and nobody knows what became of that.
    """

    order: ToSend
    route: RouteRow
    provider: ProviderRow
    lease_until: datetime
    again: bool = False


class Sent(NamedTuple):
    sending: Sending
    outcome: Accepted | Refused | Unknown


def add_provider(*, panel_id: int, name: str, url: str, key: str, knows_request_id: bool = False) -> Provider:
    """A new provider; its key is encrypted before it is stored. Raises ValueError when something is missing."""
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"provider address {url!r}: write the API address with http:// or https://")
    if not key or not name:
        raise ValueError("a provider needs a name and an API key")
    return Provider.objects.create(
        panel_id=panel_id,
        name=name,
        url=url,
        sealed_key=Box(settings.SECRET_KEY).seal(key),
        knows_request_id=knows_request_id,
    )


def set_provider_url(*, panel_id: int, provider_id: int, url: str) -> None:
    """Where the provider is reached from now on. Raises ValueError when the panel has no such provider."""
    if not Provider.objects.filter(panel_id=panel_id, id=provider_id).update(url=url):
        raise ValueError(f"there is no provider {provider_id} on this panel")


def add_routes(panel_id: int, routes: Sequence[tuple[int, int, str]]) -> None:
    """Routes as (service id, provider id, upstream's service id); a service's first one is tried first."""
    positions: dict[int, int] = {}
    rows = []
    with transaction.atomic():
        for service_id, provider_id, upstream_service in routes:
            if service_id not in positions:
                positions[service_id] = Route.objects.filter(panel_id=panel_id, service_id=service_id).count()
            rows.append(
                Route(
                    panel_id=panel_id,
                    service_id=service_id,
                    provider_id=provider_id,
                    upstream_service=upstream_service,
                    position=positions[service_id],
                )
            )
            positions[service_id] += 1
        Route.objects.bulk_create(rows, batch_size=500)


def claim_forward(limit: int) -> list[Sending]:
    """Pending orders that are due, now Processing and ours to send until the lease ends.

    Those that go to the panel's own people are put into their queue instead.
    """
    now = clock.now()
    if not store.any_due(Job.FORWARD.value, now):
        return []
    with transaction.atomic(durable=True):
        picked = store.pick_forward(now, limit)
        routes = store.routes({o.panel_id for o in picked}, {o.service_id for o in picked}) if picked else {}
        chosen, without = [], []
        for order in picked:
            route = _choose(routes.get(order.service_id, []), order.route_id)
            if route is None:
                without.append(order.id)
            else:
                chosen.append((order, route))
        store.no_route(without, "no provider is set for this service", now + rules.NO_ROUTE_AGAIN)
        return _claimed(manual_actions.hand_over(chosen, now), now)


def _choose(routes: Sequence[RouteRow], refused_by: int | None) -> RouteRow | None:
    """The route after the one that refused; the first one when there is none after it."""
    if refused_by is not None:
        places = [i for i, route in enumerate(routes) if route.id == refused_by]
        if places and places[0] + 1 < len(routes):
            return routes[places[0] + 1]
    return routes[0] if routes else None


def _claimed(chosen: Sequence[tuple[ToSend, RouteRow]], now: datetime, *, again: bool = False) -> list[Sending]:
    lease_until = now + rules.LEASE
    store.claim_sending(chosen, lease_until)
    providers = store.providers({route.provider_id for _, route in chosen}) if chosen else {}
    return [
        Sending(order._replace(attempts=order.attempts + 1), route, providers[route.provider_id], lease_until, again)
        for order, route in chosen
    ]


def claim_unfinished(limit: int) -> list[Sending]:
    """Orders whose sender died between claim and result, or whose outcome was unknown.

    Where the provider knows `request_id` they are claimed again, to be sent to the same route with
    the same request_id: that gives the first order, if there was one. Everywhere else nobody can
    know whether the order arrived, so it waits for a person, and is not sent again.
    """
    now = clock.now()
    if not store.any_due(Job.SENDING.value, now):
        return []
    with transaction.atomic(durable=True):
        picked = store.pick_unfinished(now, limit)
        routes = store.routes_by_id({o.route_id for o in picked if o.route_id is not None})
        providers = store.providers({route.provider_id for route in routes.values()})
        again, lost = [], []
        for order in picked:
            route = routes.get(order.route_id or 0)
            if route is not None and providers[route.provider_id].knows_request_id:
                again.append((order, route))
            else:
                lost.append(order.id)
        changes = work.Changes(work.lock(lost), now)
        for order_id in lost:
            changes.apply(settling.Settled(_unknown(changes.orders[order_id], "the sender stopped in the middle")))
        changes.write()
        return _claimed(again, now, again=True)


def _unknown(order: OpenOrder, why: str) -> OpenOrder:
    return order._replace(job=None, due_at=None, lease_until=None, problem=f"{UNKNOWN_OUTCOME}: {why}"[:1000])


def commit_sent(results: Sequence[Sent]) -> int:
    """Write what became of orders that were sent. Answers how many were still ours to write."""
    now = clock.now()
    with transaction.atomic(durable=True):
        changes = work.Changes(work.lock([r.sending.order.id for r in results]), now)
        ours = [r for r in results if _is_ours(changes.orders[r.sending.order.id], r.sending)]
        refs = {
            (r.sending.order.panel_id, r.sending.provider.id, r.outcome.ref)
            for r in ours
            if isinstance(r.outcome, Accepted) and r.outcome.ref
        }
        taken = store.taken_upstream_ids(refs)
        routes = (
            store.routes({r.sending.order.panel_id for r in ours}, {r.sending.order.service_id for r in ours})
            if any(isinstance(r.outcome, Refused) for r in ours)
            else {}
        )
        for result in ours:
            order = changes.orders[result.sending.order.id]
            if isinstance(result.outcome, Accepted):
                changes.apply(settling.Settled(_accepted(order, result, taken, now)))
            elif isinstance(result.outcome, Unknown):
                changes.apply(settling.Settled(_after_unknown(order, result.sending, result.outcome, now)))
            else:
                changes.apply(_after_refusal(order, result.sending, result.outcome, routes, now))
        changes.write()
    return len(ours)


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
        provider_id=provider.id, upstream_id=ref, job=Job.POLL.value, lease_until=None, attempts=0, problem=""
    )
    return order._replace(due_at=now + settling.POLL_MIN)


def _after_unknown(order: OpenOrder, sending: Sending, outcome: Unknown, now: datetime) -> OpenOrder:
    if sending.provider.knows_request_id:
        # Asked again by itself, with the same request_id, after a while.
        problem = f"{UNKNOWN_OUTCOME}, asking again: {outcome.text}"[:1000]
        return order._replace(due_at=now + rules.backoff(sending.order.attempts), lease_until=None, problem=problem)
    evidence = f" | {outcome.evidence}" if outcome.evidence else ""
    return _unknown(order, f"{outcome.text}{evidence}")


def _after_refusal(
    order: OpenOrder, sending: Sending, refused: Refused, routes: dict[int, list[RouteRow]], now: datetime
) -> settling.Settled:
    if "request_id" in refused.text.lower():
        # The provider knows this request_id with another input: an order of ours is there already.
        return settling.Settled(_unknown(order, f"{sending.provider.name} has another order for it: {refused.text}"))
    if sending.again and refused.reason in _NO_PROOF:
        after = rules.after_refusal(
            refused, provider=sending.provider.name, attempts=sending.order.attempts, more_routes=False, now=now
        )
        problem = f"{UNKNOWN_OUTCOME}, asking again: {refused.text}"[:1000]
        return settling.Settled(order._replace(due_at=after.due_at, lease_until=None, problem=problem))
    usable = routes.get(sending.order.service_id, [])
    places = [i for i, route in enumerate(usable) if route.id == sending.route.id]
    more = bool(places) and places[0] + 1 < len(usable)
    after = rules.after_refusal(
        refused, provider=sending.provider.name, attempts=sending.order.attempts, more_routes=more, now=now
    )
    if after.step is Next.CANCEL:
        order = order._replace(upstream_id=None)
        return settling.end(order, "Canceled", remains=order.quantity, now=now)
    return settling.Settled(
        order._replace(
            status="Pending",
            job=Job.FORWARD.value,
            provider_id=None,
            # The route that refused is kept, so that the next one is tried; after waiting, the first one again.
            route_id=order.route_id if after.step is Next.OTHER_ROUTE else None,
            lease_until=None,
            due_at=after.due_at,
            problem="" if after.step is Next.OTHER_ROUTE else after.problem,
        )
    )


def claim_poll(provider_id: int, limit: int) -> list[ToAsk]:
    """Up to `limit` orders of one provider that are due to be asked about."""
    now = clock.now()
    if not store.any_poll(provider_id, now):
        return []
    with transaction.atomic(durable=True):
        return store.claim_poll(provider_id, now, now + rules.LEASE, limit)


def commit_polled(
    asked: Sequence[ToAsk], reports: dict[str, OrderReport | Refused | Unknown], *, provider_id: int
) -> int:
    """Settle orders by what their provider reported. Answers how many were still ours to settle."""
    now = clock.now()
    with transaction.atomic(durable=True):
        changes = work.Changes(work.lock([a.id for a in asked]), now)
        ours = 0
        for ask in asked:
            # A neighbour's end may have changed this one (a drip-feed's parent), so read it anew.
            order = changes.orders[ask.id]
            if order.lease_until != ask.token or order.job != Job.POLL.value or order.provider_id != provider_id:
                continue
            ours += 1
            changes.apply(_polled(order, reports.get(ask.upstream_id), now))
        changes.write()
    return ours


def _polled(order: OpenOrder, report: OrderReport | Refused | Unknown | None, now: datetime) -> settling.Settled:
    if isinstance(report, OrderReport):
        return settling.settle(order, Report(report.status, report.start_count, report.remains, report.raw_status), now)
    attempts = min(order.attempts + 1, 1000)
    due_at = max(settling.next_poll(order, now), now + rules.backoff(attempts))
    order = order._replace(attempts=attempts, lease_until=None, due_at=due_at)
    if isinstance(report, Refused) and report.reason is Reason.NOT_FOUND:
        return settling.Settled(order._replace(problem=f"the provider does not know its order {order.upstream_id}"))
    if isinstance(report, Refused) and report.reason not in {Reason.LIMIT, Reason.UNREACHABLE}:
        return settling.Settled(order._replace(problem=f"the provider does not tell the status: {report.text}"))
    # A passing fault of the whole request: the order itself has no problem.
    return settling.Settled(order)


def rest_provider(provider_id: int, *, seconds: float, problem: str) -> None:
    """Do not ask a provider for a while."""
    now = clock.now()
    with transaction.atomic():
        store.rest(provider_id, datetime.fromtimestamp(now.timestamp() + seconds, now.tzinfo), problem)


def order_arrived(*, panel_id: int, order_id: int, upstream_id: str, by: str) -> None:
    """A person found the order at its provider: it goes on from there, polled under that id.

    Raises ValueError when the order does not wait for a person, or another order has that id.
    """
    now = clock.now()
    upstream_id = manual_rules.upstream_id(upstream_id)
    with transaction.atomic(durable=True):
        changes, order = _waiting_for_a_person(panel_id, order_id, now)
        if order.provider_id is None:
            raise ValueError(f"order {order_id} was not sent to any provider")
        if store.taken_upstream_ids({(panel_id, order.provider_id, upstream_id)}):
            raise ValueError(f"another order has the provider's id {upstream_id} already")
        changes.event("order.resolved", order, {"decision": "arrived", "upstream_id": upstream_id, "by": by})
        polled = order._replace(upstream_id=upstream_id, job=Job.POLL.value, due_at=now, attempts=0, problem="")
        changes.apply(settling.Settled(polled))
        changes.write()


def send_again(*, panel_id: int, order_id: int, by: str) -> None:
    """A person found that the order never arrived: it is sent as if for the first time."""
    now = clock.now()
    with transaction.atomic(durable=True):
        changes, order = _waiting_for_a_person(panel_id, order_id, now)
        changes.event("order.resolved", order, {"decision": "send", "by": by})
        fresh = order._replace(
            status="Pending",
            job=Job.FORWARD.value,
            due_at=now,
            provider_id=None,
            route_id=None,
            upstream_id=None,
            attempts=0,
            problem="",
        )
        changes.apply(settling.Settled(fresh))
        changes.write()


def cancel_and_refund(*, panel_id: int, order_id: int, by: str) -> None:
    """A person decided that the order is not delivered: it ends as Canceled, everything is given back."""
    now = clock.now()
    with transaction.atomic(durable=True):
        changes, order = _waiting_for_a_person(panel_id, order_id, now)
        changes.event("order.resolved", order, {"decision": "refund", "by": by})
        changes.apply(settling.end(order, "Canceled", remains=order.quantity, now=now))
        changes.write()


def _waiting_for_a_person(panel_id: int, order_id: int, now: datetime) -> tuple[work.Changes, OpenOrder]:
    """The locked order, if its outcome is unknown and nothing but a person will move it. Raises ValueError."""
    orders = work.lock([order_id])
    order = orders.get(order_id)
    if order is None or order.panel_id != panel_id:
        raise ValueError(f"there is no order {order_id} on this panel")
    if order.ended_at is not None:
        raise ValueError(f"order {order_id} has ended: {order.status}")
    if order.job is not None or not order.problem.startswith(UNKNOWN_OUTCOME):
        raise ValueError(f"order {order_id} does not wait for a decision: it is {order.status}")
    return work.Changes(orders, now), order
