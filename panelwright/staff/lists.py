"""The lists of a panel that its staff read, declared: as a page, a file, the JSON of the staff API, and a selection.

A list is a `Listing` (core/lists.py) with who may read it, what its filters ask of the database, and what kind of
object stands in a row. The lists are in the `staff_lists.py` of the apps, beside the actions' declarations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import Any, NamedTuple

from django_scopes import scope

from panelwright.core import clock, paging
from panelwright.core.lists import Column, ColumnPlace, Listing
from panelwright.core.paging import Found, ListPage
from panelwright.panels.models import Panel
from panelwright.staff import registry
from panelwright.staff.action import Action
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right

# By name: each of them lies above this app.
MODULES = (
    "panelwright.reports.staff_lists",
    "panelwright.providers.staff_orders",
    "panelwright.providers.staff_lists",
    "panelwright.providers.staff_queues",
    "panelwright.support.staff_lists",
    "panelwright.payments.staff_lists",
    "panelwright.promotions.staff_lists",
    "panelwright.promotions.affiliate_staff_lists",
    "panelwright.promotions.trial_staff_lists",
    "panelwright.receipts.staff_lists",
    "panelwright.catalog.staff_lists",
    "panelwright.orders.staff_lists",
    "panelwright.customers.staff_lists",
    "panelwright.content.staff_lists",
    "panelwright.notices.staff_lists",
    "panelwright.staff.panel_lists",
    "panelwright.staff.bulk_lists",
    "panelwright.staff.undo_lists",
)
# Rows that a bulk action takes in one go from its selection.
BATCH = 500


class ShippedView(NamedTuple):
    """Filters of a list under a name that comes with the product. `counted`: which of its counts stands beside."""

    label: str
    query: str
    counted: str = ""


def offers(
    noun: str,
    target: Callable[[Any], int] = attrgetter("id"),
    *,
    about: Callable[[Any], Any] = lambda row: row,
) -> Column:
    """The row's menu: what actions call its object, and which of the noun's make sense for it now (Action.offered).

    Shown are those of them that the visitor may do. `about`: the object in the row.
    """

    def menu(row: Any) -> tuple[int, str, list[Action]]:
        return target(row), noun, registry.offered(noun, about(row))

    return Column("actions", place=ColumnPlace.ACT, cell="row_actions", value=menu, file=False)


@dataclass(frozen=True, slots=True)
class StaffList:
    """`noun`: of what stands in its rows; empty: of nothing that staff act on. `find` answers all rows of the panel's
    list; what of them is asked for, its filters say (`Filter.where` gives a `Narrowing`). `fill` adds to the rows of a
    page what stands in other tables, in a query for all of them.

    `counts`: numbers behind the choices of its filter `show`. `target`: what actions call the object of a row.
    `programs`: whether the staff API reads the list, and `one`: whether it reads the noun's objects one by one.
    `right` is None where any of the staff may look, and see what their rights allow: `narrow` answers what else is
    asked for whoever looks, which no address says. `keys`: of objects as actions call them, the keys of their rows,
    where these are something else. `all_shown`: what its filter `show` says for all rows.
    `first`: verbs of the likeliest actions in bulk. `views`: tabs over it that come with the product, before those that
    staff save (views.py).
    """

    listing: Listing
    noun: str
    right: Right | None
    find: Callable[[Panel], Found]
    fill: Callable[[Panel, list[Any]], Sequence[Any]] | None = None
    counts: Callable[[int], dict[str, int]] | None = None
    target: Callable[[Any], int] = attrgetter("id")
    programs: bool = True
    one: bool = True
    narrow: Callable[[Actor, Mapping[str, str]], dict[str, str]] | None = None
    keys: Callable[[int, Sequence[int]], list[int]] | None = None
    all_shown: str = ""
    views: tuple[ShippedView, ...] = ()
    first: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.listing.name

    def found(self, panel: Panel, asked: Mapping[str, str]) -> Found:
        """The rows that the texts of the filters ask for. Refused: one of them makes no sense."""
        return paging.narrowed(self.find(panel), self.listing.narrowed(panel, asked))

    def page(
        self,
        panel: Panel,
        asked: Mapping[str, str],
        *,
        further: int | None = None,
        back: int | None = None,
        limit: int = paging.PAGE,
    ) -> ListPage:
        """One page of what the texts of the filters ask for. Refused: one of them makes no sense."""
        found = self.found(panel, asked)
        return self._filled(panel, paging.page(found, further=further, back=back, limit=limit))

    def pages(self, panel: Panel, asked: Mapping[str, str]) -> Iterator[Sequence[Any]]:
        """All of them, for a file; it is written while it is sent, when the scope of its request is over."""

        def read(further: int | None) -> ListPage:
            with scope(panel=panel):
                return self.page(panel, asked, further=further, limit=paging.PAGE_MAX)

        return paging.pages(read)

    def _filled(self, panel: Panel, page: ListPage) -> ListPage:
        return page if self.fill is None else page._replace(rows=list(self.fill(panel, page.rows)))

    def asked_by(self, actor: Actor, asked: Mapping[str, str]) -> dict[str, str]:
        """The texts of the filters, with what narrows the list for whoever looks."""
        return {**asked, **(self.narrow(actor, asked) if self.narrow is not None else {})}

    @property
    def bulk(self) -> list[Action]:
        """The actions that may be done to a selection of its rows."""
        found = [action for action in registry.of_noun(self.noun).values() if action.in_bulk and action.on_target]
        return sorted(found, key=lambda action: action.verb not in self.first)


@cache
def all_lists() -> dict[str, StaffList]:
    """Name -> list, as `orders`."""
    found = [one for module in MODULES for one in import_module(module).LISTS]
    by_name = {one.name: one for one in found}
    assert len(by_name) == len(found), "two lists have one name"
    return by_name


def named(name: str) -> StaffList:
    return all_lists()[name]


def reads(actor: Actor, action: Action) -> bool:
    """Whether the actor may read what the action is done to: who may act on an object need not see all of it. Where no
    list shows such objects, who acts on them does."""
    rights = {one.right for one in all_lists().values() if one.noun == action.noun.name}
    return any(map(actor.may, rights)) if rights else actor.may(action.right)


class Step(NamedTuple):
    """A row of a selection: its key, and what actions call its object."""

    key: int
    target: int


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows that somebody chose on a list, for what is done to all of them: those of the filters `asked` up to the key
    `highest`, which was the highest when it was frozen, and made until then; or of these only `keys`.

    The moment counts beside the key where rows tell when they were made: numbers are given in blocks a process, so that
    a later row may have a lower one. What comes in later is not among them, and what the filters no longer ask for when
    its turn comes is left out. It is kept as JSON in the row of the bulk work.
    """

    name: str
    asked: dict[str, str]
    highest: int
    frozen_at: datetime
    keys: tuple[int, ...] | None = None

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "frozen_at": self.frozen_at.isoformat()}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Selection:
        keys = kept["keys"]
        frozen_at = datetime.fromisoformat(kept["frozen_at"])
        return cls(kept["name"], dict(kept["asked"]), kept["highest"], frozen_at, None if keys is None else tuple(keys))

    def rows(self, panel: Panel) -> Found:
        """The rows, in the order in which they are worked on: by key, the lowest first."""
        of = named(self.name)
        found = of.found(panel, self.asked)
        upto: dict[str, Any] = {f"{found.key}__lte": self.highest}
        if found.is_dated:
            upto[f"{found.moment}__lte"] = self.frozen_at
        rows = found.rows.filter(**upto)
        if self.keys is not None:
            rows = rows.filter(**{f"{found.key}__in": self.keys})
        within = None if found.within is None or self.keys is not None else found.within.filter(**upto)
        return found._replace(rows=rows, within=within, oldest_first=True)

    def batch(self, panel: Panel, *, after: int | None = None, limit: int = BATCH) -> tuple[list[int], int | None]:
        """The next objects behind the key `after`, as actions call them, and where the next batch begins, if one does.

        A batch may be empty and others follow, where filters are looked for in windows.
        """
        steps, further = self.steps(panel, after=after, limit=limit)
        return [step.target for step in steps], further

    def rows_of(self, panel: Panel, *, after: int | None = None) -> tuple[list[Any], int | None]:
        """The next rows themselves, as the list shows them."""
        found = named(self.name)._filled(panel, paging.page(self.rows(panel), further=after, limit=BATCH))
        return found.rows, found.older

    def steps(self, panel: Panel, *, after: int | None = None, limit: int = BATCH) -> tuple[list[Step], int | None]:
        """The same with the keys of the rows, behind which the work goes on."""
        wanted = self.rows(panel)
        found = paging.page(wanted, further=after, limit=limit)
        key, target = attrgetter(wanted.key.replace("__", ".")), named(self.name).target
        return [Step(key(row), target(row)) for row in found.rows], found.older


def freeze(
    of: StaffList, panel: Panel, asked: Mapping[str, str], *, keys: Sequence[int] | None = None
) -> Selection | None:
    """What the filters ask for at this moment, or of these the rows with the keys; None when there is nothing."""
    found = of.found(panel, asked)
    newest = (found.within if found.within is not None else found.rows).order_by(f"-{found.key}")
    highest = newest.values_list(found.key, flat=True).first()
    if highest is None:
        return None
    now = clock.now()
    # SQLite compares moments as texts, where a whole second may stand with or without its decimals.
    frozen_at = now if now.microsecond else now + timedelta(microseconds=1)
    return Selection(of.name, dict(asked), highest, frozen_at, None if keys is None else tuple(keys))
