"""Of a provider's list the part that is about services of ours says the same as the whole."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from panelwright.providers.sync.currencies import counted_in
from panelwright.providers.wire.outcomes import LeftOut, Offers, ServiceOffer

IDS = st.sampled_from("12345")


def offer(service: str, currency: str) -> ServiceOffer:
    return ServiceOffer(
        service=service,
        name=service,
        type="Default",
        category="",
        rate=Decimal(1),
        min=1,
        max=10,
        dripfeed=False,
        refill=False,
        cancel=False,
        description="",
        currencies=(currency,) if currency else (),
    )


OFFERS = st.builds(
    Offers,
    st.lists(st.builds(offer, IDS, st.sampled_from(["", "USD", "RUB"]))),
    st.lists(st.builds(LeftOut, IDS, st.just("name"), st.just("why"))),
)


@given(OFFERS, st.frozensets(IDS))
def test_a_part_says_the_same(offers: Offers, sold: frozenset[str]) -> None:
    part, whole = counted_in(offers.only(sold), "USD"), counted_in(offers, "USD").only(sold)
    assert (part, part.left_out, part.is_empty) == (whole, whole.left_out, whole.is_empty)
    assert {row.service for row in (*part, *part.left_out)} <= sold
    assert part.is_empty == (len(offers) == 0)
