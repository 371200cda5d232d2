"""Customers with programs of their own, before panels that stand still.

The server and its panels are those of tests/protocol/conftest.py. No worker runs, so nothing moves but what a test
asks for: over the API, or (`stand.inside`) as staff and workers would. One server stands for all tests of a run, so
a test takes a link, a customer or a panel of its own wherever another test could be in its way.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.protocol.rules.wire import API, FORM, Line, Reply, form, request
from tests.support.processes import Launcher, Process

MICROS = 10**6
TROUBLE = ("Traceback", "Error", "ERROR", "WARNING", "ended with status")
PROGRAM = Path(__file__).with_name("inside.py")


def new_link() -> str:
    """A link that no open order has."""
    return f"https://example.com/p/{uuid.uuid4().hex}"


class Inside:
    """The program inside.py: `inside.report(order=7, status="Completed")` calls its function `report`."""

    def __init__(self, launch: Launcher) -> None:
        self._log = (launch.folder / "inside.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM)],
            env=launch.environment(PYTHONPATH=str(PROGRAM.parents[3])),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda **arguments: self._call(name, arguments)

    def _call(self, name: str, arguments: dict[str, Any]) -> Any:
        pipe = self._process
        assert pipe.stdin is not None and pipe.stdout is not None
        pipe.stdin.write(json.dumps([name, arguments]).encode() + b"\n")
        pipe.stdin.flush()
        answer = json.loads(pipe.stdout.readline() or b'{"raised":"it has ended; see inside.log"}')
        assert "raised" not in answer, f"{name}({arguments}): {answer['raised']}"
        return answer["gave"]

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._log.close()


class Reseller:
    """A customer's program: her key, at her panel's host. Parameters that are None are not sent."""

    def __init__(
        self, stand: Stand, *, host: str, panel_id: int, customer_id: int, account_id: int, key_id: int, key: str
    ) -> None:
        self.stand = stand
        self.host = host
        self.panel_id = panel_id
        self.customer_id = customer_id
        self.account_id = account_id
        self.key_id = key_id
        self.key = key

    def with_key(self, **options: Any) -> Reseller:
        """The same customer with another key; options as of `create_key`."""
        made = self.stand.inside.new_key(customer_id=self.customer_id, **options)
        return Reseller(
            self.stand,
            host=self.host,
            panel_id=self.panel_id,
            customer_id=self.customer_id,
            account_id=self.account_id,
            **made,
        )

    def send(self, method: str, target: str, *headers: str, body: bytes = b"") -> Reply:
        """These bytes, at her panel's host."""
        return self.stand.line.exchange(request(method, target, *headers, host=self.host, body=body))

    def ask(self, action: str | None, *headers: str, **fields: Any) -> Reply:
        """One call as most programs make it: POST, everything in a form."""
        return self.send("POST", API, FORM, *headers, body=form({"key": self.key, "action": action, **fields}))

    def says(self, action: str, **fields: Any) -> Any:
        """The value of an answer that must be no refusal."""
        value = self.ask(action, **fields).value
        assert not isinstance(value, dict) or "error" not in value, value
        return value

    def refused(self, action: str | None, *headers: str, **fields: Any) -> str:
        """The text of a refusal, which must be a proper one; nothing may have moved."""
        with self.stand.still():
            return refusal(self.ask(action, *headers, **fields))

    def order(self, service: Any = None, **fields: Any) -> int:
        """Place an order that must be taken."""
        answer = self.ask("add", service=service, **fields)
        id_ = answer.value.get("order")
        assert answer.body == b'{"order":%d}' % id_ if id_ else False, answer.body
        return int(id_)

    def status(self, order_id: int) -> Any:
        return self.says("status", order=order_id)

    def balance(self) -> Decimal:
        """As the books have it, not as the API says it."""
        return Decimal(self.stand.inside.balance(account_id=self.account_id)) / MICROS

    @contextmanager
    def spends(self, amount: Decimal | str | int) -> Iterator[None]:
        """Within the block her balance falls by exactly this much."""
        before = self.balance()
        yield
        assert before - self.balance() == Decimal(amount)


def refusal(answer: Reply) -> str:
    """The text of a refusal: 200, `error` and no other key, a code for machines in a header."""
    assert list(answer.value) == ["error"], answer.body
    assert answer.headers["x-error-code"]
    return str(answer.value["error"])


class Stand:
    """The server, and its panel `everything` with the customer Carol, who has 10,000.00 and more than enough."""

    def __init__(self, *, port: int, server: Process, inside: Inside) -> None:
        self.port = port
        self.server = server
        self.inside = inside
        self.line = Line(port)
        self._numbers = itertools.count(1)
        self.panel_id: int = inside.panel(slug="everything")
        self.carol = self.customer(panel_id=self.panel_id, host=f"127.0.0.1:{port}", balance="10000.00")
        self._services: list[dict[str, Any]] = []
        self._read_bytes = 0

    # ---- people and panels -------------------------------------------------------------------------

    def customer(
        self, *, panel_id: int, host: str, balance: str = "1000.00", price_list_id: int | None = None, **key: Any
    ) -> Reseller:
        """A new customer of a panel, with a balance and a key; `key` as of `create_key`."""
        micros = int(Decimal(balance) * MICROS)
        row = self.inside.new_customer(panel_id=panel_id, micros=micros, price_list_id=price_list_id)
        made = self.inside.new_key(customer_id=row["customer_id"], **key)
        return Reseller(self, host=host, panel_id=panel_id, **row, **made)

    def neighbour(self, balance: str = "1000.00", **key: Any) -> Reseller:
        """Another customer of Carol's panel."""
        return self.customer(panel_id=self.panel_id, host=self.carol.host, balance=balance, **key)

    def shop(self, *services: dict[str, Any], balance: str = "1000.00", preset: str = "", **options: Any) -> Reseller:
        """The customer of a new panel that sells these services, or what the preset says; rates in micros."""
        slug = f"shop-{next(self._numbers)}"
        host = f"{slug}.example"
        options = options if preset else {"name": slug, "currency": "USD"} | options
        panel_id = self.inside.open_panel(slug=slug, preset=preset, hosts=[(host, 0)], **options)
        if services:
            self.inside.sell(panel_id=panel_id, services=services)
        return self.customer(panel_id=panel_id, host=host, balance=balance)

    # ---- orders of Carol's -------------------------------------------------------------------------

    def row(self, type_name: str) -> dict[str, Any]:
        """The first service of a type, as `services` lists it."""
        if not self._services:
            self._services = self.carol.says("services")
        return next(row for row in self._services if row["type"] == type_name)

    def service(self, type_name: str = "Default") -> int:
        """Its number; of type Default one with refill, cancel and drip-feed."""
        return int(self.row(type_name)["service"])

    def pending_order(self) -> int:
        return self.carol.order(self.service(), link=new_link(), quantity=100)

    def completed_order(self, *, hours_ago: float = 48) -> int:
        order_id = self.pending_order()
        self.inside.report(order=order_id, status="Completed", start_count=1200, hours_ago=hours_ago)
        return order_id

    def refill(self, status: str) -> int:
        """A refill that has come to this word."""
        refill_id = int(self.carol.says("refill", order=self.completed_order())["refill"])
        if status != "Pending":
            self.inside.refill_report(refill=refill_id, status=status)
        return refill_id

    # ---- what must hold ----------------------------------------------------------------------------

    @contextmanager
    def still(self) -> Iterator[None]:
        """Within the block no order, refill, cancel, transfer, balance or event changes."""
        before = self.inside.state()
        yield
        assert self.inside.state() == before, "something moved"

    def at_once(self, sent: Sequence[bytes]) -> list[Reply]:
        """All of these requests, each on a connection of its own, started together; the answers in their order."""
        barrier = threading.Barrier(len(sent))
        got: dict[int, Reply] = {}

        def ask(place: int) -> None:
            line = Line(self.port)
            line.open()
            barrier.wait(30)
            got[place] = line.exchange(sent[place])
            line.close()

        threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(sent))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return [got[place] for place in range(len(sent))]

    def trouble(self) -> str:
        """What the server has written since this was asked last, if any of it is a fault or a warning of its own."""
        with self.server.log_path.open("rb") as file:
            file.seek(self._read_bytes)
            new = file.read()
        self._read_bytes += len(new)
        text = new.decode(errors="replace")
        # The one warning that a client may cause: what it sent was no HTTP.
        lines = [line for line in text.splitlines() if not line.endswith("Invalid HTTP request received.")]
        return text if any(word in line for line in lines for word in TROUBLE) else ""
