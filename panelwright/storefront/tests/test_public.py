"""Services, news and free pages as visitors and customers meet them."""

from __future__ import annotations

import csv
import html
import io
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from panelwright.catalog.actions import NewService, add_services, set_enabled, set_rate
from panelwright.catalog.price_list_actions import set_own_rate
from panelwright.content.actions import announce, set_page
from panelwright.core import clock
from panelwright.customers.models import PriceList
from panelwright.customers.session_actions import open_session
from panelwright.events.actions import NewEvent, record
from panelwright.storefront.tests.reading import text_of
from panelwright.ui.cookies import session_name
from tests.support.people import CLOSED, FOLLOWERS, LIKES, PRIVATE, Buyer, Owner, Time, everything, values
from tests.support.statements import statements

QUERIES_MAX = 12
DANGER = "[go](javascript:alert(1)) <script>alert(1)</script> <img src=x onerror=alert(1)>\n\n## Head\n\n[site](https://x.example)"


class Harmless(HTMLParser):
    """Fails at whatever the policy forbids, or could run something."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert tag not in {"style", "iframe", "object", "embed", "base"}, tag
        assert tag != "script" or (given.get("src") or "").startswith("/static/"), attrs
        assert not [name for name in given if name.startswith("on") or name in {"style", "srcdoc"}], attrs
        for name in ("href", "src", "action", "formaction"):
            assert not re.match(r"\s*(javascript|data|vbscript):", given.get(name) or "", re.I), attrs


class Visitor:
    """A browser at a panel; of a customer or of staff, logged in."""

    def __init__(self, owner: Owner, user: Any = None) -> None:
        self.client = Client(headers={"host": owner.host})
        if user is not None:
            with scope(panel=owner.panel):
                token = open_session(user=user, address="198.51.100.7", browser="test")
            self.client.cookies[session_name(owner.panel)] = token

    def get(self, path: str, status: int = 200) -> str:
        """The page, in few queries."""
        with statements() as asked:
            response = self.client.get(path)
        assert response.status_code == status, response.status_code
        assert len(asked) <= QUERIES_MAX, asked.texts
        page: str = response.content.decode()
        Harmless().feed(page)
        return page

    def post(self, path: str, htmx: bool = False, **fields: Any) -> Any:
        return self.client.post(path, fields, headers={"HX-Request": "true"} if htmx else {})


@pytest.fixture
def visitor(alice: Owner) -> Visitor:
    return Visitor(alice)


@pytest.fixture
def browser(alice: Owner, carol: Buyer) -> Visitor:
    return Visitor(alice, carol.customer.user)


def numbers(page: str) -> list[int]:
    """The services of the table, in its order."""
    return [int(number) for number in re.findall(r'<tr role="row" id="service-(\d+)"', page)]


def groups(page: str) -> list[str]:
    return [text_of(head).strip() for head in re.findall(r'<th scope="rowgroup"[^>]*>(.*?)</th>', page, re.S)]


def row_text(page: str, number: int) -> str:
    start = page.index(f'<tr role="row" id="service-{number}"')
    return " ".join(text_of(page[start : page.index("</tr>", start)]).split())


def many(owner: Owner, count: int) -> None:
    with scope(panel=owner.panel):
        add_services(
            owner.panel_id,
            [
                NewService(
                    number=1000 + i,
                    category=f"Category {i // 60}",
                    name=f"Подписчики {i}",
                    type="Default",
                    rate_micros=1,
                    description=f"About {i}",
                )
                for i in range(count)
            ],
        )


# ---- services ----------------------------------------------------------------------------------------


def test_a_visitor_sees_the_services_by_category(visitor: Visitor) -> None:
    page = visitor.get("/services")
    assert numbers(page) == [1, 2, 5, 6, 3, 4, 9]
    assert groups(page) == ["Social", "Packages", "Comments", "Traffic"]
    assert row_text(page, FOLLOWERS) == (
        "1 Followers 30-day refill cancel drip-feed 50 – 10000 0.90 USD per 1,000 Order now"
    )
    assert row_text(page, 3) == "3 Starter Package – 2.50 USD per package Order now"
    assert 'Price, <span translate="no">USD</span>' in page
    assert "7 services" in page
    assert 'href="/order?service=1"' in page
    assert "star-" not in page
    assert "For some" not in page and "No more" not in page


def test_search_and_filters_narrow_the_list(alice: Owner, visitor: Visitor) -> None:
    many(alice, 3)
    assert numbers(visitor.get("/services?q=ПОДПИСЧИКИ")) == [1000, 1001, 1002]
    assert numbers(visitor.get("/services?q=1001")) == [1001]
    assert numbers(visitor.get("/services?type=package")) == [3]
    category = alice.services[FOLLOWERS].category_id
    assert numbers(visitor.get(f"/services?category={category}&q=likes")) == [2, 5]
    page = visitor.get("/services?q=%3Cscript%3E&category=999&type=x&page=-1")
    assert numbers(page) == []
    assert "No services match your search." in page
    assert 'value="&lt;script&gt;"' in page


def test_five_thousand_services_stand_on_pages_of_a_hundred(alice: Owner, browser: Visitor) -> None:
    many(alice, 250)
    first = browser.get("/services")
    assert len(numbers(first)) == 100
    assert "Page 1 of 3" in first and 'rel="next"' in first and 'rel="prev"' not in first
    assert numbers(browser.get("/services?page=3"))[-1] == 1249
    assert browser.get("/services?page=999999999999").count("Page 3 of 3") == 1
    assert "About 0" in first and "About 249" not in first


def test_a_customer_sees_her_own_prices(alice: Owner) -> None:
    with scope(panel=alice.panel):
        friends = PriceList.objects.create(panel=alice.panel, name="friends", percent_off_e2=5000)
        set_own_rate(price_list=friends, number=PRIVATE, rate_micros=4_500_000)
    dave = alice.customer("dave", price_list=friends)
    page = Visitor(alice, dave.customer.user).get("/services")
    assert " 0.45 USD per 1,000" in row_text(page, FOLLOWERS)
    assert " 4.50 USD per 1,000" in row_text(page, PRIVATE)


def test_favourites_come_first_and_are_hers_alone(alice: Owner, browser: Visitor) -> None:
    assert browser.post("/services/9/favourite", on="1", back="/services?q=s").headers["Location"] == "/services?q=s"
    assert (
        browser.post("/services/2/favourite", on="1", back="https://evil.example/").headers["Location"] == "/services"
    )
    page = browser.get("/services")
    assert numbers(page) == [2, 9, 1, 5, 6, 3, 4]
    assert groups(page)[:2] == ["Favorites", "Social"]
    assert re.findall(r'id="star-(\d+)" aria-pressed="true"', page) == ["2", "9"]
    part = browser.post("/services/9/favourite", htmx=True, on="0", back="/services")
    assert part.status_code == 200
    assert part.content.decode().count("<form") == 1
    assert 'aria-pressed="false"' in part.content.decode()
    assert numbers(browser.get("/services")) == [2, 1, 5, 6, 3, 4, 9]
    dave = Visitor(alice, alice.customer("dave").customer.user)
    assert "Favorites" not in groups(dave.get("/services"))


def test_what_cannot_be_marked_is_refused(alice: Owner, browser: Visitor, visitor: Visitor) -> None:
    for number in (PRIVATE, CLOSED, 77, 10**17, 10**30):
        before = everything()
        assert browser.post(f"/services/{number}/favourite", on="1").status_code == 302
        assert "Service not found" in browser.get("/services")
        answer = browser.post(f"/services/{number}/favourite", htmx=True, on="1")
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/services")
        browser.get("/services")
        assert everything() == before
    assert values("SELECT COUNT(*) FROM catalog_favourite") == [(0,)]
    assert visitor.post("/services/1/favourite", on="1").status_code == 401
    assert browser.client.get("/services/1/favourite").status_code == 405
    assert values("SELECT COUNT(*) FROM catalog_favourite") == [(0,)]


def test_the_list_as_a_file(alice: Owner, visitor: Visitor) -> None:
    with scope(panel=alice.panel):
        formula = NewService(number=20, category="=1+1", name='@x,"y"', type="Default", rate_micros=1)
        add_services(alice.panel_id, [formula])
    response = visitor.client.get("/services.csv")
    assert response.headers["Content-Disposition"] == 'attachment; filename="services.csv"'
    sent = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert sent.startswith(b"\xef\xbb\xbfservice,"), "a byte-order mark, for spreadsheets"
    rows = list(csv.reader(io.StringIO(sent.decode("utf-8-sig"))))
    assert rows[0][:5] == ["service", "category", "name", "type", "rate"]
    assert rows[1] == ["1", "Social", "Followers", "Default", "0.90", "50", "10000", "1", "30", "1", "1", "1", "", ""]
    assert rows[-1][:3] == ["20", "'=1+1", '\'@x,"y"']
    assert len(rows) == 9
    narrowed = visitor.client.get("/services.csv?q=starter")
    assert len(b"".join(narrowed.streaming_content).splitlines()) == 2  # type: ignore[attr-defined]


def test_names_and_descriptions_are_texts(alice: Owner, browser: Visitor) -> None:
    with scope(panel=alice.panel):
        evil = "<script>alert(1)</script>"
        add_services(
            alice.panel_id,
            [NewService(number=20, category=evil, name=evil, type="Default", rate_micros=1, description=evil)],
        )
        set_rate(panel_id=alice.panel_id, number=20, rate_micros=5)
    for address in ("/services", "/news"):
        assert html.escape(evil) in browser.get(address)


# ---- news --------------------------------------------------------------------------------------------


def test_news_of_the_catalogue(alice: Owner, browser: Visitor, visitor: Visitor, time: Time) -> None:
    assert "No updates yet." in visitor.get("/news")
    with scope(panel=alice.panel):
        set_rate(panel_id=alice.panel_id, number=FOLLOWERS, rate_micros=1_000_000)
        set_enabled(panel_id=alice.panel_id, number=LIKES, enabled=False)
        set_rate(panel_id=alice.panel_id, number=PRIVATE, rate_micros=1)
        facts = {"service": 1, "provider": "secret north", "cost": "0.1234", "old": [50, 10_000], "new": [60, 70]}
        limits = NewEvent(alice.panel_id, "service.limits_changed", alice.services[FOLLOWERS].id, facts)
        time.passes(days=1)
        record([limits], now=clock.now())
    for who in (visitor, browser):
        page = who.get("/news")
        assert re.findall(r'<h2 id="day-([^"]+)"', page) == ["2026-05-05", "2026-05-04"]
        said = [" ".join(text_of(part).split()) for part in re.findall(r'<p class="change">(.*?)</p>', page, re.S)]
        assert said == [
            "before 50 – 10000 now 60 – 70 Order now",
            "",
            "before 0.90 now 1.00 USD per 1,000 Order now",
        ]
        assert "secret" not in page and "0.1234" not in page and "For some" not in page
    page = visitor.get("/news?kind=up")
    assert page.count('<p class="change">') == 1
    assert "No updates match this filter." in visitor.get("/news?kind=new")
    assert "No updates match this filter." in visitor.get("/news?kind=down&before=5")


def test_older_news_are_a_click_away(alice: Owner, visitor: Visitor) -> None:
    with scope(panel=alice.panel):
        for micros in range(1, 61):
            set_rate(panel_id=alice.panel_id, number=FOLLOWERS, rate_micros=micros)
    first = visitor.get("/news")
    assert first.count('<p class="change">') == 50
    older = re.search(r'href="(\?[^"]*before=\d+)" rel="next"', first)
    assert older
    second = visitor.get("/news" + html.unescape(older[1]))
    assert second.count('<p class="change">') == 10
    assert 'rel="next"' not in second and 'rel="prev"' in second


def test_announcements_run_nothing(alice: Owner, rival: Owner, visitor: Visitor) -> None:
    with scope(panel=alice.panel):
        announce(panel_id=alice.panel_id, title="<b>News</b>", body=DANGER, by="bob@shop.example")
        announce(panel_id=alice.panel_id, title="По-русски", body="Привет", language="ru", by="bob@shop.example")
    page = visitor.get("/news/announcements")
    assert "&lt;b&gt;News&lt;/b&gt;" in page
    assert 'href="javascript' not in page and "<img" not in page
    assert '<a href="https://x.example" rel="nofollow noopener noreferrer">site</a>' in page
    assert "По-русски" not in page and "bob@" not in page
    assert "No announcements yet." in Visitor(rival).get("/news/announcements")


# ---- free pages --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("address", "title"), [("/terms", "Terms"), ("/faq", "Questions and answers")])
def test_every_panel_has_terms_and_questions(visitor: Visitor, address: str, title: str) -> None:
    page = visitor.get(address)
    assert f"<h1>{title}</h1>" in page
    assert page.count("<h2>") >= 5
    assert visitor.client.get(f"/pages{address}").headers["Location"] == address


def test_a_free_page_is_shown_and_linked(alice: Owner, rival: Owner, visitor: Visitor, browser: Visitor) -> None:
    with scope(panel=alice.panel):
        set_page(
            panel_id=alice.panel_id,
            slug="about",
            language="ru",
            title="<i>О нас</i>",
            body=DANGER,
            in_menu=True,
            by="bob",
        )
    for who in (visitor, browser):
        page = who.get("/pages/about")
        assert '<article lang="ru" dir="auto">' in page
        assert "<h1>&lt;i&gt;О нас&lt;/i&gt;</h1>" in page
        assert "<h2>Head</h2>" in page
        assert 'href="javascript' not in page and "<img" not in page
        assert '<a href="/pages/about" lang="ru">&lt;i&gt;О нас&lt;/i&gt;</a>' in who.get("/services")
    assert "/pages/about" not in Visitor(rival).get("/services")
    Visitor(rival).get("/pages/about", status=404)
    visitor.get("/pages/none", status=404)
    visitor.get("/pages/No%20page", status=404)


def test_the_panel_s_own_terms_stand_at_terms(alice: Owner, visitor: Visitor) -> None:
    with scope(panel=alice.panel):
        set_page(panel_id=alice.panel_id, slug="terms", language="en", title="House rules", body="Be kind.", by="bob")
    page = visitor.get("/terms")
    assert "<h1>House rules</h1>" in page and "Be kind." in page and "Last updated" in page
    assert '<a href="/terms">House rules</a>' in page


def test_one_panel_shows_nothing_of_another(alice: Owner, rival: Owner, mallory: Buyer, visitor: Visitor) -> None:
    with scope(panel=rival.panel):
        rivals = NewService(number=500, category="Theirs", name="Rival offer", type="Default", rate_micros=1)
        add_services(rival.panel_id, [rivals])
    foreign = Visitor(rival, mallory.customer.user)
    assert foreign.post("/services/500/favourite", on="1").status_code == 302
    assert 500 in numbers(foreign.get("/services"))
    for address in ("/services", "/services?q=rival", "/services?category=1", "/news"):
        page = visitor.get(address)
        assert "Rival offer" not in page and "Theirs" not in page
    assert "EUR" not in visitor.get("/services")
