"""An operator signed in as a panel's owner: what is seen and recorded, what is closed, and that it ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.host.installation import HostBrowser, Installation

pytestmark = pytest.mark.django_db(transaction=True)

REASON = "asked us why nothing is sent"


def link_of(installation: Installation, olga: HostBrowser, **fields: str) -> str:
    """The path of the link that the operators' page answers with."""
    slug = installation.alice.panel.slug
    given = {"owner": str(installation.alice.staff.id), "why": REASON, **fields}
    page = olga.post(f"/panels/{slug}/enter", **given)
    assert page.status_code == 200, page.content.decode()
    found = re.search(r'href="http://shop\.example(/host-enter/[\w-]+)"', page.content.decode())
    assert found, page.content.decode()
    return found[1]


def guest(installation: Installation, olga: HostBrowser | None = None, **fields: str) -> Any:
    from panelwright.storefront.tests.browsing import Browser

    browser = Browser(installation.alice)
    path = link_of(installation, olga or installation.browser(), **fields)
    assert "Sign in as the owner" in browser.get(path)
    assert browser.post(path).headers["Location"] == "/inside"
    return browser


def trail() -> list[tuple[Any, ...]]:
    from tests.support.people import values

    return values(
        "SELECT action, panel_id, actor_kind, actor_id, actor_name FROM staff_trailentry"
        " WHERE actor_name LIKE %s AND object_kind <> 'operator' ORDER BY id",
        "%(host)",
    )


def test_there_and_back_is_recorded_in_both_trails_and_said_on_each_page(installation: Installation) -> None:
    from panelwright.storefront.tests.browsing import Browser

    olga = installation.browser()
    browser = guest(installation, olga)
    for address in ("/admin/", "/admin/orders", "/admin/customers", "/", "/nowhere"):
        page = browser.answer(address).content.decode()
        assert "You are olga@host.example (host), signed in as alice@shop.example until" in page, address
        assert "You cannot move money." in page, address
    assert browser.answer("/inside").headers["Location"] == "/admin/"
    assert browser.post("/admin/panel/set_name", name="Renamed").status_code == 302
    assert browser.post("/logout").headers["Location"] == "/"
    assert browser.answer("/admin/").status_code == 302
    name = "olga@host.example (host)"
    panel_id = installation.alice.panel_id
    assert trail() == [
        ("host.enter", panel_id, "operator", None, name),
        ("panel.set_name", panel_id, "host", None, name),
        ("host.left", panel_id, "host", None, name),
    ]
    alice = Browser(installation.alice, installation.alice.staff.user)
    for page in (alice.get("/admin/trail"), olga.get("/trail")):
        assert "Signed in as the owner" in page and "Stopped being signed in as the owner" in page
        assert name in page and REASON in page
    assert "Host" in alice.get(f"/admin/staff/{installation.alice.staff.id}"), "among the owner's log-ins"
    assert "You are olga" not in alice.get("/admin/"), "the owner's own sessions are as before"


def test_a_reason_and_an_owner_are_needed(installation: Installation) -> None:
    from tests.host.installation import unmoved
    from tests.support.people import everything

    olga, slug = installation.browser(), installation.alice.panel.slug
    before = everything()
    owner = str(installation.alice.staff.id)
    for fields in (
        {"owner": owner, "why": "  "},
        {"owner": str(installation.story.bob.id), "why": REASON},
        {"owner": str(installation.rival.staff.id), "why": REASON},
        {"owner": "x", "why": REASON},
    ):
        assert olga.post(f"/panels/{slug}/enter", **fields).status_code == 422, fields
    unmoved(before)


def test_a_link_works_once_for_a_minute_on_this_panel_alone(installation: Installation) -> None:
    from panelwright.storefront.tests.browsing import Browser

    olga = installation.browser()
    path = link_of(installation, olga)
    rival = Browser(installation.rival)
    assert rival.post(path).status_code == 410, "another panel"
    first, second = Browser(installation.alice), Browser(installation.alice)
    assert first.post(path).status_code == 302
    assert second.post(path).status_code == 410 and second.answer("/admin/").status_code == 302
    path = link_of(installation, olga)
    installation.time.passes(seconds=61)
    assert second.post(path).status_code == 410
    for made_up in ("/host-enter/x", "/host-enter/" + "a" * 43):
        assert second.post(made_up).status_code == 410
    path = link_of(installation, olga)
    olga.post("/logout")
    assert second.post(path).status_code == 410, "the operator has left"


@pytest.mark.parametrize("door", ["host-enter", "panel-enter"])
def test_a_token_that_somebody_made_up_keeps_nobody_from_writing(installation: Installation, door: str) -> None:
    """On SQLite a transaction is the only one that writes; elsewhere a lock is taken by who has found a row."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from panelwright.storefront.tests.browsing import Browser

    stranger = Browser(installation.alice)
    with CaptureQueriesContext(connection) as asked:
        assert stranger.post(f"/{door}/{'a' * 43}").status_code == 410
    statements = [query["sql"] for query in asked]
    assert any("digest" in one for one in statements)
    assert [one for one in statements if one.startswith("BEGIN") or "FOR UPDATE" in one] == []


def test_opening_the_link_does_nothing(installation: Installation) -> None:
    from panelwright.storefront.tests.browsing import Browser
    from tests.support.people import everything

    path = link_of(installation, installation.browser())
    before = everything()
    browser = Browser(installation.alice)
    assert browser.answer(path).status_code == 200
    assert everything() == before and browser.answer("/admin/").status_code == 302


def test_it_ends_after_an_hour_however_much_it_is_used(installation: Installation) -> None:
    browser = guest(installation)
    for _ in range(5):
        installation.time.passes(minutes=11)
        assert browser.answer("/admin/").status_code == 200
    installation.time.passes(minutes=6)
    assert browser.answer("/admin/").status_code == 302


def test_it_ends_when_the_operator_s_session_could_last_no_longer(installation: Installation) -> None:
    olga = installation.browser()
    for _ in range(14):
        installation.time.passes(minutes=50)
        assert olga.is_inside()
    # Twenty minutes before its twelve hours are over.
    browser = guest(installation, olga)
    installation.time.passes(minutes=19)
    assert browser.answer("/admin/").status_code == 200
    installation.time.passes(minutes=2)
    assert not olga.is_inside() and browser.answer("/admin/").status_code == 302
    # Nor does a link that was made in its last moment let in afterwards.
    olga = installation.browser()
    for _ in range(14):
        installation.time.passes(minutes=51)
        assert olga.is_inside()
    installation.time.passes(minutes=5, seconds=10)
    path = link_of(installation, olga)
    installation.time.passes(seconds=20)
    from panelwright.storefront.tests.browsing import Browser

    assert Browser(installation.alice).post(path).status_code == 410


def test_what_is_paid_and_to_whom_is_closed_unless_money_was_asked_for(installation: Installation) -> None:
    """Prices, exchange rates, where orders and the provider's key go: each action that decides it, and no other."""
    from panelwright.staff import registry
    from panelwright.staff.actions import not_allowed
    from panelwright.staff.actor import Actor, ActorKind
    from panelwright.staff.rights import ALL, Right
    from tests.host.installation import unmoved
    from tests.support.people import everything, value

    closed = {
        "provider.add", "provider.set", "provider.import", "route.add", "route.set", "route.move", "held.accept",
        "exchange_rate.set", "service.set_rate", "service.reprice", "service.delete_own_rates", "price_list.set_rate",
        "customer.set_rate", "customer.set_discount", "customer.set_group", "panel.set_guard",
        "payment_rules.set", "payment_block.add", "payment_block.remove",
    }  # fmt: skip
    from panelwright.customers.host_guests import MONEY, NEVER

    without = Actor(ActorKind.HOST, None, "olga (host)", "", ALL - NEVER - MONEY)
    by_money = Actor(ActorKind.HOST, None, "olga (host)", "", ALL - NEVER)
    for name in sorted(closed):
        assert not_allowed(registry.actions()[name], without) is not None, name
        assert not_allowed(registry.actions()[name], by_money) is None, name
    for action in registry.actions().values():
        if action.right is Right.PRICES or action.of_money:
            assert not_allowed(action, without) is not None, action.name
    for name in ("provider.test", "provider.sync", "provider.rest", "provider.resume", "service.turn_off"):
        assert not_allowed(registry.actions()[name], without) is None, name
    provider = value("SELECT MIN(id) FROM providers_provider WHERE panel_id = %s", installation.alice.panel_id)
    browser = guest(installation)
    assert f"/admin/providers/{provider}/set" not in browser.get(f"/admin/providers/{provider}")
    before = everything()
    answer = browser.post(f"/admin/providers/{provider}/set", name="other", sure="1")
    assert answer.status_code == 422 and "It needs the right:" in answer.content.decode()
    unmoved(before)


@pytest.mark.parametrize("how", ["logout", "turn_off", "set_password", "new_factor", "end_others"])
def test_it_ends_with_the_operator_s_own_session(installation: Installation, how: str) -> None:
    olga = installation.browser()
    browser = guest(installation, olga)
    if how == "logout":
        olga.post("/logout")
    elif how == "end_others":
        installation.browser().post("/operators/end-others")
    else:
        given = {"password": "quite another phrase"} if how == "set_password" else {}
        installation.command(f"operator.{how}", installation.operator.id, **given)
    assert browser.answer("/admin/").status_code == 302


def test_it_ends_with_an_old_session_that_a_new_log_in_forgets(installation: Installation) -> None:
    """A session of the operator is forgotten once it is over; what hangs on it would otherwise outlast the account."""
    olga = installation.browser()
    for _ in range(14):
        installation.time.passes(minutes=50)
        assert olga.is_inside()
    browser = guest(installation, olga)
    installation.time.passes(minutes=30)
    assert not olga.is_inside(), "twelve hours are over"
    installation.browser()
    assert browser.answer("/admin/").status_code == 302


def test_it_ends_when_the_owner_ends_all_sessions_or_may_not_log_in(installation: Installation) -> None:
    browser = guest(installation)
    installation.world.do("staff.end_sessions", installation.alice.staff.id)
    assert browser.answer("/admin/").status_code == 302


def test_the_owner_s_own_account_is_closed(installation: Installation) -> None:
    """Whatever page is for users: the password, the second factor, sessions; nothing moves there."""
    import panelwright.urls  # noqa: F401
    from panelwright.ui.pages import Who, all_pages
    from tests.host.installation import unmoved
    from tests.support.people import everything

    browser = guest(installation)
    before = everything()
    tried = 0
    for _site, page in all_pages():
        if page.who not in {Who.USERS, Who.CUSTOMERS} or page.name in {"inside", "logout"}:
            continue
        for address in page.addresses:
            if "{" in address:
                address = re.sub(r"\{\w+\}", "1", address)
            if "^" in address:
                continue
            for answer in (browser.answer(address), browser.post(address, current="correct horse", password="x" * 20)):
                assert answer.status_code in {403, 404}, (address, answer.status_code)
            tried += 1
    assert tried > 20
    unmoved(before)


def test_money_and_staff_are_closed_unless_money_was_asked_for(installation: Installation) -> None:
    from tests.host.installation import unmoved
    from tests.support.people import everything

    number = installation.carol.number
    browser = guest(installation)
    before = everything()
    forms = {
        f"/admin/customers/{number}/credit": {"amount": "5.00", "reference": "r1", "sure": "1"},
        f"/admin/orders/{installation.carol.order(link='https://example.com/c').number}/cancel": {"sure": "1"},
        "/admin/staff/invite": {"email": "m@x.example", "role": "owner", "sure": "1"},
        "/admin/staff_keys/add": {"staff": "alice@shop.example", "sure": "1"},
        f"/admin/customers/{number}/sign_in": {"reason": "to look"},
    }
    before = everything()
    for address, fields in forms.items():
        # 422: a form that a person of the staff alone may send.
        assert browser.post(address, **fields).status_code in {403, 404, 422}, address
    unmoved(before)
    assert browser.answer("/admin/staff").status_code == 403
    assert browser.answer("/admin/trail").status_code == 403
    with_money = guest(installation, money="1")
    page = with_money.get("/admin/")
    assert "You cannot move money." not in page and "You are olga" in page
    assert with_money.answer(f"/admin/customers/{number}/credit").status_code == 200
    assert with_money.answer("/admin/staff").status_code == 403
    from tests.support.people import values

    given = values("SELECT given FROM staff_trailentry WHERE action = 'host.enter' ORDER BY id DESC LIMIT 1")[0][0]
    assert "true" in str(given).lower()


def test_where_customers_pay_to_is_closed_unless_money_was_asked_for(installation: Installation) -> None:
    from panelwright.storefront.tests.browsing import Browser
    from tests.host.installation import unmoved
    from tests.staff.payment_cases import method
    from tests.support.people import everything, value

    target = method(installation.world)
    path = f"/admin/payment_methods/{target}"
    texts = {"language": "en", "instructions": "Pay to IBAN 2."}
    browser = guest(installation)
    before = everything()
    for address, fields in (
        (f"{path}/set_texts", texts),
        (f"{path}/set", {"bonuses": "1 100"}),
        (f"{path}/turn_off", {"back": "/admin/"}),
        ("/admin/payment_methods/add", {"kind": "by_hand", "name": "Another", "currency": "EUR"}),
    ):
        answer = browser.post(address, **fields)
        assert answer.status_code == 422 and "It needs the right:" in answer.content.decode(), address
    unmoved(before)
    assert guest(installation, money="1").post(f"{path}/set_texts", **texts).status_code == 302
    assert "IBAN 2" in str(value("SELECT texts FROM payments_paymentmethod WHERE id = %s", target))
    alice = Browser(installation.alice, installation.alice.staff.user)
    assert alice.post(f"{path}/set", bonuses="100 5").status_code == 302, "the owner needs nobody's leave"


def test_nothing_is_done_in_bulk_that_would_go_on_afterwards(installation: Installation) -> None:
    browser = guest(installation)
    assert "With the selected rows" not in browser.get("/admin/orders")
    page = browser.get("/admin/services/bulk/turn_off?all=1")
    assert 'name="sure"' not in page, "nothing is shown that could be confirmed"
    found = re.search(r'name="selection" value="([^"]+)"', page)
    assert found is not None
    from tests.host.installation import unmoved
    from tests.support.people import everything

    before = everything()
    for sure in ("", "x"):
        answer = browser.post("/admin/services/bulk/turn_off", selection=found[1], sure=sure, once="a" * 16)
        assert answer.status_code == 422
    unmoved(before)


def test_nobody_else_reaches_it(installation: Installation) -> None:
    """Staff of the panel, customers and operators' old sessions cannot ask for a ticket."""
    from panelwright.storefront.tests.browsing import Browser
    from tests.host.installation import HostBrowser

    slug = installation.alice.panel.slug
    fields = {"owner": str(installation.alice.staff.id), "why": REASON}
    assert HostBrowser().post(f"/panels/{slug}/enter", **fields).headers["Location"] == "/login"
    bob = Browser(installation.alice, installation.story.bob.user)
    assert bob.post(f"/panels/{slug}/enter", **fields).status_code == 404
    assert bob.post("/host-enter/anything").status_code == 410


def test_a_panel_that_names_no_host_has_no_link(installation: Installation) -> None:
    from tests.support.people import execute

    olga = installation.browser()
    execute("UPDATE panels_domain SET host = '*', port = 8000 WHERE panel_id = %s", installation.alice.panel_id)
    fields = {"owner": str(installation.alice.staff.id), "why": REASON}
    assert olga.post(f"/panels/{installation.alice.panel.slug}/enter", **fields).status_code == 422


def test_a_suspended_panel_can_be_entered_and_a_required_factor_is_no_bar(installation: Installation) -> None:
    olga = installation.browser()
    installation.world.do("panel.set_staff_factor", staff_factor=True)
    olga.post(f"/panels/{installation.alice.panel.slug}/suspend", reason="Unpaid")
    browser = guest(installation, olga)
    assert "The host suspended this panel" in browser.get("/admin/")


def test_a_panel_without_a_host_is_entered_from_this_machine_alone(installation: Installation) -> None:
    """By loopback at a port that this process listens on, which nobody else here can have; else it is said why not."""
    from unittest.mock import patch

    from django.test import override_settings

    from panelwright.panels import hosts
    from tests.host.installation import HostBrowser
    from tests.support.people import execute

    execute("DELETE FROM panels_domain WHERE panel_id = %s", installation.alice.panel_id)
    execute(
        "INSERT INTO panels_domain (panel_id, host, port, confirmed, arrives) VALUES (%s, '*', 8412, true, '')",
        installation.alice.panel_id,
    )
    slug, token = installation.alice.panel.slug, installation.browser().token
    fields = {"owner": str(installation.alice.staff.id), "why": REASON}

    def asked(at: str, came_to: str, served: set[int]) -> Any:
        olga = HostBrowser(token, at=at)
        with override_settings(HOST_SITE=at.partition(":")[0]), patch.object(hosts, "_served", served):
            return olga.client.post(f"/panels/{slug}/enter", fields, SERVER_NAME=came_to)

    for at, came_to, served in (
        ("host.localhost:8411", "127.0.0.1", {8411}),
        ("host.localhost:8411", "192.0.2.1", {8411, 8412}),
        ("host.example", "127.0.0.1", {8411, 8412}),
    ):
        page = asked(at, came_to, served)
        assert page.status_code == 422, (at, came_to, served)
        assert "The panel has no domain of its own" in page.content.decode()
    page = asked("host.localhost:8411", "127.0.0.1", {8411, 8412})
    assert page.status_code == 200 and 'href="http://127.0.0.1:8412/host-enter/' in page.content.decode()
