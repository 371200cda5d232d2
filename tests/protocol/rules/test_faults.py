"""PROTOCOL.md section 1: 500 only for a fault of ours, with an `error` body, and nothing half done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.protocol.rules.stand import Reseller, Stand, new_link
from tests.protocol.rules.wire import API, FORM, form, request

POISON = "https://example.com/poison"


@pytest.fixture
def poisoned(stand: Stand) -> Iterator[None]:
    """The database fails on orders for one link. What the server then writes to its log is read here."""
    stand.inside.poison(link=POISON)
    yield
    stand.inside.heal()
    assert "poison" in stand.trouble()


def add(who: Reseller, link: str, **more: object) -> bytes:
    fields = {"key": who.key, "action": "add", "service": who.stand.service(), "link": link, "quantity": 100, **more}
    return request("POST", API, FORM, host=who.host, body=form(fields))


@pytest.mark.usefixtures("poisoned")
def test_a_fault_of_ours_is_500_with_an_error(stand: Stand, carol: Reseller) -> None:
    with stand.still():
        reply = stand.line.exchange(add(carol, POISON))
    assert reply.head.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"\r\nContent-Type: application/json\r\n" in reply.head
    assert reply.body == b'{"error":"Internal error, the request was not carried out"}'
    assert reply.headers["x-error-code"] == "fault"
    # Nothing of the fault itself is told to the client.
    assert b"poison" not in reply.head + reply.body
    with carol.spends("0.14321"):
        carol.order(stand.service(), link=new_link(), quantity=100)


@pytest.mark.usefixtures("poisoned")
def test_it_sinks_nobody_elses_order(stand: Stand, carol: Reseller, neighbour: Reseller) -> None:
    """They may have shared a transaction."""
    sent = [add(carol if n % 2 else neighbour, POISON if n in {5, 16} else new_link()) for n in range(24)]
    with carol.spends("1.57531"), neighbour.spends("1.57531"):  # eleven orders each
        replies = stand.at_once(sent)
    assert Counter(reply.status for reply in replies) == {200: 22, 500: 2}
    assert [n for n, reply in enumerate(replies) if reply.status == 500] == [5, 16]
    assert len({reply.value["order"] for reply in replies if reply.status == 200}) == 22


@pytest.mark.usefixtures("poisoned")
def test_a_request_id_of_a_fault_is_free(stand: Stand, carol: Reseller) -> None:
    with stand.still():
        assert stand.line.exchange(add(carol, POISON, request_id="unlucky")).status == 500
    with carol.spends("0.14321"):
        first = stand.line.exchange(add(carol, "https://example.com/well", request_id="unlucky")).value
    assert stand.line.exchange(add(carol, "https://example.com/well", request_id="unlucky")).value == first
