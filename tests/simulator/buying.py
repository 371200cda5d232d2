"""What customers ask for, and what the panel should answer.

`Shop.expected` is a second, independent statement of PROTOCOL.md section 3: what an order costs and
why one is refused. It decides from what the simulator knows, never from the product's code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random
from typing import NamedTuple

from panelwright.catalog.types import DELAYS_MIN, FieldKind, TypeField, Units
from panelwright.orders.rules import PlaceOrder
from tests.simulator.books import Books, Subscription, one_link
from tests.simulator.world import Customer, Key, Sold, World

_WORDS = ("anna", "boris", "carla", "#spring", "https://example.com/g/1", "Well done!", "ótimo", "хорошо")


@dataclass(slots=True)
class Wish:
    """A command, and what it comes down to when nothing refuses it. `fault`: the refusal that its input earns."""

    customer: Customer
    key: Key
    sold: Sold | None
    params: dict[str, str]
    request_id: str
    units: int = 0  # of one run
    runs: int = 1
    fault: str = ""

    @property
    def command(self) -> PlaceOrder:
        return PlaceOrder(self.key.caller, self.params, self.request_id)


class Order(NamedTuple):
    """An order that should come of a wish. Money in micros."""

    wish: Wish
    kind: str
    quantity: int
    rate: int
    charge: int


@dataclass(slots=True)
class Shop:
    """Makes wishes and says what should become of them."""

    world: World
    books: Books
    rng: Random = field(init=False)
    # (customer id, request_id) -> (what was sent, the order's id)
    requests: dict[tuple[int, str], tuple[dict[str, str], int]] = field(default_factory=dict)
    _last_request: int = 0

    def __post_init__(self) -> None:
        self.rng = self.world.rng

    # ---- wishes ----

    def wish(self) -> Wish:
        rng = self.rng
        customer = self.world.customer()
        key = rng.choice(customer.keys) if rng.random() < 0.15 else customer.keys[1]
        sold = rng.choice(list(customer.panel.services.values()))
        if rng.random() < 0.06:
            # What a provider takes as a whole: it is the last service (world.py).
            sold = customer.panel.services[len(customer.panel.services)]
        if sold.type.subscription and rng.random() < 0.5:
            # Standing orders of a program with a limit.
            key = customer.keys[3]
        wish = Wish(customer, key, sold, {"service": str(sold.number)}, "")
        if rng.random() < 0.4:
            self._last_request += 1
            wish.request_id = f"request-{self._last_request}"
        self._fill(wish, sold)
        if not wish.fault and rng.random() < 0.06:
            self._spoil(wish, sold)
        return wish

    def repeat(self) -> Wish | None:
        """A command that was sent before, now and then with another input."""
        if not self.requests:
            return None
        recent = list(self.requests)[-30:]
        customer_id, request_id = self.rng.choice(recent)
        params, _ = self.requests[customer_id, request_id]
        customer = self.world.owners[customer_id]
        params = dict(params)
        if self.rng.random() < 0.2:
            params["link"] = "https://example.com/another"
        sold = customer.panel.services[int(params["service"])]
        return Wish(customer, customer.keys[1], sold, params, request_id)

    def _fill(self, wish: Wish, sold: Sold) -> None:
        rng, type_ = self.rng, sold.type
        for part in type_.fields:
            if part.name in ("quantity", "runs", "interval", "min", "max", "delay", "posts", "old_posts", "expiry"):
                continue
            if part.required or rng.random() < 0.5 or part.needed_when is not None:
                wish.params[part.name] = self._value(part, wish, sold)
        if type_.subscription:
            self._fill_subscription(wish, sold)
            return
        if type_.units is Units.QUANTITY:
            wish.units = rng.choice((sold.min, sold.max, rng.randint(sold.min, sold.max)))
            if sold.step > 1:
                self._fit_step(wish, sold)
            wish.params["quantity"] = str(wish.units)
        elif type_.units is Units.LINES:
            wish.units = wish.params[type_.lines_of].count("\n") + 1
        else:
            wish.units = sold.min
        if sold.drip_feed and rng.random() < 0.5:
            wish.runs = rng.randint(1, 5)
            wish.params |= {"runs": str(wish.runs), "interval": str(rng.choice((1, 1, 5, 60, 500)))}

    def _fit_step(self, wish: Wish, sold: Sold) -> None:
        """A multiple of the step, mostly."""
        beside = wish.units % sold.step
        if beside and self.rng.random() < 0.3:
            wish.fault = wish.fault or "bad_field"
        else:
            wish.units -= beside

    def _value(self, part: TypeField, wish: Wish, sold: Sold) -> str:
        rng = self.rng
        if part.name == "link" and sold.posts_only and rng.random() < 0.3:
            channel = rng.random() < 0.5
            if channel:
                wish.fault = "bad_link"
            return "https://t.me/s/channel" if channel else f"https://t.me/channel/{rng.randint(1, 5)}"
        if part.name == "link":
            return rng.choice(wish.customer.panel.links)
        if part.kind is FieldKind.LINES:
            low, high = (sold.min, sold.max) if part.name == sold.type.lines_of else (1, 4)
            return "\n".join(rng.choice(_WORDS) for _ in range(rng.randint(low, min(high, low + 6))))
        if part.kind is FieldKind.CHOICE:
            return rng.choice(part.choices)
        if part.kind is FieldKind.COUNT:
            return str(rng.randint(1, 9))
        if part.kind is FieldKind.NAME:
            return f"name{rng.randint(1, 5)}"
        return part.example

    def _fill_subscription(self, wish: Wish, sold: Sold) -> None:
        rng = self.rng
        low = rng.randint(sold.min, sold.max)
        low -= low % sold.step
        wish.params |= {
            "username": f"user{rng.randint(1, 5)}",
            "min": str(low),
            "max": str(rng.randint(low, sold.max)),
            "delay": str(rng.choice(DELAYS_MIN[:6])),
        }
        if rng.random() < 0.8:
            wish.params["posts"] = str(rng.randint(0, 4))
        if rng.random() < 0.3:
            wish.params["old_posts"] = str(rng.randint(0, 2))
        if rng.random() < 0.4:
            wish.params["expiry"] = f"{date.fromordinal(self.world.clock.now.toordinal() + rng.randint(0, 6)):%d/%m/%Y}"

    def _spoil(self, wish: Wish, sold: Sold) -> None:
        """Make it wrong in one way that is refused whatever else is true."""
        rng, quantity = self.rng, sold.type.units is Units.QUANTITY
        ways = ["service"]
        if sold.type.field("link") is not None:
            ways.append("link")
        if quantity:
            ways += ["below", "above", "huge", "no quantity"]
        if sold.type.drip_feed:
            ways.append("runs")
        way = rng.choice(ways)
        if way == "service":
            wish.params["service"], wish.sold, wish.fault = rng.choice(("0", "999", "x", "9" * 30)), None, "bad_service"
        elif way == "link":
            wish.params["link"], wish.fault = rng.choice(("", "two words", "javascript:alert(1)")), "bad_link"
        elif way == "runs":
            wish.params |= {"runs": "3", "interval": ""}
            wish.fault = "bad_field"
        elif way == "no quantity":
            wish.params["quantity"], wish.fault = rng.choice(("", "-5", "1.5", "many")), "bad_field"
        else:
            wrong = {"below": sold.min - 1, "above": sold.max + 1, "huge": 10**40}[way]
            wish.params["quantity"], wish.fault = str(wrong), "below_min" if way == "below" else "above_max"

    # ---- what should become of them ----

    def expected(self, wishes: Sequence[Wish], now: datetime) -> list[str | int | Order]:
        """For each wish a refusal's code, the id of the order that it repeats, or a new order.

        An order of the same batch that is repeated stands there twice, as the same object.
        """
        decided: list[str | int | Order] = []
        balances: dict[int, int] = {}
        links: set[tuple[int, int, str]] = set()
        spent: dict[int, int] = {}
        batch: dict[tuple[int, str], tuple[dict[str, str], Order]] = {}
        for wish in wishes:
            outcome = self._repeats(wish, batch) or self._refused(wish) or self._order(wish)
            if isinstance(outcome, Order):
                before = batch.get((wish.customer.id, wish.request_id))
                if before is None or outcome is not before[1]:
                    outcome = self._afford(outcome, now, balances, links, spent)
                    if isinstance(outcome, Order) and wish.request_id:
                        batch[wish.customer.id, wish.request_id] = (wish.params, outcome)
            decided.append(outcome)
        return decided

    def _repeats(
        self, wish: Wish, batch: dict[tuple[int, str], tuple[dict[str, str], Order]]
    ) -> str | int | Order | None:
        if not wish.key.can_order:
            return "may_not_order"
        place = (wish.customer.id, wish.request_id)
        before: tuple[dict[str, str], int | Order] | None = self.requests.get(place) or batch.get(place)
        if not wish.request_id or before is None:
            return None
        return before[1] if before[0] == wish.params else "bad_field"

    def _refused(self, wish: Wish) -> str | None:
        if wish.sold is None or not wish.sold.enabled or wish.customer.rate_of(wish.sold) is None:
            return "bad_service"
        return wish.fault or None

    def _order(self, wish: Wish) -> Order:
        sold = wish.sold
        assert sold is not None
        rate = wish.customer.rate_of(sold)
        assert rate is not None
        if sold.type.subscription:
            return Order(wish, "subscription", 0, rate, 0)
        units = wish.units * wish.runs
        charge = rate if sold.type.flat else -((-rate * units) // 1000)
        return Order(wish, "plain" if wish.runs == 1 else "drip-feed", units, rate, charge)

    def _afford(
        self,
        order: Order,
        now: datetime,
        balances: dict[int, int],
        links: set[tuple[int, int, str]],
        spent: dict[int, int],
    ) -> Order | str:
        """Refused for what else is going on: an open order for the link, the key's cap, the balance."""
        wish, sold, charge = order.wish, order.wish.sold, order.charge
        assert sold is not None
        if order.kind == "subscription":
            return order
        place = (wish.customer.id, sold.id, one_link(wish.params["link"]))
        if sold.unique_link and (place in links or place in self.books.open_links):
            return "same_link"
        key = wish.key
        if key.cap is not None and key.id is not None:
            so_far = self.books.spent_by(key.id, now.date()) + spent.get(key.id, 0)
            if so_far + charge > key.cap:
                return "cap_reached"
        account = wish.customer.account_id
        left = balances.get(account, self.books.available(account))
        if charge > left:
            return "debt_stands" if left < 0 else "no_funds"
        balances[account] = left - charge
        if key.cap is not None and key.id is not None:
            spent[key.id] = spent.get(key.id, 0) + charge
        if sold.unique_link:
            links.add(place)
        return order

    def placed(self, order: Order, order_id: int, now: datetime) -> None:
        """Remember an order that was really placed."""
        wish = order.wish
        if wish.request_id:
            self.requests[wish.customer.id, wish.request_id] = (wish.params, order_id)
        if wish.key.cap is not None and wish.key.id is not None:
            self.books.spend(wish.key.id, order.charge, now.date())
        wish.customer.orders.append(order_id)
        if order.kind == "subscription":
            wish.customer.subscriptions.append(order_id)
            self.books.subscriptions[order_id] = _subscription(wish.params, order.rate, wish.key.id)


def _subscription(params: dict[str, str], rate: int, key_id: int | None) -> Subscription:
    """PROTOCOL.md section 3: posts left out, or 0 without old_posts, means without limit."""
    posts = int(params["posts"]) if "posts" in params else None
    old_posts = int(params.get("old_posts", "0"))
    unlimited = posts is None or (posts == 0 and old_posts == 0)
    day = datetime.strptime(params["expiry"], "%d/%m/%Y").date() if "expiry" in params else None
    # Every post that the simulation tells of is a new one.
    wanted = None if unlimited else posts
    low, high, delay_min = (int(params[name]) for name in ("min", "max", "delay"))
    return Subscription(rate, key_id, low, high, delay_min, wanted, day, old_wanted=old_posts, user=params["username"])
