"""A panel of long words: names without a break, links of 400 letters, numbers of six digits, amounts of six decimals.

It stands beside the panel of `town`, on the same server, under the name localhost.
"""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Browser

from tests.browser.conftest import PASSWORD, Person, Town, enter
from tests.browser.pages import World
from tests.browser.payments import payments

SLUG = "crowded"
NAME = "Unbreakablepanelnamewithoutanyspaces and some more words that go on"
WORD = "Donaudampfschifffahrtsgesellschaft" * 12
LINK = f"https://example.com/{WORD}"[:420]
AMOUNT = 123_456_789_012  # micros


@dataclass(frozen=True, slots=True)
class Crowded:
    url: str
    person: Person
    staff: Person
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
    orders = town.rows.run("SELECT MAX(number) FROM orders_order WHERE kind = 'plain' AND panel_id = ?", _panel(town))
    world = _by_hand(town, browser, url, person, order=int(orders[0][0]))
    staff = Person("the.owner.of.a.panel.of.long.words@and.of.a.long.address.of.her.own.example")
    town.command("createstaff", "--panel", SLUG, "--email", staff.email, "--role", "owner", "--password-file", secret)
    rows = _for_staff(town, key, url)
    _stretch(town)
    return Crowded(url, person, staff, replace(world, **rows))


def _for_staff(town: Town, key: str, url: str) -> dict[str, Any]:
    """What customers do not see: a provider, routes, one of them on hold, problems, a refill, a cancel and blocks."""
    panel, run = _panel(town), town.rows.run
    where = ("--url", f"https://{WORD[:60]}.example/api/v2", "--key-file", town.launch.secret_file("not a key"))
    town.command("addprovider", "--panel", SLUG, "--name", WORD[:100], *where)
    for service in (1, 2, 3):
        route = ("--service", str(service), "--provider", WORD[:100], "--upstream-service", "987654")
        town.command("addroute", "--panel", SLUG, *route)
    for kind in ("exact", "word"):
        town.command("block", "--panel", SLUG, f"--{kind}", WORD[:90], "--note", WORD[:200])
    ids = [
        row[0] for row in run("SELECT id FROM orders_order WHERE panel_id = ? AND kind = 'plain' ORDER BY id", panel)
    ]
    now = town.rows.moment(datetime.now(UTC))
    ((provider,),) = run("SELECT id FROM providers_provider WHERE panel_id = ?", panel)
    routes = [row[0] for row in run("SELECT id FROM providers_route WHERE panel_id = ? ORDER BY id", panel)]
    facts = json.dumps({"said": WORD, "why": WORD, "provider": WORD[:100], "word": WORD[:100]})
    for order, code in zip(ids, ("outcome_unknown", "refused", "status_not_understood"), strict=False):
        run(
            "UPDATE orders_order SET status = 'Processing', problem_code = ?, problem_facts = ?, problem_at = ?,"
            " job = NULL, due_at = NULL, provider_id = ?, route_id = ?, upstream_id = ? WHERE id = ?",
            *(code, facts, now, provider, routes[0], f"{'9' * 60}{order}", order),
        )
    run(
        "INSERT INTO orders_cancel (panel_id, order_id, state, answer_code, answer_facts, attempts, created_at)"
        " VALUES (?, ?, ?, 'request_waits', ?, 0, ?)",
        *(panel, ids[3], "waiting", json.dumps({"said": WORD}), now),
    )
    run(
        "INSERT INTO orders_refill (panel_id, number, order_id, customer_id, status, state, attempts, problem_code,"
        " problem_facts, created_at) SELECT panel_id, 123456, id, customer_id, 'Pending', 'waiting', 0,"
        " 'request_waits', ?, ? FROM orders_order WHERE id = ?",
        *(json.dumps({"said": WORD[:200]}), now, ids[4]),
    )
    said = {"rate": "0.900000", "name": WORD, "type": "Default"}
    hold = json.dumps({"codes": ["rate", "name"], "old": said, "new": {**said, "rate": "123456.789012"}})
    run("UPDATE providers_route SET held = ?, held_at = ? WHERE id = ?", hold, now, routes[0])
    ((refill,),) = run("SELECT number FROM orders_refill WHERE panel_id = ?", panel)
    ((canceled,),) = run("SELECT number FROM orders_order WHERE id = ?", ids[3])
    ((member,),) = run("SELECT id FROM customers_staff WHERE panel_id = ?", panel)
    return {
        "customer": run("SELECT number FROM customers_customer WHERE panel_id = ?", panel)[0][0],
        "provider": provider,
        "api_provider": provider,
        "service": 1,
        "category": run("SELECT MIN(id) FROM catalog_category WHERE panel_id = ?", panel)[0][0],
        "route": routes[0],
        "held": routes[0],
        "cancel": canceled,
        "refill": refill,
        "staff": member,
        "domain": _domains(town, panel),
        **_told(town, panel, member),
        **_written(town),
        **_bulk(town, panel, canceled),
        **_inbox(town, panel, member),
    }


def _domains(town: Town, panel: int) -> int:
    """Hosts as long as they may be, in whatever state a check leaves them."""
    run, now, host = town.rows.run, town.rows.moment(datetime.now(UTC)), f"{WORD.lower()[:60]}." * 4
    for n, arrives in enumerate(("certificate", "elsewhere", "no_https", "")):
        run(
            "INSERT INTO panels_domain (panel_id, host, port, arrives, checked_at, confirmed)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            *(panel, host[:243] + ".example", 8443 + n, arrives, now if arrives else None, bool(arrives)),
        )
    ((domain,),) = run("SELECT MIN(id) FROM panels_domain WHERE panel_id = ? AND port = 8443", panel)
    return int(domain)


def _told(town: Town, panel: int, member: int) -> dict[str, int]:
    """Notices by each way, and a webhook of the panel's own with a log; texts that have no break."""
    run, now = town.rows.run, town.rows.moment(datetime.now(UTC))
    # Nobody is told while the pages are looked at.
    later = town.rows.moment(datetime.now(UTC) + timedelta(days=30))
    kinds = json.dumps(["order_problem", "manual_order", "refill_waits", "provider_low", "webhook_stopped"])
    run(
        "INSERT INTO notices_noticechannel (panel_id, way, staff_id, kinds, every_min, enabled, origin, told, due_at,"
        " told_at, created_at) VALUES (?, 'mail', ?, ?, 1440, ?, '', '{}', ?, ?, ?)",
        *(panel, member, kinds, True, later, now, now),
    )
    names = json.dumps(["subscription.expired", "ticket.closed"])
    for slot, kind, url in ((1, "telegram", f"telegram:{WORD[:60]}"), (2, "webhook", LINK), (3, "webhook", LINK[:-1])):
        run(
            "INSERT INTO events_endpoint (panel_id, customer_id, kind, slot, url, description, names, sealed_secret,"
            " old_sealed_secret, enabled, stopped_why, failing_since, created_at)"
            " VALUES (?, 0, ?, ?, ?, ?, ?, '', '', ?, '', ?, ?)",
            *(
                panel,
                kind,
                slot,
                url,
                WORD[:100],
                names,
                True,
                now,
                now,
            ),
        )
    mine = run("SELECT id FROM events_endpoint WHERE panel_id = ? AND customer_id = 0 ORDER BY id", panel)
    own = [row[0] for row in mine]
    for way, endpoint in (("telegram", own[0]), ("webhook", own[1])):
        run(
            "INSERT INTO notices_noticechannel (panel_id, way, endpoint_id, kinds, every_min, enabled, origin, told,"
            " due_at, created_at) VALUES (?, ?, ?, ?, 1, ?, '', '{}', ?, ?)",
            *(panel, way, endpoint, kinds, True, later, now),
        )
    run(
        "INSERT INTO events_delivery (panel_id, endpoint_id, name, order_number, message_id, body, attempts, tried_at,"
        " status_code, answer, duration_ms, problem, created_at)"
        " VALUES (?, ?, 'order.completed', 123457, ?, ?, 10, ?, 500, ?, 123456, ?, ?)",
        *(panel, own[2], f"msg_{'9' * 24}", json.dumps({"link": LINK}), now, WORD[:400], WORD[:300], now),
    )
    ((notice,),) = run("SELECT MIN(id) FROM notices_noticechannel WHERE panel_id = ?", panel)
    ((delivery,),) = run("SELECT id FROM events_delivery WHERE endpoint_id = ?", own[2])
    return {"notice": notice, "panel_webhook": own[2], "delivery": delivery}


def _inbox(town: Town, panel: int, member: int) -> dict[str, int]:
    """A ticket that is somebody's, locked, with notes, and a saved reply."""
    run, now = town.rows.run, town.rows.moment(datetime.now(UTC))
    run("UPDATE support_ticket SET assignee_id = ?, locked = ? WHERE panel_id = ?", member, True, panel)
    run(
        "INSERT INTO support_ticketnote (panel_id, ticket_id, by, text, created_at)"
        " SELECT panel_id, id, ?, ?, ? FROM support_ticket WHERE panel_id = ?",
        *(WORD[:300], f"{WORD} {LINK}", now, panel),
    )
    run(
        "INSERT INTO support_savedreply (panel_id, name, text, created_at) VALUES (?, ?, ?, ?)",
        *(panel, WORD[:100], f"{WORD} {LINK}", now),
    )
    ((reply,),) = run("SELECT id FROM support_savedreply WHERE panel_id = ?", panel)
    return {"saved_reply": reply}


def _written(town: Town) -> dict[str, Any]:
    """A page and an announcement, a banner as well, with titles, an address and texts that have no break."""
    slug, file = WORD[:60].lower(), town.launch.folder / "crowded.md"
    file.write_text(
        f"# {WORD}\n\n`{WORD}`\n\n[{WORD}]({LINK})\n\n| a | b |\n|---|---|\n| {WORD} | {WORD} |\n", encoding="utf-8"
    )
    page = ("--slug", slug, "--language", "en", "--title", WORD[:200])
    town.command("setpage", "--panel", SLUG, *page, str(file))
    told = ("--title", WORD[:200], "--body-file", str(file), "--banner", "warning")
    town.command("announcement", "publish", "--panel", SLUG, *told)
    ((announcement,),) = town.rows.run("SELECT id FROM content_announcement WHERE panel_id = ?", _panel(town))
    return {"page": slug, "announcement": announcement}


def _bulk(town: Town, panel: int, order: int) -> dict[str, int]:
    """Bulk work that was stopped, with what it left out; and a view of the orders."""
    run, now = town.rows.run, town.rows.moment(datetime.now(UTC))
    run(
        "INSERT INTO staff_bulkwork (panel_id, number, once, list_name, action, given, selection, actor_kind, actor_id,"
        " actor_name, address, state, stop_code, total, done, skipped, failed, refund_micros, charge_micros,"
        " created_at, ended_at)"
        " VALUES (?, 123456, 'x', 'orders', 'order.cancel', '{}', '{}', 'staff', 1, ?, '', 'stopped',"
        " 'not_allowed', 19999, 12345, 2, 1, 123456789012345, 0, ?, ?)",
        *(panel, WORD[:200], now, now),
    )
    for target, failed, code in ((order, False, "order_ended"), (order + 1, True, "bulk_failed")):
        run(
            "INSERT INTO staff_bulkmiss (panel_id, work_id, target, failed, code, field, facts, at)"
            " SELECT panel_id, id, ?, ?, ?, '', ?, ? FROM staff_bulkwork WHERE panel_id = ?",
            *(target, failed, code, json.dumps({"status": WORD[:100]}), now, panel),
        )
    run(
        "INSERT INTO staff_savedview (panel_id, list_name, name, query, shared, created_at)"
        " VALUES (?, 'orders', ?, 'show=problem&q=x', ?, ?)",
        *(panel, WORD[:60], True, now),
    )
    ((view,),) = run("SELECT id FROM staff_savedview WHERE panel_id = ?", panel)
    return {"bulk": 123456, "view": view}


def _panel(town: Town) -> int:
    return int(town.rows.run("SELECT id FROM panels_panel WHERE slug = ?", SLUG)[0][0])


def _six_digits(town: Town) -> None:
    town.command("setnumbers", "--panel", SLUG, "--order", "123457", "--refill", "123457", "--ticket", "123457")


def _call(url: str, key: str, **parameters: Any) -> None:
    body = urllib.parse.urlencode({"key": key, **parameters}).encode()
    with urllib.request.urlopen(f"{url}/api/v2", body, timeout=60) as answer:
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
    page.wait_for_url(re.compile(r"/webhooks/[\w-]{20,}$"))
    webhook = page.url.rsplit("/", 1)[1]
    page.get_by_role("button", name="Send test").click()
    page.get_by_text("Test sent.").wait_for()
    paid = payments(town, page, panel=SLUG, name=WORD[:60], reference=WORD[:60])
    context.close()
    return World(order=order, ticket=ticket, webhook=webhook, **paid)


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
    run("UPDATE providers_provider SET problem = ? WHERE panel_id = ?", WORD[:200], panel)
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
