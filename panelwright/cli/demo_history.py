"""The demonstration's past: a panel in which people signed up, paid in, ordered, asked, and were answered.

Everything goes through the same actions as at work, with the clock set back: books, events and reports are those of a
panel that lived through it, and the audit has nothing against it. All is drawn from a seed, so that the same panel
comes out each time.
"""

from __future__ import annotations

import heapq
import random
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from panelwright.catalog.types import BY_NAME, FieldKind
from panelwright.core import clock, money
from panelwright.customers.access import Caller
from panelwright.customers.actions import create_customer_hashed, hashed
from panelwright.customers.models import Customer
from panelwright.ledger.actions import credit_customer
from panelwright.ledger.models import TransferCode
from panelwright.orders.actions import place_orders
from panelwright.orders.rules import PlaceOrder
from panelwright.panels.models import Panel
from panelwright.panels.presets import Preset, PresetService
from panelwright.providers.routing import actions as delivery
from panelwright.providers.routing.store import PollTask
from panelwright.providers.wire.outcomes import Accepted, OrderReport, Unknown, UpstreamRefused
from panelwright.sandbox import money as upstream_money
from panelwright.sandbox.catalogue import BY_ID

if TYPE_CHECKING:
    from panelwright.cli.demo import DemoProvider
    from panelwright.cli.demo_money import Till

SEED = 20
# How many orders people place at one sitting, and how seldom so many.
_SITTINGS = ((1, 42), (2, 22), (3, 14), (5, 12), (8, 7), (12, 3))
# Orders by the hour of the day, in UTC: few at night.
_HOURS = (3, 2, 2, 1, 1, 2, 3, 5, 8, 10, 11, 11, 12, 12, 13, 13, 12, 13, 14, 15, 14, 11, 8, 5)
# Ends are told in steps, so that one question to the provider is about several orders.
_STEP = timedelta(minutes=20)
_DEPOSITS = (25, 50, 50, 100, 100, 200, 250, 500)
_NAMES = (
    *("anna", "boris", "chiara", "diego", "emeka", "fatima", "goran", "hana", "ines", "jonas", "kaito", "leila"),
    *("marek", "nadia", "oscar", "priya", "quentin", "rosa", "samir", "tanya", "umar", "vera", "wassim", "xenia"),
    *("yusuf", "zoe", "amara", "bruno", "celia", "dmitri", "elif", "farid", "greta", "hugo", "ivana", "jamal"),
    *("katya", "lucas", "mei", "nils"),
)


class Merit(NamedTuple):
    """How a provider delivers: hours from the order to its end, shares of Completed, Partial and Canceled in 100, and
    its prices, in hundredths of the list."""

    hours: tuple[float, float]
    shares: tuple[int, int, int]
    price: int = 100


USUAL = Merit((0.3, 9.0), (91, 6, 3))


class Past(NamedTuple):
    """How much of it: people besides the one who is told in demo.json, orders, days."""

    people: int
    orders: int
    days: int


class _Going(NamedTuple):
    """An order at its provider, and what will become of it."""

    ends_at: datetime
    start_count: int
    status: str
    remains: int
    cost: Decimal


def live_through(
    panel: Panel,
    preset: Preset,
    customer: Customer,
    past: Past,
    upstream: DemoProvider,
    merits: dict[str, Merit],
    till: Till | None = None,
) -> list[Customer]:
    """The panel has had these days, people and orders when it returns; they end two hours ago at the latest.

    `merits`: by the provider's name. `till`: where its people paid in. Answers the people, those with the most orders
    first.
    """
    return _Life(panel, preset, customer, past, upstream, merits, till).lived()


class _Life:
    def __init__(
        self,
        panel: Panel,
        preset: Preset,
        customer: Customer,
        past: Past,
        upstream: DemoProvider,
        merits: dict[str, Merit],
        till: Till | None,
    ) -> None:
        self.panel, self.upstream, self.merits, self.till = panel, upstream, merits, till
        self.draw = random.Random(f"{SEED}:{panel.slug}")
        self.past = past
        self.until = clock.now() - timedelta(hours=2)
        self.start = self.until - timedelta(days=past.days)
        self.known = [customer]
        self.password = hashed(secrets.token_urlsafe(16))
        sold = [s for s in preset.services if not BY_NAME[s.type].subscription]
        # Few services are most of what a panel sells.
        self.sold = sorted(sold, key=lambda _: self.draw.random())
        self.weights = [1.0 / (place + 1) ** 0.7 for place in range(len(sold))]
        self.credits = 0
        self.going: dict[str, _Going] = {}
        self.ends: list[tuple[datetime, int]] = []

    def lived(self) -> list[Customer]:
        self._pay_in(self.known[0], 5_000, self.start)
        for at, count in self._sittings():
            self._settle_until(at)
            self._meet_people(at)
            self._sit(at, count)
        self._settle_until(self.until + timedelta(days=2))
        return self.known

    def _sittings(self) -> Iterator[tuple[datetime, int]]:
        """When somebody orders, and how many orders: more from week to week, and fewer at the weekend."""
        counts: list[int] = []
        while sum(counts) < self.past.orders:
            counts += self.draw.choices([n for n, _ in _SITTINGS], [w for _, w in _SITTINGS])
        first = self.start.replace(minute=0, second=0, microsecond=0)
        days = [first + timedelta(days=day) for day in range(self.past.days)]
        weights = [(1 + 1.5 * n / len(days)) * (0.7 if day.weekday() > 4 else 1) for n, day in enumerate(days)]
        moments = []
        for day in self.draw.choices(days, weights, k=len(counts)):
            (hour,) = self.draw.choices(range(24), _HOURS)
            moments.append(day + timedelta(hours=hour, seconds=self.draw.randrange(3600)))
        return zip(sorted(min(at, self.until) for at in moments), counts, strict=True)

    def _meet_people(self, at: datetime) -> None:
        """A third of the people were there when it began, the others come one by one."""
        share = (at - self.start) / timedelta(days=self.past.days)
        wanted = 1 + round(self.past.people * min(1, 1 / 3 + share))
        with clock.at(at - timedelta(minutes=9)):
            while len(self.known) < wanted:
                name = f"{_NAMES[(len(self.known) - 1) % len(_NAMES)]}{'' if len(self.known) <= len(_NAMES) else 2}"
                email = f"{name}@{self.panel.slug}.example"
                self.known.append(
                    create_customer_hashed(panel_id=self.panel.id, email=email, password_hash=self.password)
                )

    def _sit(self, at: datetime, count: int) -> None:
        place = min(int(self.draw.expovariate(3 / len(self.known))), len(self.known) - 1)
        buyer = self.known[place]
        services = self.draw.choices(self.sold, self.weights, k=count)
        commands = [PlaceOrder(Caller(customer_id=buyer.id), order_params(s, self.draw)) for s in services]
        with clock.at(at):
            placed = place_orders(commands)
            if not all(isinstance(one, int) for one in placed):
                # Who has not enough pays in, and orders what is left.
                self._pay_in(buyer, self.draw.choice(_DEPOSITS), at - timedelta(minutes=3))
                place_orders([c for c, one in zip(commands, placed, strict=True) if not isinstance(one, int)])
            sendings = delivery.claim_forward(100)
            while sendings:
                self._send(sendings, at)
                sendings = delivery.claim_forward(100)

    def _send(self, sendings: Sequence[delivery.Sending], at: datetime) -> None:
        going = [self._going(sending, at) for sending in sendings]
        told = [
            {
                "service": sending.route.upstream_service,
                "link": sending.order.link,
                "quantity": sending.order.quantity,
                "created_at": at.isoformat(),
                "ended_at": of.ends_at.isoformat(),
                "status": of.status,
                "remains": of.remains,
                "start_count": of.start_count,
            }
            for sending, of in zip(sendings, going, strict=True)
        ]
        refs = [str(ref) for ref in self.upstream.control("import", {"orders": told})["orders"]]
        delivery.commit_sent([delivery.Sent(s, Accepted(ref)) for s, ref in zip(sendings, refs, strict=True)])
        for sending, ref, of in zip(sendings, refs, going, strict=True):
            self.going[ref] = of
            heapq.heappush(self.ends, (of.ends_at, sending.provider.id))

    def _going(self, sending: delivery.Sending, at: datetime) -> _Going:
        merit, quantity = self.merits.get(sending.provider.name, USUAL), sending.order.quantity
        hours = self.draw.triangular(*merit.hours, merit.hours[0])
        (status,) = self.draw.choices(["Completed", "Partial", "Canceled"], merit.shares)
        if status == "Partial" and quantity < 2:
            status = "Completed"
        remains = {"Completed": 0, "Partial": self.draw.randint(1, max(quantity // 2, 1)), "Canceled": quantity}[status]
        ends_at = min(at + timedelta(hours=hours), self.until + timedelta(minutes=90))
        service = BY_ID[int(sending.route.upstream_service)]
        kept = upstream_money.kept(
            outcome=status,
            charge_micros=upstream_money.charge(service, units=quantity),
            remains=remains,
            quantity=quantity,
        )
        cost = Decimal(kept * merit.price // 100) / money.MICROS
        return _Going(ends_at, self.draw.randint(0, 90_000), status, remains, cost)

    def _settle_until(self, moment: datetime) -> None:
        """What ended up to this moment, in steps."""
        while self.ends and self.ends[0][0] <= moment:
            now = self.ends[0][0] + _STEP
            providers = set()
            while self.ends and self.ends[0][0] <= now:
                providers.add(heapq.heappop(self.ends)[1])
            with clock.at(now):
                for provider_id in sorted(providers):
                    self._poll(provider_id, now)

    def _poll(self, provider_id: int, now: datetime) -> None:
        while asked := delivery.claim_poll(provider_id, 100):
            reports: dict[str, OrderReport | UpstreamRefused | Unknown] = {
                ask.upstream_id: self._report(ask, now) for ask in asked
            }
            delivery.commit_polled(asked, reports, provider_id=provider_id)

    def _report(self, ask: PollTask, now: datetime) -> OrderReport:
        of = self.going[ask.upstream_id]
        if of.ends_at > now:
            return OrderReport("In progress", of.start_count, None, None, "USD", "In progress")
        return OrderReport(of.status, of.start_count, of.remains, of.cost, "USD", of.status)

    def _pay_in(self, buyer: Customer, amount: int, at: datetime) -> None:
        if self.till is not None and self.till.pay(buyer, amount, at):
            return
        self.credits += 1
        credit_customer(
            panel_id=self.panel.id,
            account_id=buyer.account_id,
            amount_micros=amount * money.MICROS,
            code=TransferCode.DEPOSIT,
            reference=f"demo-{self.credits}",
            name="demo",
            now=at,
        )


def order_params(service: PresetService, draw: random.Random) -> dict[str, str]:
    """Parameters of `add` for a service, by the table of types."""
    who = draw.choice(_NAMES)
    params = {"service": str(service.number)}
    for field in BY_NAME[service.type].fields:
        if field.kind is FieldKind.LINK:
            params["link"] = f"https://example.com/{who}/{draw.randint(100, 9999)}"
        elif field.name == "quantity":
            wanted = min(service.max, max(service.min, draw.randint(1, 40) * 25))
            params["quantity"] = str(wanted // service.step * service.step)
        elif field.name in {"runs", "interval"}:
            continue
        elif field.kind is FieldKind.LINES:
            lines = max(service.min if BY_NAME[service.type].lines_of == field.name else 1, draw.randint(2, 5))
            params[field.name] = "\n".join(f"{draw.choice(_NAMES)}{i}" for i in range(min(lines, service.max + 4)))
        else:
            params[field.name] = field.example
    return params
