"""Feeds that keep an installation busy: what the others notice while the worker reads them."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django_scopes import scope

from panelwright.core import clock, limits
from panelwright.providers.posts import post_actions
from panelwright.providers.posts.tests.test_feeds import HOSTILE
from tests.strangers.others import Others
from tests.support.people import SUBSCRIPTION, Buyer, Owner, execute, values

# What is looked at is our own reading of what was sent, before the database.
pytestmark = pytest.mark.one_database

# Of each kind the one that cost most.
WORST = ("author", "attributes", "open tags", "tags", "quotes", "items", "cdata", "nested JSON", "lists of JSON")
READ_MAX_S = 60.0


class Served:
    """A server of feeds: `/<name>` is one of HOSTILE, `/trickle` a byte a second, `/bomb` packed, `/round` a circle."""

    def __init__(self) -> None:
        ended = self.ended = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path[1:].partition("?")[0].replace("%20", " ")
                if name == "round":
                    self._send(302, b"", Location=f"http://{self.headers['Host']}{self.path}")
                elif name == "bomb":
                    self._send(200, bomb(), **{"Content-Encoding": "gzip"})
                elif name == "trickle":
                    self.send_response(200)
                    self.end_headers()
                    while not ended.wait(1):
                        self.wfile.write(b" ")
                        self.wfile.flush()
                else:
                    self._send(200, HOSTILE[name])

            def _send(self, status: int, body: bytes, **headers: str) -> None:
                self.send_response(status)
                for header, text in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(header, text)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Quiet."""

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    """The reader has gone, as it should."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@cache
def bomb() -> bytes:
    """Made when it is asked for: every process that collects the tests would make it."""
    return gzip.compress(b"<rss>" + b" " * 200 * limits.FEED_BYTES_MAX, 9)


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    yield made
    made.ended.set()
    made.http.shutdown()
    made.http.server_close()


@pytest.fixture
def reading(alice: Owner, carol: Buyer, served: Served) -> Callable[..., Callable[[], None]]:
    """`reading("author", "tags")` answers what has these feeds of Alice's panel read, once each."""
    carol.order(service=SUBSCRIPTION, username="anna", delay=0)

    def attack(*names: str) -> Callable[[], None]:
        with scope(panel=alice.panel):
            ids = [
                post_actions.add_feed(
                    panel_id=alice.panel_id, url=f"{served.url}/{name.replace(' ', '%20')}", username="anna"
                ).id
                for name in names
            ]

        def read() -> None:
            began = clock.now()
            marks = ", ".join(["%s"] * len(ids))
            execute(f"UPDATE providers_postsource SET due_at = %s, failures = 0 WHERE id IN ({marks})", began, *ids)
            deadline = time.monotonic() + READ_MAX_S
            while values(f"SELECT 1 FROM providers_postsource WHERE id IN ({marks}) AND due_at <= %s", *ids, began):
                assert time.monotonic() < deadline, "the worker does not read"
                time.sleep(0.05)
            while values(f"SELECT 1 FROM providers_postsource WHERE id IN ({marks}) AND lease_until IS NOT NULL", *ids):
                assert time.monotonic() < deadline, "the worker does not end reading"
                time.sleep(0.05)

        return read

    return attack


@pytest.mark.alone
def test_the_worst_feeds(others: Others, reading: Callable[..., Callable[[], None]]) -> None:
    read = reading(*WORST, "bomb", "round")
    before = others.memory_bytes("worker")
    others.unharmed_by(read)
    assert others.memory_bytes("worker") - before < 150_000_000
    found = values("SELECT problem <> '' OR read_at IS NOT NULL FROM providers_postsource")
    assert found == [(True,)] * (len(WORST) + 2)


@pytest.mark.alone
def test_feeds_that_never_end(others: Others, alice: Owner, served: Served, reading: Callable[..., object]) -> None:
    """More of them than may be read at once; another panel's feed is read all the same."""
    with scope(panel=alice.panel):
        for n in range(limits.FEEDS_OF_PANEL_MAX * 2):
            post_actions.add_feed(panel_id=alice.panel_id, url=f"{served.url}/trickle?{n}", username="anna")
    others.unharmed_by(lambda: time.sleep(0.5))
    assert values("SELECT count(*) FROM providers_postsource WHERE lease_until IS NOT NULL") == [
        (limits.FEEDS_OF_PANEL_MAX,)
    ]
    ((panel_id,),) = values("SELECT id FROM panels_panel WHERE slug = 'others'")
    with scope(panel=panel_id):
        post_actions.add_feed(panel_id=panel_id, url=f"{served.url}/round", username="anna")
    deadline = time.monotonic() + 60
    while not values("SELECT 1 FROM providers_postsource WHERE panel_id = %s AND problem <> ''", panel_id):
        assert time.monotonic() < deadline, "a slow feed of another panel holds it up"
        time.sleep(0.1)
