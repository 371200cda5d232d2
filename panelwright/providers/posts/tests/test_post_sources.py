"""Feeds over real sockets become orders; what is no feed becomes a problem and no order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core import limits
from panelwright.core.said import words
from panelwright.orders.post_rules import ReportedPost
from panelwright.orders.schedule_actions import open_subscriptions
from panelwright.providers.models import PostSource
from panelwright.providers.posts import feeds, post_actions, post_loop, post_rules
from panelwright.providers.posts.feeds import FeedEntry
from tests.support import people
from tests.support.people import (
    NOON,
    SUBSCRIPTION,
    Buyer,
    Owner,
    Time,
    check_books,
    children_of,
    counts,
    everything,
    value,
    values,
)
from tests.support.serving import LoopbackServer

URL = "https://anna.example/feed"
A, B = "https://anna.example/a", "https://anna.example/b"
EARLY, LATE = NOON - timedelta(days=1), NOON + timedelta(hours=1)

RSS = f"""<?xml version="1.0"?><rss version="2.0"><channel><title>Anna</title>
<item><link>{B}</link><pubDate>Mon, 04 May 2026 13:00:00 GMT</pubDate></item>
<item><link>{A}</link><pubDate>Sun, 03 May 2026 12:00:00 GMT</pubDate></item></channel></rss>""".encode()
ATOM = f"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Anna</title>
<entry><link href="/b"/><published>2026-05-04T13:00:00Z</published><updated>2026-05-05T13:00:00Z</updated></entry>
<entry><link href="{A}"/><published>2026-05-03T14:00:00+02:00</published></entry></feed>""".encode()
RDF = f"""<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"/>
<item rdf:about="{B}"><link>{B}</link><dc:date>2026-05-04T13:00:00Z</dc:date></item>
<item rdf:about="{A}"><link>{A}</link><dc:date>2026-05-03T12:00:00Z</dc:date></item></rdf:RDF>""".encode()
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [
            {"id": "2", "url": B, "date_published": "2026-05-04T13:00:00Z"},
            {"id": "1", "url": A, "date_published": "2026-05-03T12:00:00Z"},
            {"id": "0"},
            "garbage",
        ],
    }
).encode()
KINDS = {"rss": RSS, "atom": ATOM, "rdf": RDF, "json": JSON_FEED}


class Server:
    """A feed's server. `answer` is (status, headers, body); `asked` the headers of each request.

    `before` is called before each answer.
    """

    def __init__(self, before: Callable[[], object] = lambda: None) -> None:
        self.answer: tuple[int, dict[str, str], bytes] = (200, {}, RSS)
        self.asked: list[dict[str, str]] = []
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                served.asked.append({name.lower(): text for name, text in self.headers.items()})
                before()
                status, headers, body = served.answer
                self.send_response(status)
                for name, text in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self.http = LoopbackServer(Handler)
        self.url = f"http://127.0.0.1:{self.http.port}/feed"


@pytest.fixture
def server(settings: object) -> Iterator[Server]:
    settings.ALLOW_PRIVATE_PROVIDERS = True  # type: ignore[attr-defined]
    served = Server()
    yield served
    served.http.stop()


@pytest.fixture
def add(alice: Owner, server: Server) -> Callable[[], PostSource]:
    def feed() -> PostSource:
        from django_scopes import scope

        with scope(panel=alice.panel):
            return post_actions.add_feed(panel_id=alice.panel_id, url=server.url, username="@Anna")

    return feed


def read() -> int:
    """One round of the loop, on this thread; answers how many posts were new."""
    told = 0
    for feed in post_actions.claim_feeds(10):
        told += post_actions.commit_read(feed, post_loop.fetch(feed, whole=post_actions.wants_all(feed)))
    return told


def subscribe(carol: Buyer, **params: object) -> int:
    return carol.order(service=SUBSCRIPTION, **{"username": "anna", "delay": 0, **params})


def ordered(order_id: int) -> list[str]:
    people.run_schedules()
    return [child.link for child in children_of(order_id)]


@pytest.mark.parametrize("kind", KINDS)
def test_feeds_are_read_to_links_and_times(kind: str) -> None:
    assert [entry[:2] for entry in post_loop.good(feeds.read(KINDS[kind], url=URL))] == [(B, LATE), (A, EARLY)]


@pytest.mark.parametrize(
    "body",
    [
        RSS[:-30],
        RSS[:200],
        b"<html><body>Hello</body></html>",
        b"",
        b"hello",
        b"{}",
        b'{"version":1}',
        b'{"items":[',
        b"\xff\xfe",
    ],
)
def test_what_is_no_whole_feed_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"[Ff]eed"):
        feeds.read(body, url=URL)


@given(st.binary(max_size=300) | st.integers(0, len(RSS)).map(lambda n: RSS[:n] + b"<" + RSS[n:]))
def test_whatever_comes_is_entries_or_a_value_error(body: bytes) -> None:
    try:
        entries = post_loop.good(feeds.read(body, url=URL))
    except ValueError:
        return
    assert all(entry.link.startswith("http") or ":" not in entry.link for entry in entries)


def test_only_so_many_entries_are_looked_at_and_only_good_links() -> None:
    items = [{"url": f"{A}/{n}"} for n in range(300)]
    body = json.dumps({"version": "https://jsonfeed.org/version/1", "items": [{"url": "javascript:x"}, *items]})
    entries = post_loop.good(feeds.read(body.encode(), url=URL))
    assert [entry.link for entry in entries] == [f"{A}/{n}" for n in range(199)]


def test_the_newest_old_posts_come_first_and_new_ones_in_order() -> None:
    entries = [
        FeedEntry("n2", LATE + timedelta(hours=1)),
        FeedEntry("n1", LATE),
        FeedEntry("u"),
        FeedEntry("o1", EARLY - timedelta(1)),
        FeedEntry("o2", EARLY),
    ]
    first = post_rules.heard(entries, placed_at=NOON, first_read=True)
    assert [post.link for post in first] == ["o2", "o1", "u", "n1", "n2"]
    later = post_rules.heard(entries, placed_at=NOON, first_read=False)
    assert [(post.link, post.old) for post in later if post.link == "u"] == [("u", False)]
    edited = post_rules.heard([FeedEntry("e", None, EARLY)], placed_at=NOON, first_read=False)
    assert edited == [ReportedPost("e", None, True)]


def test_a_reading_that_may_not_have_seen_a_subscription_does_not_count() -> None:
    minute = timedelta(minutes=1)
    times = [None, NOON - minute, NOON, NOON + minute - timedelta(microseconds=1), NOON + minute]
    first = [post_rules.is_first_read(read_at=at, placed_at=NOON) for at in times]
    assert first == [True, True, True, True, False]


def test_a_feed_is_left_alone_longer_and_longer() -> None:
    minutes = [post_rules.retry_after(n).total_seconds() / 60 for n in (1, 2, 3, 9, 10, 1000)]
    assert minutes == [1, 2, 4, 256, 360, 360]


@pytest.mark.parametrize("kind", KINDS)
def test_entries_become_orders_once(
    carol: Buyer, add: Callable[[], PostSource], server: Server, time: Time, kind: str
) -> None:
    order_id = subscribe(carol, old_posts=1)
    server.answer = (200, {}, KINDS[kind].replace(b'href="/b"', f'href="{B}"'.encode()))
    add()
    time.passes(hours=2)
    assert read() == 2
    assert ordered(order_id) == [A, B]
    assert read() == 0, "not due yet"
    time.passes(minutes=10)
    assert read() == 0
    assert len(server.asked) == 2
    assert ordered(order_id) == [A, B]
    assert carol.balance() == "99.70"
    check_books()


def test_not_changed_is_asked_for_but_not_when_a_subscription_is_new(
    carol: Buyer, add: Callable[[], PostSource], server: Server, time: Time
) -> None:
    subscribe(carol)
    add()
    time.passes(minutes=1)
    server.answer = (200, {"ETag": '"v1"', "Last-Modified": "Mon, 04 May 2026 12:00:00 GMT"}, RSS)
    assert read() == 2
    server.answer = (304, {}, b"")
    time.passes(minutes=10)
    assert read() == 0
    assert server.asked[-1]["if-none-match"] == '"v1"'
    assert server.asked[-1]["if-modified-since"] == "Mon, 04 May 2026 12:00:00 GMT"
    assert values("SELECT etag, failures, problem FROM providers_postsource") == [('"v1"', 0, "")]
    second = subscribe(carol, posts=0, old_posts=1)
    server.answer = (200, {}, RSS)
    time.passes(minutes=10)
    assert read() == 2
    assert "if-none-match" not in server.asked[-1]
    assert A in ordered(second)


@pytest.mark.parametrize(
    ("status", "headers", "body", "problem"),
    [
        (500, {}, b"oops", "the server answers 500"),
        (
            302,
            {"Location": "http://127.0.0.1/x"},
            b"",
            "the server answers 302 to http://127.0.0.1/x; give that address",
        ),
        (200, {}, b"<html></html>", "this is no RSS, Atom or JSON feed"),
        (200, {}, RSS[:-30], "the feed is broken: it is not well-formed XML"),
        (200, {}, b" " * (limits.FEED_BYTES_MAX + 1), "the answer is longer than 2,097,152 bytes"),
        (304, {}, b"", "the server answers 304"),
    ],
)
def test_trouble_is_noted_once_and_so_is_its_end(
    carol: Buyer,
    add: Callable[[], PostSource],
    server: Server,
    time: Time,
    status: int,
    headers: dict[str, str],
    body: bytes,
    problem: str,
) -> None:
    subscribe(carol)
    add()
    time.passes(minutes=1)
    server.answer = (status, headers, body)
    for wait in (1, 2):
        assert read() == 0
        time.passes(minutes=wait, seconds=-1)
        assert post_actions.claim_feeds(10) == []
        time.passes(seconds=1)
    ((failures, told),) = values("SELECT failures, problem FROM providers_postsource")
    assert (failures, words(told)) == (2, problem)
    assert counts("orders_post") == (0,)
    server.answer = (200, {}, RSS)
    assert read() == 2
    names = [name for (name,) in values("SELECT name FROM events_event WHERE name LIKE 'post_source.%%' ORDER BY id")]
    assert names == ["post_source.problem", "post_source.recovered"]
    assert values("SELECT failures, problem FROM providers_postsource") == [(0, "")]


def test_a_private_address_is_not_read(
    carol: Buyer, add: Callable[[], PostSource], server: Server, settings: object
) -> None:
    settings.ALLOW_PRIVATE_PROVIDERS = False  # type: ignore[attr-defined]
    subscribe(carol)
    add()
    assert read() == 0
    assert server.asked == []
    assert "not on the public internet" in words(value("SELECT problem FROM providers_postsource"))


def test_a_claim_is_one_readers_until_its_lease_ends(carol: Buyer, add: Callable[[], PostSource], time: Time) -> None:
    add()
    (first,) = post_actions.claim_feeds(10)
    assert post_actions.claim_feeds(10) == []
    time.passes(minutes=5)
    (second,) = post_actions.claim_feeds(10)
    before = values("SELECT * FROM providers_postsource")
    post_actions.commit_read(first, post_actions.FeedOutcome(problem="too slow"))
    assert values("SELECT * FROM providers_postsource") == before
    post_actions.commit_read(second, post_actions.FeedOutcome(problem="in time"))
    assert value("SELECT problem FROM providers_postsource") == "in time"


def test_a_panels_feed_tells_only_that_panel(
    carol: Buyer, mallory: Buyer, add: Callable[[], PostSource], rival: Owner, time: Time
) -> None:
    hers = mallory.order(service=SUBSCRIPTION, username="anna", delay=0)
    add()
    time.passes(hours=2)
    before = everything()
    assert read() == 0
    assert everything() == before
    assert ordered(hers) == []
    assert open_subscriptions(rival.panel_id, "anna") == [hers]


def test_a_webhooks_source_is_no_feed_and_a_feed_needs_sense(alice: Owner, add: Callable[[], PostSource]) -> None:
    from django_scopes import scope

    add()
    with scope(panel=alice.panel):
        source, secret = post_actions.add_webhook(panel_id=alice.panel_id)
        assert secret not in source.sealed_secret
        with pytest.raises(ValueError, match="already"):
            add()
        for url, username, every_min in (
            ("ftp://x/", "bea", 10),
            (URL, " @ ", 10),
            (URL, "bea", 0),
            ("https://x/" + "a" * 2000, "bea", 10),
        ):
            with pytest.raises(ValueError, match=r"address|username|between|at most"):
                post_actions.add_feed(panel_id=alice.panel_id, url=url, username=username, every_min=every_min)
        assert post_actions.remove_source(panel_id=alice.panel_id + 99, source_id=source.id) is False
        assert post_actions.remove_source(panel_id=alice.panel_id, source_id=source.id) is True
    assert counts("providers_postsource") == (1,)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-99-01", None, 5, "9999-12-31T23:59:59-14:00"])
def test_what_is_no_time_is_none(text: object) -> None:
    assert feeds.moment(text) is None
    assert feeds.moment("2026-05-04T12:00:00") == datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_the_loop_reads_what_is_due(
    transactional_db: None, carol: Buyer, add: Callable[[], PostSource], server: Server, time: Time
) -> None:
    """On its own threads and connections, as in a worker."""
    order_id = subscribe(carol, old_posts=1)
    add()
    time.passes(hours=2)
    loop = post_loop.Feeds()
    assert loop.read() >= 1
    while loop.on_the_way():
        loop.read()
    assert loop.read() == 0
    loop.close()
    assert ordered(order_id) == [A, B]
    assert values("SELECT lease_until, failures, problem FROM providers_postsource") == [(None, 0, "")]
