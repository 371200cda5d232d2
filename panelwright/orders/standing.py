"""Whether a standing order may spend now, and at which rate: what `add` asks once is asked for each post anew.

A subscription spends long after it was placed. The rules are those of `add` itself (customers/access.py,
rules.py, blocking.py): who may order, what is sold to whom at which rate, which targets are blocked, what a key may
spend in a day, what the balance pays. A drip-feed was paid in full when it was placed: its runs spend nothing, and
nothing stops them but a block of where they lead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from panelwright.catalog import quantities
from panelwright.catalog.rates import CustomRate, RateKey
from panelwright.core import money
from panelwright.customers.access import Grant
from panelwright.orders import rules
from panelwright.orders.models import PauseReason
from panelwright.orders.rules import SoldService

# How long until it is looked at again. What only the customer can end is looked at with the rest of the day.
RETRY = {
    PauseReason.FUNDS: timedelta(minutes=1),
    PauseReason.CAP: timedelta(minutes=10),
    PauseReason.ACCOUNT: timedelta(minutes=10),
    PauseReason.SERVICE: timedelta(minutes=10),
    PauseReason.PRIVATE: timedelta(minutes=10),
    PauseReason.RATE: timedelta(minutes=10),
    PauseReason.QUANTITY: timedelta(minutes=10),
    PauseReason.BLOCKED: timedelta(minutes=10),
}


class Agreement(NamedTuple):
    """A subscription as far as money matters. `agreed_micros`: no post costs more than this rate.

    `key_id` is None where it goes on without its key, or was placed on the web.
    """

    order_id: int
    customer_id: int
    key_id: int | None
    service_id: int
    agreed_micros: int


class Spend(NamedTuple):
    """What a post costs: its rate and charge, in micros."""

    rate_micros: int
    charge_micros: int


@dataclass(slots=True)
class Today:
    """What was loaded for some agreements (standing_store.py), and what they have spent since then.

    `customers` are grants of those who may order, without a key; `keys` of those keys that are good.
    `balances` are locked until the commit.
    """

    customers: dict[int, Grant]
    keys: dict[int, Grant]
    services: dict[int, SoldService]  # by id, those that are on
    rates: dict[RateKey, CustomRate]  # what price lists say of services
    balances: dict[int, int]  # account id -> micros
    key_spent: dict[int, int]  # key id -> micros, of keys with a cap
    blocked: set[int]  # order ids of the agreements about users who are blocked

    def why_not(self, agreement: Agreement) -> PauseReason | None:
        """Why nothing may be ordered now, whatever it costs; None where it may."""
        grant = self.customers.get(agreement.customer_id)
        if grant is None or not grant.can_order:
            return PauseReason.ACCOUNT
        if agreement.key_id is not None:
            key = self.keys.get(agreement.key_id)
            if key is None or not key.can_order:
                return PauseReason.KEY
        service = self.services.get(agreement.service_id)
        if service is None:
            return PauseReason.SERVICE
        if agreement.order_id in self.blocked:
            return PauseReason.BLOCKED
        rate = rules.rate_for(service, grant, self.rates)
        if rate is None:
            return PauseReason.PRIVATE
        return PauseReason.RATE if rate > agreement.agreed_micros else None

    def rate_of(self, agreement: Agreement) -> int | None:
        """Today's rate for this customer, in micros; None where the service is not sold to her."""
        grant, service = self.customers.get(agreement.customer_id), self.services.get(agreement.service_id)
        return None if grant is None or service is None else rules.rate_for(service, grant, self.rates)

    def bounds(self, agreement: Agreement, low: int, high: int) -> tuple[int, int] | None:
        """What of the quantities between `low` and `high` the service is sold in today; None where that is nothing."""
        service = self.services[agreement.service_id]
        low, high = max(low, service.min), min(high, service.max)
        return (low, high) if low <= high and quantities.can_be(low, high, service.step) else None

    def price(self, agreement: Agreement, units: int) -> Spend:
        """What so many units cost: at the lower of the agreed and today's rate."""
        today = self.rate_of(agreement)
        rate = agreement.agreed_micros if today is None else min(today, agreement.agreed_micros)
        # A subscription's service is sold by the unit (catalog/types.py).
        return Spend(rate, money.charge(rate_micros=rate, units=units))

    def pay(self, agreement: Agreement, charge_micros: int, now: datetime) -> PauseReason | None:
        """Take a charge; why not, where it cannot be taken, and then nothing is."""
        grant = self.customers[agreement.customer_id]
        key = None if agreement.key_id is None else self.keys[agreement.key_id]
        if key is not None and rules.over_cap(key, charge_micros, self.key_spent, now):
            return PauseReason.CAP
        if charge_micros > self.balances[grant.account_id]:
            return PauseReason.FUNDS
        self.balances[grant.account_id] -= charge_micros
        if key is not None:
            rules.count_spent(key, charge_micros, self.key_spent)
        return None


def look_again(reason: PauseReason, now: datetime, *, at_the_latest: datetime) -> datetime:
    """When a subscription that pauses for this reason is looked at again."""
    wait = RETRY.get(reason)
    return at_the_latest if wait is None else min(now + wait, at_the_latest)


def keys_of(agreements: Iterable[Agreement]) -> list[int]:
    return sorted({agreement.key_id for agreement in agreements if agreement.key_id is not None})
