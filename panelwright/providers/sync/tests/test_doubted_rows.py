"""Rows of a list that name another currency, and names of which one telling word is another."""

from __future__ import annotations

import json
from typing import Any

import pytest

from panelwright.core.said import words
from panelwright.providers.sync.sync_rules import Markup
from panelwright.providers.sync.tests import test_believed_lists
from panelwright.providers.sync.tests.test_believed_lists import why
from panelwright.providers.sync.tests.test_sync import Shop, listed

shop, roubles = test_believed_lists.shop, test_believed_lists.roubles


def test_what_keeps_its_price_meanwhile_is_told(roubles: Shop) -> None:
    roubles.upstream.answers("balance", {"balance": "100.00", "currency": "USD"})
    assert "follow its rates and keep their prices meanwhile: 1." in roubles.syncs().problem


@pytest.mark.parametrize("rate", ["2.00 USD", "$2.00", "2,00 $", "2.00 EUR", "€2,00", "2 ₺", "US$ 2.00", "2.00 Pts"])
def test_a_rate_in_another_currency_is_held_and_named(roubles: Shop, rate: str) -> None:
    roubles.upstream.answers("balance", {"balance": "100.00", "currency": "RUB"})
    roubles.lists(listed(501, rate), listed(502, rate), listed(503, "1.00"))
    came = roubles.syncs()
    assert "service 501 (its rate is in " in came.problem and "counted in RUB" in came.problem
    assert "502" not in came.problem, "it is not ours"
    assert roubles.sells(10) == ("0.0121", 10, 5000, True, ""), "what it was before stays"
    imported = roubles.imports(Markup(1000))
    assert [service.number for service in imported.services] == [11]
    assert {row.service for row in imported.left_out if "counted in RUB" in words(row.why)} == {"501", "502"}


@pytest.mark.parametrize(
    "named",
    [
        {"currency": "USD"},
        {"Currency": "$"},
        {"currency_code": "eur"},
        {"currency": "USD", "rate": "1.00 RUB"},
        {"currency": ["USD"]},
        {"currency": 840},
        {"currency": {"id": 7}},
        {"currency_symbol": "$"},
        {"rate_currency": {"name": "USD"}},
    ],
)
def test_a_row_in_a_currency_of_its_own_is_left_out_and_named(roubles: Shop, named: dict[str, object]) -> None:
    """Also where the balance tells no currency: what is set for the provider is what its rates are counted in."""
    roubles.upstream.answers("balance", {"balance": "100.00"})
    roubles.lists(*({**listed(id_, "1.00"), **named} for id_ in (501, 502)), listed(503, "1.00"))
    assert "service 501 (its rate is in " in roubles.syncs().problem
    assert roubles.sells(10)[0] == "0.0121", "what it was before stays"
    imported = roubles.imports(Markup(1000))
    assert {row.service for row in imported.left_out if "counted in RUB" in words(row.why)} == {"501", "502"}


@pytest.mark.parametrize("named", [{"currency": "RUB"}, {"currency": "₽", "rate": "1.50 руб."}, {"currency": None}])
def test_a_row_that_names_the_providers_currency_counts(roubles: Shop, named: dict[str, str]) -> None:
    roubles.upstream.answers("balance", {"balance": "100.00"})
    roubles.lists({**listed(501, "1.50"), **named})
    assert roubles.syncs().problem == ""
    assert roubles.sells(10)[0] == "0.01815"


@pytest.mark.parametrize(
    ("around", "under"),
    [
        ({"currency": "USD"}, "services"),
        ({"Currency": "$"}, "services"),
        ({"status": "success", "currency_code": "usd"}, "data"),
        ({"currency": {"code": "USD", "symbol": "$"}}, "services"),
        ({"meta": {"currency": "USD", "total": 2}}, "data"),
        ({"user": {"currency": "USD"}}, "services"),
        ({"currency": ["USD"]}, "services"),
        ({"currency": 840}, "services"),
        ({"currency_symbol": "$"}, "data"),
        ({"status": "success", "data": {"currency": "USD"}}, "data.services"),
    ],
    ids=str,
)
def test_a_currency_that_is_named_once_for_the_whole_list_counts_for_each_row(
    roubles: Shop, around: dict[str, Any], under: str
) -> None:
    """What costs 1.00 in dollars is not sold for the worth of a rouble; a row that names its own currency counts."""
    roubles.upstream.answers("balance", {"balance": "100.00"})

    def answers(*rows: dict[str, Any]) -> None:
        answer = json.loads(json.dumps(around))
        *outer, last = under.split(".")
        inside = answer
        for key in outer:
            inside = inside[key]
        inside[last] = list(rows)
        roubles.upstream.answers("services", answer)

    answers(listed(501, "1.50"), listed(502, "1.00"))
    assert "service 501 (its rate is in " in roubles.syncs().problem
    assert roubles.sells(10)[0] == "0.0121", "what it was before stays"
    imported = roubles.imports(Markup(1000))
    assert imported.services == []
    assert {row.service for row in imported.left_out if "counted in RUB" in words(row.why)} == {"501", "502"}
    answers(listed(501, "1.50", currency="RUB"), listed(502, "1.00"))
    assert roubles.syncs().problem == ""
    assert roubles.sells(10)[0] == "0.01815"


@pytest.mark.parametrize(
    "around", [{"currency": "RUB"}, {"currency": None}, {"currency": ""}, {"meta": {}}, {}], ids=str
)
def test_a_whole_list_in_the_providers_currency_counts(roubles: Shop, around: dict[str, Any]) -> None:
    roubles.upstream.answers("balance", {"balance": "100.00"})
    roubles.upstream.answers("services", {**around, "services": [listed(501, "1.50")]})
    assert roubles.syncs().problem == ""
    assert roubles.sells(10)[0] == "0.01815"


@pytest.mark.parametrize("rate", ["1.50 RUB", "1,50 ₽", "1.50 руб.", "RUB 1.50", "1.50"])
def test_a_rate_in_the_providers_currency_counts(roubles: Shop, rate: str) -> None:
    roubles.upstream.answers("balance", {"balance": "100.00", "currency": "RUB"})
    roubles.lists(listed(501, rate))
    assert roubles.syncs().problem == ""
    assert roubles.sells(10)[0] == "0.01815"


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("Instagram Followers Brazil", "Instagram Followers Turkey", False),
        ("Instagram Followers [Brazil]", "Instagram Followers | Brasil \U0001f1e7\U0001f1f7", True),
        ("Followers \U0001f1e7\U0001f1f7", "Followers \U0001f1f9\U0001f1f7", False),
        ("YouTube Views United Kingdom", "YouTube Views United States", False),
        ("USA Traffic", "United States Traffic", True),
        ("Подписчики Россия", "Russian Subscribers", True),
        ("Подписчики Россия", "Подписчики Бразилия", False),
        ("Facebook Likes India", "Facebook Likes Indonesia", False),
        ("Kwai Likes", "Bigo Likes", False),
        ("Instagram Likes USA", "Facebook Likes USA", False),
        ("Instagram Followers Brazil", "Instagram Followers [Max 10K]", True),
        ("YouTube Likes", "YouTube Dislikes", False),
        ("YouTube Likes [100K]", "YouTube Likes & Dislikes", True),
        ("Telegram Positive Reactions", "Telegram Negative Reactions", False),
        ("Instagram Comments Random", "Instagram Comments Custom", False),
        ("Discord Online Members", "Discord Offline Members", False),
        ("Discord Online Members", "Discord Members [Online]", True),
        ("Reddit Upvotes", "Reddit Downvotes", False),
        ("Facebook Page Likes", "Facebook Post Likes", False),
        ("Лайки YouTube", "Дизлайки YouTube", False),
    ],
)
def test_one_telling_word_makes_another_service(shop: Shop, old: str, new: str, same: bool) -> None:
    shop.lists(listed(501, name=old))
    shop.imports()
    shop.lists(listed(501, name=new))
    shop.syncs()
    assert why(shop) == ([] if same else ["name"])
    assert shop.sells(10)[3] is same
