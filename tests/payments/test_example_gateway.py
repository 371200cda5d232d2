"""The gateway of docs/how-to/add-a-gateway.md works, as it stands there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.people import Time, everything
from tests.support.story import Story

if TYPE_CHECKING:
    from tests.payments.till import Till

_EXAMPLE = Path(__file__).parent / "example"
_GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-gateway.md"


def test_the_guide_shows_what_is_tested_here() -> None:
    assert (_EXAMPLE / "tally" / "gateway.py").read_text(encoding="utf-8") in _GUIDE.read_text(encoding="utf-8")


@pytest.fixture
def till(story: Story, settings: Any, monkeypatch: Any) -> Iterator[Till]:
    """A folder more among the gateways is all that it takes."""
    from panelwright.payments import gateways, registry
    from tests.payments.example.played import Tally
    from tests.payments.shop import serving
    from tests.payments.till import Till

    monkeypatch.setattr(gateways, "__path__", [*gateways.__path__, str(_EXAMPLE)])
    registry.all_gateways.cache_clear()
    play = Tally()
    try:
        with serving(tally=play.gateway) as url:
            settings.SANDBOX_GATEWAYS, settings.TEST_PAYMENTS = url, True
            yield Till(story, play)
    finally:
        registry.all_gateways.cache_clear()


@pytest.mark.django_db(transaction=True)
def test_it_sells(till: Till, time: Time) -> None:
    id_ = till.begin()
    before = everything()
    for sent in till.play.forged(till.reference(id_)):
        assert till.post(sent) == 400
    assert everything() == before
    till.pay(id_)
    for _ in range(2):
        assert till.tell(id_, lie=True) == 200
        till.settle()
    assert till.balance() == "120.00" and till.state(id_) == "paid"
    till.refund(id_, "5.00")
    till.settle()
    assert till.play.given_back("") == ["5.00"] and till.balance() == "115.00"
    till.audit()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["less", "more"])
def test_what_differs_is_for_staff(till: Till, time: Time, what: str) -> None:
    id_ = till.begin()
    till.play.differ(till.reference(id_), what)
    time.passes(minutes=1)
    till.settle()
    assert till.state(id_) == "problem" and till.balance() == "100.00"
