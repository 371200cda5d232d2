"""Decisions about money that may be taken back: which payments are held for staff, and what a block matches. Pure.

Amounts are micros of the panel's currency.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from panelwright.core import money
from panelwright.core.refusal import Refusal
from panelwright.core.remote import network_of
from panelwright.payments.models import PaymentBlockKind

# The problem of a payment that is held.
HELD = "payment_held"
BLOCKS_MAX = 10_000
DAYS_MAX, COUNT_MAX, HOURS_MAX = 3_650, 1_000, 720
# A customer's cards are counted over so long.
CARDS_WITHIN = timedelta(days=30)
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+", re.ASCII)
# Networks that are wider would shut out whole countries.
_WIDEST = {4: 8, 6: 16}


class HoldLimits(NamedTuple):
    """When a payment is held; 0 and False: never for that reason."""

    new_days: int = 0
    first_above_micros: int = 0
    countries: bool = False
    cards_max: int = 0
    shared: bool = False
    count_max: int = 0
    sum_max_micros: int = 0
    hours: int = 24

    @property
    def is_off(self) -> bool:
        return not any(self[:-1])


class PaidBy(NamedTuple):
    """Who paid, as the gateway says. `key`: a digest of the card or account; what is empty nobody told."""

    key: str = ""
    card: str = ""
    country: str = ""
    billing_country: str = ""


class PaidBefore(NamedTuple):
    """What came in of this customer before, what is held included. `cards`: keys of CARDS_WITHIN; `came` and
    `sum_micros`: within the hours of the rule; `shares`: customers who have paid with the same key.
    """

    signed_up_at: datetime
    came_ever: int = 0
    cards: frozenset[str] = frozenset()
    shares: tuple[int, ...] = ()
    came: int = 0
    sum_micros: int = 0
    blocked: str = ""


class Evidence(NamedTuple):
    """A rule that holds a payment, with what it saw. Words for it: texts.evidence."""

    rule: str
    facts: Mapping[str, Any]


def judge(limits: HoldLimits, before: PaidBefore, by: PaidBy, *, micros: int, now: datetime) -> tuple[Evidence, ...]:
    """Why a payment that brings so much is held; nothing: it is credited."""
    found: list[Evidence] = []

    def seen(rule: str, holds: bool, **facts: object) -> None:
        if holds:
            found.append(Evidence(rule, facts))

    seen("blocked", bool(before.blocked), what=before.blocked)
    # A clock that was set back makes nobody a customer of tomorrow.
    days = max((now - before.signed_up_at).days, 0)
    seen("new_customer", days < limits.new_days, days=days, limit=limits.new_days)
    first = bool(limits.first_above_micros) and not before.came_ever
    limit = money.text(limits.first_above_micros)
    seen("first_payment", first and micros > limits.first_above_micros, amount=money.text(micros), limit=limit)
    told = bool(by.country and by.billing_country)
    differ = limits.countries and told and by.country != by.billing_country
    seen("countries", differ, card=by.country, address=by.billing_country)
    cards = len(before.cards | {by.key}) if by.key else 0
    seen("many_cards", 0 < limits.cards_max < cards, count=cards, limit=limits.cards_max)
    seen("shared_card", limits.shared and bool(before.shares), customers=", ".join(map(str, before.shares)))
    count, sum_micros = before.came + 1, before.sum_micros + micros
    seen("many_payments", 0 < limits.count_max < count, count=count, limit=limits.count_max, hours=limits.hours)
    above = 0 < limits.sum_max_micros < sum_micros
    limit = money.text(limits.sum_max_micros)
    seen("large_sum", above, amount=money.text(sum_micros), limit=limit, hours=limits.hours)
    return tuple(found)


def kept(found: Sequence[Evidence]) -> dict[str, Any]:
    """As a payment and its story keep it."""
    return {"rules": [[one.rule, dict(one.facts)] for one in found]}


def read_kept(facts: Mapping[str, Any]) -> tuple[Evidence, ...]:
    return tuple(Evidence(str(rule), dict(seen)) for rule, seen in facts.get("rules", ()))


def block_value(kind: PaymentBlockKind, text: str) -> str | Refusal:
    """A block in its one form. Refused: bad_block_customer, bad_block_address, bad_block_domain."""
    text = text.strip().lower()
    if kind is PaymentBlockKind.CUSTOMER:
        good = re.fullmatch(r"[1-9]\d{0,17}", text, re.ASCII)
        return text if good else Refusal("bad_block_customer", "value")
    if kind is PaymentBlockKind.ADDRESS:
        try:
            network = network_of(text)
        except ValueError:
            return Refusal("bad_block_address", "value")
        if network.prefixlen < _WIDEST[network.version]:
            return Refusal("bad_block_address", "value")
        return str(network)
    text = text.rpartition("@")[2].strip(".")
    return text if _DOMAIN.fullmatch(text) and len(text) <= 253 else Refusal("bad_block_domain", "value")


def networks_of(address: str) -> list[str]:
    """All that a block may say that would match a network address, itself first; nothing where it is none."""
    try:
        found = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return []
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    lengths = range(found.max_prefixlen, _WIDEST[found.version] - 1, -1)
    return [str(ipaddress.ip_network(f"{found}/{length}", strict=False)) for length in lengths]


def domains_of(email: str) -> list[str]:
    """The domain of an e-mail address with those above it."""
    labels = email.rpartition("@")[2].strip().strip(".").lower().split(".")[-10:]
    return [".".join(labels[n:]) for n in range(len(labels) - 1)]


def fresh_left(*, micros: int, brought_micros: int, left_micros: int, received_micros: int) -> int:
    """What stays unspendable of `micros` once only `left_micros` of what was received is still the panel's."""
    return min(micros, money.share(micros=brought_micros, part=left_micros, whole=received_micros))
