"""Two links are one for the switch of one open order a link, or they are not; the form has nothing else to say."""

from __future__ import annotations

import hashlib
import importlib
from types import SimpleNamespace

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core.refusal import Refusal
from panelwright.orders.same_link import digest, normal
from tests.support.people import ONE_A_LINK, Buyer, Time, execute, row_of, value, values
from tests.support.proportion import in_proportion

POST = "https://example.com/p/CxYz_9-a"

SAME = [
    (POST, "http://example.com/p/CxYz_9-a"),
    (POST, "HTTPS://WWW.Example.COM/p/CxYz_9-a/"),
    (POST, "example.com/p/CxYz_9-a"),
    (POST, "//www.example.com/p/CxYz_9-a?"),
    (POST, f"{POST}#"),
    (POST, f"{POST}/?#"),
    (POST, f"{POST}/?igsh=MzRlODBiNWFlZA=="),
    (POST, f"{POST}/?igshid=abc&utm_source=ig_web_copy_link&UTM_Medium=x&fbclid=1&gclid"),
    (POST, f"{POST}?&&"),
    (POST, f"\ufeff\u200b{POST}\u2060 "),
    (POST, "https://exa\u00admple.com/p/Cx\u200bYz_9-a"),
    (f"{POST}?a=1&b=2", f"{POST}/?utm_campaign=x&a=1&igsh=y&b=2&"),
    (f"{POST}?a=1#part", f"{POST}?a=1&fbclid=2#part"),
    ("https://youtu.be/dQw4w9WgXcQ", "https://youtu.be/dQw4w9WgXcQ?si=aBcD"),
    ("https://www.youtube.com/watch?v=dQw4w9WgXcQ", "youtube.com/watch?v=dQw4w9WgXcQ&si=aBcD&utm_source=x"),
    ("https://music.youtube.com/watch?v=1", "https://music.youtube.com/watch?si=2&v=1"),
    ("https://example.com", "http://www.example.com/"),
    ("https://пример.рф/П", "http://ПРИМЕР.рф/П/"),
    ("https://user@example.com/a", "https://user@EXAMPLE.com/a"),
    ("anna", "anna/"),
    ("@Anna", "\u200e@Anna"),
]
DIFFERENT = [
    (POST, POST.replace("CxYz", "cxyz")),
    (POST, f"{POST}?a=1"),
    (f"{POST}?a=1", f"{POST}?a=2"),
    (f"{POST}?a=1&b=2", f"{POST}?b=2&a=1"),
    (POST, f"{POST}#part"),
    (POST, "https://m.example.com/p/CxYz_9-a"),
    (POST, "https://example.org/p/CxYz_9-a"),
    (POST, "https://example.com:8443/p/CxYz_9-a"),
    (POST, "https://example.com/x/p/CxYz_9-a"),
    (f"{POST}?si=1", f"{POST}?si=2"),
    ("https://notyoutube.com/watch?v=1", "https://notyoutube.com/watch?v=1&si=2"),
    ("https://example.com/?u=a", "https://example.com/?u=a/"),
    ("https://example.com/a?igsh2=1", "https://example.com/a"),
    ("https://example.com/a?xutm_source=1", "https://example.com/a"),
    ("https://User@example.com/a", "https://user@example.com/a"),
    ("Anna", "anna"),
    ("@anna", "anna"),
    ("www.com", "com"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_post(one: str, other: str) -> None:
    assert normal(one) == normal(other)
    assert digest(one) == digest(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_posts(one: str, other: str) -> None:
    assert normal(one) != normal(other)
    assert digest(one) != digest(other)


@pytest.mark.parametrize(
    "piece", ["www.", "/", "?", "&", "igsh&", "#", "@", "http://", "\u200b", "\u200ba", ".", "a=1&"]
)
def test_the_worst_link_is_compared_in_no_time(piece: str) -> None:
    """However long a text is, though no link is: it takes no longer with each character."""
    for start in ("https://", ""):
        few, many = (start + piece * count for count in (10_000, 160_000))
        in_proportion(lambda: normal(few), lambda: normal(many), 100, about=start)  # noqa: B023


PIECES = st.lists(
    st.sampled_from(
        [
            *("http", "s", ":", "/", "//", "www.", "Example", ".com", "?", "&", "=", "#", "igsh", "utm_x", "si"),
            *("a", "A", "@", "\u200b", "youtu.be", " ", "é", "\udc80", "%2F"),
        ]
    ),
    max_size=14,
).map("".join)


@given(st.one_of(PIECES, st.text(st.characters(codec=None, categories=None), max_size=40)))
def test_any_text_has_a_form_which_is_its_own(text: str) -> None:
    assert normal(normal(text)) == normal(text)
    assert len(digest(text)) == 64


NAMES = st.text("abcXYZ019_-é", min_size=1, max_size=8)
PATHS = st.lists(NAMES, max_size=3)
QUERIES = st.lists(st.tuples(NAMES, NAMES).map("=".join), max_size=3)
TRACKING = st.lists(st.sampled_from(["igsh=1", "igshid=", "utm_source=a", "utm_=", "fbclid=x%20y", "gclid", "IGSH=2"]))


@given(
    PATHS,
    QUERIES,
    TRACKING,
    st.sampled_from(["http://", "https://", "HTTP://", "", "//"]),
    st.sampled_from(["example.com", "EXAMPLE.com", "www.example.com", "WWW.Example.com"]),
    st.sampled_from(["", "/"]),
    st.sampled_from(["", "#"]),
    st.randoms(use_true_random=False),
)
def test_what_an_app_and_a_browser_make_of_a_link_is_one(
    path: list[str],
    query: list[str],
    tracking: list[str],
    scheme: str,
    host: str,
    slash: str,
    end: str,
    rng: object,
) -> None:
    plain = "https://example.com" + "".join(f"/{part}" for part in path) + ("?" + "&".join(query) if query else "")
    mixed = list(query)
    for one in tracking:
        mixed.insert(rng.randint(0, len(mixed)), one)  # type: ignore[attr-defined]
    shared = scheme + host + "".join(f"/{part}" for part in path) + slash + "?" + "&".join(mixed) + end
    assert normal(shared) == normal(plain)


@given(PATHS, PATHS, QUERIES, QUERIES)
def test_what_leads_elsewhere_is_not(path: list[str], other: list[str], query: list[str], another: list[str]) -> None:
    def link(of: list[str], asked: list[str]) -> str:
        return "https://example.com" + "".join(f"/{part}" for part in of) + ("?" + "&".join(asked) if asked else "")

    assert (normal(link(path, query)) == normal(link(other, another))) == ((path, query) == (other, another))


# ---- orders from before ------------------------------------------------------------------------------


def as_given(link: str) -> str:
    return hashlib.sha256(link.encode()).hexdigest()


def compare_anew() -> None:
    module = importlib.import_module("panelwright.orders.migrations.0005_same_links")
    module.compare_anew(None, SimpleNamespace(connection=connection))


def test_open_orders_from_before_hold_their_links_on(carol: Buyer, mallory: Buyer, time: Time) -> None:
    link = f"{POST}/?igsh=x"
    order = carol.order(service=ONE_A_LINK, link=link, quantity=10)
    ended = carol.order(service=ONE_A_LINK, link="https://example.com/ended", quantity=10)
    execute("UPDATE orders_order SET open_link = %s WHERE id = %s", as_given(link), order)
    execute("UPDATE orders_order SET open_link = NULL WHERE id = %s", ended)
    compare_anew()
    compare_anew()
    assert values("SELECT open_link FROM orders_order ORDER BY id") == [(digest(POST),), (None,)]
    assert carol.refused(service=ONE_A_LINK, link=POST, quantity=10) == Refusal("same_link", "link")
    assert row_of(order).link == link


def test_of_two_open_orders_for_one_link_the_older_one_holds_it(carol: Buyer, time: Time) -> None:
    orders = [carol.order(service=ONE_A_LINK, link=f"{POST}{n}", quantity=10) for n in range(1_003)]
    links = {orders[0]: POST, orders[1_002]: f"{POST}/"}
    for order, link in links.items():
        execute("UPDATE orders_order SET link = %s, open_link = %s WHERE id = %s", link, as_given(link), order)
    compare_anew()
    assert value("SELECT open_link FROM orders_order WHERE id = %s", orders[0]) == digest(POST)
    assert value("SELECT open_link FROM orders_order WHERE id = %s", orders[1_002]) == as_given(f"{POST}/")
