"""The product with one rule broken, each in one place: what the simulator has to find.

A mutant is made of the product's own source, in memory. Where that source has changed so that a
mutant no longer fits, making it raises: it is never quietly left out.
"""

from __future__ import annotations
import __future__

import copy
import inspect
import textwrap
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from panelwright.catalog import link_kinds, rates
from panelwright.core import money, sql
from panelwright.customers import access
from panelwright.customers import actions as customers
from panelwright.events import webhook_rules
from panelwright.ledger import rules as ledger_rules
from panelwright.ledger import store as ledger_store
from panelwright.orders import actions as orders
from panelwright.orders import (
    costs,
    key_actions,
    lifecycle,
    linking,
    post_orders,
    queries,
    settling,
    standing,
    standing_store,
    webhook_events,
)
from panelwright.orders import rules as placing
from panelwright.orders import schedule_actions as schedules
from panelwright.orders import store as order_store
from panelwright.panels import numbers
from panelwright.providers.posts import subscription_actions, subscription_rules
from panelwright.providers.routing import actions as delivery
from panelwright.providers.routing import request_actions as requests
from panelwright.providers.routing import resolve_rules
from panelwright.providers.routing import rules as delivery_rules
from panelwright.providers.routing import store as delivery_store
from panelwright.providers.worker import Worker
from panelwright.reports import actions as report_actions
from panelwright.reports import rules as report_rules
from panelwright.support import actions as tickets

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Mutant:
    """`name` says what the product does wrong then. `seed`: the one to try first."""

    name: str
    make: Callable[[Patch], None]
    seed: int = 6


def _rewritten(owner: ModuleType | type, name: str, old: str, new: str) -> Callable[[Patch], None]:
    """The function `name` with `old`, which must stand in it exactly once, replaced by `new`."""

    def make(patch: Patch) -> None:
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(getattr(owner, name))))
        if source.count(old) != 1:
            raise LookupError(f"{owner.__name__}.{name} has changed: {old!r} stands in it {source.count(old)} times")
        module = owner if isinstance(owner, ModuleType) else inspect.getmodule(owner)
        assert module is not None
        flags = __future__.annotations.compiler_flag
        code = compile(source.replace(old, new), f"mutant of {module.__name__}", "exec", flags=flags, dont_inherit=True)
        made: dict[str, Any] = {}
        exec(code, vars(module), made)
        patch.setattr(owner, name, made[name])

    return make


def _set(owner: object, name: str, value: object) -> Callable[[Patch], None]:
    return lambda patch: patch.setattr(owner, name, value)


class _Nothing:
    """A statement that is left out."""

    def run(self, *arguments: object) -> None:
        pass


def _refunds_twice(patch: Patch) -> None:
    credit = lifecycle.credit

    def twice(refunds: list[settling.Refund], now: Any) -> None:
        credit([*refunds, *(refund._replace(reference=-refund.reference) for refund in refunds)], now)

    patch.setattr(lifecycle, "credit", twice)


def _rounds_refunds_up(*, charge_micros: int, remains: int, quantity: int) -> int:
    return -(-charge_micros * remains // quantity)


def _together(*changes: Callable[[Patch], None]) -> Callable[[Patch], None]:
    """Where several guards stand one behind the other, all of them have to be gone."""

    def make(patch: Patch) -> None:
        for change in changes:
            change(patch)

    return make


def _without_guard(update: sql.Update) -> sql.Update:
    """The statement without its last condition."""
    made = copy.copy(update)
    made._sqlite, made._postgresql = (
        text.removesuffix(" AND ended_at IS NULL") for text in (update._sqlite, update._postgresql)
    )
    return made


def _without(owner: ModuleType, name: str, part: str, instead: str = "") -> Callable[[Patch], None]:
    """The statement `name` without a part of its text, or with another one."""

    def make(patch: Patch) -> None:
        query = getattr(owner, name)
        made = copy.copy(query)
        if part not in query._sqlite or part not in query._postgresql:
            raise LookupError(f"{owner.__name__}.{name} has changed: {part!r} does not stand in it")
        made._sqlite, made._postgresql = (text.replace(part, instead) for text in (query._sqlite, query._postgresql))
        patch.setattr(owner, name, made)

    return make


def _with(owner: ModuleType, name: str, old: str, new: str) -> Callable[[Patch], None]:
    """The statement `name` with a part of its text replaced."""

    def make(patch: Patch) -> None:
        query = getattr(owner, name)
        made = copy.copy(query)
        for dialect, mark in (("_sqlite", "?"), ("_postgresql", "%s")):
            text = getattr(query, dialect)
            if old.replace("?", mark) not in text:
                raise LookupError(f"{owner.__name__}.{name} has changed: {old!r} does not stand in it")
            setattr(made, dialect, text.replace(old.replace("?", mark), new.replace("?", mark)))
        patch.setattr(owner, name, made)

    return make


def _rounds_charges_down(*, rate_micros: int, units: int, flat: bool = False) -> int:
    return rate_micros if flat else rate_micros * units // 1000


MUTANTS = (
    Mutant(
        "a time-out is taken for a refusal",
        _rewritten(
            delivery,
            "commit_sent",
            "settling.Settled(_after_unknown(order, result.sending, result.outcome, now))",
            "settling.Settled(order._replace(status='Pending', job='forward', provider_id=None,"
            " lease_until=None, due_at=now))",
        ),
    ),
    Mutant(
        "an unknown outcome is cancelled and refunded",
        _rewritten(
            delivery,
            "commit_sent",
            "settling.Settled(_after_unknown(order, result.sending, result.outcome, now))",
            "settling.end(order, 'Canceled', remains=order.quantity, now=now)",
        ),
    ),
    Mutant("a claim is not written down", _set(delivery_store, "claim_sending", lambda orders, lease_until: None)),
    Mutant(
        "a lost order is sent again where request_id is not known",
        _together(
            _set(delivery, "_asks", lambda provider: True),
            _with(delivery_store, "_LOST", " AND p.knows_request_id", ""),
        ),
    ),
    Mutant("a busy provider's refusal of a repeat leads to another provider", _set(delivery, "_NO_PROOF", frozenset())),
    Mutant(
        "a result is written down whoever has the lease",
        _set(delivery, "_is_ours", lambda order, sending: order.ended_at is None),
    ),
    Mutant(
        "a report is written down whoever has the lease",
        _rewritten(
            delivery,
            "commit_polled",
            "order.lease_until != ask.token or ",
            "",
        ),
    ),
    Mutant(
        "a worker that slept sends what it had claimed",
        _rewritten(
            Worker,
            "_send_one",
            "clock.now() >= sending.lease_until - rules.LEASE / 2",
            "False",
        ),
    ),
    Mutant(
        "an order forgets which route it was given first by merit",
        _set(delivery_store, "with_first_routes", list),
    ),
    Mutant("who stands in line for a provider is forgotten", _set(delivery, "_lines_with_room", lambda *given: [])),
    Mutant(
        "an order that ended in line names the provider that never got it",
        _rewritten(
            settling, "end", "None if order.job == Job.FORWARD.value else order.provider_id", "order.provider_id"
        ),
    ),
    Mutant("posts go on waiting for a subscription that has ended", _set(lifecycle, "_DROP_POSTS", _Nothing())),
    Mutant(
        "a customer gets the number that the next one will get",
        _rewritten(
            customers,
            "new_customer",
            "numbers.take(user.panel_id, Noun.CUSTOMER, 1).start",
            "numbers.take(user.panel_id, Noun.CUSTOMER, 1).stop",
        ),
    ),
    Mutant(
        "a ticket gets the number that the next one will get",
        _rewritten(
            tickets,
            "open_ticket",
            "numbers.take(panel_id, Noun.TICKET, 1).start",
            "numbers.take(panel_id, Noun.TICKET, 1).stop",
        ),
    ),
    Mutant(
        "what an order costs is posted to the account of another provider",
        _rewritten(costs, "transfer", "str(provider_id)", "str(provider_id + (count > 1))"),
    ),
    Mutant("nobody takes up what a dead worker had claimed", _set(delivery, "claim_unfinished", lambda limit: [])),
    Mutant("a lease lasts for days", _set(delivery_rules, "LEASE", timedelta(days=3))),
    Mutant(
        "the provider's number of another order is believed",
        _set(delivery_store, "taken_upstream_ids", lambda wanted: set()),
    ),
    Mutant(
        "an unknown outcome has no problem",
        _set(
            delivery,
            "_unknown",
            lambda order, why, said="": order._replace(job=None, due_at=None, lease_until=None),
        ),
    ),
    Mutant("refunds are booked twice", _refunds_twice),
    Mutant("refunds are rounded up", _set(money, "refund", _rounds_refunds_up)),
    Mutant(
        "a partial order is refunded what was delivered",
        _rewritten(
            settling,
            "end",
            "remains=remains, quantity",
            "remains=order.quantity - remains, quantity",
        ),
    ),
    Mutant(
        "a partial order is refunded nothing",
        _rewritten(settling, "end", 'if status == "Partial":', 'if status == "no":'),
    ),
    Mutant(
        "a canceled order remains as its provider says",
        _rewritten(settling, "end", "charge, remains = 0, order.quantity", "charge, remains = 0, 0"),
    ),
    Mutant(
        "a zero that stands until it starts is believed",
        _rewritten(settling, "_open_remains", "return 0 if begun", "return 0 if True or begun"),
    ),
    Mutant(
        "a partial order costs as much as a whole one",
        _rewritten(settling, "_at_cost_of", "order.cost_micros - undone", "order.cost_micros"),
    ),
    Mutant(
        "what a provider says that it takes is not kept",
        _rewritten(settling, "settle", "cost_micros=report.cost.micros", "cost_micros=order.cost_micros or 0"),
    ),
    Mutant("an order costs nothing when it is sent", _set(delivery_rules, "estimated_cost", lambda **order: (0, None))),
    Mutant(
        "a drip-feed costs what its last run does",
        _rewritten(settling, "_with_cost_of", "=parent.cost_micros + run.cost_micros", "=run.cost_micros"),
    ),
    Mutant(
        "a person ends an order that is being sent",
        _rewritten(resolve_rules, "decidable", "order.lease_until > now", "False"),
    ),
    Mutant(
        "an order goes back with its provider",
        _rewritten(
            settling,
            "settle",
            "PROGRESS[report.status] > PROGRESS[order.status]",
            "True",
        ),
    ),
    Mutant(
        "an order under way is cancelled at once",
        _rewritten(
            orders,
            "_cancel_one",
            "requests.cancels_at_once(status=order.status, job=order.job)",
            "True",
        ),
    ),
    Mutant(
        "a customer cancels the orders of others",
        _rewritten(
            orders,
            "ask_cancels",
            "asked.get((grant.customer_id, number or 0), _NO_ORDER)",
            "next((o for (_, n), o in asked.items() if n == number), _NO_ORDER)",
        ),
    ),
    Mutant(
        "a number means the order of any panel",
        _together(
            _with(queries, "_STANDINGS", "panel_id = ? AND", "? > 0 AND"),
            # What is found is kept by panel, which alone keeps another panel's order out.
            _rewritten(queries, "standings", "(row[8], row[7]): row", "(next(iter(wanted)), row[7]): row"),
        ),
    ),
    Mutant(
        "a number is found in any panel when something is asked of it",
        _together(
            _with(orders, "_FIND_ASKED", "panel_id = ? AND", "? > 0 AND"),
            _rewritten(
                orders,
                "ask_refills",
                "asked.get((grant.customer_id, number or 0), _NO_ORDER)",
                "next((o for (_, n), o in reversed(asked.items()) if n == number), _NO_ORDER)",
            ),
        ),
    ),
    Mutant(
        "a number is given again when the transaction that took it was rolled back",
        _rewritten(
            order_store,
            "commit",
            "numbers.orders.give(Counter([order.panel_id for order in plan.orders]))\n",
            "numbers.orders.give(Counter([order.panel_id for order in plan.orders]))\n    given.keep()\n",
        ),
        seed=7,
    ),
    Mutant(
        "a process gives out what another one has",
        _with(
            numbers,
            "_TAKE",
            "panels_numbering.next_number + ?",
            "panels_numbering.next_number + ? / CASE panels_numbering.noun WHEN 'order' THEN 2 ELSE 1 END",
        ),
    ),
    Mutant(
        "a key of one panel is good on another",
        _rewritten(
            access.AccessQuery,
            "grants",
            "by_key.get((panels.get(caller.address, 0), caller.digest))",
            "next((grant for (_, digest), grant in by_key.items() if digest == caller.digest), None)",
        ),
    ),
    Mutant("the charge is not booked", _set(order_store, "INSERT_TRANSFERS", _Nothing())),
    Mutant("the balance is not charged", _set(order_store, "ADD_TO_BALANCES", _Nothing())),
    Mutant(
        "a chargeback that is not covered is refused",
        _rewritten(ledger_rules, "_post", "short is Shortfall.DEBT", "short is None"),
    ),
    Mutant(
        "a chargeback takes the credit that is granted for orders",
        _rewritten(
            ledger_rules, "_record_debt", "max(debit.balance_micros, 0)", "debit.balance_micros - debit.floor_micros"
        ),
    ),
    Mutant("money that comes in pays no debt", _set(ledger_rules, "repaid", lambda *given: None)),
    Mutant(
        "a refund pays no debt",
        _rewritten(ledger_store, "credit", "rules.repaid(transfer, account, owed[account])", "None"),
    ),
    Mutant(
        "orders are taken while a debt stands",
        _without(order_store, "_BALANCES", "CASE WHEN owed_micros = 0", "CASE WHEN owed_micros >= 0"),
    ),
    Mutant(
        "granted credit cannot be spent",
        _without(order_store, "_BALANCES", "balance_micros - floor_micros", "balance_micros"),
    ),
    Mutant("what an order costs is not posted", _set(costs, "posted", lambda before, after: (after, []))),
    Mutant("a cost is posted whole at each change", _rewritten(costs, "changes", "now - was", "now")),
    Mutant(
        "a cost is posted before a provider has taken the order",
        _rewritten(costs, "earned", "(order.upstream_id is None and order.ended_at is None)", "order.attempts > 99"),
    ),
    Mutant(
        "what a provider made of a subscription costs nothing in the books",
        _rewritten(post_orders, "take_over", "earned = there.cost.micros if", "earned = 0 if"),
    ),
    Mutant(
        "what reports add up is lost where its process dies",
        _rewritten(report_actions.Adder, "_add_up", "with transaction.atomic():", "if True:"),
    ),
    Mutant("reports count the runs of a drip-feed as orders", _set(report_rules, "_UNCOUNTED", frozenset())),
    Mutant(
        "a cost that is taken back is added to reports",
        _rewritten(report_rules.Tally, "posted", "else -transfer.micros", "else transfer.micros"),
    ),
    Mutant(
        "more is spent than there is",
        _rewritten(
            placing,
            "_place_one",
            "if charge > book.balances[account]:",
            "if charge > 10**18:",
        ),
    ),
    Mutant(
        "a percent off a category is not looked at",
        _rewritten(rates, "rate_for", "percent = custom.category_percent_off_e2", "percent = None"),
    ),
    Mutant(
        "a repeat is a new order",
        _rewritten(
            placing,
            "_place_one",
            "request_id = command.request_id\n",
            "request_id = command.request_id + str(now)\n",
        ),
    ),
    Mutant("a request_id gives its order whatever comes with it", _set(placing, "_is_of", lambda *given: True)),
    Mutant(
        "the runs of a drip-feed are not charged",
        _rewritten(
            placing,
            "_place_one",
            "units=quantity, flat",
            "units=run_quantity, flat",
        ),
    ),
    Mutant(
        "any quantity is taken where a service is sold in steps",
        _rewritten(
            placing,
            "_out_of_bounds",
            "quantity % service.step",
            "False",
        ),
    ),
    Mutant(
        "posts are ordered for in any quantity",
        _rewritten(
            schedules,
            "_order_for",
            "step=parent.step",
            "step=1",
        ),
    ),
    Mutant("a channel is taken where a post is needed", _set(link_kinds, "wrong_link", lambda rule, table, text: None)),
    Mutant("a channel counts as a post of a subscription", _set(linking, "skip_post", lambda *told, **rule: False)),
    Mutant("an order is placed in more than one transaction", _set(orders, "batch", nullcontext)),
    Mutant(
        "the end of a run is not settled with its drip-feed",
        _rewritten(
            settling,
            "run_ended",
            "undelivered=schedule.undelivered + undelivered",
            "undelivered=schedule.undelivered",
        ),
    ),
    Mutant(
        "a cancelled drip-feed keeps the money of its runs",
        _rewritten(
            settling,
            "stop_runs",
            "undelivered=schedule.undelivered + given_up",
            "undelivered=schedule.undelivered",
        ),
    ),
    Mutant(
        "a paused drip-feed goes on",
        _rewritten(
            schedules,
            "run_schedules",
            "parents[order_id].paused_at is not None",
            "parents[order_id].paused_at is True",
        ),
    ),
    Mutant(
        "a post is ordered for without the key of its subscription",
        _rewritten(post_orders, "_post", "key_id=agreement.key_id", "key_id=None"),
    ),
    Mutant(
        "posts do not count for the cap of their key",
        _rewritten(
            standing.Today, "pay", "rules.over_cap(key, charge_micros, self.key_spent, now)", "rules.over_cap is None"
        ),
    ),
    Mutant("a revoked key goes on ordering for posts", _without(access, "_KEYS_BY_ID", " AND k.revoked_at IS NULL")),
    Mutant(
        "revoking a key pauses nothing until something is due",
        _rewritten(key_actions, "revoke_key", "changes.apply(Settled(after))", "pass"),
    ),
    Mutant("a suspended customer's posts are ordered for", _without(access, "_BY_CUSTOMER", " AND c.enabled")),
    Mutant("posts are ordered for though the service is off", _without(standing_store, "_SERVICES", " AND enabled")),
    Mutant(
        "a post costs what was agreed though the service is cheaper today",
        _rewritten(standing.Today, "price", "min(today, agreement.agreed_micros)", "agreement.agreed_micros"),
    ),
    Mutant(
        "a post costs what the service costs today though less was agreed",
        _together(
            _rewritten(
                standing.Today, "why_not", "PauseReason.RATE if rate > agreement.agreed_micros else None", "None"
            ),
            _rewritten(standing.Today, "price", "min(today, agreement.agreed_micros)", "today"),
        ),
        seed=14,
    ),
    Mutant(
        "what a provider makes of a subscription is not charged",
        _rewritten(post_orders, "take_over", "charge = 0 if problem != NONE else spend.charge_micros", "charge = 0"),
    ),
    Mutant(
        "what a provider made of a subscription is charged whatever stands against it",
        _rewritten(subscription_actions.Following, "_order", "NONE if not_charged is None else", "NONE if units else"),
    ),
    Mutant(
        "a provider is not asked to cancel what nobody pays for",
        _rewritten(
            subscription_actions.Following, "done", "order_actions.pass_on_cancels(self.to_cancel, self.now)", "pass"
        ),
    ),
    Mutant(
        "what a provider makes of a subscription beyond what was ordered is charged",
        _set(subscription_rules, "beyond", lambda wanted, **stands: None),
    ),
    Mutant(
        "of what a provider made of a subscription nothing is taken over",
        _set(subscription_actions, "unknown_posts", lambda *arguments: []),
    ),
    Mutant(
        "an order of a subscription that cannot be read is charged like any",
        _together(
            _rewritten(subscription_actions.Following, "_unread", "problem=trouble", "problem=NONE"),
            _set(subscription_rules, "TRIES_MAX", 1),
        ),
    ),
    Mutant("a post is ordered for again and again", _set(schedules, "_POSTED", _Nothing())),
    Mutant(
        "a post is ordered for without its delay",
        _rewritten(
            schedules,
            "_remember",
            "delay_min=parent.delay_min",
            "delay_min=0",
        ),
    ),
    Mutant(
        "a refill whose sender died is passed on again",
        _rewritten(
            requests,
            "claim_refills",
            'if row.state == "sending":',
            'if row.state == "never":',
        ),
    ),
    Mutant("a webhook is told nothing of orders", _set(webhook_events, "tell_orders", lambda changed, now: None)),
    Mutant(
        "a webhook is told of an order whose status did not change",
        _rewritten(lifecycle.OrderChanges, "write", "o.status != self._before[o.id].status", "True"),
    ),
    Mutant("a webhook is told nothing of refills", _set(requests, "tell_refills", lambda refill_ids, now: None)),
    Mutant(
        "a webhook is told of other customers' orders",
        _rewritten(
            webhook_rules,
            "wanted",
            "by_customer.get((message.panel_id, message.customer_id), ())",
            "listeners",
        ),
    ),
)
