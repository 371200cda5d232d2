"""What feeds may hold: what is sloppy is read, what is hostile costs no more than its length."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from panelwright.core import limits
from panelwright.core.said import words
from panelwright.providers.models import PostSource
from panelwright.providers.posts import feed_child, feed_markup, feeds, post_actions, post_loop
from panelwright.providers.posts.feeds import FeedEntry
from panelwright.providers.posts.post_actions import Feed
from panelwright.providers.posts.tests import published_feeds, test_post_sources
from panelwright.providers.posts.tests.test_post_sources import Server, subscribe
from tests.support.people import NOON, Buyer, Owner, Time, values
from tests.support.proportion import in_proportion

add = test_post_sources.add
server = test_post_sources.server

URL = "https://anna.example/blog/feed"
A = "https://anna.example/a"
HEAD = '<?xml version="1.0"?><rss version="2.0"><channel><title>Anna</title>'
TAIL = "</channel></rss>"


def links(text: str | bytes) -> list[str]:
    body = text if isinstance(text, bytes) else text.encode()
    return [entry.link for entry in post_loop.good(feeds.read(body, url=URL))]


def rss(*items: str) -> str:
    return HEAD + "".join(f"<item>{item}</item>" for item in items) + TAIL


def atom(*entries: str, attributes: str = "") -> str:
    inside = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {attributes}><id>x</id><link href="/"/>{inside}</feed>'


@pytest.mark.parametrize(
    ("item", "link"),
    [
        (f"<title>Tom &nbsp; & Jerry &raquo;</title><link>{A}?x=1&y=2&copy=3</link>", f"{A}?x=1&y=2&copy=3"),
        (f"<link>{A}?x=1&amp;y=2&#38;z=3&#x26;</link>", f"{A}?x=1&y=2&z=3&"),
        (f"<link><![CDATA[ {A}?x=1&amp; ]]></link>", f"{A}?x=1&amp;"),
        (f"<link>\n  {A}\n</link>", A),
        (f"<link>{A}<!-- here --></link>", A),
        ("<link>../a</link>", A),
        (f"<LINK>{A}</LINK><pubdate>x</pubdate>", A),
        (f'<guid isPermaLink="true">{A}</guid>', A),
        (f"<guid>{A}</guid>", A),
        (f"<link></link><guid>{A}</guid>", A),
        (f"<description>A <b>bold <br> <p>text, > \"don't</description><link>{A}</link>", A),
        (f"<description><![CDATA[<link>https://no.example</link></item>]]></description><link>{A}</link>", A),
        (f"<source><link>https://no.example</link></source><link>{A}</link>", A),
        (f"<media:group><media:link>no</media:link><link>no</link></media:group><link>{A}</link>", A),
        (f"<media:link>https://no.example</media:link><link>{A}</link>", A),
        (f'<atom:link rel="self" href="https://no.example"/><atom:link href="{A}"/>', A),
        (f'<atom:link href="https://no.example"/><link>{A}</link>', A),
        (f"<title>1 < 2 <3</title><link>{A}</link>", A),
        (f"<x y='>' z=\">\"/><link>{A}</link>", A),
        (f"<link>{A}</link><link>https://no.example</link>", A),
    ],
)
def test_what_is_sloppy_is_read(item: str, link: str) -> None:
    assert links(rss(item)) == [link]


@pytest.mark.parametrize(
    ("entry", "link"),
    [
        (f'<link rel="self" href="https://no.example"/><link rel="alternate" type="text/html" href="{A}"/>', A),
        (f"<link href='{A}'></link>", A),
        (f'<link type="application/json" href="https://no.example"/><link href="{A}" type="text/html"/>', A),
        (f"<id>{A}</id>", A),
        (f'<id>tag:x</id><source><id>https://no.example</id><link href="/no"/></source><link href="{A}"/>', A),
        (f'<content type="xhtml"><div><link href="/no"/></div></content><link href="{A}"/>', A),
        ('<link href="a" xml:base="https://other.example/x/"/>', "https://other.example/x/a"),
        (f'<link href="{A}?x=1&amp;y=2"/>', f"{A}?x=1&y=2"),
    ],
)
def test_links_of_atom(entry: str, link: str) -> None:
    assert links(atom(entry)) == [link]
    prefixed = entry.replace("</", "</a:").replace("<", "<a:").replace("<a:/a:", "</a:")
    assert links(f'<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry>{prefixed}</a:entry></a:feed>') == [link]


def test_a_feeds_base_counts() -> None:
    text = atom('<link href="a"/>', '<link href="/b"/>', attributes='xml:base="https://other.example/x/"')
    assert links(text) == ["https://other.example/x/a", "https://other.example/b"]


AT_ONE = datetime(2026, 5, 4, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        (published_feeds.YOUTUBE, FeedEntry("https://www.youtube.com/watch?v=abc", AT_ONE, AT_ONE + timedelta(days=1))),
        (published_feeds.WORDPRESS, FeedEntry("https://b.example/2026/hello/", AT_ONE)),
        (
            published_feeds.BLOGGER,
            FeedEntry("https://a/2026/05/x.html", AT_ONE, AT_ONE + timedelta(hours=7, milliseconds=1)),
        ),
        (published_feeds.DOTNET, FeedEntry("https://n/1", AT_ONE, AT_ONE)),
        (published_feeds.RSS_1_0, FeedEntry("https://r/1", AT_ONE)),
        (published_feeds.ATOM_0_3, FeedEntry("https://o/1", AT_ONE, AT_ONE)),
        (published_feeds.PREFIXED, FeedEntry("https://p/1")),
    ],
    ids=lambda value: value.link if isinstance(value, FeedEntry) else "",
)
def test_the_forms_that_programs_give_their_feeds(text: str, entry: FeedEntry) -> None:
    assert feeds.read(text.encode(), url=URL) == [entry]


@pytest.mark.parametrize("root", ["rss", "RSS"])
@pytest.mark.parametrize(
    "before",
    [
        "",
        "\n\n  ",
        "\ufeff",
        "<!-- made by hand -->",
        '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://my.netscape.com/rss-0.91.dtd">',
        '<!DOCTYPE rss [<!ENTITY a "b"><!ENTITY c "]>">]>',
        '<?xml version="1.0" encoding="utf-8"?><?xml-stylesheet href="x"?>',
    ],
)
def test_what_may_stand_before(before: str, root: str) -> None:
    assert links(f"{before}<{root}><channel><item><link>{A}</link></item></channel></{root}>") == [A]


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.replace('"1.0"', '"1.0" encoding="windows-1251"').encode("cp1251"),
        lambda text: text.replace('"1.0"', '"1.0" encoding="windows-1251"').encode(),
        lambda text: text.replace('"1.0"', '"1.0" encoding="utf-8"').encode("cp1251"),
        lambda text: text.replace('"1.0"', '"1.0" encoding="zlib"').encode("cp1251"),
        lambda text: text.replace('"1.0"', '"1.0" encoding="punycode"').encode("cp1251"),
        lambda text: text.replace('"1.0"', '"1.0" encoding="cp1259"').encode("cp1251"),
    ],
)
def test_encodings_right_and_wrong(encode: Callable[[str], bytes]) -> None:
    assert links(encode(rss(f"<title>Привет</title><link>{A}</link>"))) == [A]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Mon, 04 May 2026 13:00:00 GMT", datetime(2026, 5, 4, 13, tzinfo=UTC)),
        ("Mon, 4 May 26 13:00 +0200", datetime(2026, 5, 4, 11, tzinfo=UTC)),
        ("04 May 2026 13:00:00 EST", datetime(2026, 5, 4, 18, tzinfo=UTC)),
        ("2026-05-04T13:00:00.123456789Z", datetime(2026, 5, 4, 13, 0, 0, 123456, tzinfo=UTC)),
        ("2026-05-04 13:00", datetime(2026, 5, 4, 13, tzinfo=UTC)),
        ("2026-05-04", datetime(2026, 5, 4, tzinfo=UTC)),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("Mon, 04 May 10000 13:00:00 GMT", None),
        ("Mon, 04 May 2026 13:00:00 +999999", None),
        ("1" * 400, None),
        ("Mon, " * 12, None),
        ("Mon, 99 Foo 2026", None),
        ("2026-05-04T13:00:00" + "0" * 10**6, None),
    ],
)
def test_dates(text: str, at: datetime | None) -> None:
    (entry,) = feeds.read(rss(f"<link>{A}</link><pubDate>{text}</pubDate>").encode(), url=URL)
    assert entry == FeedEntry(A, at, None)
    (entry,) = feeds.read(atom(f'<link href="{A}"/><updated>{text}</updated>').encode(), url=URL)
    assert entry == FeedEntry(A, None, at)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + f"<item><link>{A}</link>",
        HEAD + f"<item><link>{A}</link></item>",
        HEAD + f"<item><link>{A}<b></link></item>" + TAIL,
        HEAD + f"<item><link>{A}< /link></item>" + TAIL,
        HEAD + f"<item><link>{A}<item><link>{A}</link></item>" + TAIL,
        HEAD + f"<item><item><link>{A}</link></item>" + TAIL,
        HEAD + "<!-- " + f"<item><link>{A}</link></item>" + TAIL,
    ],
)
def test_what_may_have_lost_a_piece_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="feed_broken"):
        links(text)


def test_entities_are_not_declared_by_strangers() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<!DOCTYPE rss [<!ENTITY l0 "lol"><!ENTITY x SYSTEM "file:///etc/passwd">{laughs}]>'
    body = text + rss(f"<title>&l9;&x;</title><link>{A}</link>", "<link>&l9;</link>", "<link>&x;</link>")
    assert links(body) == [A, "https://anna.example/blog/&l9", "https://anna.example/blog/&x"]


def test_a_post_counts_once_its_end_was_seen_and_only_so_many_do() -> None:
    many = HEAD + "".join(f"<item><link>{A}/{n}</link></item>" for n in range(limits.FEED_POSTS_MAX + 1))
    assert links(many) == [f"{A}/{n}" for n in range(limits.FEED_POSTS_MAX)], "the rest is not looked at"


# ---- hostile -----------------------------------------------------------------------------------------

MANY = limits.FEED_BYTES_MAX
ITEM = HEAD + "<item>"


def _filled(before: str, piece: str, after: str = "") -> bytes:
    room = MANY - len(before.encode()) - len(after.encode())
    return (before + piece * (room // len(piece.encode())) + after).encode()


HOSTILE = {
    "author": _filled(ITEM + "<author>", "a"),
    "author with an end": _filled(ITEM + "<author>", "a", "</author></item>" + TAIL),
    "attributes": _filled(f'{ITEM}<link href="{A}" ', 'a="" ', "/></item>" + TAIL),
    "attributes of an entry": _filled('<feed><entry><link href="a" ', "b ", "/></entry></feed>"),
    "attributes of the root": _filled("<rss ", 'a="b" '),
    "open tags": _filled(ITEM, "<a "),
    "tags": _filled(ITEM, "<a>"),
    "quotes": _filled(ITEM, '<a b="'),
    "two quotes": _filled(ITEM, "<a b='\""),
    "closing": _filled(ITEM, "</a>"),
    "brackets": _filled(ITEM, "<"),
    "brackets in a link": _filled(ITEM + "<link>", "<"),
    "spaces in a tag": _filled(ITEM + "<link", " "),
    "a name": _filled(ITEM + "<", "a"),
    "names": _filled("<feed><entry>", "<link " + "a" * 16_000 + "/>"),
    "equals": _filled("<feed><entry>", "<link " + "=" * 16_000 + "/>"),
    "blanks": _filled("<feed><entry>", "<link a" + " " * 16_000 + "/>"),
    "comments": _filled(ITEM, "<!---->"),
    "open comments": _filled(ITEM, "<!--"),
    "a comment": _filled(ITEM + "<!--", "-"),
    "cdata": _filled(ITEM + "<link>", "<![CDATA[]]>"),
    "a cdata": _filled(ITEM + "<link><![CDATA[", "]"),
    "instructions": _filled(HEAD, "<??>"),
    "an instruction": _filled("<?xml encoding", " "),
    "declarations": _filled("", "<!>"),
    "doctypes": _filled("", "<!DOCTYPE a ["),
    "a doctype": _filled("<!DOCTYPE a [", "<!ENTITY b 'c'>"),
    "items": _filled(HEAD, "<item></item>", TAIL),
    "items in items": _filled(HEAD, "<item>"),
    "ampersands": _filled(ITEM + "<link>", "&", "</link></item>" + TAIL),
    "references": _filled(HEAD, f"<item><link>{'&#1;' * 2_000}</link></item>", TAIL),
    "digits": _filled(HEAD, f"<item><link>&#{'1' * 8_000};</link></item>", TAIL),
    "dates": _filled(HEAD, f"<item><link>{A}</link><pubDate>{'1 ' * 4_000}</pubDate></item>", TAIL),
    "bytes": b"\xff" * MANY,
    "zeros": b"\0" * MANY,
    "nested JSON": _filled('{"version":"https://jsonfeed.org/version/1","items":', "["),
    "digits of JSON": _filled('{"version":"https://jsonfeed.org/version/1","items":[', "1", "]}"),
    "a fraction of JSON": _filled('{"version":"https://jsonfeed.org/version/1","items":[1.', "1", "]}"),
    "an exponent of JSON": _filled('{"version":"https://jsonfeed.org/version/1","items":[1e', "1", "]}"),
    "lists of JSON": _filled('{"version":"https://jsonfeed.org/version/1","items":[[]', ",[]", "]}"),
    "objects of JSON": _filled('{"version":"https://jsonfeed.org/version/1","items":[{}', ",{}", "]}"),
}


def read_anyhow(body: bytes) -> None:
    try:
        feeds.read(body, url=URL)
    except ValueError:
        pass


@pytest.mark.parametrize("name", HOSTILE)
def test_the_worst_feed_costs_no_more_than_a_plain_one_of_many_tags(name: str) -> None:
    """What was quadratic took hours: ten times the cost of plain tags is far from both."""
    body = HOSTILE[name]
    assert len(body) > MANY * 0.98
    plain = rss(*[f"<title>One</title><link>{A}</link>"] * (limits.FEED_POSTS_MAX // 10)).encode()
    most = 10 * limits.FEED_TAGS_MAX / plain.count(b"<")
    in_proportion(lambda: read_anyhow(plain), lambda: read_anyhow(body), most, about=name)


def test_nothing_is_kept_of_what_is_passed_over() -> None:
    tracemalloc.start()
    try:
        for name in ("author with an end", "attributes", "tags", "comments", "names", "a cdata", "nested JSON"):
            tracemalloc.reset_peak()
            read_anyhow(HOSTILE[name])
            assert tracemalloc.get_traced_memory()[1] < 4 * MANY, name
    finally:
        tracemalloc.stop()


def test_character_references() -> None:
    assert feed_markup.unescape("&#x110000;&#xD800;&#0;&#1114111;&#99999999;&lt;&nosuch;&") == (
        "\ufffd\ufffd\ufffd\U0010ffff&#99999999;<&nosuch;&"
    )


# ---- over the wire -----------------------------------------------------------------------------------


def test_a_bomb_is_not_unpacked(
    carol: Buyer, add: Callable[[], PostSource], server: Server, time: Time, settings: object
) -> None:
    bomb = gzip.compress(HEAD.encode() + b" " * 200 * MANY, 9)
    subscribe(carol)
    add()
    time.passes(minutes=1)
    for packing, body in (("gzip", bomb), ("gzip, gzip", gzip.compress(bomb))):
        server.answer = (200, {"Content-Encoding": packing}, body)
        (feed,) = post_actions.claim_feeds(10)
        tracemalloc.start()
        try:
            outcome = post_loop.fetch(feed, whole=True)
            assert tracemalloc.get_traced_memory()[1] < 20 * MANY
        finally:
            tracemalloc.stop()
        assert words(outcome.problem) == "the answer is longer than 2,097,152 bytes"
        time.passes(minutes=6)


def feed_of(url: str) -> Feed:
    return Feed(1, 1, "anna", url, "", "", None, 10, NOON, NOON)


def test_redirects_are_not_followed(server: Server) -> None:
    server.answer = (302, {"Location": server.url}, b"")
    assert "the server answers 302" in words(post_loop.fetch(feed_of(server.url), whole=True).problem)
    assert len(server.asked) == 1


def test_a_server_that_trickles_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FEED_SECONDS_MAX", 0.5)
    listening = socket.create_server(("127.0.0.1", 0))

    def trickle() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(4096)
            try:
                for byte in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000:
                    connection.sendall(bytes((byte,)))
                    time.sleep(0.1)
            except OSError:
                pass

    threading.Thread(target=trickle, daemon=True).start()
    with listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/feed"
        assert "no answer within 0.5 s" in words(post_loop.fetch(feed_of(url), whole=True).problem)


def test_slow_feeds_hold_up_no_other(
    transactional_db: None, alice: Owner, rival: Owner, carol: Buyer, server: Server, time: Time
) -> None:
    """Alice has more slow feeds than there is room for; the rival's is read while they are waited for."""
    from django_scopes import scope

    may_go = threading.Event()
    slow = Server(before=may_go.wait)
    try:
        with scope(panel=alice.panel):
            for n in range(limits.FEEDS_OF_PANEL_MAX + 2):
                post_actions.add_feed(panel_id=alice.panel_id, url=f"{slow.url}/{n}", username="anna")
        time.passes(minutes=1)
        with scope(panel=rival.panel):
            post_actions.add_feed(panel_id=rival.panel_id, url=server.url, username="anna")
        loop = post_loop.Feeds()
        while not server.asked:
            loop.read()
        while loop.on_the_way() > limits.FEEDS_OF_PANEL_MAX:
            loop.read()
        assert loop.on_the_way() == limits.FEEDS_OF_PANEL_MAX
        assert values("SELECT count(*) FROM providers_postsource WHERE lease_until IS NOT NULL") == [
            (limits.FEEDS_OF_PANEL_MAX,)
        ]
        may_go.set()
        while loop.read() or loop.on_the_way():
            pass
        assert len(slow.asked) == limits.FEEDS_OF_PANEL_MAX + 2
        loop.close()
    finally:
        may_go.set()
        slow.http.stop()


def test_a_json_feeds_numbers_are_no_links() -> None:
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [{"url": 5}, {"url": A, "x": 1.5}]})
    assert links(body) == [A]


def in_the_child(monkeypatch: pytest.MonkeyPatch, reading: str) -> list[FeedEntry]:
    """What comes of a feed whose reading is that expression."""
    program = f"feed_child.feeds.read = lambda body, *, url: {reading}; feed_child.main()"
    start = f"from panelwright.providers.posts import feed_child; {program}"
    monkeypatch.setattr(feed_child, "_PROGRAM", start)
    return feed_child.read(b"<rss/>", url=URL)


def test_a_feed_s_process_loads_no_django(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take ten times as long to start."""
    assert in_the_child(monkeypatch, "None if 'django' in __import__('sys').modules else []") == []


def test_a_feed_that_takes_too_much_memory_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    most = limits.FEED_MEMORY_BYTES_MAX
    assert in_the_child(monkeypatch, f"[] if bytes({most // 2}) else None") == []
    for reading in (f"[] if bytes({most}) else None", "[[0]] * 10 ** 9"):
        with pytest.raises(ValueError, match="feed_memory"):
            in_the_child(monkeypatch, reading)
