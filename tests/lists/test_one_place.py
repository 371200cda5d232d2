"""A filter and an action are declared in one place: page, file, staff API, its description and command follow."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django_scopes import scope

from tests.support.story import Story

if TYPE_CHECKING:
    from panelwright.core.lists import Filter, Listing

pytestmark = pytest.mark.django_db


@contextmanager
def declared(of: Listing, one: Filter) -> Iterator[None]:
    """The list with one more filter."""
    before = of.filters
    object.__setattr__(of, "filters", (*before, one))
    try:
        yield
    finally:
        object.__setattr__(of, "filters", before)


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    from panelwright.cli.main import main

    capsys.readouterr()
    assert main(arguments) == 0, capsys.readouterr()
    return capsys.readouterr().out


def test_a_filter_of_staff_is_one_declaration(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    from django.db.models import Q

    from panelwright.api import staff_lists
    from panelwright.core.lists import Filter, FilterKind
    from panelwright.core.paging import Narrowing
    from panelwright.providers.staff_orders import ORDERS
    from panelwright.staff.lists import freeze, named
    from panelwright.storefront.tests.browsing import Browser
    from tests.staff.test_lists_api import getting, ids

    small, large = (story.carol.order(link=f"https://example.com/{n}", quantity=n).number for n in (200, 300))
    at_least = Filter(
        "at_least",
        "At least",
        kind=FilterKind.NUMBER,
        where=lambda panel, least: Narrowing(sought=Q(quantity__gte=least)),
    )
    alice, get = Browser(story.alice, story.alice.staff.user), getting(story.alice)
    with declared(ORDERS, at_least):
        page = alice.get("/admin/orders?at_least=300")
        assert f">{large}<" in page and f">{small}<" not in page
        assert 'name="at_least"' in page
        lines = b"".join(alice.answer("/admin/orders.csv?at_least=300")).decode("utf-8-sig").splitlines()
        assert [line.split(",")[0] for line in lines] == ["id", str(large)]
        assert ids(get("orders", at_least=300)) == [large]
        (reading,) = [one for one in staff_lists.readings() if one.path == "orders"]
        assert reading.params["at_least"] == {"type": "integer"} | reading.params["at_least"]
        with scope(panel=story.alice.panel):
            selection = freeze(named("orders"), story.alice.panel, {"at_least": "300"})
            assert selection is not None and selection.batch(story.alice.panel) == ([large], None)
        assert "quantity" in command(capsys, "lists", "orders", "--panel", "shop", "--filter", "at_least=300")
        # What is none is refused by the filter itself: beside the list, by the staff API and by the command.
        for wrong in ("many", "9" * 19):
            refused = alice.get(f"/admin/orders?at_least={wrong}", 422)
            assert "At least: Enter a whole number between" in refused and f">{large}<" not in refused
            assert alice.answer(f"/admin/orders.csv?at_least={wrong}").status_code == 302
            told = get("orders", 400, at_least=wrong)
            assert (told["code"], told["field"]) == ("number_out_of_range", "at_least")
        assert "Date: Enter a date" in alice.get("/admin/orders?on=31.12.2030", 422)


def test_a_filter_of_a_customer_is_one_declaration(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    from panelwright.core.lists import Filter, FilterKind
    from panelwright.orders.listing import Condition, Wanted
    from panelwright.orders.lists import ORDERS
    from panelwright.storefront.tests.browsing import Browser

    small, large = (story.carol.order(link=f"https://example.com/{n}", quantity=n).number for n in (200, 300))
    at_least = Filter(
        "at_least",
        "At least",
        kind=FilterKind.NUMBER,
        where=lambda panel, least: Wanted(also=(Condition("o.quantity >= ?", (least,)),)),
    )
    carol = Browser(story.alice, story.carol.customer.user)
    with declared(ORDERS, at_least):
        page = carol.get("/orders?at_least=300")
        assert f"/orders/{large}" in page and f"/orders/{small}" not in page and 'name="at_least"' in page
        lines = b"".join(carol.answer("/orders.csv?at_least=300")).decode("utf-8-sig").splitlines()
        assert [line.split(",")[0] for line in lines] == ["id", str(large)]
        both = carol.get(f"/orders?at_least=300&q={small}")
        assert f"/orders/{small}" not in both
        whose = ("--panel", "shop", "--customer", "carol@customer.example")
        assert "o.quantity >= " in command(capsys, "lists", "my-orders", *whose, "--filter", "at_least=300")
        refused = carol.get("/orders?at_least=many", 422)
        assert "At least: Enter a whole number" in refused and f"/orders/{large}" not in refused
        assert carol.answer("/orders.csv?at_least=many").status_code == 302


@contextmanager
def with_action(monkeypatch: pytest.MonkeyPatch, module: Any, action: Any) -> Iterator[None]:
    """The product as it starts with one more action in a module of declarations."""
    from django.urls import clear_url_caches

    from panelwright.staff import registry

    def started() -> None:
        for one in (registry.actions, registry.nouns, registry.of_noun):
            one.cache_clear()
        for name in ("backoffice.pages", "backoffice.urls", "api.staff_urls", "urls"):
            importlib.reload(importlib.import_module(f"panelwright.{name}"))
        clear_url_caches()

    with monkeypatch.context() as patched:
        patched.setattr(module, "ACTIONS", (*module.ACTIONS, action))
        started()
        yield
    started()


def test_an_action_is_one_declaration(
    story: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from panelwright.api import openapi
    from panelwright.customers import declarations
    from panelwright.customers.models import Customer
    from panelwright.staff.action import Action, ActionFieldKind, Field
    from panelwright.staff.rights import Right
    from panelwright.storefront.tests.browsing import Browser
    from tests.staff.site import Site
    from tests.support.people import value

    def rename(actor: Any, panel_id: int, target: int, /, *, name: str) -> None:
        customer = Customer.objects.select_related("user").get(panel_id=panel_id, id=target)
        customer.user.name = name
        customer.user.save(update_fields=["name"])

    action = Action(
        declarations.CUSTOMER,
        "rename",
        "Rename",
        Right.CUSTOMERS_ACT,
        rename,
        (Field("name", ActionFieldKind.TEXT, "Name", required=True),),
        offered=lambda customer: customer.enabled,
    )
    number, site = story.carol.number, Site(story)
    alice = Browser(story.alice, story.alice.staff.user)
    where = f"/admin/customers/{number}/rename"
    with with_action(monkeypatch, declarations, action):
        assert f'href="{where}' in alice.get("/admin/customers"), "the row's menu"
        assert f'href="{where}"' in alice.get(f"/admin/customers/{number}"), "the object's page"
        assert alice.post(where, name="By form").status_code == 302
        assert _name(story) == "By form"
        told = site.raw("POST", f"customers/{number}", {"action": "rename", "name": "By program"})
        assert (told.status, _name(story)) == (200, "By program")
        described = json.dumps(openapi.description()["paths"]["/customers/{id}"]["post"])
        assert '"rename"' in described
        assert ": rename done" in command(
            capsys, "customer", "rename", "carol@customer.example", "--panel", "shop", "--name", "By command"
        )
        assert _name(story) == "By command"
        assert "customer rename" in command(capsys, "customer", "--help")
        assert value("SELECT COUNT(*) FROM staff_trailentry WHERE action = 'customer.rename'") == 3
        # It makes no sense for one who is suspended.
        with scope(panel=story.alice.panel):
            Customer.objects.filter(panel_id=story.alice.panel_id, number=number).update(enabled=False)
        assert where not in alice.get("/admin/customers") and where not in alice.get(f"/admin/customers/{number}")
    assert alice.answer(where).status_code == 404


def _name(story: Story) -> str:
    from panelwright.customers.models import User

    with scope(panel=story.alice.panel):
        return str(User.objects.get(panel_id=story.alice.panel_id, email="carol@customer.example").name)
