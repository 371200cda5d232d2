"""What an upstream panel answered, as types.

Three outcomes, because money hangs on the difference:

- accepted: upstream took it;
- refused: upstream certainly did not take it, so another route may be tried;
- unknown: the request may have been read, so nobody may send it again by himself.

Every text in here is cleaned of markup, control characters and the provider's key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

# Limits of what is kept, in characters.
REF_MAX = 100


class Reason(Enum):
    """Why upstream refused. The class decides what may heal it; panel_v2/error_phrases.py reads it out of texts."""

    FUNDS = "funds"  # our balance at the provider is too small
    DUPLICATE = "duplicate"  # an open order for the same link: waiting heals
    SERVICE = "service"  # unknown, closed or not for us: another route
    QUANTITY = "quantity"  # below, above or not a multiple: another route
    LINK = "link"  # the target itself is bad
    KEY = "key"  # our key is wrong or switched off: nothing works until a person acts
    LIMIT = "limit"  # rate limit, overload, maintenance: waiting heals
    DISABLED = "disabled"  # refill or cancel is not offered for this service
    NOT_FOUND = "not found"  # upstream knows no such order or refill
    UNREACHABLE = "unreachable"  # no connection was made, so the request was never sent
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Accepted:
    """Upstream took it. `ref` is its id as text, at most REF_MAX characters, no space and no comma; "" if none.

    `evidence`, here and below: the start of the answer as it came (EVIDENCE_MAX), "" where it is not kept.
    """

    ref: str
    evidence: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class UpstreamRefused:
    """Upstream did not take it. `text` is what it said, at most TEXT_MAX characters.

    `known_request_id`: it refuses because an order of ours stands there under this request_id, with another input.
    """

    reason: Reason
    text: str
    retry_after_s: int | None = None  # only with LIMIT, where upstream named a time
    known_request_id: bool = field(default=False, kw_only=True)
    evidence: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can tell. `text` says what happened."""

    text: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class OrderReport:
    """The state of one order.

    `status` is one of our exact order or subscription words, or None where upstream's word is not
    understood. None for a number means: not told, or not readable. `remains` is never negative, but
    may be above the quantity: only the caller knows that number. `charge` is in upstream's
    `currency`, exact, never negative.
    """

    status: str | None
    start_count: int | None
    remains: int | None
    charge: Decimal | None
    currency: str
    raw_status: str
    posts: int | None = None  # subscriptions: posts done
    runs: int | None = None  # drip-feed: runs done
    orders: tuple[str, ...] = ()  # ids of the orders that a drip-feed or subscription made
    expiry: str = ""  # subscriptions: d/m/Y as upstream wrote it


@dataclass(frozen=True, slots=True)
class RefillReport:
    """The state of one refill: one of our exact refill words, or None where it is not understood."""

    status: str | None
    raw_status: str


@dataclass(frozen=True, slots=True)
class ServiceOffer:
    """One row of upstream's price list. `rate` is per 1000, or flat for packages, in upstream's currency.

    `type` is our exact word where upstream's is understood, else its own. A missing minimum is 1, a
    missing maximum OFFER_MAX. `currencies` are those that the row names, as they are written: of its own, and
    beside the rate.
    `step`: of what quantities are multiples; None where the list does not say,
    STEP_UNREAD where what it says is no such number.
    """

    service: str
    name: str
    type: str
    category: str
    rate: Decimal
    min: int
    max: int
    refill: bool
    cancel: bool
    dripfeed: bool
    description: str
    step: int | None = None
    currencies: tuple[str, ...] = ()


STEP_UNREAD = 0


class LeftOut(NamedTuple):
    """A row of a price list that cannot be used, and why. `service` is its id, "" where it has none."""

    service: str
    name: str
    why: str


class Offers(list[ServiceOffer]):
    """A price list: the rows that are understood, in their order; `left_out` are the others.

    `is_empty`: the whole list, of which this may be a part, has no row that is understood.
    """

    def __init__(
        self, offers: Iterable[ServiceOffer] = (), left_out: Iterable[LeftOut] = (), *, is_empty: bool | None = None
    ) -> None:
        super().__init__(offers)
        self.left_out: tuple[LeftOut, ...] = tuple(left_out)
        self.is_empty = not self if is_empty is None else is_empty

    def only(self, services: Collection[str]) -> Offers:
        """The part of it that is about these services."""
        return Offers(
            [offer for offer in self if offer.service in services],
            [row for row in self.left_out if row.service in services],
            is_empty=self.is_empty,
        )


# The maximum of an offer that names none.
OFFER_MAX = 2_147_483_647


@dataclass(frozen=True, slots=True)
class Balance:
    """Our balance at upstream. `currency` is "" where upstream does not say."""

    amount: Decimal
    currency: str
