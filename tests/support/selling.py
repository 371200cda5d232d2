"""A panel that sells, customers with keys and money, and a provider: made by the product's own actions.

Called in a test, it is made in the test's database. Run as a program (`selling.py '{"balances": …}'`), it
is made in the database of the environment, tables and all, and told as JSON: for servers with a database of
their own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

PROGRAM = Path(__file__)
PROVIDER_KEY = "our-key-at-the-provider"


@dataclass(frozen=True)
class Sold:
    """A service of the panel. `upstream` is the sandbox's service that delivers it; `rate` per 1000 units."""

    number: int
    rate: str
    upstream: int
    type: str = "Default"
    cancel: bool = True
    drip_feed: bool = False
    unique_link: bool = False


FAST, PARTIAL, CANCELS, COMMENTS, ONE_A_LINK, ROUND = 1, 2, 3, 4, 5, 6
SERVICES = (
    Sold(FAST, "0.98765", upstream=1, drip_feed=True),
    Sold(PARTIAL, "1.333333", upstream=3),
    Sold(CANCELS, "0.070001", upstream=4),
    Sold(COMMENTS, "7.123457", upstream=23, type="Custom Comments"),
    Sold(ONE_A_LINK, "0.5", upstream=1, unique_link=True),
    # 1,000 units cost 1.50, and nothing is rounded.
    Sold(ROUND, "1.5", upstream=1, drip_feed=True),
)


@dataclass(frozen=True)
class Buyer:
    """A customer with an API key."""

    customer_id: int
    account_id: int
    key_id: int
    key: str


@dataclass(frozen=True)
class Shop:
    """What was made. `buyers` stand in the order of the balances that were asked for."""

    panel_id: int
    provider_id: int
    buyers: tuple[Buyer, ...]


def open_shop(
    *,
    balances: Sequence[str],
    ports: Sequence[int] = (),
    slug: str = "acme",
    provider_url: str = "http://127.0.0.1:9/api/v2",
    knows_request_id: bool = True,
    per_minute_max: int | None = None,
    daily_cap: str | None = None,
) -> Shop:
    """A panel on any host at `ports` and on `<slug>.example`, with a customer for each balance.

    `per_minute_max` and `daily_cap` hold for each key. The provider's default address is one where nobody listens.
    """
    from django_scopes import scope

    from panelwright.catalog.actions import NewService, add_services
    from panelwright.core import money
    from panelwright.ledger.actions import open_books
    from panelwright.panels.actions import create_panel
    from panelwright.providers import actions as providers
    from panelwright.providers.routing import route_actions

    domains = [(f"{slug}.example", 0), *(("*", port) for port in ports)]
    panel = create_panel(slug=slug, name="Acme", currency="USD", domains=domains)
    with scope(panel=panel):
        open_books(panel.id)
        services = add_services(
            panel.id,
            [
                NewService(
                    number=sold.number,
                    category="Audience",
                    name=f"Service {sold.number}",
                    type=sold.type,
                    rate_micros=money.parse(sold.rate),
                    min=1,
                    max=100_000,
                    cancel=sold.cancel,
                    drip_feed=sold.drip_feed,
                    unique_link=sold.unique_link,
                )
                for sold in SERVICES
            ],
        )
        provider = providers.add_provider(
            panel_id=panel.id,
            name="upstream",
            url=provider_url,
            key=PROVIDER_KEY,
            knows_request_id=knows_request_id,
        )
        routes = [(row.id, provider.id, str(sold.upstream)) for row, sold in zip(services, SERVICES, strict=True)]
        route_actions.add_routes(panel.id, routes)
        buyers = tuple(
            _buyer(panel.id, number, balance, per_minute_max=per_minute_max, daily_cap=daily_cap)
            for number, balance in enumerate(balances)
        )
    return Shop(panel.id, provider.id, buyers)


def _buyer(panel_id: int, number: int, balance: str, *, per_minute_max: int | None, daily_cap: str | None) -> Buyer:
    from panelwright.core import clock, money
    from panelwright.customers.actions import create_customer, create_key
    from panelwright.ledger.actions import credit_customer
    from panelwright.ledger.models import TransferCode

    customer = create_customer(panel_id=panel_id, email=f"carol{number}@acme.example", password="correct horse")
    if money.parse(balance):
        credit_customer(
            panel_id=panel_id,
            account_id=customer.account_id,
            amount_micros=money.parse(balance),
            code=TransferCode.DEPOSIT,
            reference=f"opening {number}",
            name="test",
            now=clock.now(),
        )
    cap = money.parse(daily_cap) if daily_cap is not None else None
    row, key = create_key(customer=customer, daily_cap_micros=cap, per_minute_max=per_minute_max)
    return Buyer(customer.id, customer.account_id, row.id, key)


def shop_of(text: str) -> Shop:
    """The shop that a run as a program printed."""
    told = json.loads(text)
    return Shop(told["panel_id"], told["provider_id"], tuple(Buyer(**buyer) for buyer in told["buyers"]))


if __name__ == "__main__":
    import django

    from panelwright.cli import setup

    django.setup()
    setup.migrate()
    sys.stdout.write(json.dumps(asdict(open_shop(**json.loads(sys.argv[1])))))
