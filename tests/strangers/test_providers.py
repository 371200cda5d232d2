"""Providers whose answers are as long as can be: what the others notice while the worker reads them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from panelwright.core import clock, limits
from panelwright.providers.wire.panel_v2.tests.test_long_answers import WORST, filled, rows
from tests.strangers.others import Others
from tests.support.people import Owner, execute, values

# What is looked at is our own reading of what was sent, before the database.
pytestmark = pytest.mark.one_database

READ_MAX_S = 60.0
# Of each kind the one that cost most, and the longest list that is taken.
LISTS = ("lists", "rows", "keys", "a page", "a list")


@cache
def list_of(name: str) -> bytes:
    """Made when it is asked for: every process that collects the tests would make it."""
    if name == "a list":
        return rows(limits.OFFERS_MAX, desc="Some words, and others. " * 12)
    return filled(*WORST[name], limits.PROVIDER_LIST_BYTES_MAX)


class Lists:
    """A provider for whatever is asked: `POST /<name>` answers with that list."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = self.rfile.read(int(self.headers["Content-Length"]))
                body = b'{"balance":"1"}' if b"action=balance" in asked else list_of(self.path[1:].replace("%20", " "))
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Quiet."""

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


@pytest.mark.alone
def test_the_longest_lists(others: Others, alice: Owner, lists: Lists) -> None:
    providers = {name: alice.provider(f"{lists.url}/{name.replace(' ', '%20')}", name=name).id for name in LISTS}
    before = others.memory_bytes("worker")
    for name, provider in providers.items():

        def sync(provider: int = provider) -> None:
            began = clock.now()
            execute("UPDATE providers_provider SET sync_due_at = %s WHERE id = %s", began, provider)
            deadline = time.monotonic() + READ_MAX_S
            while not values("SELECT 1 FROM providers_provider WHERE id = %s AND synced_at >= %s", provider, began):
                assert time.monotonic() < deadline, "the worker does not read the list"
                time.sleep(0.05)

        others.unharmed_by(sync)
        ((problem,),) = values("SELECT sync_problem_code FROM providers_provider WHERE id = %s", provider)
        assert bool(problem) == (name != "a list"), (name, problem)
    assert others.memory_bytes("worker") - before < 12 * limits.PROVIDER_LIST_BYTES_MAX
