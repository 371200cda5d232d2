"""A panel of long words: names without a break, links of 400 letters, numbers of six digits, amounts of six decimals.

It stands beside the panel of `town`, on the same server, under the name localhost.
"""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser

from tests.browser.conftest import PASSWORD, Person, Town, enter
from tests.browser.pages import World

SLUG = "crowded"
NAME = "Unbreakablepanelnamewithoutanyspaces and some more words that go on"
WORD = "Donaudampfschifffahrtsgesellschaft" * 12
LINK = f"https://example.com/{WORD}"[:420]
AMOUNT = 123_456_789_012  # micros


@dataclass(frozen=True, slots=True)
class Crowded:
    url: str
    person: Person
    world: World


def crowd(town: Town, browser: Browser) -> Crowded:
    """Make it, with a customer who has one of everything."""
    url = town.url.replace("127.0.0.1", "localhost")
    port = urllib.parse.urlsplit(url).port
    domain = ("--domain", f"localhost:{port}", "--domain", f"crowded.example:{port}")
    town.command("createpanel", "--preset", "everything", "--slug", SLUG, "--name", NAME, *domain)
    person = Person("a.rather.long.address.of.somebody@customers.of.the.crowded.panel.example")
    who = ("--panel", SLUG, "--customer", person.email)
    secret = town.launch.secret_file(PASSWORD)
    town.command("createcustomer", "--panel", SLUG, "--email", person.email, "--password-file", secret)
    town.command("credit", *who, "--amount", "1000000.00", "--reference", WORD[:60])
    key = town.command("createkey", *who)["key"]
    _six_digits(town)
    for n in range(12):
        _call(url, key, action="add", service=1 + n % 3, link=f"{LINK}{n}", quantity=1000)
    _call(url, key, action="add", service=1, link=LINK, quantity=500, runs=2, interval=60)
    _call(url, key, action="add", service=11, username=WORD[:100], min=100, max=200, delay=0, posts=5)
    orders = town.rows.run("SELECT MAX(id) FROM orders_order WHERE kind = 'plain' AND panel_id = ?", _panel(town))
    world = _by_hand(town, browser, url, person, order=int(orders[0][0]))
    _stretch(town)
    return Crowded(url, person, world)


def _panel(town: Town) -> int:
    return int(town.rows.run("SELECT id FROM panels_panel WHERE slug = ?", SLUG)[0][0])


def _six_digits(town: Town) -> None:
    for table in ("orders_order", "orders_refill", "support_ticket"):
        if town.rows.kind == "postgresql":
            town.rows.run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 123456)")
        elif not town.rows.run("SELECT 1 FROM sqlite_sequence WHERE name = ?", table):
            town.rows.run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, 123456)", table)
        else:
            town.rows.run("UPDATE sqlite_sequence SET seq = MAX(seq, 123456) WHERE name = ?", table)


def _call(url: str, key: str, **parameters: Any) -> None:
    body = urllib.parse.urlencode({"key": key, **parameters}).encode()
    with urllib.request.urlopen(f"{url}/api/v2", body, timeout=20) as answer:
        said = json.load(answer)
    assert "order" in said, said


def _by_hand(town: Town, browser: Browser, url: str, person: Person, *, order: int) -> World:
    context = browser.new_context(locale="en-US", base_url=url)
    page = context.new_page()
    enter(page, url, person)
    page.goto("/tickets/new")
    page.get_by_label("Subject").fill(WORD[:100])
    page.get_by_label("Message").fill(f"refill {order}\n{WORD}\n{LINK}")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url(re.compile(r"/tickets/\d+$"))
    ticket = int(page.url.rsplit("/", 1)[1])
    page.goto("/account/webhooks/new")
    page.get_by_label("Address").fill(f"http://127.0.0.1:9/{WORD[:300]}")
    page.get_by_role("button", name="Create webhook").click()
    page.get_by_role("link", name="I have copied it").click()
    page.wait_for_url(re.compile(r"/webhooks/\d+$"))
    webhook = int(page.url.rsplit("/", 1)[1])
    page.get_by_role("button", name="Send test").click()
    page.get_by_text("Test sent.").wait_for()
    context.close()
    return World(order=order, ticket=ticket, webhook=webhook)


def _stretch(town: Town) -> None:
    """What no form would take, or only time would bring."""
    panel, run = _panel(town), town.rows.run
    run("UPDATE catalog_category SET name = CAST(? AS text) || id WHERE panel_id = ?", WORD[:190], panel)
    run("UPDATE catalog_service SET name = ?, description = ? WHERE panel_id = ?", WORD[:300], WORD, panel)
    run("UPDATE catalog_service SET rate_micros = ?, min = 123456, max = 987654 WHERE panel_id = ?", AMOUNT, panel)
    # Another version of the catalogue, so that no process keeps the old one.
    run("UPDATE panels_panel SET catalog_version = catalog_version + 1 WHERE id = ?", panel)
    run(
        "UPDATE orders_order SET quantity = 987654, remains = 123456, start_count = 987654321, booked_micros = ?,"
        " charge_micros = ? WHERE panel_id = ? AND kind = 'plain'",
        *(AMOUNT, AMOUNT, panel),
    )
    run("UPDATE customers_apikey SET name = ? WHERE panel_id = ?", WORD[:100], panel)
    run("UPDATE customers_user SET name = ? WHERE panel_id = ?", WORD[:100], panel)
    run("UPDATE events_endpoint SET description = ? WHERE panel_id = ?", WORD[:100], panel)
    run("UPDATE events_delivery SET problem = ?, answer = ? WHERE panel_id = ?", WORD[:300], WORD[:400], panel)
    for status in ("Completed", "Partial", "Canceled"):
        run(
            "UPDATE orders_order SET status = ?, job = NULL, due_at = NULL, open_link = NULL, ended_at = created_at"
            " WHERE panel_id = ? AND id IN (SELECT id FROM (SELECT id FROM orders_order WHERE panel_id = ?"
            " AND kind = 'plain' AND ended_at IS NULL LIMIT 2) AS some)",
            *(status, panel, panel),
        )
