"""The commands of the panel's own people: a provider without an address, the queue, the work, staff and their keys."""

from __future__ import annotations

import io
import json

import pytest

from panelwright.cli.main import main
from tests.support.people import FOLLOWERS, Buyer, Owner, Seen, everything
from tests.support.rounds import Rounds

Capture = pytest.CaptureFixture[str]


def run(capsys: Capture, *arguments: str) -> tuple[int, str]:
    """Exit status, and what was written."""
    try:
        status = main(arguments)
    except SystemExit as end:
        status = int(str(end.code))
    written = capsys.readouterr()
    return status, written.out + written.err


def test_an_order_is_delivered_by_command(alice: Owner, carol: Buyer, worker: Rounds, capsys: Capture) -> None:
    at = ("--panel", "shop")
    assert run(capsys, "addprovider", *at, "--manual", "--name", "our people")[0] == 0
    assert run(capsys, "addprovider", *at, "--manual", "--name", "our people")[0] == 1
    assert run(capsys, "addprovider", *at, "--manual", "--name", "x", "--url", "https://x.example")[0] == 2
    assert run(capsys, "addprovider", *at, "--name", "x")[0] == 2
    assert run(capsys, "queue", *at) == (0, "Nothing waits.\n")
    assert run(capsys, "addroute", *at, "--service", str(FOLLOWERS), "--provider", "our people") == (
        0,
        "Service 1 goes to our people.\n",
    )
    placed = carol.order()
    order = str(placed.number)
    worker.forward()
    queue = json.loads(run(capsys, "queue", *at, "--json")[1])
    assert ([item["id"] for item in queue["orders"]], queue["refills"], queue["cancels"]) == ([int(order)], [], [])
    which = ("work", *at, "--order", order)
    started = f"Order {order} is In progress: 1000 of 1000 remain, charge 0.90.\n"
    assert run(capsys, *which, "--start", "1500") == (0, started)
    before = everything()
    assert run(capsys, *which, "--partial", "1000")[0] == 1
    assert run(capsys, *which, "--accept")[0] == 2
    assert run(capsys, *which, "--remains", "-1")[0] == 2
    assert everything() == before
    assert carol.cancel(placed) == [1]
    assert f"cancel of order {order}  " in run(capsys, "queue", *at)[1]
    assert run(capsys, "work", *at, "--cancel-of", order, "--refuse", "nearly done")[0] == 0
    assert run(capsys, *which, "--partial", "250")[0] == 0
    assert carol.sees(placed) == Seen("Partial", "0.675", 250, 1500)


def test_staff_and_their_keys(alice: Owner, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    at = ("--panel", "shop")
    monkeypatch.setattr("sys.stdin", io.StringIO("long enough\nlong enough\n"))
    made = run(capsys, "createstaff", *at, "--email", "eve@shop.example", "--password", "-")
    assert (made[0], json.loads(made[1])["role"]) == (0, "orders")
    assert run(capsys, "createstaff", *at, "--email", "eve@shop.example", "--password", "-")[0] == 1
    key = json.loads(run(capsys, "createstaffkey", *at, "--email", "eve@shop.example")[1])
    assert len(key["key"]) == 40
    assert run(capsys, "createstaffkey", *at, "--email", "nobody@shop.example")[0] == 1
    assert run(capsys, "revokestaffkey", *at, "--id", str(key["id"]))[0] == 0
    assert run(capsys, "revokestaffkey", *at, "--id", str(key["id"]))[0] == 1
