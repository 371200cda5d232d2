"""Subscriptions that go to their provider as a whole: which ones do, what its reports make of them, what staff
decide about orders that nobody paid for.

The subscription itself is sent like any order (providers/routing). What its provider then makes of it, order by order,
is taken over here: each becomes an order of ours, judged and charged as one that we had sent for the post.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection, transaction

from panelwright.core import clock, money, sql
from panelwright.core.refusal import InvalidState, NotThere
from panelwright.orders import actions as order_actions
from panelwright.orders import lifecycle, post_orders, problems, settling, standing_store, store
from panelwright.orders.models import Job, OrderKind, PauseReason, RequestState
from panelwright.orders.post_orders import There
from panelwright.orders.problems import NONE, Problem, problem
from panelwright.orders.schedule_actions import Undecided, note_pause
from panelwright.orders.settling import Cost, OpenOrder, Settled
from panelwright.orders.standing import Agreement, Spend, Today
from panelwright.providers.posts import subscription_rules
from panelwright.providers.posts.subscription_rules import Beyond, Bounds, Tries, Wanted
from panelwright.providers.routing import route_rules
from panelwright.providers.routing import rules as delivery_rules
from panelwright.providers.routing import store as provider_store
from panelwright.providers.routing.rules import Exchange
from panelwright.providers.routing.store import PollTask
from panelwright.providers.wire.outcomes import OrderReport, Reason, Unknown, UpstreamRefused

Reports = Mapping[str, OrderReport | UpstreamRefused | Unknown]

# Orders of subscriptions that are asked about for the first time in one round; the rest is asked in the next.
NEW_MAX = 100
# Ids that are looked for in one query: some subscriptions have tens of thousands of orders.
KNOWN_PAGE = 2_000
# What may say nothing of an order that was asked about: its provider takes no requests now.
_PASSING = frozenset({Reason.LIMIT, Reason.UNREACHABLE, Reason.KEY})

_SUBSCRIPTIONS = sql.Query("SELECT id FROM orders_order WHERE id :in_int AND kind = 'subscription'")
_KNOWN = sql.Query(
    "SELECT upstream_id, number, parent_id FROM orders_order"
    " WHERE panel_id = ? AND provider_id = ? AND upstream_id :in_text"
)
_TERMS = sql.Query(
    "SELECT s.order_id, s.min, s.max, s.pause_reason, r.rate_micros, COALESCE(NULLIF(p.currency, ''), n.currency),"
    " p.name, n.currency, o.link, k.state, k.answer_code, k.answer_facts, s.unread,"
    " s.posts, s.old_posts, s.expires_on, s.delay_min, k.created_at, s.posts_done"
    " FROM orders_schedule s JOIN orders_order o ON o.id = s.order_id JOIN panels_panel n ON n.id = o.panel_id"
    " JOIN providers_provider p ON p.id = o.provider_id LEFT JOIN providers_route r ON r.id = o.route_id"
    " LEFT JOIN orders_cancel k ON k.order_id = o.id WHERE s.order_id :in_int"
)
_SET_UNREAD = sql.Query("UPDATE orders_schedule SET unread = ? WHERE panel_id = ? AND order_id = ?")
_UNPAID = sql.Query("SELECT rate_micros FROM orders_order WHERE panel_id = ? AND id = ?")


def pass_on(undecided: Sequence[Undecided]) -> set[int]:
    """Which of these subscriptions go to their provider as a whole: those whose first route takes subscriptions."""
    routes = provider_store.routes({u.panel_id for u in undecided}, {u.service_id for u in undecided})
    first = {service_id: of_service[0] for service_id, of_service in routes.items()}
    return {
        u.order_id
        for u in undecided
        if u.service_id in first and route_rules.takes_subscriptions(first[u.service_id].upstream_type)
    }


def unknown_posts(provider_id: int, panel_id: int, asked: Sequence[PollTask], reports: Reports) -> list[str]:
    """The provider's ids of orders that it reports of subscriptions and that we do not have yet: to be asked about.

    At most NEW_MAX, those of each subscription in its own order.
    """
    told = {a.id: report.orders for a in asked if isinstance(report := reports.get(a.upstream_id), OrderReport)}
    told = {order_id: refs for order_id, refs in told.items() if refs}
    if not told:
        return []
    ours = {row[0] for row in _SUBSCRIPTIONS.rows(connection, sorted(told))}
    refs = list(dict.fromkeys(ref for order_id, of_one in told.items() if order_id in ours for ref in of_one))
    fresh: list[str] = []
    for page in _pages(refs):
        known = {row[0] for row in _KNOWN.rows(connection, panel_id, provider_id, page)}
        fresh += [ref for ref in page if ref not in known]
        if len(fresh) >= NEW_MAX:
            break
    return fresh[:NEW_MAX]


def _pages(refs: list[str]) -> Iterator[list[str]]:
    return (refs[at : at + KNOWN_PAGE] for at in range(0, len(refs), KNOWN_PAGE))


class Terms(NamedTuple):
    """What a subscription allows, and who has it. `cancel` is the state of its cancel, None where there is none.

    `unread`: how often an order of it could not be asked about, by the provider's id. `posts_done`: the orders of it
    that were known before this round.
    """

    bounds: Bounds
    reason: str
    provider: str
    currency: str
    link: str
    cancel: str | None
    answer: str
    unread: dict[str, Tries]
    wanted: Wanted
    posts_done: int


@dataclass(slots=True)
class Following:
    """A round of reports on subscriptions, within the transaction that writes it down.

    To be made after their orders are locked and before anything is written: it locks their customers' accounts,
    and those in `accounts`, in id order.
    """

    changes: lifecycle.OrderChanges
    posts: Reports
    now: datetime
    agreed: dict[int, Agreement]
    terms: dict[int, Terms]
    today: Today
    known: dict[tuple[int, str], tuple[int, int | None]]  # (provider, its id) -> (order's number, parent's id)
    exchanges: dict[int, Exchange | None]  # by provider
    to_cancel: list[OpenOrder] = field(default_factory=list)

    @classmethod
    def load(
        cls,
        changes: lifecycle.OrderChanges,
        subscriptions: Collection[OpenOrder],
        reports: Mapping[int, OrderReport],
        posts: Reports,
        accounts: Collection[int],
    ) -> Following:
        ids = sorted(order.id for order in subscriptions)
        agreed = standing_store.agreements(ids)
        today = standing_store.load(list(agreed.values()), account_ids=sorted(set(accounts)))
        known: dict[tuple[int, str], tuple[int, int | None]] = {}
        for order in subscriptions:
            refs = list(dict.fromkeys(reports[order.id].orders)) if order.id in reports else []
            for page in _pages(refs):
                for ref, *ours in _KNOWN.rows(connection, order.panel_id, order.provider_id, page):
                    known[order.provider_id or 0, ref] = (ours[0], ours[1])
        terms = {row[0]: _terms(row) for row in _TERMS.rows(connection, ids)}
        said = {post.currency for post in posts.values() if isinstance(post, OrderReport)}
        providers = sorted({order.provider_id for order in subscriptions if order.provider_id is not None})
        exchanges = {id_: provider_store.exchange(id_, said) for id_ in providers} if posts else {}
        return cls(changes, posts, changes.now, agreed, terms, today, known, exchanges)

    def follow(self, order: OpenOrder, report: OrderReport) -> Settled:
        """The subscription after a report; the orders that it tells of for the first time are taken over."""
        terms, now = self.terms[order.id], self.now
        word = subscription_rules.WORDS.get(report.status or "")
        stopped, was = self._stopped(order, terms), terms.reason
        reason = stopped or self.today.why_not(self.agreed[order.id])
        took = self._take_over(order, report, reason)
        order = order._replace(attempts=0, lease_until=None).having(took.problem)
        if word is None and took.problem == NONE:
            order = order.having(problem(problems.STATUS_NOT_UNDERSTOOD, word=report.raw_status[:80]))
        end = word if word in subscription_rules.ENDS and not took.left else None
        differs = end is not None and subscription_rules.posts_differ(report, order.upstream_id)
        if end is not None and not differs and took.problem == NONE:
            settled = settling.end(order, end, remains=0, now=now)
            note_pause(self.changes, order, settled.order, was, None)
            return settled
        reason = took.reason or reason
        if reason is not None and (stopped is None or took.unpaid):
            self.to_cancel.append(order)
        if reason is not None and terms.cancel == RequestState.DONE.value:
            order = order.having(problem(problems.NOT_CANCELED, provider=terms.provider, said=terms.answer))
        if reason is None and word == "Paused":
            reason = PauseReason.PROVIDER
        if end is not None and took.problem != NONE:
            order = order.having(took.problem)
        if differs:
            told: dict[str, object] = {
                "posts": report.posts,
                "orders": len(set(report.orders)),
                "provider": terms.provider,
            }
            order = order.having(problem(problems.POSTS_DIFFER, **told))
        after = order._replace(
            job=Job.POLL.value,
            status="Paused" if reason is not None else "Active",
            due_at=now + subscription_rules.again(took.tries) if took.left else settling.next_poll(order, now),
        )
        note_pause(self.changes, order, after, was, reason)
        return Settled(after)

    def done(self) -> None:
        """Ask the providers to cancel what stopped, and write down what keys have spent. After the changes."""
        store.spend_of_keys(self.today.key_spent, self.now)
        order_actions.pass_on_cancels(self.to_cancel, self.now)

    def _stopped(self, order: OpenOrder, terms: Terms) -> PauseReason | None:
        """Why its provider was asked to cancel it. Where the provider does not, what stood against it may be over."""
        if terms.reason in {"", PauseReason.PROVIDER.value}:
            return None
        if terms.cancel == RequestState.DONE.value and self.today.why_not(self.agreed[order.id]) is None:
            return None
        return PauseReason(terms.reason)

    def _take_over(self, order: OpenOrder, report: OrderReport, reason: PauseReason | None) -> _Took:
        left, unpaid, trouble, taken = False, False, NONE, 0
        unread: dict[str, Tries] = {}
        for ref in dict.fromkeys(report.orders):
            place = (order.provider_id or 0, ref)
            before = self.known.get(place)
            if ref == order.upstream_id:
                continue
            if before is not None:
                if before[1] != order.id:
                    trouble = problem(problems.NOT_OF_IT, upstream_id=ref, order=before[0])
                continue
            said = self.posts.get(ref)
            if not isinstance(said, OrderReport):
                tries = self._tries(order, ref, said)
                if said is None or not tries.over:
                    left = True
                    if tries.all:
                        unread[ref] = tries
                    continue
                number, why = self._unread(order, ref, said), None
            else:
                number, why = self._order(order, ref, said, reason, taken)
            self.known[place] = (number, order.id)
            reason, unpaid, taken = why or reason, unpaid or why is not None, taken + 1
        post_orders.count(order.id, posts=taken)
        if unread != self.terms[order.id].unread:
            _SET_UNREAD.run(connection, json.dumps(unread) if unread else "", order.panel_id, order.id)
        return _Took(reason, unpaid, left, trouble, max((tries.all for tries in unread.values()), default=0))

    def _tries(self, order: OpenOrder, ref: str, said: UpstreamRefused | Unknown | None) -> Tries:
        """How often an order could not be asked about, this time with it; None: it was not asked about."""
        before = self.terms[order.id].unread.get(ref, Tries())
        if said is None:
            return before
        # Where it is said of one order and not of those beside it, it is about the order.
        if all(_passes(answer) for answer in self.posts.values()):
            return before._replace(passing=before.passing + 1)
        return before._replace(refused=before.refused + 1)

    def _unread(self, order: OpenOrder, ref: str, said: UpstreamRefused | Unknown) -> int:
        """An order of which the provider tells the id and nothing else: its number here.

        It is not charged, and staff decide. It counts as the least that it can be.
        """
        agreement, terms = self.agreed[order.id], self.terms[order.id]
        low, high = (self.today.price(agreement, units) for units in (terms.bounds.low, terms.bounds.high))
        not_known = isinstance(said, UpstreamRefused) and said.reason is Reason.NOT_FOUND
        trouble = problem(
            problems.POST_NOT_KNOWN if not_known else problems.POST_UNREAD,
            upstream_id=ref,
            said=said.text,
            provider=terms.provider,
            cost=money.text(low.charge_micros),
            cost_max=money.text(high.charge_micros),
            currency=terms.currency,
            quantity=terms.bounds.low,
        )
        placed = post_orders.take_over(
            order,
            agreement,
            low,
            there=There(order.provider_id or 0, order.route_id, ref, *self._cost(order, None, terms.bounds.low)),
            link=terms.link,
            quantity=terms.bounds.low,
            problem=trouble,
            now=self.now,
        )
        self.changes.event(
            "order.not_charged", order, {"order": placed.number, "reason": trouble.problem_code, "theirs": ref}
        )
        return placed.number

    def _order(
        self, order: OpenOrder, ref: str, said: OrderReport, reason: PauseReason | None, taken: int
    ) -> tuple[int, PauseReason | None]:
        """One order of the provider becomes one of ours; its number, and what stands against charging any now.

        `taken`: the orders before it in this round. What nobody ordered is not charged either, and stops nothing.
        """
        agreement, terms = self.agreed[order.id], self.terms[order.id]
        units, exact = subscription_rules.quantity(said, terms.bounds)
        spend = self.today.price(agreement, units)
        beyond = subscription_rules.beyond(terms.wanted, posts_done=terms.posts_done + taken, now=self.now)
        if beyond is None:
            reason = reason or self.today.pay(agreement, spend.charge_micros, self.now)
        not_charged = beyond or reason
        placed = post_orders.take_over(
            order,
            agreement,
            spend,
            there=There(order.provider_id or 0, order.route_id, ref, *self._cost(order, said, units)),
            link=terms.link,
            quantity=units,
            problem=NONE if not_charged is None else _not_charged(not_charged, spend, units, terms),
            now=self.now,
        )
        if not_charged is not None:
            self.changes.event(
                "order.not_charged", order, {"order": placed.number, "reason": not_charged.value, "theirs": ref}
            )
        if not exact:
            facts: dict[str, object] = {
                "order": placed.number,
                "theirs": ref,
                "counted": units,
                "max": terms.bounds.high,
            }
            self.changes.event("subscription.quantity_unknown", order, facts)
        return placed.number, reason

    def _cost(self, order: OpenOrder, said: OrderReport | None, units: int) -> tuple[Cost | None, bool]:
        """What one of the provider's orders costs, and whether it says so: else it is the route's rate.

        Many providers leave 0 until they start.
        """
        exchange = self.exchanges.get(order.provider_id or 0)
        told = delivery_rules.told_cost(said, exchange) if said is not None and said.charge else None
        if told is not None:
            return told, True
        micros, rate_e12 = delivery_rules.estimated_cost(
            type_name="Subscriptions",
            units=units,
            rate_micros=self.terms[order.id].bounds.rate_micros,
            rate_e12=exchange.rate_e12("") if exchange is not None else None,
        )
        return (None if micros is None or rate_e12 is None else Cost(micros, rate_e12)), False


def _passes(answer: OrderReport | UpstreamRefused | Unknown) -> bool:
    return isinstance(answer, UpstreamRefused) and answer.reason in _PASSING


class _Took(NamedTuple):
    """`unpaid`: something was taken over that the balance did not pay for. `left`: there is more, which could not be
    asked about, in so many `tries` (0: it was not asked about, for want of room)."""

    reason: PauseReason | None
    unpaid: bool
    left: bool
    problem: Problem
    tries: int


def _terms(row: sql.Row) -> Terms:
    _, low, high, reason, rate_micros, theirs, provider, currency, link, cancel, code, facts, unread = row[:13]
    posts, old_posts, expires_on, delay_min, asked_at, posts_done = row[13:]
    answer = problems.told(code or "", facts or "")
    counts = json.loads(unread) if unread else {}
    # A plain number is from before refusals that pass were counted.
    tries = {ref: Tries(count) if isinstance(count, int) else Tries(*count) for ref, count in counts.items()}
    last_day = date.fromisoformat(expires_on) if isinstance(expires_on, str) else expires_on
    accepted = cancel == RequestState.PASSED_ON.value and not reason
    wanted = Wanted(posts, old_posts, last_day, delay_min, sql.aware(asked_at) if accepted else None)
    bounds = Bounds(low, high, rate_micros, theirs)
    return Terms(bounds, reason, provider, currency, link, cancel, answer, tries, wanted, posts_done)


def _not_charged(reason: PauseReason | Beyond, spend: Spend, units: int, terms: Terms) -> Problem:
    cost = {"cost": money.text(spend.charge_micros), "currency": terms.currency, "quantity": units}
    return problem(problems.NOT_CHARGED, reason=reason.value, provider=terms.provider, **cost)


# ---- what staff decide --------------------------------------------------------------------------------------


def charge_post(*, panel_id: int, order_id: int, by: str) -> int:
    """The customer pays for a post's order after all, and it goes on; the micros that were taken.

    Raises NotThere or InvalidState with what is wrong; then nothing was changed.
    """
    now = clock.now()
    with transaction.atomic():
        order = _unpaid(panel_id, order_id)
        rate_micros = _UNPAID.rows(connection, panel_id, order_id)[0][0]
        charge = money.charge(rate_micros=rate_micros, units=order.quantity)
        if store.lock_balances([order.account_id])[order.account_id] < charge:
            raise InvalidState("balance_too_low", cost=money.text(charge))
        if not post_orders.charge_later(order, charge, now):
            raise lifecycle.StaleOrder(f"order {order.number} was not as it had been read under its lock")
        _goes_on(order, order._replace(booked_micros=charge, charge_micros=charge), "charge", by, now)
    return charge


def waive_post(*, panel_id: int, order_id: int, by: str) -> None:
    """The panel pays for a post's order: it goes on, and the customer is not charged.

    Raises NotThere or InvalidState with what is wrong; then nothing was changed.
    """
    now = clock.now()
    with transaction.atomic():
        order = _unpaid(panel_id, order_id)
        _goes_on(order, order, "waive", by, now)


def _unpaid(panel_id: int, order_id: int) -> OpenOrder:
    order = lifecycle.lock([order_id]).get(order_id)
    if order is None or order.panel_id != panel_id:
        raise NotThere("no_order", id=order_id)
    if order.ended_at is not None:
        raise InvalidState("order_ended", status=order.status)
    if order.kind != OrderKind.POST.value or order.problem_code not in problems.UNPAID:
        raise InvalidState("no_charge_to_decide")
    return order


def _goes_on(before: OpenOrder, order: OpenOrder, decision: str, by: str, now: datetime) -> None:
    changes = lifecycle.OrderChanges({before.id: before}, now)
    changes.event("order.resolved", order, {"decision": decision, "by": by, "charge": money.text(order.charge_micros)})
    changes.apply(Settled(order._replace(job=Job.POLL.value, due_at=now, attempts=0).having(NONE)))
    changes.write()
