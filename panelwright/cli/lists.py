"""Print the statements of the lists that pages show, and how the database runs them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from panelwright.cli import setup

if TYPE_CHECKING:
    from panelwright.core.lists import Listing
    from panelwright.customers.models import Customer
    from panelwright.panels.models import Panel

EXAMPLE = """example:
  panelwright lists --panel acme                                     the names of its lists, and their filters
  panelwright lists orders --panel acme                              its statements, by each of its filters
  panelwright lists orders --panel acme --filter show=problem --plan
  panelwright lists my-orders --panel acme --customer carol@example.com --plan

Lists whose names begin with `my-` are a customer's own. The statements are run, and change nothing.
"""
# What stands for a filter that is typed, where each filter of a list is shown.
SAMPLES = {"text": "example", "number": "1", "day": "2026-05-04"}


class NamedList(NamedTuple):
    """A list as it is declared, and what reads a page of it by the texts of its filters."""

    listing: Listing
    read: Callable[[Mapping[str, str]], object]

    def samples(self, known: Mapping[str, str] = {}) -> Iterator[dict[str, str]]:
        """No filter, then each alone: by each of its choices, by what is `known` for its name, or by an example."""
        nothing = {one.name: "" for one in self.listing.filters}
        yield nothing
        for one in self.listing.filters:
            values = [value for value, _ in one.choices if value] or [known.get(one.name, SAMPLES[one.kind.value])]
            yield from ({**nothing, one.name: value} for value in values)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="the list (default: print the names of all)")
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--customer", metavar="EMAIL", help="whose list it is, when its name begins with my-")
    parser.add_argument("--filter", action="append", default=[], metavar="NAME=VALUE", help="only this filter")
    parser.add_argument("--plan", action="store_true", help="say how the database runs each statement")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.cli.main import CommandRefused
    from panelwright.core import plans, refusals

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        customer = setup.customer(panel, args.customer) if args.customer else None
        known = named_lists(panel, customer)
        if args.name is None:
            for name, one in known.items():
                print(f"{name:<20} {', '.join(filter_.name for filter_ in one.listing.filters)}")
            return 0
        if args.name not in known:
            raise CommandRefused(f"There is no list {args.name}. There are: {', '.join(known)}")
        one = known[args.name]
        given = dict(text.partition("=")[::2] for text in args.filter)
        unknown = set(given) - {filter_.name for filter_ in one.listing.filters}
        if unknown:
            raise CommandRefused(f"The list has no filter {', '.join(sorted(unknown))}")
        nothing = {filter_.name: "" for filter_ in one.listing.filters}
        refusal = one.listing.refused(given)
        if refusal is not None:
            raise CommandRefused(f"{refusal.field}: {refusals.page(refusal)}")
        for asked in [{**nothing, **given}] if given else one.samples():
            with plans.recorded() as statements:
                one.read(asked)
            print(f"-- {args.name} {' '.join(f'{name}={value}' for name, value in asked.items() if value)}".rstrip())
            for statement in statements:
                print(f"{statement.line};\n--   {list(statement.values)}")
                if args.plan:
                    print("\n".join(f"--   {line}" for line in plans.plan(statement).splitlines()))
    return 0


def named_lists(panel: Panel, customer: Customer | None) -> dict[str, NamedList]:
    """Every declared list that reads the database, by name; with a customer hers, too. Inside the panel's scope."""
    from panelwright.staff.actor import operator
    from panelwright.staff.lists import StaffList, all_lists

    whoever = operator("lists")

    def of_staff(one: StaffList) -> NamedList:
        return NamedList(one.listing, lambda asked: one.page(panel, one.asked_by(whoever, asked)))

    found = {name: of_staff(one) for name, one in all_lists().items()}
    return found if customer is None else found | _of_customer(panel, customer)


def _of_customer(panel: Panel, customer: Customer) -> dict[str, NamedList]:
    from panelwright.core import clock
    from panelwright.customers import access, sessions
    from panelwright.customers import lists as customer_lists
    from panelwright.events import lists as event_lists
    from panelwright.events import webhook_queries
    from panelwright.events.models import Endpoint
    from panelwright.ledger import lists as ledger_lists
    from panelwright.ledger import statement
    from panelwright.orders import listing
    from panelwright.orders import lists as order_lists
    from panelwright.storefront.account import KEYS_MAX
    from panelwright.support import lists as ticket_lists
    from panelwright.support import queries as ticket_queries

    mine: dict[str, Any] = {"panel_id": panel.id, "customer_id": customer.id}

    def orders(of: Listing, kinds: frozenset[str]) -> NamedList:
        def read(asked: Mapping[str, str]) -> object:
            return listing.page(**mine, wanted=listing.wanted(of, panel, asked, kinds=kinds))

        return NamedList(of, read)

    def entries(asked: Mapping[str, str]) -> object:
        return statement.page(panel_id=panel.id, account_id=customer.account_id, code=asked["code"])

    def log(asked: Mapping[str, str]) -> object:
        # Of the newest webhook, or of one that there is not.
        row = Endpoint.objects.filter(**mine).order_by("-id").first() or Endpoint(panel_id=panel.id, id=0)
        return webhook_queries.log(row, failed=asked["show"] == event_lists.FAILED)

    def children(asked: Mapping[str, str]) -> object:
        return listing.page(**mine, wanted=listing.Wanted(parent=1))

    return {
        "my-orders": orders(order_lists.ORDERS, listing.KINDS),
        "my-drip-feeds": orders(order_lists.SCHEDULES, listing.DRIP_FEEDS),
        "my-subscriptions": orders(order_lists.SCHEDULES, listing.SUBSCRIPTIONS),
        "my-created-orders": NamedList(order_lists.CHILDREN, children),
        "my-refills": NamedList(order_lists.REFILLS, lambda asked: listing.refills(**mine)),
        "my-statement": NamedList(ledger_lists.STATEMENT, entries),
        "my-tickets": NamedList(
            ticket_lists.TICKETS, lambda asked: ticket_queries.tickets(panel.id, customer.id, state=asked["state"])
        ),
        "my-webhooks": NamedList(event_lists.WEBHOOKS, lambda asked: webhook_queries.endpoints(**mine)),
        "my-webhook-log": NamedList(event_lists.DELIVERIES, log),
        "my-keys": NamedList(
            customer_lists.API_KEYS, lambda asked: access.keys_of(panel.id, customer.id, most=KEYS_MAX)
        ),
        "my-sessions": NamedList(
            customer_lists.SESSIONS,
            lambda asked: sessions.sessions_of(panel.id, customer.user_id, now=clock.now()),
        ),
    }
