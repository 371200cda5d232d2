"""What is committed late, with ids lower than others that are there already, is added up all the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django_scopes import scope

from panelwright.orders import store as order_store
from panelwright.reports.actions import Adder
from panelwright.reports.cuts import CODES, Cut, Grain
from panelwright.reports.models import ReportSum
from tests.support.people import Buyer, Owner

WAIT_S = 60


def counted(owner: Owner, cut: Cut, key: int = 0) -> int:
    with scope(panel=owner.panel):
        rows = ReportSum.objects.filter(panel_id=owner.panel_id, cut=cut, grain=Grain.DAY, key_a=key)
        return sum(row.orders for row in rows)


class Threads:
    """Others, each with a connection of its own. What they raise is raised by `join`."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []
        self._raised: list[BaseException] = []

    def start(self, work: Callable[[], Any]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                self._raised.append(error)
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        self._threads.append(thread)
        thread.start()
        return thread

    def join(self) -> None:
        for thread in self._threads:
            thread.join(WAIT_S)
        assert self._raised == []


def test_a_transfer_that_is_committed_late_is_counted(transactional_db: None, alice: Owner, carol: Buyer) -> None:
    dave = alice.customer("dave")
    adder, threads = Adder(), Threads()
    while adder.round():
        pass
    before = counted(alice, Cut.LEDGER, CODES["deposit"])
    holds, go = threading.Event(), threading.Event()

    def slowly() -> None:
        with transaction.atomic():
            alice.credits(carol, "1.00", reference="slow")
            holds.set()
            assert go.wait(WAIT_S)

    threads.start(slowly)
    assert holds.wait(WAIT_S)
    quick = threads.start(lambda: alice.credits(dave, "2.00", reference="quick"))
    if connection.vendor == "postgresql":
        # Its transfer has the higher id and is there. On SQLite it waits for the other one.
        quick.join(WAIT_S)
        assert not quick.is_alive()
    for _ in range(3):
        adder.round()
    seen = counted(alice, Cut.LEDGER, CODES["deposit"])
    go.set()
    threads.join()
    assert seen == before
    while adder.round():
        pass
    assert counted(alice, Cut.LEDGER, CODES["deposit"]) == before + 2


def test_an_order_whose_id_was_taken_early_is_counted(
    transactional_db: None, alice: Owner, carol: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its id is taken before anything is written, while only the account of its customer is locked."""
    dave = alice.customer("dave", balance="5.00")
    adder, threads = Adder(), Threads()
    while adder.round():
        pass
    holds, go, commit = threading.Event(), threading.Event(), order_store.commit
    slow: list[threading.Thread] = []

    def commits(*arguments: Any) -> Any:
        if threading.current_thread() in slow:
            holds.set()
            assert go.wait(WAIT_S)
        return commit(*arguments)

    monkeypatch.setattr(order_store, "commit", commits)
    ready = threading.Event()

    def slowly() -> None:
        assert ready.wait(WAIT_S)
        carol.order()

    slow.append(threads.start(slowly))
    ready.set()
    assert holds.wait(WAIT_S)
    quick = threads.start(dave.order)
    if connection.vendor == "postgresql":
        quick.join(WAIT_S)
        assert not quick.is_alive()
    for _ in range(3):
        adder.round()
    seen = counted(alice, Cut.ALL)
    go.set()
    threads.join()
    assert seen == 0
    while adder.round():
        pass
    assert counted(alice, Cut.ALL) == 2
