"""What somebody may buy, and at which rate: read once for each price list and catalogue version, kept in memory.

    shelf = shelf_for(request.panel, request.customer)      # customer None: a visitor
    shelf.get(1203)                                         # the offer of this number, or None
    shelf.categories                                        # each with id, name, position, offers
    shelf.types                                             # the service types that are sold here
    shelf.search("инста 1000", limit=50)                    # number first, then in the order of the list
    shelf.search("", category=7, type="Default")            # a filter alone

Nothing here changes, and what is not on the shelf cannot be bought: switched off, or private without a
rate of one's own. Descriptions are long and stay in the database: `queries.descriptions`.
"""

from __future__ import annotations

import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from panelwright.catalog.link_kinds import LinkRule, rule_of, shipped
from panelwright.catalog.quantities import bounds, step_of
from panelwright.catalog.rates import CustomRate, rate_for
from panelwright.catalog.types import BY_NAME, ServiceType
from panelwright.core import limits, sql
from panelwright.core.text import normalized
from panelwright.customers.models import Customer
from panelwright.panels.models import Panel

# (panel id, price list id or 0, percent off, catalogue version)
Key = tuple[int, int, int, int]

# Over all shelves that are kept: some 100 MB.
KEPT_OFFERS_MAX = 100_000

_SERVICES = sql.Query(
    "SELECT v.id, v.number, v.name, v.type, g.id, g.name, g.position, v.rate_micros, v.min, v.max, v.refill,"
    " v.refill_days, v.cancel, v.drip_feed, v.unique_link, v.private, r.rate_micros, r.percent_off_e2,"
    " k.percent_off_e2,"
    " v.step, v.link_hosts, v.link_kinds, v.link_example, g.icon"
    " FROM catalog_service v JOIN catalog_category g ON g.id = v.category_id"
    " LEFT JOIN catalog_pricelistrate r ON r.panel_id = v.panel_id AND r.service_id = v.id AND r.price_list_id = ?"
    " LEFT JOIN catalog_pricelistpercent k ON k.panel_id = v.panel_id AND k.category_id = g.id AND k.price_list_id = ?"
    " WHERE v.panel_id = ? AND v.enabled ORDER BY g.position, g.id, v.position, v.number"
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A service at the buyer's rate: for 1000 units, or for the whole order where `kind.flat`.

    `min` and `max` are quantities that can be ordered: multiples of `step`. `refill_days` None: for ever, where there
    is `refill`.
    """

    id: int
    number: int
    name: str
    type: str
    category_id: int
    category: str
    category_position: int
    rate_micros: int
    min: int
    max: int
    refill: bool
    refill_days: int | None
    cancel: bool
    drip_feed: bool
    unique_link: bool
    step: int = 1
    link_hosts: str = ""
    link_kinds: str = ""
    link_example: str = ""
    # A name of ui/icons.py; empty: none.
    category_icon: str = ""

    @property
    def kind(self) -> ServiceType:
        return BY_NAME[self.type]

    @property
    def flat(self) -> bool:
        return self.kind.flat

    @property
    def needs(self) -> LinkRule | None:
        """What its links must lead to."""
        return rule_of(self.link_hosts, self.link_kinds)

    @property
    def sites(self) -> str:
        """The sites and hosts that its links may lead to, as people write them; empty: any."""
        rule = self.needs
        return shipped().titles_of(rule) if rule is not None else ""

    @property
    def example(self) -> str:
        """A link that it takes; empty where none is known."""
        rule = self.needs
        return self.link_example or (shipped().example(rule) if rule is not None else "")


@dataclass(frozen=True, slots=True)
class ShelfCategory:
    """A category with what is sold of it, which is never nothing."""

    id: int
    name: str
    position: int
    offers: tuple[Offer, ...]


def read_offers(key: Key) -> Iterator[Offer]:
    """The offers of one price list from the database, in the order in which they are listed."""
    panel_id, price_list_id, percent_off_e2, _ = key
    for row in _SERVICES.rows(connection, price_list_id, price_list_id, panel_id):
        id_, number, name, type_, category_id, category, position, rate, low, high, *rest = row
        refill, refill_days, cancel, drip_feed, unique_link, private, own, percent, of_category, step, *links = rest
        custom = CustomRate(own, percent, of_category)
        price = rate_for(rate_micros=rate, private=bool(private), custom=custom, percent_off_e2=percent_off_e2)
        if price is None:
            continue
        step = step_of(type_, step)
        low, high = bounds(low, high, step)
        yield Offer(
            id=id_,
            number=number,
            name=name,
            type=type_,
            category_id=category_id,
            category=category,
            category_position=position,
            rate_micros=price,
            min=low,
            max=high,
            refill=bool(refill),
            refill_days=refill_days,
            cancel=bool(cancel),
            drip_feed=bool(drip_feed) and BY_NAME[type_].drip_feed,
            unique_link=bool(unique_link),
            step=step,
            link_hosts=links[0],
            link_kinds=links[1],
            link_example=links[2],
            category_icon=links[3],
        )


def folded(text: str) -> str:
    """A text as it is compared: without case, accents and fancy letters, in every script."""
    if text.isascii():
        return text.lower()
    apart = normalized("NFKD", text).casefold()
    return "".join(c for c in apart if not unicodedata.combining(c))


class Shelf:
    """Everything that one price list sells, in the order in which it is listed. See the top of this file."""

    def __init__(self, offers: Sequence[Offer]) -> None:
        self.offers = tuple(offers)
        self._by_number = {offer.number: offer for offer in self.offers}
        by_category: dict[int, list[Offer]] = {}
        for offer in self.offers:
            by_category.setdefault(offer.category_id, []).append(offer)
        self.categories = tuple(
            ShelfCategory(id_, of[0].category, of[0].category_position, tuple(of)) for id_, of in by_category.items()
        )
        sold = {offer.type for offer in self.offers}
        self.types = tuple(kind for kind in BY_NAME.values() if kind.name in sold)
        self._by_category = {category.id: category for category in self.categories}
        # Line breaks keep a word from being found across two fields.
        self._texts = {o.number: folded(f"{o.number}\n{o.name}\n{o.category}\n{o.type}") for o in self.offers}

    def __len__(self) -> int:
        return len(self.offers)

    def get(self, number: int) -> Offer | None:
        return self._by_number.get(number)

    def category(self, id_: int) -> ShelfCategory | None:
        return self._by_category.get(id_)

    def search(
        self, text: str = "", *, category: int | None = None, type: str = "", limit: int | None = 50
    ) -> tuple[Offer, ...]:
        """The offers with every word of `text` in number, name, category or type, in any order of words.

        `category` is an id, `type` a name; unknown ones find nothing. The offer whose number is the
        text comes first. `limit` None: all.
        """
        among = self.offers
        if category is not None:
            here = self._by_category.get(category)
            among = here.offers if here else ()
        words = [_plain(word) for word in folded(text[: limits.SEARCH_CHARS_MAX]).split()[: limits.SEARCH_WORDS_MAX]]
        exact = self._by_number.get(int(words[0])) if len(words) == 1 and _is_number(words[0]) else None
        found: list[Offer] = []
        if exact is not None and (category in (None, exact.category_id)) and type in ("", exact.type):
            found.append(exact)
        texts = self._texts
        # The longest is the rarest: most offers are left after one look.
        longest, *others = sorted(words, key=len, reverse=True) or [""]
        for offer in among:
            text_of_it = texts[offer.number]
            if longest not in text_of_it or (type and offer.type != type) or offer is exact:
                continue
            if others and not all(word in text_of_it for word in others):
                continue
            if limit is not None and len(found) >= limit:
                break
            found.append(offer)
        return tuple(found[:limit])


def _plain(word: str) -> str:
    """#12 is the service 12."""
    return word[1:] if word[0] == "#" and _is_number(word[1:]) else word


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 19


class Shelves:
    """Keeps the shelves used last, up to a number of offers over all; a new catalogue version is another key."""

    def __init__(self, keep: int = KEPT_OFFERS_MAX) -> None:
        self._keep = keep
        self._kept = 0
        self._shelves: OrderedDict[Key, Shelf] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Shelf:
        with self._lock:
            found = self._shelves.get(key)
            if found is not None:
                self._shelves.move_to_end(key)
                return found
        made = Shelf(tuple(read_offers(key)))
        with self._lock:
            if key not in self._shelves:
                self._shelves[key] = made
                self._kept += len(made) + 1
            while self._kept > self._keep and len(self._shelves) > 1:
                self._kept -= len(self._shelves.popitem(last=False)[1]) + 1
        return made

    def forget(self) -> None:
        """Tests give the same ids and versions to other panels, one after the other."""
        with self._lock:
            self._shelves.clear()
            self._kept = 0

    def __len__(self) -> int:
        return len(self._shelves)


shelves = Shelves()


def shelf_for(panel: Panel, customer: Customer | None = None) -> Shelf:
    """What this customer, or a visitor, may buy. `panel` and the customer's price list as they were just read."""
    prices = customer.price_list if customer is not None else None
    percent = prices.percent_off_e2 if prices is not None else 0
    return shelves.get((panel.id, prices.id if prices is not None else 0, percent, panel.catalog_version))
