"""The lists of a panel that its staff read, declared: as a page, a file, the JSON of the staff API, and a selection.

A list is a `Listing` (core/lists.py) with who may read it, what its filters ask of the database, and what kind of
object stands in a row. The lists are in the `staff_lists.py` of the apps, beside the actions' declarations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import Any

from django_scopes import scope

from panelwright.core import paging
from panelwright.core.lists import Column, ColumnPlace, Listing
from panelwright.core.paging import Found, ListPage
from panelwright.panels.models import Panel
from panelwright.staff import registry
from panelwright.staff.action import Action
from panelwright.staff.rights import Right

# By name: each of them lies above this app.
MODULES = (
    "panelwright.providers.staff_orders",
    "panelwright.providers.staff_lists",
    "panelwright.support.staff_lists",
    "panelwright.catalog.staff_lists",
    "panelwright.orders.staff_lists",
    "panelwright.customers.staff_lists",
    "panelwright.staff.panel_lists",
)
# Rows that a bulk action takes in one go from its selection.
BATCH = 500


def offers(of: Callable[[Any], tuple[int, tuple[str, ...]]]) -> Column:
    """The row's menu: what it is about (the target of actions), and the names of the actions that are possible now.

    Shown are those of them that are declared and that the visitor may do.
    """
    return Column("actions", place=ColumnPlace.ACT, cell="row_actions", value=of, file=False)


@dataclass(frozen=True, slots=True)
class StaffList:
    """`noun`: of what stands in its rows; empty: of nothing that staff act on. `find` answers the rows that the values
    of the filters ask for; `fill` adds to the rows of a page what stands in other tables, in a query for all of them.

    `counts`: numbers behind the choices of its filter `show`. `target`: what actions call the object of a row.
    `programs`: whether the staff API reads the list, and `one`: whether it reads the noun's objects one by one.
    """

    listing: Listing
    noun: str
    right: Right
    find: Callable[[Panel, Mapping[str, Any]], Found]
    fill: Callable[[Panel, list[Any]], Sequence[Any]] | None = None
    counts: Callable[[int], dict[str, int]] | None = None
    target: Callable[[Any], int] = attrgetter("id")
    programs: bool = True
    one: bool = True

    @property
    def name(self) -> str:
        return self.listing.name

    def page(
        self,
        panel: Panel,
        asked: Mapping[str, str],
        *,
        further: int | None = None,
        back: int | None = None,
        limit: int = paging.PAGE,
    ) -> ListPage:
        """One page of what the texts of the filters ask for."""
        found = self.find(panel, self.listing.read(asked))
        return self._filled(panel, paging.page(found, further=further, back=back, limit=limit))

    def pages(self, panel: Panel, asked: Mapping[str, str]) -> Iterator[Sequence[Any]]:
        """All of them, for a file; it is written while it is sent, when the scope of its request is over."""

        def read(further: int | None) -> ListPage:
            with scope(panel=panel):
                return self.page(panel, asked, further=further, limit=paging.PAGE_MAX)

        return paging.pages(read)

    def _filled(self, panel: Panel, page: ListPage) -> ListPage:
        return page if self.fill is None else page._replace(rows=list(self.fill(panel, page.rows)))

    @property
    def bulk(self) -> list[Action]:
        """The actions that may be done to a selection of its rows."""
        return [action for action in registry.of_noun(self.noun).values() if action.in_bulk and action.on_target]


@cache
def all_lists() -> dict[str, StaffList]:
    """Name -> list, as `orders`."""
    found = [one for module in MODULES for one in import_module(module).LISTS]
    by_name = {one.name: one for one in found}
    assert len(by_name) == len(found), "two lists have one name"
    return by_name


def named(name: str) -> StaffList:
    return all_lists()[name]


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows that somebody chose on a list, for what is done to all of them: those of the filters `asked` up to the key
    `highest`, which was the highest when it was frozen; or of these only `keys`.

    What comes in later is not among them, and what the filters no longer ask for when its turn comes is left out.
    It is kept as JSON in the row of the bulk work.
    """

    name: str
    asked: dict[str, str]
    highest: int
    keys: tuple[int, ...] | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Selection:
        keys = kept["keys"]
        return cls(kept["name"], dict(kept["asked"]), kept["highest"], None if keys is None else tuple(keys))

    def rows(self, panel: Panel) -> Found:
        """The rows, in the order in which they are worked on: by key, the lowest first."""
        of = named(self.name)
        found = of.find(panel, of.listing.read(self.asked))
        upto = {f"{found.key}__lte": self.highest}
        rows = found.rows.filter(**upto)
        if self.keys is not None:
            return Found(rows.filter(**{f"{found.key}__in": self.keys}), None, True, found.key, found.moment)
        within = None if found.within is None else found.within.filter(**upto)
        return Found(rows, within, True, found.key, found.moment)

    def batch(self, panel: Panel, *, after: int | None = None, limit: int = BATCH) -> tuple[list[int], int | None]:
        """The next objects behind the key `after`, as actions call them, and where the next batch begins, if one does.

        A batch may be empty and others follow, where filters are looked for in windows.
        """
        found = paging.page(self.rows(panel), further=after, limit=limit)
        target = named(self.name).target
        return [target(row) for row in found.rows], found.older


def freeze(
    of: StaffList, panel: Panel, asked: Mapping[str, str], *, keys: Sequence[int] | None = None
) -> Selection | None:
    """What the filters ask for at this moment, or of these the rows with the keys; None when there is nothing."""
    found = of.find(panel, of.listing.read(asked))
    newest = (found.within if found.within is not None else found.rows).order_by(f"-{found.key}")
    highest = newest.values_list(found.key, flat=True).first()
    if highest is None:
        return None
    return Selection(of.name, dict(asked), highest, None if keys is None else tuple(keys))
