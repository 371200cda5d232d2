"""The commands about orders that need a person: what is listed, what is told of one, and each decision."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from panelwright.cli.tests.test_manual_commands import Capture, run
from tests.support.people import FOLLOWERS, Buyer, Owner, Seen, everything, execute, problem_of, row_of, values
from tests.support.rounds import Rounds
from tests.support.upstream import LOST, ScriptedUpstream

AT = ("--panel", "shop")


def test_an_order_that_needs_a_person_is_listed_told_and_ended(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, capsys: Capture
) -> None:
    assert run(capsys, "problems", *AT) == (0, "No order has a problem.\n")
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", {"error": "The stars are not right"})
    order = carol.order()
    worker.forward()
    (item,) = json.loads(run(capsys, "problems", *AT, "--json")[1])
    assert (item["id"], item["problem_code"]) == (order.number, "refused")
    assert run(capsys, "problems", *AT, "--after", str(order.number), "--json") == (0, "[]\n")
    text = run(capsys, "problems", *AT)[1]
    assert "carol@customer.example, service 1 Followers" in text
    assert "upstream refused it: The stars are not right, looked at again at " in text
    told = run(capsys, "order", *AT, "--order", str(order.number))[1]
    assert "1000 of 1000 remain, charge 0.90, cost not known" in told
    assert '"said": "The stars are not right"' in told and '"service": "77"' in told
    assert json.loads(run(capsys, "order", *AT, "--order", str(order.number), "--json")[1])["history"][0]["facts"]
    assert run(capsys, "order", *AT, "--order", str(order.number + 1))[0] == 1
    ended = f"Order {order.number} is Partial: 250 of 1000 remain, charge 0.675.\n"
    assert run(capsys, "resolve", *AT, "--order", str(order.number), "--partial", "250") == (0, ended)
    assert carol.sees(order) == Seen("Partial", "0.675", 250)
    before = everything()
    again = run(capsys, "resolve", *AT, "--order", str(order.number), "--refund")
    assert again[0] == 1 and "This order has ended." in again[1]
    assert everything() == before


def test_an_unknown_outcome_is_sent_to_a_provider_by_name_or_found_there(
    alice: Owner, carol: Buyer, upstream: ScriptedUpstream, worker: Rounds, capsys: Capture
) -> None:
    alice.route(FOLLOWERS, alice.provider(upstream.url))
    upstream.answers("add", LOST)
    order = carol.order()
    worker.forward()
    which = ("resolve", *AT, "--order", str(order.number))
    before = everything()
    for wrong in (
        ("--done", "--provider", "upstream"),
        ("--arrived", "5", "--whole"),
        ("--refund", "--route", "1"),
        ("--done", "--refund"),
        (),
    ):
        assert run(capsys, *which, *wrong)[0] == 2
    assert run(capsys, *which, "--send", "--provider", "nobody")[0] == 1
    assert everything() == before
    assert run(capsys, *which, "--send", "--provider", "upstream") == (0, f"Order {order.number} is sent.\n")
    assert (row_of(order).job, row_of(order).chosen_route_id is not None) == ("forward", True)
    told = f"Order {order.number} goes on as the provider's order 700.\n"
    assert run(capsys, *which, "--arrived", " 700 ", "--provider", "upstream") == (0, told)
    assert (row_of(order).job, row_of(order).upstream_id) == ("poll", "700")
    assert run(capsys, *which, "--done")[1] == f"Order {order.number} is Completed: 0 of 1000 remain, charge 0.90.\n"


@pytest.mark.django_db(transaction=True)
def test_problems_that_were_noted_in_words_become_codes(alice: Owner, carol: Buyer) -> None:
    words = ["", "outcome unknown: time-out | <html>", "outcome unknown, asking again: busy", "up refused it: no"]
    ids = [carol.order(link=f"https://example.com/{n}") for n in range(len(words))]
    ended = carol.order(link="https://example.com/ended")
    carol.cancel(ended)
    try:
        call_command("migrate", "orders", "0006", verbosity=0)
        for id_, said in zip([*ids, ended], [*words, "of old"], strict=True):
            execute("UPDATE orders_order SET problem = %s WHERE id = %s", said, id_)
        # Stopped before its end; meanwhile a process of before has written a row without a number.
        call_command("migrate", "orders", "0015", verbosity=0)
        execute("UPDATE orders_order SET number = NULL WHERE id = %s", ids[0])
        execute("DELETE FROM panels_numbering WHERE noun = 'order'")
    finally:
        call_command("migrate", "orders", verbosity=0)
    assert [problem_of(id_) for id_ in ids] == words
    assert values("SELECT id FROM orders_order WHERE number <> id") == []
    assert alice.audit() == []
    rows = values("SELECT problem_code, problem_at IS NOT NULL FROM orders_order ORDER BY id")
    codes = ["", "outcome_unknown", "outcome_asked_again", "noted", ""]
    assert rows == [(code, code != "") for code in codes]
