"""A thousand orders are canceled at once, the worker is killed in the middle, and every cent is where it belongs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from tests.browser.conftest import Person, Town
from tests.support import signals

LogIn = Callable[[Page, Person], None]
COUNT = 1_000
CHARGE_MICROS = 100_000
SOON_MS = 90_000


def placed(town: Town, person: Person) -> None:
    """Orders whose outcome nobody knows, which a worker leaves alone; paid, as orders are."""
    rows = town.rows
    ((panel, customer, account),) = rows.run(
        "SELECT c.panel_id, c.id, c.account_id FROM customers_customer c JOIN customers_user u ON u.id = c.user_id"
        " WHERE u.email = ?",
        person.email,
    )
    ((service,),) = rows.run("SELECT id FROM catalog_service WHERE panel_id = ? AND number = 1", panel)
    ((sales,),) = rows.run("SELECT id FROM ledger_account WHERE panel_id = ? AND kind = 'sales'", panel)
    at = rows.moment(datetime.now(UTC))
    first = 500_001
    counted = f"WITH RECURSIVE g(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM g WHERE n < {COUNT - 1})"
    rows.run(
        "INSERT INTO orders_order (panel_id, number, customer_id, service_id, kind, link, quantity, fields,"
        " rate_micros, booked_micros, charge_micros, status, remains, problem_code, problem_at, created_at)"
        f" {counted} SELECT ?, {first} + n, ?, ?, 'plain', 'https://example.com/b' || n, 100, '', 1000000,"
        f" {CHARGE_MICROS}, {CHARGE_MICROS}, 'Processing', 100, 'outcome_unknown', ?, ? FROM g",
        panel,
        customer,
        service,
        at,
        at,
    )
    rows.run(
        "INSERT INTO panels_numbering (panel_id, noun, next_number) VALUES (?, 'order', ?)"
        " ON CONFLICT (panel_id, noun) DO UPDATE SET next_number = excluded.next_number",
        panel,
        first + COUNT,
    )
    rows.run(
        "INSERT INTO ledger_transfer (panel_id, debit_account_id, credit_account_id, amount_micros, code, reference,"
        " order_id, created_at) SELECT panel_id, ?, ?, booked_micros, 'order', CAST(number AS TEXT), id, created_at"
        " FROM orders_order WHERE customer_id = ?",
        account,
        sales,
        customer,
    )
    rows.run(
        "UPDATE ledger_account SET balance_micros = balance_micros - ? WHERE id = ?", COUNT * CHARGE_MICROS, account
    )


def test_a_thousand_orders_are_canceled_though_the_worker_is_killed(page: Page, town: Town, log_in: LogIn) -> None:
    owner, person = town.staff(), town.customer(balance="200.00")
    placed(town, person)
    assert town.balance(person) == 100_000_000
    log_in(page, owner)
    page.goto(f"{town.url}/admin/orders?q={person.email}")
    expect(page.locator(".bulk-bar")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator(".bulk-bar")).to_contain_text("With the selected rows: 1")
    page.get_by_label("All that match the filters").check()
    page.locator(".bulk-bar").get_by_role("button", name="Cancel and refund").click()
    expect(page.locator(".moves")).to_contain_text("100.00 USD")
    expect(page.locator(".moves")).to_contain_text(str(COUNT))
    page.get_by_label("To confirm").fill("999")
    page.get_by_role("button", name=re.compile("Cancel and refund")).click()
    expect(page.locator("#count-error")).to_contain_text(f"{COUNT}")
    page.get_by_label("To confirm").fill(str(COUNT))
    page.get_by_role("button", name=re.compile("Cancel and refund")).click()
    page.wait_for_url(re.compile(r"/admin/bulk/\d+$"))
    where = page.url

    def done() -> int:
        return int(town.rows.run("SELECT MAX(done) FROM staff_bulkwork")[0][0])

    town.server.wait_for(lambda: done() > COUNT // 10, what="a part of it", timeout_s=SOON_MS / 1000)
    signals.kill(signals.children(town.server.pid, command="worker")[:1])
    left_at = done()
    assert left_at < COUNT
    page.goto(f"{town.url}/admin/")
    # Its lease is over: nobody waits for that here.
    now = town.rows.moment(datetime.now(UTC))
    town.rows.run("UPDATE staff_bulkwork SET due_at = ? WHERE state = 'running'", now)
    page.goto(where)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Done", timeout=SOON_MS)
    expect(page.locator("#work")).to_contain_text("100.00 USD")
    expect(page.locator("#left-out")).to_have_count(0)
    assert town.balance(person) == 200_000_000
    told = town.rows.run(
        "SELECT COUNT(*), COUNT(DISTINCT object_id) FROM staff_trailentry WHERE bulk_id = (SELECT MAX(id) FROM"
        " staff_bulkwork)"
    )
    assert tuple(told[0]) == (COUNT, COUNT)
    town.launch.command("audit")
