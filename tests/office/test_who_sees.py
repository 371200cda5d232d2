"""Every page of staff against every role, customers, strangers, and the other panel; derived from the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.office.office import Office

# All pages at once would take a test minutes, after which it is held to hang.
PARTS = 4
ROLES = ("owner", "manager", "orders", "support", "finance", "read_only", "custom")

pytestmark = pytest.mark.django_db


# Who may see what is decided before a page is made; the queries of each page run on both databases below.
@pytest.mark.one_database
@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_what_its_rights_allow_and_nothing_else(role: str, office: Office) -> None:
    from panelwright.staff import rights
    from tests.office.office import action_pages
    from tests.support.people import everything

    may = rights.of(role, ())
    browser = office.browser(role)
    before = everything()
    pages = office.pages()
    assert len(pages) > 40
    for address, page in pages.items():
        allowed = {page.right, page.also} - {None} <= may
        status = browser.answer(address).status_code
        if page.name == "bulk_work" and status == 404:
            # Seen by those who may read the list: tests/bulk/test_bulk_pages.py.
            continue
        assert status == (200 if allowed else 403), (role, address, status)
        if not allowed and page.name in action_pages():
            assert browser.post(address, sure="1").status_code == 403, (role, address)
    # To read a ticket marks it as read, and says so in the trail; nothing else moves by looking.
    reads = {"support_ticket", "staff_trailentry", "customers_session"}
    changed = {table for table, rows in everything().items() if rows != before[table]}
    assert changed <= reads, changed


@pytest.mark.one_database
def test_for_customers_there_is_no_back_office(office: Office) -> None:
    from panelwright.storefront.tests.browsing import Browser
    from tests.office.office import action_pages

    carol, stranger = Browser(office.alice, office.carol.customer.user), Browser(office.alice)
    nowhere = carol.answer("/nowhere").content
    for address, page in office.pages().items():
        answer = carol.answer(address)
        assert answer.status_code == 404, address
        assert len(answer.content) - len(nowhere) < 200, address
        assert stranger.answer(address).headers["Location"].startswith("/login"), address
        if page.name in action_pages():
            assert carol.post(address, sure="1").status_code == 404, address
    assert "/admin" not in carol.get("/")
    assert "/admin" not in carol.get("/account")
    assert 'href="/admin/"' in Browser(office.alice, office.alice.staff.user).get("/account")


def test_nobody_reaches_what_is_another_panel_s(office: Office) -> None:
    """Rita owns the other panel. At hers Alice's rows are not there; at Alice's she is nobody."""
    from panelwright.storefront.tests.browsing import Browser

    rita = Browser(office.rival, office.rival.staff.user)
    with_rows = [address for address in office.pages() if any(char.isdigit() for char in address.split("?")[0])]
    assert len(with_rows) > 20
    for address in with_rows:
        # Services have the same numbers on both.
        if "/services/1" not in address:
            assert rita.answer(address).status_code == 404, address
    for address in (
        "/admin/orders",
        "/admin/customers",
        "/admin/tickets?show=all",
        "/admin/trail",
        "/admin/orders.csv",
    ):
        page = rita.answer(address)
        text = b"".join(page.streaming_content) if page.streaming else page.content
        assert b"carol@" not in text, address
        assert b"alice@" not in text, address
    at_alices = Browser(office.alice)
    at_alices.client.cookies = rita.client.cookies
    assert at_alices.answer("/admin/orders").status_code == 302


def test_staff_begin_in_the_back_office(office: Office) -> None:
    from panelwright.storefront.tests.browsing import Browser

    browser = Browser(office.alice)
    browser.log_in("alice@shop.example")
    assert browser.answer("/inside").headers["Location"] == "/admin/"
    carol = Browser(office.alice)
    carol.log_in("carol@customer.example")
    assert carol.answer("/inside").headers["Location"] == "/order"


@pytest.mark.parametrize("share", range(PARTS))
def test_every_page_of_staff_answers_in_few_queries_whatever_the_number_of_rows(office: Office, share: int) -> None:
    from panelwright.backoffice import bulk
    from panelwright.staff import registry
    from panelwright.storefront.tests.browsing import Browser
    from tests.office.office import action_pages

    browser = Browser(office.alice, office.alice.staff.user)
    pages = dict(list(office.pages().items())[share::PARTS])

    def foretells(page: Any) -> bool:
        return registry.actions()[page.arguments["name"]].foretell is not None

    def counted(most: dict[str, int]) -> dict[str, int]:
        """By address. Where it is more than that, of the second look: the first may note that something was read."""
        found = {}
        for address in pages:
            found[address] = len(browser.queries(address))
            if found[address] > most.get(address, 0):
                found[address] = len(browser.queries(address))
        return found

    few = counted({})
    # A form that shows what it moves does it and takes it back; that is not reading.
    forms = {address for address, page in pages.items() if page.name in action_pages()}
    assert {address: number for address, number in few.items() if number > 15 and address not in forms} == {}
    for n in range(20):
        office.carol.order(link=f"https://example.com/many/{n}")
        office.world.lost()
        if n < 10:
            office.world.ticket()
        office.alice.customer(f"more{n}", balance="5.00")
    more = counted(few)
    # What cannot foretell is done to some and taken back; so many, and no more.
    tried = {address for address, page in pages.items() if page.view is bulk.act and not foretells(page)}
    grown = {address: (few[address], number) for address, number in more.items() if number > few[address]}
    grown = {address: counts for address, counts in grown.items() if address not in tried}
    assert grown == {}, "the number grows with the rows"
