"""Providers whose answers are as long as can be: what the others notice while the worker reads them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django_scopes import scope

from panelwright.core import clock, limits, money
from panelwright.core.reply import HttpReply
from panelwright.providers.sync import sync_actions
from panelwright.providers.sync.import_rules import Chosen
from panelwright.providers.sync.sync_rules import Markup
from panelwright.providers.wire.outcomes import Offers
from panelwright.providers.wire.panel_v2.reading import read_services
from panelwright.providers.wire.panel_v2.tests.test_long_answers import WORST, filled, rows
from tests.strangers.others import Others
from tests.support.effort import effort
from tests.support.people import Owner, execute, values

# What is looked at is our own reading of what was sent, before the database.
pytestmark = pytest.mark.one_database

READ_MAX_S = 60.0
# Of how many services a list is of which everything is sold here and changes; of as many as can be in `make prove`.
SOLD = effort(3_000, proving=limits.OFFERS_MAX)
SOLD_MAX_S = 600.0
# Of each kind the one that cost most, and the longest list that is taken.
LISTS = ("lists", "rows", "keys", "a page", "a list")


@cache
def list_of(name: str) -> bytes:
    """Made when it is asked for: every process that collects the tests would make it."""
    if name.startswith("sold at "):
        return rows(SOLD, rate=name.removeprefix("sold at "))
    if name == "a list":
        return rows(limits.OFFERS_MAX, desc="Some words, and others. " * 12)
    return filled(*WORST[name], limits.PROVIDER_LIST_BYTES_MAX)


class Lists:
    """A provider for whatever is asked: `POST /<name>` answers with that list, and `/sold` with what is sold at
    `rate` now."""

    def __init__(self) -> None:
        self.rate = "0.90"

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = self.rfile.read(int(self.headers["Content-Length"]))
                name = f"sold at {made.rate}" if self.path == "/sold" else self.path[1:].replace("%20", " ")
                body = b'{"balance":"1"}' if b"action=balance" in asked else list_of(name)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Quiet."""

        made = self
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def lists() -> Iterator[Lists]:
    made = Lists()
    yield made
    made.http.shutdown()
    made.http.server_close()


def sync(provider: int, *, within_s: float = READ_MAX_S) -> None:
    """Have the worker read the provider's list, and wait for it."""
    began = clock.now()
    execute("UPDATE providers_provider SET sync_due_at = %s WHERE id = %s", began, provider)
    deadline = time.monotonic() + within_s
    while not values("SELECT 1 FROM providers_provider WHERE id = %s AND synced_at >= %s", provider, began):
        assert time.monotonic() < deadline, "the worker does not read the list"
        time.sleep(0.05)


@pytest.mark.alone
def test_the_longest_lists(others: Others, alice: Owner, lists: Lists) -> None:
    providers = {name: alice.provider(f"{lists.url}/{name.replace(' ', '%20')}", name=name).id for name in LISTS}
    before = others.memory_bytes("worker")
    for name, provider in providers.items():
        others.unharmed_by(partial(sync, provider))
        ((problem,),) = values("SELECT sync_problem_code FROM providers_provider WHERE id = %s", provider)
        assert bool(problem) == (name != "a list"), (name, problem)
    assert others.memory_bytes("worker") - before < 12 * limits.PROVIDER_LIST_BYTES_MAX


@pytest.mark.alone
def test_the_longest_list_of_which_everything_is_sold_and_changes(others: Others, alice: Owner, lists: Lists) -> None:
    provider = alice.provider(f"{lists.url}/sold", name="sold")
    offers = read_services(HttpReply(200, list_of("sold at 0.90")))
    assert isinstance(offers, Offers)
    with scope(panel=alice.panel):
        sync_actions.import_services(
            panel=alice.panel, provider=provider, offers=offers, chosen=Chosen(), markup=Markup(2000)
        )
    before = others.memory_bytes("worker")
    changed = 0

    def all_change() -> None:
        nonlocal changed
        changed += 1
        lists.rate = f"0.{90 + changed}"
        sync(provider.id, within_s=SOLD_MAX_S)

    others.unharmed_by(all_change)
    rate = money.parse(lists.rate) * 12 // 10
    ((services, least, most),) = values(
        "SELECT count(*), min(rate_micros), max(rate_micros) FROM catalog_service WHERE id IN"
        " (SELECT service_id FROM providers_route WHERE provider_id = %s)",
        provider.id,
    )
    assert (services, least, most) == (SOLD, rate, rate)
    for name in ("route.rate_changed", "service.rate_changed"):
        assert values("SELECT count(*) FROM events_event WHERE name = %s", name) == [(SOLD * changed,)]
    assert others.memory_bytes("worker") - before < 12 * limits.PROVIDER_LIST_BYTES_MAX
