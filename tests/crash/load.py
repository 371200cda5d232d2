"""Customers who go on ordering while everything around them dies, and who remember what they were told."""

from __future__ import annotations

import http.client
import json
import random
import threading
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import urlencode

from tests.support.selling import CANCELS, COMMENTS, FAST, ONE_A_LINK, PARTIAL, Buyer

THREADS = 12
ANSWER_MAX_S = 20.0
# Between two requests of one customer, in seconds: as much load as two cores deliver upstream.
PAUSE_S = (0.0, 0.25)


class Came(Enum):
    """How far a request came, as far as its sender can know."""

    ANSWERED = "answered"
    NOT_SENT = "not sent"  # no connection
    LOST = "lost"  # sent, and no answer


@dataclass
class Intent:
    """One order that somebody wants, told apart by its link. With a `request_id` it is asked for until it is there."""

    buyer: Buyer
    params: dict[str, str]
    request_id: str = ""
    answers: list[int] = field(default_factory=list)  # order ids
    lost: int = 0  # requests that may or may not have been carried out

    @property
    def link(self) -> str:
        return self.params["link"]

    @property
    def form(self) -> dict[str, str]:
        extra = {"request_id": self.request_id} if self.request_id else {}
        return {"key": self.buyer.key, "action": "add", **self.params, **extra}


class Customer:
    """One program with one connection: places orders, repeats requests, asks for status, cancels."""

    def __init__(self, *, number: int, seed: int, buyer: Buyer, port: int) -> None:
        self.draw = random.Random(f"{seed}:{number}")
        self.buyer = buyer
        self.intents: list[Intent] = []
        # What nobody should have been told: answers that are neither an order nor a passing trouble.
        self.surprises: list[str] = []
        self.acknowledged = 0
        self._number = number
        self._port = port
        self._connection: http.client.HTTPConnection | None = None

    def work(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.step()
            stop.wait(self.draw.uniform(*PAUSE_S))
        self._hang_up()

    def step(self) -> None:
        known = [intent for intent in self.intents if intent.answers]
        waiting = [intent for intent in self.intents if intent.request_id and not intent.answers]
        dice = self.draw.random()
        if waiting and dice < 0.5:
            self.place(self.draw.choice(waiting))
        elif known and dice < 0.12:
            self._status(self.draw.sample(known, min(len(known), 5)))
        elif known and dice < 0.22:
            self._cancel(self.draw.choice(known[-8:]))
        elif known and dice < 0.3:
            again = self.draw.choice(known)
            if again.request_id:
                self.place(again)
        else:
            self.intents.append(self._wish())
            self.place(self.intents[-1])

    def _wish(self) -> Intent:
        name = f"{self._number}-{len(self.intents)}"
        service = self.draw.choices([FAST, PARTIAL, CANCELS, COMMENTS, ONE_A_LINK], [4, 3, 3, 2, 1])[0]
        params = {"service": str(service), "link": f"https://example.com/{name}"}
        if service == COMMENTS:
            params["comments"] = "\n".join(f"so {word}" for word in ("good", "nice", "fine", "true"))
        else:
            params["quantity"] = str(self.draw.randint(100, 900))
        if service == FAST and self.draw.random() < 0.15:
            params |= {"runs": "2", "interval": "1"}
        return Intent(self.buyer, params, f"cart-{name}" if self.draw.random() < 0.5 else "")

    def place(self, intent: Intent) -> None:
        """Send it once and remember what was answered."""
        # Now and then the customer's own program dies with the request half way.
        came, status, value = self._request(intent.form, hang_up=self.draw.random() < 0.03)
        if came is Came.LOST:
            intent.lost += 1
        elif came is Came.ANSWERED and status == 200 and list(value) == ["order"]:
            intent.answers.append(value["order"])
            self.acknowledged += 1
        elif came is Came.ANSWERED and status == 500 and "temporarily unknown" in value.get("error", ""):
            intent.lost += 1
        elif came is Came.ANSWERED and status != 503:
            self.surprises.append(f"add {intent.form}: HTTP {status} {value}")

    def _status(self, intents: list[Intent]) -> None:
        ids = [intent.answers[0] for intent in intents]
        form = {"key": self.buyer.key, "action": "status", "orders": ",".join(map(str, ids))}
        came, status, value = self._request(form)
        if came is not Came.ANSWERED or status == 503:
            return
        if status != 200 or list(value) != [str(id_) for id_ in dict.fromkeys(ids)]:
            self.surprises.append(f"status {ids}: HTTP {status} {value}")
        elif bad := {id_: shown for id_, shown in value.items() if "status" not in shown}:
            self.surprises.append(f"acknowledged orders are not known: {bad}")

    def _cancel(self, intent: Intent) -> None:
        id_ = intent.answers[0]
        form = {"key": self.buyer.key, "action": "cancel", "orders": str(id_)}
        came, status, value = self._request(form)
        allowed = [
            [{"order": id_, "cancel": 1}],
            [{"order": id_, "cancel": {"error": "The order cannot be canceled"}}],
        ]
        if came is Came.ANSWERED and status not in {500, 503} and (status != 200 or value not in allowed):
            self.surprises.append(f"cancel {id_}: HTTP {status} {value}")

    def _request(self, form: dict[str, str], *, hang_up: bool = False) -> tuple[Came, int, Any]:
        """One request on the kept connection, or a new one; never sent twice."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_MAX_S)
            try:
                self._connection.connect()
            except OSError:
                self._hang_up()
                return Came.NOT_SENT, 0, None
        try:
            self._connection.request(
                "POST", "/api/v2", urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"}
            )
            if hang_up:
                self._hang_up()
                return Came.LOST, 0, None
            response = self._connection.getresponse()
            return Came.ANSWERED, response.status, json.loads(response.read())
        except (OSError, http.client.HTTPException):
            self._hang_up()
            return Came.LOST, 0, None

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Load:
    """All customers, each on a thread; they stop at the end of the `with` block."""

    def __init__(self, *, seed: int, buyers: tuple[Buyer, ...], port: int) -> None:
        self.customers = [
            Customer(number=n, seed=seed, buyer=buyers[n % len(buyers)], port=port) for n in range(THREADS)
        ]
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=customer.work, args=(self._stop,), daemon=True) for customer in self.customers
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(2 * ANSWER_MAX_S)
        assert not any(thread.is_alive() for thread in self._threads)

    @property
    def acknowledged(self) -> int:
        return sum(customer.acknowledged for customer in self.customers)

    @property
    def intents(self) -> list[Intent]:
        return [intent for customer in self.customers for intent in customer.intents]

    @property
    def surprises(self) -> list[str]:
        return [text for customer in self.customers for text in customer.surprises]

    def repeat_all(self) -> None:
        """After the storm: every request_id once more. Each must now be answered."""
        for customer in self.customers:
            for intent in customer.intents:
                if intent.request_id:
                    before = len(intent.answers)
                    while len(intent.answers) == before and not customer.surprises:
                        customer.place(intent)
