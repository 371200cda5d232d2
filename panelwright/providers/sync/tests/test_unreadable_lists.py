"""What cannot be read of a price list is said, row by row, and never taken for absent."""

from __future__ import annotations

from typing import Any

import pytest
from django_scopes import scope

from panelwright.core.said import words
from panelwright.providers.sync.import_rules import Chosen
from panelwright.providers.sync.sync_actions import import_services, preview
from panelwright.providers.sync.sync_rules import Markup
from panelwright.providers.sync.tests.test_sync import TWENTY, Shop, listed, names
from panelwright.providers.wire.outcomes import Offers, UpstreamRefused
from tests.support.people import Owner, Time, values
from tests.support.upstream import ScriptedUpstream


@pytest.fixture
def shop(alice: Owner, upstream: ScriptedUpstream, time: Time) -> Shop:
    return Shop(alice, upstream)


UNREADABLE: list[tuple[str, Any]] = [
    ("rate", "abc"),
    ("rate", None),
    ("rate", ""),
    ("rate", "∞"),
    ("rate", "-1"),
    ("rate", "1.2.3"),
    ("rate", True),
    ("rate", []),
    ("rate", "99999999999999"),
    ("min", "abc"),
    ("min", "1,5"),
    ("min", "10.000"),
    ("min", "∞"),
    ("min", "-5"),
    ("min", 1.5),
    ("min", {}),
    ("max", "abc"),
    ("max", "1,5"),
    ("max", "10.000"),
    ("max", "-1"),
    ("max", False),
    ("max", 0),
    ("max", "0"),
    ("max", 9),
    ("min", 5001),
    # Numbers of JSON that are none of anything: no reader can take them, and they are not absent.
    *((key, said) for key in ("rate", "min", "max") for said in (float("nan"), float("-inf"), 10**60)),
]


@pytest.mark.parametrize(("key", "said"), UNREADABLE)
def test_what_cannot_be_read_is_said_and_never_taken_for_absent(shop: Shop, key: str, said: Any) -> None:
    shop.lists(listed(501), listed(502))
    shop.imports()
    shop.lists(listed(501, **{key: said}), listed(502), listed(503, **{key: said}))
    came = shop.syncs()
    assert "501" in came.problem and "503" not in came.problem, "503 is not ours"
    assert names(came) == ["provider.sync_failed"]
    assert shop.sells(10) == ("1.20", 10, 5000, True, ""), "what it was before stays"
    assert values("SELECT min, max, available FROM providers_route ORDER BY id LIMIT 1") == [(10, 5000, True)]
    imported = shop.imports()
    assert imported.services == []
    assert {row.service for row in imported.left_out if "here" not in words(row.why)} == {"501", "503"}
    shop.lists(listed(501), listed(502))
    assert shop.syncs().problem == ""


@pytest.mark.parametrize(
    ("key", "said", "low", "high"),
    [
        ("min", None, 1, 5000),
        ("min", "", 1, 5000),
        ("min", "1,000", 1000, 5000),
        ("min", 20.0, 20, 5000),
        ("max", None, 10, 2_147_483_647),
        ("max", "∞", 10, 2_147_483_647),
        ("max", "Unlimited", 10, 2_147_483_647),
        ("max", "100000000000000000", 10, 2_147_483_647),
        ("max", "1 000", 10, 1000),
    ],
)
def test_what_is_absent_or_can_be_read(shop: Shop, key: str, said: Any, low: int, high: int) -> None:
    shop.lists(listed(501, **{key: said}))
    shop.imports()
    assert shop.sells(10)[1:3] == (low, high)


def test_every_row_that_is_left_out_is_named_with_why(shop: Shop) -> None:
    shop.lists(listed(500))
    shop.imports()
    rows: list[Any] = [
        *(listed(500), listed(501), listed(501, "9.00"), listed(502, type="Teleport"), listed(503, "abc")),
        *({"name": "No id", "rate": "1"}, listed(504, category="Other"), listed(505, increment="x"), "junk"),
        listed(506, "0", name="A gift"),
    ]
    shop.upstream.answers("services", rows)
    client = shop.client(shop.provider_row())
    offers = client.services()
    assert isinstance(offers, Offers)
    with scope(panel=shop.owner.panel):
        plan = preview(
            panel=shop.owner.panel,
            provider=shop.row(),
            offers=offers,
            chosen=Chosen(category="Theirs"),
            markup=TWENTY,
        )
    assert [(sold.offer.service, sold.held is not None) for sold in plan.sold] == [("501", False), ("506", True)]
    assert {(row.service, row.name, words(row.why)) for row in plan.left_out} == {
        ("500", "Theirs 500", "it is here already"),
        ("501", "Theirs 501", "its id stands in the list before; that row counts"),
        ("502", "Theirs 502", "its type 'Teleport' is not known here"),
        ("503", "Theirs 503", "its rate 'abc' cannot be read"),
        ("", "No id", "it has no id"),
        ("504", "Theirs 504", "it was not chosen"),
        ("505", "Theirs 505", "its increment cannot be read"),
        ("", "", "it has no id"),
    }
    assert len(plan.sold) + len(plan.left_out) == len(rows)


def test_a_rate_that_nobody_could_pay_does_not_stop_the_others(shop: Shop) -> None:
    shop.lists(listed(501), listed(502, "8999999999"))
    with scope(panel=shop.owner.panel):
        imported = import_services(
            panel=shop.owner.panel,
            provider=shop.provider,
            offers=shop.offers(),
            chosen=Chosen(),
            markup=Markup(percent_e2=1_000_000),
        )
    assert [s.number for s in imported.services] == [10]
    assert [(row.service, words(row.why)) for row in imported.left_out] == [("502", "its rate is too large")]


def test_a_list_without_a_row_that_can_be_read_says_why(shop: Shop) -> None:
    shop.lists(listed(501, "abc"))
    came = shop.client(shop.provider_row()).services()
    assert not isinstance(came, Offers | UpstreamRefused)
    assert "its rate 'abc' cannot be read" in words(came.text)


@pytest.mark.parametrize(
    ("others", "sells"),
    [
        (["0.90", "12.5"], "1800.00"),  # points elsewhere: thousands
        (["1,234.50"], "1800.00"),
        (["0,90", "3,5"], "1.80"),  # commas elsewhere: a fraction
        (["1.234,50"], "1.80"),
        (["1", "20"], None),  # nobody can tell
        (["0,90", "0.90"], None),
    ],
)
def test_a_comma_is_read_as_the_other_rates_say(shop: Shop, others: list[str], sells: str | None) -> None:
    rows = [listed(501, "1,500"), *(listed(600 + n, rate) for n, rate in enumerate(others))]
    shop.lists(*rows)
    imported = shop.imports()
    unread = [row.service for row in imported.left_out if "may be a fraction or thousands" in words(row.why)]
    if sells is None:
        assert unread == ["501"]
    else:
        assert unread == [] and shop.sells(10)[0] == sells


def test_the_limits_of_a_package_say_nothing(shop: Shop) -> None:
    shop.lists(listed(501, type="Package", min="1", max="0"))
    assert [service.number for service in shop.imports().services] == [10]
