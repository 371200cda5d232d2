"""What customers and staff do in the simulation, each with what the panel should answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import connection
from django_scopes import scope, scopes_disabled

from panelwright.catalog import actions as catalog
from panelwright.core import sql
from panelwright.core.refusal import Refusal
from panelwright.customers import access
from panelwright.customers.models import Customer as CustomerRow
from panelwright.orders import actions, key_actions, pause_actions, queries, schedule_actions
from panelwright.orders.actions import AskOrders
from panelwright.panels import block_actions
from panelwright.panels.block_actions import NewBlock
from panelwright.providers.models import Route
from panelwright.providers.posts import subscription_actions
from panelwright.providers.routing import resolve_actions, route_actions
from panelwright.support import actions as tickets
from panelwright.support.models import Subject
from tests.simulator.books import Books, as_shared, one_link
from tests.simulator.broken import Complaints
from tests.simulator.buying import Order, Shop, Wish
from tests.simulator.deliveries import Deliveries
from tests.simulator.rules import UNPAID, Permits
from tests.simulator.watch import OrderRow
from tests.simulator.world import RICH_MICROS, Customer, Key, World, new_key

BATCH_MAX = 6
# How long a person waits before she looks for a lost order at its provider.
PATIENCE = timedelta(minutes=10)

_ID = sql.Query("SELECT id FROM orders_order WHERE panel_id = ? AND number = ?")
Run = Callable[[Callable[[], Any]], Any]


class People:
    """Customers, the authors they subscribe to, and the panel's staff."""

    def __init__(
        self, world: World, books: Books, shop: Shop, deliveries: Deliveries, complaints: Complaints, act: Run
    ) -> None:
        self._world = world
        self._books = books
        self._shop = shop
        self._deliveries = deliveries
        self._complaints = complaints
        self._act = act
        self._rng: Random = world.rng
        self._posts = 0
        self._stopped = 0
        # Chargebacks that may yet be won: whose, how much, their reference.
        self._disputes: list[tuple[Customer, int, str]] = []

    # ---- orders ----

    def place(self, permits: Permits) -> object:
        count = self._rng.choice((1, 1, 1, 2, BATCH_MAX))
        return self._place([self._shop.wish() for _ in range(count)], permits)

    def repeat(self, permits: Permits) -> object:
        """The same again, as after a lost answer; also twice in one batch, and together with something new."""
        wish = self._shop.repeat()
        if wish is None:
            return None
        wishes = [wish, self._shop.wish()]
        if self._rng.random() < 0.5:
            wishes.append(wishes[-1])
        return self._place(wishes, permits)

    def _place(self, wishes: list[Wish], permits: Permits) -> object:
        now = self._world.clock.now
        expected = self._shop.expected(wishes, now)
        results = self._act(lambda: actions.place_orders([wish.command for wish in wishes]))
        results = [self._placed(wish, result) for wish, result in zip(wishes, results, strict=True)]
        for wanted, result in zip(expected, results, strict=True):
            if isinstance(wanted, Order):
                taken = isinstance(result, int)
                self._complaints.check(taken, f"{wanted.wish.params} was refused: {result}")
                if taken and permits.new.get(result) is not wanted:
                    self._complaints.check(result not in permits.new, f"order {result} was acknowledged twice")
                    self._complaints.check(result not in self._books.orders, f"order {result} was there before")
                    permits.new[result] = wanted
                    self._shop.placed(wanted, result, now)
            else:
                answer = result.code if isinstance(result, Refusal) else result
                self._complaints.check(answer == wanted, f"an order was answered {answer}, not {wanted}")
        return [r.code if isinstance(r, Refusal) else r for r in results]

    def _placed(self, wish: Wish, result: Refusal | int) -> Refusal | int:
        """The id of the order that was answered by its number. 0: the panel has none of this number."""
        if isinstance(result, Refusal):
            return result
        rows = _ID.rows(connection, wish.customer.panel.id, int(result))
        self._complaints.check(bool(rows), f"order {result} was acknowledged and is not there")
        return int(rows[0][0]) if rows else 0

    def deposit(self, permits: Permits) -> object:
        customer = self._world.customer()
        micros = self._rng.choice((1, 12_345, 10**6, 10**8, RICH_MICROS // 1000))
        permits.deposits[customer.account_id] += micros
        self._world.deposit(customer, micros)
        # She writes that she has paid; nothing that is drawn by chance depends on it.
        with scope(panel=customer.panel.row):
            letter = tickets.Letter(f"I have paid {micros}.")
            tickets.open_ticket(
                panel_id=customer.panel.id, customer_id=customer.id, subject=Subject.PAYMENT, letter=letter
            )
        return customer.id, micros

    def dispute(self, permits: Permits) -> object:
        """A payment is charged back, told twice; or one that was charged back is given back."""
        if self._disputes and self._rng.random() < 0.4:
            customer, micros, reference = self._disputes.pop(self._rng.randrange(len(self._disputes)))
            permits.deposits[customer.account_id] += micros
            self._world.reverse(customer, micros, reference)
            return customer.id, micros, "is won"
        customer = self._world.customer()
        micros = self._rng.choice((1, 12_345, 10**6, 10**8))
        reference = f"dispute {self._rng.getrandbits(40)}"
        permits.deposits[customer.account_id] -= micros
        told = self._act(lambda: self._world.charge_back(customer, micros, reference))
        self._complaints.check(told == [True], f"{reference} was posted as {told}")
        again = self._world.charge_back(customer, micros, reference)
        self._complaints.check(again == [False], f"{reference} was told again and posted as {again}")
        self._disputes.append((customer, micros, reference))
        return customer.id, micros, "is charged back"

    def grant(self, permits: Permits) -> object:
        """Staff set how far below zero a customer may go; not less than is in use."""
        customer = self._world.customer()
        account = customer.account_id
        limit = self._rng.choice((0, 0, 1, 10**6, 10**8))
        used = max(-self._books.balances.get(account, 0), 0)
        if limit < used:
            self._raises(lambda: self._world.grant(customer, limit), f"account {account} uses {used} of {limit}")
            return customer.id, limit, "is refused"
        # Before the action: it may die, and then the limit is the old one, or the new one was never used.
        self._act(lambda: self._world.grant(customer, limit))
        self._books.credit[account] = limit
        return customer.id, limit

    # ---- what is asked of orders afterwards ----

    def cancel(self, permits: Permits) -> object:
        likely = list(self._books.open)[-100:]
        if self._rng.random() < 0.3:
            likely = [id_ for id_ in likely if self._books.orders[id_].kind == "drip-feed"]
        elif self._rng.random() < 0.2:
            likely = list(self._books.subscribed)
        customer, key, numbers, ids = self._some_orders(likely)
        results = self._act(lambda: actions.request_cancels([AskOrders(key.caller, numbers)]))[0]
        wanted: Any = [self._may_cancel(customer, id_) for id_ in ids] if key.can_order else "may_not_order"
        self._answered("cancel", wanted, results)
        if isinstance(wanted, list):
            for id_, word in zip(ids, wanted, strict=True):
                if word == 1 and id_ is not None:
                    self._cancelled(self._books.orders[id_], permits)
        return ids, _codes(results)

    def pause(self, permits: Permits) -> object:
        """A customer pauses a drip-feed, or lets it go on."""
        likely = [id_ for id_ in list(self._books.open)[-100:] if self._books.orders[id_].kind == "drip-feed"]
        if self._rng.random() < 0.4:
            likely = [id_ for id_ in self._books.paused if self._books.orders[id_].ended_at is None]
        if not likely:
            return None
        return self._pause(self._rng.choice(likely), self._rng.choice((pause_actions.pause, pause_actions.resume)))

    def resume_all(self, permits: Permits) -> object:
        """Whoever paused a drip-feed lets it go on."""
        open_ids = [id_ for id_ in sorted(self._books.paused) if self._books.orders[id_].ended_at is None]
        return [self._pause(id_, pause_actions.resume) for id_ in open_ids] or None

    def _pause(self, order_id: int, act: Callable[..., Refusal | None]) -> object:
        row = self._books.orders[order_id]
        customer_id = self._world.owners[row.customer_id].id
        paused = row.id in self._books.paused
        refusal = self._act(
            lambda: act(panel_id=row.panel_id, order_id=row.id, customer_id=customer_id, by="simulation")
        )
        if act is pause_actions.pause:
            wanted = "is_paused" if paused else None if row.job else "no_runs_left"
        else:
            wanted = "not_paused" if not paused else None if row.job else "no_runs_left"
        told = refusal.code if isinstance(refusal, Refusal) else refusal
        self._complaints.check(
            told == wanted, f"{act.__name__} of drip-feed {row.id} was answered {told}, not {wanted}"
        )
        if told is None:
            if act is pause_actions.pause:
                self._books.paused.add(row.id)
            else:
                self._books.paused.discard(row.id)
        return row.id, act.__name__, told

    def _some_orders(self, likely: list[int]) -> tuple[Customer, Key, tuple[int | None, ...], tuple[int | None, ...]]:
        """A customer and up to three numbers: her own, mostly, and `likely`; some of others, some that are none.

        With the ids of the orders that these are on her panel, whatever they are on the others.
        """
        rng = self._rng
        order_id: int | None = rng.choice(likely or [0])
        row = self._books.orders.get(order_id or 0)
        customer = self._world.owners[row.customer_id] if row is not None else self._world.customer()
        if rng.random() < 0.3:
            customer = rng.choice(customer.panel.customers) if rng.random() < 0.7 else self._world.customer()
        key = rng.choice(customer.keys) if rng.random() < 0.1 else customer.keys[1]
        ids: list[int | None] = [order_id]
        while rng.random() < 0.3 and len(ids) < 3:
            ids.append(rng.choice((rng.choice(customer.orders[-20:] or [7]), order_id, None, 10**9)))
        numbers = tuple(self._books.orders[id_].number if id_ in self._books.orders else id_ for id_ in ids)
        return customer, key, numbers, tuple(self._books.ids.get((customer.panel.id, n or 0)) for n in numbers)

    def _own(self, customer: Customer, order_id: int | None) -> OrderRow | None:
        row = self._books.orders.get(order_id or 0)
        return row if row is not None and row.customer_id == customer.id else None

    def _may_cancel(self, customer: Customer, order_id: int | None) -> str | int:
        row = self._own(customer, order_id)
        if row is None:
            return "bad_order"
        if not self._world.sold[row.service_id].cancel:
            return "cancel_disabled"
        return 1 if row.ended_at is None else "cannot_cancel"

    def _cancelled(self, row: OrderRow, permits: Permits) -> None:
        """A cancel was accepted: what nobody else knows of ends here and now."""
        self._books.cancels.add(row.id)
        self._books.cancelling[row.id] = None
        if row.kind == "subscription":
            if row.job in ("schedule", "forward"):
                permits.end(row.id, "Canceled", 0, must=True)
            return
        rows = [row]
        if row.kind == "drip-feed":
            rows = [self._books.orders[id_] for id_ in self._books.children.get(row.id, ())]
        for one in rows:
            if one.ended_at is None and row.kind == "drip-feed":
                self._books.cancels.add(one.id)
                self._books.cancelling[one.id] = None
            if (one.status, one.job, one.ended_at) == ("Pending", "forward", None):
                permits.end(one.id, "Canceled", one.quantity, must=True)

    def refill(self, permits: Permits) -> object:
        likely = list(self._books.completed)
        if self._rng.random() < 0.7:
            now = self._world.clock.now
            owners = self._world.owners
            rows = [self._books.orders[id_] for id_ in likely]
            likely = [r.id for r in rows if self._may_refill(owners[r.customer_id], r.id, now) == "refill"]
        customer, key, numbers, ids = self._some_orders(likely)
        results = self._act(lambda: actions.request_refills([AskOrders(key.caller, numbers)]))[0]
        now = self._world.clock.now
        wanted: Any = "may_not_order"
        if key.can_order:
            wanted = []
            for place, id_ in enumerate(ids):
                word = self._may_refill(customer, id_, now)
                if word == "refill" and id_ in ids[:place]:
                    word = "refill_open"
                wanted.append(word)
                if word == "refill" and id_ is not None:
                    permits.refills.add(id_)
        self._answered("refill", wanted, results)
        return ids, _codes(results)

    def _may_refill(self, customer: Customer, order_id: int | None, now: datetime) -> str:
        row = self._own(customer, order_id)
        if row is None:
            return "bad_order"
        sold = self._world.sold[row.service_id]
        before = [self._books.refills[id_] for id_ in self._books.refills_of.get(row.id, ())]
        if not sold.refill:
            return "refill_disabled"
        if row.kind in ("drip-feed", "subscription"):
            return "refill_runs"
        if row.status != "Completed" or row.ended_at is None:
            return "not_completed"
        if any(refill.ended_at is None for refill in before):
            return "refill_open"
        if now - max([row.ended_at, *(refill.created_at for refill in before)]) < timedelta(hours=24):
            return "refill_too_soon"
        over = sold.refill_days is not None and now > row.ended_at + timedelta(days=sold.refill_days)
        return "refill_over" if over else "refill"

    def _answered(self, what: str, wanted: Any, results: Any) -> None:
        """The answers are those that were wanted; "refill" stands for the number of a new one."""
        told = _codes(results)
        if isinstance(wanted, list) and isinstance(told, list):
            told = ["refill" if w == "refill" and isinstance(t, int) else t for w, t in zip(wanted, told, strict=True)]
        self._complaints.check(told == wanted, f"{what} was answered {told}, not {wanted}")

    def look(self, permits: Permits) -> object:
        """A customer asks how some orders stand, whoever they belong to."""
        panel = self._rng.choice(self._world.panels)
        known = list(self._books.orders)[-500:]
        ids = self._rng.sample(known, min(len(known), 5))
        numbers = sorted({self._books.orders[id_].number for id_ in ids})
        found, _ = queries.standings({panel.id: numbers})
        for number in numbers:
            row = self._books.orders.get(self._books.ids.get((panel.id, number), 0))
            told = found[panel.id].get(number)
            wanted = None
            if row is not None:
                scheduled = row.id if row.kind in {"drip-feed", "subscription"} else None
                wanted = (number, row.customer_id, row.charge, row.start_count, row.status, row.remains, scheduled)
            said = None if told is None else tuple(told)
            self._complaints.check(
                said == wanted, f"order {number} of panel {panel.id} is told as {said}, it is {wanted}"
            )
        return numbers

    def post(self, permits: Permits) -> object:
        """Somebody who is subscribed to has a new post; it is told of twice at times."""
        customer = self._world.customer()
        if not customer.subscriptions:
            return None
        id_ = self._rng.choice(customer.subscriptions[-10:])
        asked, row = self._books.subscriptions[id_], self._books.orders[id_]
        known, refused = bool(asked.posts) and self._rng.random() < 0.2, False
        if known:
            # At times as an app shares it: it is one post.
            link = next(iter(asked.posts))
            link = as_shared(link) if self._posts % 2 else link
        else:
            self._posts += 1
            # What a service does not take is never ordered for: the referee knows of no such post.
            refused = self._world.sold[row.service_id].posts_only and self._rng.random() < 0.3
            link = f"https://t.me/s/channel{self._posts}" if refused else f"https://example.com/post/{self._posts}"

        def tell() -> bool:
            return schedule_actions.record_post(panel_id=customer.panel.id, subscription_id=id_, link=link)

        if row.ended_at is not None:
            self._raises(tell, f"a post was taken for subscription {id_}, which has ended")
        else:
            new = self._act(tell)
            self._complaints.check(new is not known, f"the post {link} was {'' if new else 'not '}new")
            if not refused and row.job == "schedule":
                asked.posts.setdefault(one_link(link), self._world.clock.now)
        return id_, link

    # ---- what stands against a standing order ----

    def revoke(self, permits: Permits) -> object:
        """A key that has subscriptions is revoked; its customer gets another one."""
        mine = [(id_, self._books.subscriptions[id_].key_id) for id_ in self._books.subscribed]
        keyed = [(id_, key_id) for id_, key_id in mine if key_id is not None and key_id not in self._world.revoked]
        if not keyed:
            return None
        _, key_id = self._rng.choice(keyed)
        customer = next(c for c in self._world.owners.values() if any(key.id == key_id for key in c.keys))
        place = next(i for i, key in enumerate(customer.keys) if key.id == key_id)
        with scope(panel=customer.panel.row):
            self._act(lambda: key_actions.revoke_key(panel_id=customer.panel.id, key_id=key_id))
            self._world.revoked.add(key_id)
            row = CustomerRow.objects.get(panel=customer.panel.row, id=customer.id)
            key = customer.keys[place]
            address = key.caller.address
            customer.keys[place] = new_key(self._world, row, address, can_order=key.can_order, cap=key.cap)
        permits.paused = {id_ for id_, of_key in keyed if of_key == key_id}
        return key_id, sorted(permits.paused)

    def suspend(self, permits: Permits) -> object:
        """A customer may not order for a moment, or nobody for a user, and just then posts are due."""
        now = self._world.clock.now
        due = [
            id_
            for id_ in self._books.subscribed
            for told_at in self._books.subscriptions[id_].posts.values()
            if self._books.orders[id_].status == "Active"
            and told_at + timedelta(minutes=self._books.subscriptions[id_].delay_min) <= now
        ]
        if not due:
            return None
        row = self._books.orders[self._rng.choice(due)]
        permits.children = True
        self._stopped += 1
        if self._stopped % 2:
            permits.blocked = row.panel_id, self._books.subscriptions[row.id].user
            block_actions.add_blocks(row.panel_id, [NewBlock("exact", permits.blocked[1])])
            with scopes_disabled():
                schedule_actions.run_schedules(100, pass_on=subscription_actions.pass_on)
            block_actions.remove_block(row.panel_id, kind="exact", text=permits.blocked[1])
            return permits.blocked
        customer_id = permits.suspended = row.customer_id
        with scopes_disabled():
            CustomerRow.objects.filter(id=customer_id).update(enabled=False)
            schedule_actions.run_schedules(100, pass_on=subscription_actions.pass_on)
            CustomerRow.objects.filter(id=customer_id).update(enabled=True)
        return customer_id

    def agree(self, permits: Permits) -> object:
        """A customer lets a subscription go on: without its key, or at the rate of today."""
        waiting = [id_ for id_ in self._books.subscribed if self._books.orders[id_].status == "Paused"]
        if not waiting:
            return None
        id_ = self._rng.choice(waiting)
        row, asked = self._books.orders[id_], self._books.subscriptions[id_]
        which: dict[str, Any] = {"panel_id": row.panel_id, "order_id": id_, "by": "simulation"}
        told = self._act(lambda: pause_actions.resume(**which, customer_id=row.customer_id))
        if told is None and asked.key_id in self._world.revoked:
            asked.key_id = None
        elif told is None:
            today = self._world.owners[row.customer_id].rate_of(self._world.sold[row.service_id])
            asked.agreed = max(asked.agreed, today or 0)
        return id_, _codes(told)

    def settle_unpaid(self, permits: Permits) -> object:
        """Staff decide who pays for an order that a provider made when its customer could not."""
        unpaid = [id_ for id_ in self._books.open if self._books.orders[id_].problem_code in UNPAID]
        if not unpaid:
            return None
        row = self._books.orders[self._rng.choice(unpaid)]
        which: dict[str, Any] = {"panel_id": row.panel_id, "order_id": row.id, "by": "Bob"}
        cost = -((-row.rate * row.quantity) // 1000)
        account = self._world.owners[row.customer_id].account_id
        if self._rng.random() < 0.5 and cost <= self._books.available(account):
            permits.charged[row.id] = cost
            self._act(lambda: subscription_actions.charge_post(**which))
            told = "is charged"
        else:
            self._act(lambda: subscription_actions.waive_post(**which))
            told = "is waived"
        permits.jobs[row.id] = {"poll"}
        return row.id, told

    def _raises(self, action: Callable[[], object], otherwise: str) -> None:
        """The action must refuse."""
        try:
            self._act(action)
        except ValueError:
            return
        self._complaints.add(otherwise)

    # ---- staff ----

    def decide(self, permits: Permits, *, patience: timedelta = PATIENCE) -> object:
        """A person takes up an order with an unknown outcome, looks at the provider first, and decides."""
        now, rng = self._world.clock.now, self._rng
        waiting = [id_ for id_, since in self._books.unknown.items() if now - since >= patience]
        if not waiting:
            return self._end_any(permits)
        order_id = rng.choice(waiting[:20])
        row = self._books.orders[order_id]
        assert row.provider_id is not None
        model = self._world.models[row.provider_id]
        model.catch_up()
        taken = self._deliveries.parcel(order_id).taken
        which: dict[str, Any] = {"panel_id": row.panel_id, "order_id": order_id, "by": "Bob"}
        if taken and rng.random() < 0.8:
            ref = taken[0][1]

            def arrived() -> None:
                resolve_actions.arrived(upstream_id=ref, **which)

            if (row.provider_id, ref) not in self._books.upstream:
                self._act(arrived)
                self._deliveries.written_down(order_id)
                permits.jobs[order_id] = {"poll"}
                return order_id, "arrived as", ref
            self._raises(arrived, f"order {order_id} was given the id {ref} of another")
        # What the customer wants cancelled is not sent again.
        wanted = order_id not in self._books.cancelling and order_id not in self._books.asked_to_cancel
        if not taken and wanted and rng.random() < 0.6:
            permits.pending_again.add(order_id)
            permits.jobs[order_id] = {"forward"}
            self._act(lambda: resolve_actions.send(**which))
            self._deliveries.decided(order_id)
            return order_id, "is sent again"
        permits.end(order_id, "Canceled", row.quantity, must=True)
        self._act(lambda: resolve_actions.cancel(**which))
        return order_id, "is refunded"

    def _end_any(self, permits: Permits) -> object:
        """A person ends some order, whatever state it is in. One that has ended or is being sent is left alone."""
        rng = self._rng
        id_ = rng.choice(list(self._books.orders)[-100:] or [0])
        row = self._books.orders.get(id_)
        panel = rng.choice(self._world.panels)
        if row is None:
            return None
        runs = [self._books.orders[run] for run in self._books.children.get(id_, ())] if row.kind == "drip-feed" else []
        now = self._world.clock.now
        in_flight = any(
            one.job == "sending" and one.lease_until is not None and one.lease_until > now and one.ended_at is None
            for one in (row, *runs)
        )
        which: dict[str, Any] = {"panel_id": panel.id, "order_id": id_, "by": "Bob"}
        if row.ended_at is not None or in_flight or row.panel_id != panel.id:
            decision = rng.choice((resolve_actions.done, resolve_actions.cancel))
            self._raises(lambda: decision(**which), f"a person decided about order {id_} of panel {panel.id}: {row}")
            return id_, "is not decided about"
        if rng.random() < 0.8:
            return None
        return self._end(row, runs, which, permits)

    def _end(self, row: OrderRow, runs: list[OrderRow], which: dict[str, Any], permits: Permits) -> object:
        if row.kind in ("drip-feed", "subscription"):
            self._books.cancels.add(row.id)
            for run in runs:
                permits.end(run.id, "Canceled", run.quantity, must=run.ended_at is None)
            self._act(lambda: resolve_actions.cancel(**which))
            return row.id, "is ended with its runs"
        ends = self._rng.choice(("Completed", "Partial", "Canceled"))
        if ends == "Partial" and row.quantity > 1:
            remains = self._rng.randint(1, row.quantity - 1)
            permits.end(row.id, "Partial", remains, must=True)
            self._act(lambda: resolve_actions.partial(**which, remains=remains))
        elif ends == "Completed":
            permits.end(row.id, "Completed", 0, must=True)
            self._act(lambda: resolve_actions.done(**which))
        else:
            permits.end(row.id, "Canceled", row.quantity, must=True)
            self._act(lambda: resolve_actions.cancel(**which))
        return row.id, "is ended by hand as", ends

    def reprice(self, permits: Permits) -> object:
        """A rate changes, or a service is taken from sale for a while; orders that were placed keep theirs."""
        panel = self._rng.choice(self._world.panels)
        sold = self._rng.choice(list(panel.services.values()))
        waiting = [id_ for id_ in self._books.subscribed if self._books.subscriptions[id_].posts]
        standing = bool(waiting) and self._rng.random() < 0.5
        if standing:
            # Just what standing orders wait for: a little dearer than it was, or cheaper.
            sold = self._world.sold[self._books.orders[self._rng.choice(waiting)].service_id]
            panel = next(one for one in self._world.panels if sold in one.services.values())
        with scope(panel=panel.row):
            if self._rng.random() < 0.6:
                near = (sold.rate // 2, sold.rate * 9 // 10, sold.rate + 1, sold.rate * 2 + 1)
                sold.rate = self._rng.choice(near) % 10**8 if standing else self._rng.randint(0, 10**7)
                catalog.set_rate(panel_id=panel.id, number=sold.number, rate_micros=sold.rate)
            else:
                sold.enabled = not sold.enabled or self._rng.random() < 0.5
                catalog.set_enabled(panel_id=panel.id, number=sold.number, enabled=sold.enabled)
        return panel.id, sold.number, sold.rate, sold.enabled

    def find_route(self, permits: Permits) -> object:
        """Somebody is found who delivers what nobody delivered until now."""
        panel = self._rng.choice(self._world.panels)
        sold = next((sold for sold in panel.services.values() if not sold.routes), None)
        if sold is None:
            return None
        provider_id = next(id_ for id_, model in self._world.models.items() if model in panel.models)
        with scope(panel=panel.row):
            route_actions.add_routes(panel.id, [(sold.id, provider_id, str(100 + sold.number))])
            sold.routes = list(Route.objects.filter(service_id=sold.id).values_list("id", "provider_id"))
        return panel.id, sold.number

    def intrude(self, permits: Permits) -> object:
        """A key of one panel is tried at the other's address; nothing comes of it."""
        one, other = self._rng.sample(self._world.panels, 2)
        stranger = self._rng.choice(other.customers).keys[1].caller
        caller = access.Caller((one.host, 0, 443), stranger.digest, stranger.remote)
        ids = tuple(list(self._books.open)[-3:])
        wish = self._shop.wish()
        for result in (
            actions.place_orders([wish.command._replace(caller=caller)])[0],
            actions.request_cancels([AskOrders(caller, ids)])[0],
            actions.request_refills([AskOrders(caller, ids)])[0],
        ):
            self._complaints.check(_codes(result) == "bad_key", f"a strange key was answered {result}")
        return other.id, "at", one.id


def _codes(results: Any) -> Any:
    if isinstance(results, Refusal):
        return results.code
    if results is None:
        return None
    return [r.code if isinstance(r, Refusal) else r for r in results]
