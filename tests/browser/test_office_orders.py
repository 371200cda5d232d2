"""What staff do with orders all day, in a real browser (docs/explanation/back-office.md: which task, which test)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Person, Town
from tests.support.upstream import LOST, ScriptedUpstream

LogIn = Callable[[Page, Person], None]
# Of the panel; no other test orders it.
SERVICE = 13
THEIRS = "77"


class South:
    """A provider that loses answers; what it takes, it takes from our balance there."""

    def __init__(self, town: Town, upstream: ScriptedUpstream) -> None:
        self.balance_e2 = 5_000
        self.upstream = upstream
        offer = {"service": THEIRS, "name": "Video views", "type": "Default", "category": "All", "rate": "0.50"}
        upstream.answers("services", [{**offer, "min": "1", "max": "100000"}])
        upstream.answers("balance", self.balance)
        upstream.answers("status", {"status": "In progress", "remains": "900", "start_count": "10"})
        upstream.answers("add", self.takes_and_is_silent, LOST, LOST)
        key = town.launch.secret_file("key-of-south")
        panel = ("--panel", "everything")
        town.command("addprovider", *panel, "--name", "south", "--url", upstream.url, "--key-file", key)
        route = ("--service", str(SERVICE), "--provider", "south", "--upstream-service", THEIRS)
        town.command("addroute", *panel, *route)
        town.command("sync", *panel, "--provider", "south")

    def balance(self, _params: Any) -> Any:
        return {"balance": f"{self.balance_e2 / 100:.2f}", "currency": "USD"}

    def takes_and_is_silent(self, _params: Any) -> Any:
        self.balance_e2 -= 50
        return LOST


def place(page: Page, town: Town) -> int:
    link = f"https://www.youtube.com/watch?v={secrets.token_hex(5)}A"
    page.goto(f"{town.url}/order?service={SERVICE}&link={link}&quantity=1000")
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"Order \d+"))
    return int(re.findall(r"\d+", page.get_by_role("heading", level=1).inner_text())[0])


def until_unknown(town: Town, order: int) -> None:
    """Until its outcome is unknown and the balance there has been read since."""

    def gathered() -> bool:
        (row,) = town.rows.run(
            "SELECT o.problem_code, p.balance_due_at FROM orders_order o LEFT JOIN providers_provider p"
            " ON p.id = o.provider_id WHERE o.number = ?",
            order,
        )
        return row[0] == "outcome_unknown" and row[1] is None

    town.server.wait_for(gathered, what=f"order {order} without an answer")


def test_an_unknown_outcome_is_resolved_each_of_three_ways(
    page: Page, town: Town, log_in: LogIn, new_upstream: Callable[[], ScriptedUpstream]
) -> None:
    south = South(town, new_upstream())
    carol, alice = town.customer(balance="100.00"), town.staff()
    log_in(page, carol)
    of_panel = "panel_id = (SELECT id FROM panels_panel WHERE slug = 'everything')"
    ((charge,),) = town.rows.run(f"SELECT rate_micros FROM catalog_service WHERE number = ? AND {of_panel}", SERVICE)
    numbers = []
    for _ in range(3):
        numbers.append(place(page, town))
        until_unknown(town, numbers[-1])
    taken, lost, given_up = numbers
    assert town.balance(carol) == 100_000_000 - 3 * charge
    page.context.clear_cookies()
    log_in(page, alice)

    # It was taken: our balance there fell by its cost. It is followed under its ID there.
    page.goto(f"{town.url}/admin/orders?problem=outcome_unknown")
    page.get_by_role("link", name=str(taken), exact=True).click()
    evidence = page.locator(".evidence")
    expect(evidence).to_contain_text("Did south take this order?")
    expect(evidence).to_contain_text("exactly this order's cost")
    expect(evidence).to_contain_text("50.00 → 49.50 USD")
    expect(evidence).to_contain_text("points to: taken")
    page.get_by_label("Order ID at the provider").fill("900001")
    page.get_by_role("button", name="Mark as taken").click()
    expect(page.locator(".evidence")).to_have_count(0)
    expect(page.locator(".story")).to_contain_text("no clear answer came")
    in_progress = [("In progress", "900001")]
    state = "SELECT status, upstream_id FROM orders_order WHERE number = ?"
    town.server.wait_for(lambda: town.rows.run(state, taken) == in_progress, what="its state there")

    # It was not: nothing moved there. It is sent again, and taken this time.
    south.upstream.answers("add", {"order": 900002})
    page.goto(f"{town.url}/admin/orders/{lost}")
    expect(evidence).to_contain_text("It did not move.")
    expect(evidence).to_contain_text("points to: not taken")
    expect(evidence).to_contain_text("paid twice, −0.50 USD")
    page.get_by_role("button", name="Send again").click()
    town.server.wait_for(
        lambda: town.rows.run("SELECT upstream_id FROM orders_order WHERE number = ?", lost) == [("900002",)],
        what="the second sending",
    )
    assert len(south.upstream.called("add")) == 4
    assert town.balance(carol) == 100_000_000 - 3 * charge

    # The money goes back: the sum is on the button, shown again, and moves once.
    page.goto(f"{town.url}/admin/orders/{given_up}")
    expect(evidence).to_contain_text("delivered for free, −0.50 USD")
    page.get_by_role("button", name=re.compile("Cancel and refund .* USD…")).click()
    expect(page.locator(".moves")).to_contain_text("Refunded to the customer")
    page.get_by_role("button", name=re.compile("Cancel and refund:")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Canceled")
    assert town.balance(carol) == 100_000_000 - 2 * charge
    assert "balance" in town.launch.command("audit", "--panel", "everything")
    page.get_by_label("Note for the staff").fill("Refunded: they had an outage.")
    page.get_by_role("button", name="Add note").click()
    page.goto(f"{town.url}/admin/orders/{given_up}?kind=staff")
    expect(page.locator(".story")).to_contain_text("Refunded: they had an outage.")
    expect(page.locator(".story .money")).to_have_count(0)


def test_the_panels_own_people_work_with_one_key_each(page: Page, town: Town, log_in: LogIn) -> None:
    carol, alice = town.customer(balance="20.00"), town.staff()
    town.command("addprovider", "--panel", "everything", "--name", "our people", "--manual")
    town.command("addroute", "--panel", "everything", "--service", "14", "--provider", "our people")
    log_in(page, carol)
    page.goto(f"{town.url}/order?service=14&link=https://video.example.com/likes&quantity=100")
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"Order \d+"))
    number = int(re.findall(r"\d+", page.get_by_role("heading", level=1).inner_text())[0])
    town.server.wait_for(
        lambda: town.rows.run("SELECT job FROM orders_order WHERE number = ?", number) == [("manual",)],
        what="the queue",
    )
    page.context.clear_cookies()
    log_in(page, alice)
    page.goto(f"{town.url}/admin/work")
    row = page.locator(".table.work tbody tr").filter(has_text=str(number))
    row.get_by_label("Start count").fill("40")
    row.get_by_role("link", name=str(number)).focus()
    page.keyboard.press("t")
    expect(row).to_contain_text("In progress")
    row.get_by_role("link", name=str(number)).focus()
    page.keyboard.press("r")
    page.keyboard.type("60")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Done: Report progress.")
    assert town.rows.run("SELECT start_count, remains FROM orders_order WHERE number = ?", number) == [(40, 40)]
    row.get_by_role("link", name=str(number)).focus()
    page.keyboard.press("d")
    expect(row).to_have_count(0)
    assert town.rows.run("SELECT status FROM orders_order WHERE number = ?", number) == [("Completed",)]
