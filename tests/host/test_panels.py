"""What operators do with panels: see how they fare, make them, suspend and resume them, confirm their hosts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.host.installation import Installation

pytestmark = pytest.mark.django_db(transaction=True)


def row(page: str, name: str) -> list[str]:
    """The texts of a panel's row."""
    found = next(text for text in re.findall(r"<tr role=\"row\">.*?</tr>", page, re.S) if f">{name}<" in text)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", found, re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in cells]


def entries(panel_id: int | None) -> list[tuple[Any, ...]]:
    from tests.support.people import values

    where = "panel_id IS NULL" if panel_id is None else f"panel_id = {panel_id}"
    return values(
        f"SELECT action, actor_kind, actor_name, address FROM staff_trailentry WHERE {where}"
        " AND actor_name LIKE %s AND object_kind <> 'operator' ORDER BY id",
        "%(host)",
    )


def test_the_list_says_how_each_panel_fares(installation: Installation, worker: Any) -> None:
    from panelwright.reports import loops

    for n in range(3):
        installation.carol.order(link=f"https://example.com/today/{n}")
    installation.world.lost()
    installation.world.ticket()
    for loop in loops.loops().loops:
        while loop.tick():
            pass
    page = installation.browser().get("/")
    shop = row(page, installation.alice.panel.name)
    assert shop[1:] == [
        "Open",
        "Customers 1",
        "Orders today 4",
        "Orders in 30 days 4",
        "Problems 1",
        "Tickets waiting 1",
    ]
    rival = row(page, installation.rival.panel.name)
    assert rival[2:] == ["Customers 1", "Orders today 0", "Orders in 30 days 0", "Problems 0", "Tickets waiting 0"]
    from panelwright.core import money
    from tests.support.people import value

    charged = value(
        "SELECT SUM(charge_micros) FROM orders_order WHERE panel_id = %s AND parent_id IS NULL",
        installation.alice.panel_id,
    )
    page = installation.browser().get(f"/panels/{installation.alice.panel.slug}")
    told = re.search(r"Revenue in 30 days</div><span[^>]*>([^<]+)</span>", page)
    assert told is not None and told[1] == f"{money.text(int(charged))} USD"


def test_panels_are_found_by_name_short_name_and_host(installation: Installation) -> None:
    browser = installation.browser()
    for text in ("shop", "SHOP.example", installation.alice.panel.name):
        page = browser.get(f"/?q={text}")
        assert f"/panels/{installation.alice.panel.slug}" in page, text
        assert f"/panels/{installation.rival.panel.slug}" not in page, text
    assert "No panels match your filters." in browser.get("/?state=suspended")


def test_a_panel_is_made_from_a_preset_with_an_owner_who_can_log_in(installation: Installation) -> None:
    from panelwright.panels.models import Panel
    from tests.support.people import values

    browser = installation.browser()
    page = browser.post(
        "/create-panel", preset="everything", slug="fresh", domain="fresh.example", owner="Frida@fresh.example"
    )
    assert page.status_code == 200, page.content.decode()
    password = re.search(r"<code>([\w-]+)</code>", page.content.decode())
    assert password is not None
    panel = Panel.objects.get(slug="fresh")
    from django.test import Client

    client = Client(headers={"host": "fresh.example"})
    assert client.post("/login", {"email": "frida@fresh.example", "password": password[1]}).status_code == 302
    assert client.get("/admin/").status_code == 200
    who = ("operator", "olga@host.example (host)", "198.51.100.9")
    assert entries(None) == [("panel.create", *who)]
    assert entries(panel.id) == [("staff.add", *who)]
    assert password[1] not in str(values("SELECT given, before, after FROM staff_trailentry"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"slug": "shop"}, "there is a panel"),
        ({"slug": "Not a slug"}, "write small letters"),
        ({"domain": "shop.example"}, "A panel already answers on this host."),
        ({"domain": "host.example"}, "A panel already answers on this host."),
        ({"domain": "host.example:8443"}, "A panel already answers on this host."),
        ({"preset": "nonsense"}, "error"),
        ({"domain": ""}, "Enter a host such as"),
        ({"owner": "nobody"}, "Enter a valid email address."),
    ],
)
def test_what_is_wrong_with_a_new_panel_is_said_and_nothing_made(
    installation: Installation, given: dict[str, str], said: str
) -> None:
    from tests.host.installation import unmoved
    from tests.support.people import everything

    browser = installation.browser()
    before = everything()
    whole = {"preset": "everything", "slug": "fresh", "domain": "fresh.example", "owner": "f@fresh.example", **given}
    answer = browser.post("/create-panel", **whole)
    assert answer.status_code == 422 and said in answer.content.decode()
    unmoved(before)


def test_a_suspended_panel_takes_nothing_new_and_says_so(installation: Installation) -> None:
    from panelwright.core.refusal import Refusal
    from panelwright.storefront.tests.browsing import Browser
    from tests.host.installation import unmoved
    from tests.support.people import everything

    open_order = installation.carol.order(link="https://example.com/before")
    browser = installation.browser()
    slug, panel_id = installation.alice.panel.slug, installation.alice.panel_id
    assert browser.post(f"/panels/{slug}/suspend", reason="  ").status_code == 422
    assert browser.post(f"/panels/{slug}/suspend", reason="Complaints of <providers>").status_code == 302
    who = ("operator", "olga@host.example (host)", "198.51.100.9")
    assert entries(panel_id) == [("panel.suspend", *who)]
    before = everything()
    assert installation.carol.refused(link="https://example.com/after") == Refusal("panel_suspended")
    assert installation.carol.cancel(open_order) == Refusal("panel_suspended")
    logged_in = installation.carol.command(link="https://example.com/web")
    logged_in = logged_in._replace(
        caller=logged_in.caller._replace(digest="", customer_id=installation.carol.customer_id)
    )
    from panelwright.orders.actions import place_orders

    assert place_orders([logged_in]) == [Refusal("panel_suspended")]
    carol = Browser(installation.alice, installation.carol.customer.user)
    for address in ("/", "/services", "/order", "/orders", "/signup"):
        answer = carol.answer(address)
        text = answer.content.decode()
        assert answer.status_code == 503 and "This panel is suspended" in text and "Complaints" not in text, address
    assert carol.post("/order", service="1", link="https://example.com/web", quantity="100").status_code == 503
    unmoved(before, "customers_apikey")
    # The other panel goes on.
    assert Browser(installation.rival).answer("/").status_code == 200
    assert installation.mallory.order() is not None


def test_staff_of_a_suspended_panel_read_why_and_work_on(installation: Installation) -> None:
    from panelwright.storefront.tests.browsing import Browser

    browser, slug = installation.browser(), installation.alice.panel.slug
    browser.post(f"/panels/{slug}/suspend", reason="Complaints of <providers>")
    alice = Browser(installation.alice, installation.alice.staff.user)
    for address in ("/admin/", "/admin/orders", "/"):
        page = alice.get(address)
        assert "The host suspended this panel" in page and "Complaints of &lt;providers&gt;" in page, address
    assert "Suspend panel" in alice.get("/admin/trail") and "olga@host.example (host)" in alice.get("/admin/trail")
    # Nor can they end it: no page and no call of theirs does.
    assert alice.answer("/admin/panel/resume").status_code == 404
    fresh = Browser(installation.alice)
    assert fresh.log_in("alice@shop.example").status_code == 302


def test_orders_under_way_go_on_and_are_settled(installation: Installation, worker: Any) -> None:
    order = installation.world.started()
    browser, slug = installation.browser(), installation.alice.panel.slug
    browser.post(f"/panels/{slug}/suspend", reason="Unpaid")
    installation.world.do("order.done", order)
    assert installation.carol.sees(order).status == "Completed"


def test_a_resumed_panel_is_as_before(installation: Installation) -> None:
    from panelwright.storefront.tests.browsing import Browser

    browser, slug = installation.browser(), installation.alice.panel.slug
    assert browser.post(f"/panels/{slug}/resume").status_code == 422, "it is not suspended"
    browser.post(f"/panels/{slug}/suspend", reason="Unpaid")
    assert browser.post(f"/panels/{slug}/suspend", reason="Twice").status_code == 422
    assert "Unpaid" in browser.get(f"/panels/{slug}")
    assert browser.post(f"/panels/{slug}/resume").status_code == 302
    assert installation.carol.order(link="https://example.com/again") is not None
    assert Browser(installation.alice).answer("/").status_code == 200
    actions = [entry[0] for entry in entries(installation.alice.panel_id)]
    assert actions == ["panel.suspend", "panel.resume"]


def test_the_api_of_a_suspended_panel_answers_an_error_to_every_call(installation: Installation, door: Any) -> None:
    browser = installation.browser()
    browser.post(f"/panels/{installation.alice.panel.slug}/suspend", reason="Unpaid")
    said = {"error": "This panel is suspended, contact its support"}
    for action, given in (
        ("balance", {}),
        ("services", {}),
        ("add", {"service": 1, "link": "https://example.com/x", "quantity": 1000}),
        ("add", {"service": 1, "link": "https://example.com/x", "quantity": 1000, "dry_run": 1}),
        ("status", {"order": 1}),
    ):
        assert door.ask(installation.carol, action, **given) == said, action
    assert door.ask(installation.carol, "balance", key="x" * 40) == {"error": "Invalid API key"}
    assert "balance" in door.ask(installation.mallory, "balance")


def test_a_waiting_host_is_confirmed(installation: Installation) -> None:
    from django.test import Client

    domain = installation.waiting_domain()
    browser, slug = installation.browser(), installation.alice.panel.slug
    assert "Domains to confirm" in browser.get("/")
    assert Client(headers={"host": "w1.alice.example"}).get("/").status_code == 404
    assert browser.post(f"/panels/{installation.rival.panel.slug}/domains/{domain}/confirm").status_code == 422
    assert browser.post(f"/panels/{slug}/domains/{domain}/confirm").status_code == 302
    assert Client(headers={"host": "w1.alice.example"}).get("/").status_code == 200
    assert "Domains to confirm" not in browser.get("/")


def test_the_trail_across_panels_shows_what_operators_did_and_nothing_of_staff(installation: Installation) -> None:
    browser, slug = installation.browser(), installation.alice.panel.slug
    installation.world.do("panel.set_name", name="By a command")
    from panelwright.storefront.tests.browsing import Browser

    alice = Browser(installation.alice, installation.alice.staff.user)
    assert alice.post("/admin/panel/set_name", name="By Alice").status_code == 302
    browser.post(f"/panels/{slug}/suspend", reason="Unpaid")
    page = browser.get("/trail")
    assert "Suspend panel" in page and "Logged in" in page and "By a command" in page
    assert "By Alice →" not in page and "→ By Alice" not in page
    # And of another panel its staff read nothing.
    rita = Browser(installation.rival, installation.rival.staff.user)
    assert "Unpaid" not in rita.get("/admin/trail")


def test_no_panel_answers_on_the_operators_host(installation: Installation, door: Any) -> None:
    from panelwright.core.refusal import Refused
    from panelwright.panels import hosts
    from panelwright.panels.actions import add_domain
    from panelwright.panels.models import Domain

    Domain.objects.create(panel=installation.alice.panel, host="*", port=8000)
    Domain.objects.create(panel=installation.alice.panel, host="host.example", port=0)
    for address in (("host.example", 0, 8000), ("host.example", 8000, 8000), ("host.example", 0, 80)):
        assert hosts.panel_at(address) is None
        assert hosts.panels_at([address]) == {}
    assert hosts.panels_at([("other.example", 0, 8000)]) == {("other.example", 0, 8000): installation.alice.panel_id}
    assert door.ask(installation.carol, "balance", host="host.example") == {"error": "Invalid API key"}
    with pytest.raises(Refused, match="already answers"):
        add_domain(panel_id=installation.rival.panel_id, host="host.example", port=99)


@pytest.mark.parametrize(
    ("text", "means"), [("", ""), ("Host.Example.", "host.example"), ("ops", "ops"), ("ops.localhost", "ops.localhost")]
)
def test_the_setting_is_a_host_name(monkeypatch: pytest.MonkeyPatch, text: str, means: str) -> None:
    from panelwright import settings

    monkeypatch.setenv("PANELWRIGHT_HOST_SITE", text)
    assert settings._host_name("PANELWRIGHT_HOST_SITE") == means


@pytest.mark.parametrize("text", ["host.example:8000", "https://host.example", "*", "a b", "host/", "[::1]"])
def test_what_is_no_host_name_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    from panelwright import settings

    monkeypatch.setenv("PANELWRIGHT_HOST_SITE", text)
    with pytest.raises(ValueError, match="PANELWRIGHT_HOST_SITE"):
        settings._host_name("PANELWRIGHT_HOST_SITE")


@pytest.mark.parametrize("slug", ["new", "create", "create-panel", "panels", "health", "login", "trail"])
def test_a_panel_may_be_called_as_any_page_is(installation: Installation, slug: str) -> None:
    browser = installation.browser()
    made = browser.post(
        "/create-panel", slug=slug, name=f"The {slug}", domain=f"{slug}.example", owner="f@x.example", currency="USD"
    )
    assert made.status_code == 200, made.content.decode()
    assert f"The {slug}" in browser.get(f"/panels/{slug}")
    assert browser.post(f"/panels/{slug}/suspend", reason="Unpaid").status_code == 302
    assert "Create panel" in browser.get("/create-panel")


def test_a_panels_page_tells_what_it_takes_of_the_database(installation: Installation) -> None:
    """Orders by the numbers that were given out, files by their sizes, those of the other panel not among them."""
    from panelwright.host import queries
    from panelwright.support.files import Upload
    from panelwright.support.tests.making import written

    alice, rival = installation.alice.panel, installation.rival.panel
    before, theirs = queries.storage(alice), queries.storage(rival)
    for _ in range(3):
        installation.world.queued()
    text = b"what I see is not what I ordered"
    written(installation.carol, "see", subject="other", files=(Upload("seen.txt", text),))
    found = queries.storage(alice)
    assert (found.orders, found.files, found.files_bytes) == (
        before.orders + 3,
        before.files + 1,
        before.files_bytes + len(text),
    )
    assert found.share_bytes > 0
    assert queries.storage(rival)[:3] == theirs[:3]
    page = installation.browser().get(f"/panels/{alice.slug}")
    assert "Orders stored" in page and "Share of the database" in page
