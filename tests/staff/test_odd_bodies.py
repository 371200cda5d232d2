"""Whatever stands in a body of the staff API, it is refused with a word and moves nothing."""

from __future__ import annotations

import pytest

from tests.staff.site import Site
from tests.support.by_hand import own_people
from tests.support.people import FOLLOWERS, LIKES, everything
from tests.support.rounds import Rounds

pytestmark = pytest.mark.django_db(transaction=True)

ODD_TEXTS = ("", " ", "\x00", "north\x00", "a,b", "\ud800", "\u202e", "x" * 5_000, "\n")
ODD_NUMBERS: tuple[object, ...] = (True, -1, 0, 1.5, 2**63, 10**400, "5", None, [], {})


def test_odd_values_are_refused_and_move_nothing(site: Site, worker: Rounds) -> None:
    own_people(site.alice, FOLLOWERS, LIKES)
    order_id = site.carol.order()
    worker.forward()
    before = everything()
    bodies: list[dict[str, object]] = []
    for text in ODD_TEXTS:
        bodies += [
            {"action": "send", "provider": text},
            {"action": "arrived", "upstream_id": text},
            {"action": "arrived", "upstream_id": "7", "provider": text},
        ]
    for number in ODD_NUMBERS:
        bodies += [{"action": "partial", "remains": number}, {"action": "send", "route": number}]
        bodies += [{"action": "start", "start_count": number}] if number != 0 or number is False else []
        bodies += [{"action": "send", "whole": number}] if number is not True else []
    wrong = []
    for body in bodies:
        for path in (f"orders/{order_id.number}", f"problems/{order_id.number}"):
            answer = site.ask("POST", path, body)
            if answer.status not in (400, 404, 409) or not answer.body.get("error"):
                wrong.append((path, body, answer.status, answer.body))
    assert wrong == []
    assert everything() == before
