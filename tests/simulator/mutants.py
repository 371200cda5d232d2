"""The product with one rule broken, each in one place: what the simulator has to find.

A mutant is made of the product's own source, in memory. Where that source has changed so that a
mutant no longer fits, making it raises: it is never quietly left out.
"""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from panelwright.catalog import link_kinds, rates
from panelwright.core import money
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
    same_link,
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
from panelwright.providers.wire.outcomes import Reason
from panelwright.providers.worker import Worker
from panelwright.reports import actions as report_actions
from panelwright.reports import rules as report_rules
from panelwright.support import actions as tickets
from tests.simulator.mutating import Mutant, Nothing, Patch, put, rewritten, together, with_part, without


def _refunds_twice(patch: Patch) -> None:
    credit = lifecycle.credit

    def twice(refunds: list[settling.Refund], now: Any) -> None:
        credit([*refunds, *(refund._replace(reference=-refund.reference) for refund in refunds)], now)

    patch.setattr(lifecycle, "credit", twice)


def _rounds_refunds_up(*, charge_micros: int, remains: int, quantity: int) -> int:
    return -(-charge_micros * remains // quantity)


MUTANTS = (
    Mutant(
        "a time-out is taken for a refusal",
        rewritten(
            delivery,
            "commit_sent",
            "settling.Settled(_after_unknown(order, result.sending, result.outcome, now))",
            "settling.Settled(order._replace(status='Pending', job='forward', provider_id=None,"
            " lease_until=None, due_at=now))",
        ),
    ),
    Mutant(
        "an unknown outcome is cancelled and refunded",
        rewritten(
            delivery,
            "commit_sent",
            "settling.Settled(_after_unknown(order, result.sending, result.outcome, now))",
            "settling.end(order, 'Canceled', remains=order.quantity, now=now)",
        ),
    ),
    Mutant("a claim is not written down", put(delivery_store, "claim_sending", lambda orders, lease_until: None)),
    Mutant(
        "a lost order is sent again where request_id is not known",
        together(
            put(delivery, "_asks", lambda provider: True),
            with_part(delivery_store, "_LOST", " AND p.knows_request_id", ""),
        ),
    ),
    Mutant("a busy provider's refusal of a repeat leads to another provider", put(delivery, "_NO_PROOF", frozenset())),
    Mutant(
        "that our balance is too small for a repeat is taken for proof that nothing arrived",
        put(delivery, "_NO_PROOF", delivery._NO_PROOF - {Reason.FUNDS}),
    ),
    Mutant(
        "that a repeat's link has an open order is taken for proof that nothing arrived",
        put(delivery, "_NO_PROOF", delivery._NO_PROOF - {Reason.DUPLICATE}),
    ),
    Mutant("links are compared as they are written", put(same_link, "normal", str), seed=2),
    Mutant(
        "links that differ in the case of their path are one",
        rewritten(same_link, "digest", "normal(link)", "normal(link).lower()"),
        seed=10,
    ),
    Mutant(
        "a cost of nothing is believed while the order is open",
        rewritten(settling, "settle", "(report.cost.micros > 0 or report.status in ENDED)", "True"),
        seed=12,
    ),
    Mutant(
        "a result is written down whoever has the lease",
        put(delivery, "_is_ours", lambda order, sending: order.ended_at is None),
    ),
    Mutant(
        "a report is written down whoever has the lease",
        rewritten(
            delivery,
            "commit_polled",
            "order.lease_until != ask.token or ",
            "",
        ),
    ),
    Mutant(
        "a worker that slept sends what it had claimed",
        rewritten(
            Worker,
            "_send_one",
            "clock.now() >= sending.lease_until - rules.LEASE / 2",
            "False",
        ),
    ),
    Mutant(
        "an order forgets which route it was given first by merit",
        put(delivery_store, "with_first_routes", list),
    ),
    Mutant("who stands in line for a provider is forgotten", put(delivery, "_lines_with_room", lambda *given: [])),
    Mutant(
        "an order that ended in line names the provider that never got it",
        rewritten(
            settling, "end", "None if order.job == Job.FORWARD.value else order.provider_id", "order.provider_id"
        ),
        seed=4,
    ),
    Mutant("posts go on waiting for a subscription that has ended", put(lifecycle, "_DROP_POSTS", Nothing())),
    Mutant(
        "a customer gets the number that the next one will get",
        rewritten(
            customers,
            "new_customer",
            "numbers.take(user.panel_id, Noun.CUSTOMER, 1).start",
            "numbers.take(user.panel_id, Noun.CUSTOMER, 1).stop",
        ),
    ),
    Mutant(
        "a ticket gets the number that the next one will get",
        rewritten(
            tickets,
            "open_ticket",
            "numbers.take(panel_id, Noun.TICKET, 1).start",
            "numbers.take(panel_id, Noun.TICKET, 1).stop",
        ),
    ),
    Mutant(
        "what an order costs is posted to the account of another provider",
        rewritten(costs, "transfer", "str(provider_id)", "str(provider_id + (count > 1))"),
    ),
    Mutant("nobody takes up what a dead worker had claimed", put(delivery, "claim_unfinished", lambda limit: [])),
    Mutant("a lease lasts for days", put(delivery_rules, "LEASE", timedelta(days=3))),
    Mutant(
        "the provider's number of another order is believed",
        put(delivery_store, "taken_upstream_ids", lambda wanted: set()),
    ),
    Mutant(
        "an unknown outcome has no problem",
        put(
            delivery_rules,
            "left_unknown",
            lambda order, why, came="": order._replace(job=None, due_at=None, lease_until=None),
        ),
    ),
    Mutant("refunds are booked twice", _refunds_twice),
    Mutant("refunds are rounded up", put(money, "refund", _rounds_refunds_up)),
    Mutant(
        "a partial order is refunded what was delivered",
        rewritten(
            settling,
            "end",
            "remains=remains, quantity",
            "remains=order.quantity - remains, quantity",
        ),
    ),
    Mutant(
        "a partial order is refunded nothing",
        rewritten(settling, "end", 'if status == "Partial":', 'if status == "no":'),
    ),
    Mutant(
        "a canceled order remains as its provider says",
        rewritten(settling, "end", "charge, remains = 0, order.quantity", "charge, remains = 0, 0"),
    ),
    Mutant(
        "a zero that stands until it starts is believed",
        rewritten(settling, "_open_remains", "return 0 if begun", "return 0 if True or begun"),
    ),
    Mutant(
        "a partial order costs as much as a whole one",
        rewritten(settling, "_at_cost_of", "order.cost_micros - undone", "order.cost_micros"),
    ),
    Mutant(
        "what a provider says that it takes is not kept",
        rewritten(settling, "settle", "cost_micros=report.cost.micros", "cost_micros=order.cost_micros or 0"),
    ),
    Mutant("an order costs nothing when it is sent", put(delivery_rules, "estimated_cost", lambda **order: (0, None))),
    Mutant(
        "a drip-feed costs what its last run does",
        rewritten(settling, "_with_cost_of", "=parent.cost_micros + run.cost_micros", "=run.cost_micros"),
    ),
    Mutant(
        "a person ends an order that is being sent",
        rewritten(resolve_rules, "decidable", "order.lease_until > now", "False"),
    ),
    Mutant(
        "an order goes back with its provider",
        rewritten(
            settling,
            "settle",
            "PROGRESS[report.status] > PROGRESS[order.status]",
            "True",
        ),
    ),
    Mutant(
        "an order under way is cancelled at once",
        rewritten(
            orders,
            "_cancel_one",
            "requests.cancels_at_once(status=order.status, job=order.job)",
            "True",
        ),
    ),
    Mutant(
        "a customer cancels the orders of others",
        rewritten(
            orders,
            "ask_cancels",
            "asked.get((grant.customer_id, number or 0), _NO_ORDER)",
            "next((o for (_, n), o in asked.items() if n == number), _NO_ORDER)",
        ),
    ),
    Mutant(
        "a number means the order of any panel",
        with_part(queries, "_STANDINGS", "panel_id = ? AND", "? > 0 AND"),
    ),
    Mutant(
        "a number is found in any panel when something is asked of it",
        together(
            with_part(orders, "_FIND_ASKED", "panel_id = ? AND", "? > 0 AND"),
            rewritten(
                orders,
                "ask_refills",
                "asked.get((grant.customer_id, number or 0), _NO_ORDER)",
                "next((o for (_, n), o in reversed(asked.items()) if n == number), _NO_ORDER)",
            ),
        ),
    ),
    Mutant(
        "a number is given again when the transaction that took it was rolled back",
        rewritten(
            order_store,
            "commit",
            "numbers.orders.give(Counter([order.panel_id for order in plan.orders]))\n",
            "numbers.orders.give(Counter([order.panel_id for order in plan.orders]))\n    given.keep()\n",
        ),
        seed=12,
    ),
    Mutant(
        "a process gives out what another one has",
        with_part(
            numbers,
            "_TAKE",
            "panels_numbering.next_number + ?",
            "panels_numbering.next_number + ? / CASE panels_numbering.noun WHEN 'order' THEN 2 ELSE 1 END",
        ),
    ),
    Mutant(
        "a key of one panel is good on another",
        rewritten(
            access.AccessQuery,
            "grants",
            "by_key.get((panels.get(caller.address, 0), caller.digest))",
            "next((grant for (_, digest), grant in by_key.items() if digest == caller.digest), None)",
        ),
    ),
    Mutant("the charge is not booked", put(order_store, "INSERT_TRANSFERS", Nothing())),
    Mutant("the balance is not charged", put(order_store, "ADD_TO_BALANCES", Nothing())),
    Mutant(
        "a chargeback that is not covered is refused",
        rewritten(ledger_rules, "_post", "short is Shortfall.DEBT", "short is None"),
    ),
    Mutant(
        "a chargeback takes the credit that is granted for orders",
        rewritten(
            ledger_rules, "_record_debt", "max(debit.balance_micros, 0)", "debit.balance_micros - debit.floor_micros"
        ),
        seed=9,
    ),
    Mutant("money that comes in pays no debt", put(ledger_rules, "repaid", lambda *given: None), seed=2),
    Mutant(
        "a refund pays no debt",
        rewritten(ledger_store, "credit", "rules.repaid(transfer, account, owed[account])", "None"),
        seed=11,
    ),
    Mutant(
        "orders are taken while a debt stands",
        without(order_store, "_BALANCES", "WHEN owed_micros > 0", "WHEN owed_micros < 0"),
    ),
    Mutant(
        "granted credit cannot be spent",
        without(order_store, "_BALANCES", "balance_micros - floor_micros", "balance_micros"),
    ),
    Mutant("what an order costs is not posted", put(costs, "posted", lambda before, after: (after, []))),
    Mutant("a cost is posted whole at each change", rewritten(costs, "changes", "now - was", "now")),
    Mutant(
        "a cost is posted before a provider has taken the order",
        rewritten(costs, "earned", "(order.upstream_id is None and order.ended_at is None)", "order.attempts > 99"),
    ),
    Mutant(
        "what a provider made of a subscription costs nothing in the books",
        rewritten(post_orders, "take_over", "earned = there.cost.micros if", "earned = 0 if"),
    ),
    Mutant(
        "what reports add up is lost where its process dies",
        rewritten(report_actions.Adder, "_add_up", "with transaction.atomic():", "if True:"),
    ),
    Mutant("reports count the runs of a drip-feed as orders", put(report_rules, "_UNCOUNTED", frozenset())),
    Mutant(
        "a cost that is taken back is added to reports",
        rewritten(report_rules.Tally, "posted", "else -transfer.micros", "else transfer.micros"),
    ),
    Mutant(
        "more is spent than there is",
        rewritten(
            placing,
            "_place_one",
            "if charge > book.balances[account]:",
            "if charge > 10**18:",
        ),
    ),
    Mutant(
        "a percent off a category is not looked at",
        rewritten(rates, "rate_for", "percent = custom.category_percent_off_e2", "percent = None"),
    ),
    Mutant(
        "a repeat is a new order",
        rewritten(
            placing,
            "_place_one",
            "request_id = command.request_id\n",
            "request_id = command.request_id + str(now)\n",
        ),
    ),
    Mutant("a request_id gives its order whatever comes with it", put(placing, "_is_of", lambda *given: True)),
    Mutant(
        "the runs of a drip-feed are not charged",
        rewritten(
            placing,
            "_place_one",
            "units=quantity, flat",
            "units=run_quantity, flat",
        ),
    ),
    Mutant(
        "any quantity is taken where a service is sold in steps",
        rewritten(
            placing,
            "_out_of_bounds",
            "quantity % service.step",
            "False",
        ),
    ),
    Mutant(
        "posts are ordered for in any quantity",
        rewritten(
            schedules,
            "_order_for",
            "step=parent.step",
            "step=1",
        ),
    ),
    Mutant("a channel is taken where a post is needed", put(link_kinds, "wrong_link", lambda rule, table, text: None)),
    Mutant("a channel counts as a post of a subscription", put(linking, "skip_post", lambda *told, **rule: False)),
    Mutant("an order is placed in more than one transaction", put(orders, "batch", nullcontext)),
    Mutant(
        "the end of a run is not settled with its drip-feed",
        rewritten(
            settling,
            "run_ended",
            "undelivered=schedule.undelivered + undelivered",
            "undelivered=schedule.undelivered",
        ),
    ),
    Mutant(
        "a cancelled drip-feed keeps the money of its runs",
        rewritten(
            settling,
            "stop_runs",
            "undelivered=schedule.undelivered + given_up",
            "undelivered=schedule.undelivered",
        ),
    ),
    Mutant(
        "a paused drip-feed goes on",
        rewritten(
            schedules,
            "run_schedules",
            "parents[order_id].paused_at is not None",
            "parents[order_id].paused_at is True",
        ),
        seed=5,
    ),
    Mutant(
        "a post is ordered for without the key of its subscription",
        rewritten(post_orders, "_post", "key_id=agreement.key_id", "key_id=None"),
    ),
    Mutant(
        "posts do not count for the cap of their key",
        rewritten(
            standing.Today, "pay", "rules.over_cap(key, charge_micros, self.key_spent, now)", "rules.over_cap is None"
        ),
    ),
    Mutant(
        "a revoked key goes on ordering for posts", without(access, "_KEYS_BY_ID", " AND k.revoked_at IS NULL"), seed=13
    ),
    Mutant(
        "revoking a key pauses nothing until something is due",
        rewritten(key_actions, "revoke_key", "changes.apply(Settled(after))", "pass"),
    ),
    Mutant(
        "posts are ordered for though their user is blocked",
        put(standing_store, "_blocked", lambda ids: set()),
        seed=12,
    ),
    Mutant("a suspended customer's posts are ordered for", without(access, "_BY_CUSTOMER", " AND c.enabled"), seed=7),
    Mutant("posts are ordered for though the service is off", without(standing_store, "_SERVICES", " AND enabled")),
    Mutant(
        "a post costs what was agreed though the service is cheaper today",
        rewritten(standing.Today, "price", "min(today, agreement.agreed_micros)", "agreement.agreed_micros"),
        seed=7,
    ),
    Mutant(
        "a post costs what the service costs today though less was agreed",
        together(
            rewritten(
                standing.Today, "why_not", "PauseReason.RATE if rate > agreement.agreed_micros else None", "None"
            ),
            rewritten(standing.Today, "price", "min(today, agreement.agreed_micros)", "today"),
        ),
        seed=11,
    ),
    Mutant(
        "what a provider makes of a subscription is not charged",
        rewritten(post_orders, "take_over", "charge = 0 if problem != NONE else spend.charge_micros", "charge = 0"),
    ),
    Mutant(
        "what a provider made of a subscription is charged whatever stands against it",
        rewritten(subscription_actions.Following, "_order", "NONE if not_charged is None else", "NONE if units else"),
    ),
    Mutant(
        "a provider is not asked to cancel what nobody pays for",
        rewritten(
            subscription_actions.Following, "done", "order_actions.pass_on_cancels(self.to_cancel, self.now)", "pass"
        ),
    ),
    Mutant(
        "what a provider makes of a subscription beyond what was ordered is charged",
        put(subscription_rules, "beyond", lambda wanted, **stands: None),
    ),
    Mutant(
        "of what a provider made of a subscription nothing is taken over",
        put(subscription_actions, "unknown_posts", lambda *arguments: []),
        seed=13,
    ),
    Mutant(
        "an order of a subscription that cannot be read is charged like any",
        together(
            rewritten(subscription_actions.Following, "_unread", "problem=trouble", "problem=NONE"),
            put(subscription_rules, "TRIES_MAX", 1),
        ),
        seed=12,
    ),
    Mutant("a post is ordered for again and again", put(schedules, "_POSTED", Nothing())),
    Mutant(
        "a post is ordered for without its delay",
        rewritten(
            schedules,
            "_remember",
            "delay_min=parent.delay_min",
            "delay_min=0",
        ),
        seed=13,
    ),
    Mutant(
        "a refill whose sender died is passed on again",
        rewritten(
            requests,
            "claim_refills",
            'if row.state == "sending":',
            'if row.state == "never":',
        ),
    ),
    Mutant("a webhook is told nothing of orders", put(webhook_events, "tell_orders", lambda changed, now: None)),
    Mutant(
        "a webhook is told of an order whose status did not change",
        rewritten(lifecycle.OrderChanges, "write", "o.status != self._before[o.id].status", "True"),
    ),
    Mutant("a webhook is told nothing of refills", put(requests, "tell_refills", lambda refill_ids, now: None)),
    Mutant(
        "a webhook is told of other customers' orders",
        rewritten(
            webhook_rules,
            "wanted",
            "by_customer.get((message.panel_id, customer_id), ())",
            "listeners",
        ),
    ),
)
