"""Another transport is a folder: one of the tests' own takes an order from its placing to its end."""

from __future__ import annotations

import json
import socketserver
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django_scopes import scope

from panelwright.core.refusal import Refused
from panelwright.providers import wire
from panelwright.providers.actions import add_provider, set_provider
from panelwright.providers.models import Provider
from panelwright.providers.sync.syncing import sync_one
from panelwright.providers.wire import transports
from panelwright.providers.worker import Upstreams
from tests.support.people import FOLLOWERS, Buyer, Owner, Seen, Time, execute, value, values
from tests.support.rounds import Rounds
from tests.support.serving import LoopbackServer

OURS = list(wire.__path__)
FOLDERS = Path(__file__).parent / "folders"
KEY = "key-of-lines"


class LinesPanel:
    """The other side: answers by what is asked. `lines` are what it was sent, in order."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.lines: list[dict[str, Any]] = []
        panel = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                asked = json.loads(self.rfile.readline())
                panel.lines.append(asked)
                answer = panel.answers[asked["what"]]
                if answer is not None:
                    self.wfile.write(json.dumps(answer).encode() + b"\n")

        self.server = LoopbackServer(Handler)

    @property
    def url(self) -> str:
        return f"lines://127.0.0.1:{self.server.port}"

    def asked(self, what: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["what"] == what]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[LinesPanel]:
    """A panel that speaks what the folder speaks, which stands where the product looks for folders."""
    monkeypatch.setattr(wire, "__path__", [*OURS, str(FOLDERS)])
    panel = LinesPanel()
    yield panel
    panel.server.stop()


def added(alice: Owner, url: str) -> Provider:
    with scope(panel=alice.panel):
        return add_provider(panel_id=alice.panel_id, name="lines", url=url, key=KEY, transport="json_lines")


def test_without_the_folder_there_is_the_panel_api_alone(alice: Owner) -> None:
    assert transports.names() == ("panel_v2",)
    with pytest.raises(Refused) as refused:
        added(alice, "lines://127.0.0.1:9")
    assert refused.value.refusal.code == "bad_choice"
    assert value("SELECT COUNT(*) FROM providers_provider") == 0


def test_a_folder_is_a_transport_when_it_says_how_to_connect(lines: LinesPanel) -> None:
    assert transports.names() == ("panel_v2", "json_lines")
    assert transports.transport("json_lines").good_address(lines.url)
    for name in ("tests", "nothing", "panel_v2.tests", ""):
        with pytest.raises(ValueError, match="no_transport¦name="):
            transports.transport(name)


def test_each_transport_has_its_own_addresses(alice: Owner, lines: LinesPanel) -> None:
    with pytest.raises(Refused):
        added(alice, "https://panel.example/api/v2")
    with scope(panel=alice.panel), pytest.raises(Refused):
        add_provider(panel_id=alice.panel_id, name="north", url=lines.url, key=KEY)
    provider = added(alice, lines.url)
    with scope(panel=alice.panel):
        with pytest.raises(Refused):
            set_provider(panel_id=alice.panel_id, provider_id=provider.id, url="https://panel.example/", key=KEY)
        set_provider(panel_id=alice.panel_id, provider_id=provider.id, url="lines://127.0.0.1:7", key=KEY)
    assert values("SELECT transport, url FROM providers_provider") == [("json_lines", "lines://127.0.0.1:7")]


def polled(worker: Rounds) -> None:
    execute("UPDATE orders_order SET due_at = created_at WHERE job = 'poll'")
    worker.poll()


def test_it_takes_orders_refills_and_cancels_to_their_ends(
    alice: Owner, carol: Buyer, lines: LinesPanel, worker: Rounds, time: Time
) -> None:
    alice.route(FOLLOWERS, added(alice, lines.url))
    order = carol.order()
    lines.answers["order"] = {"yes": "L-1"}
    assert worker.forward() == 1
    (sent,) = lines.asked("order")
    assert {name: sent[name] for name in ("key", "service", "quantity")} == {
        "key": KEY,
        "service": "77",
        "quantity": "1000",
    }
    lines.answers["orders"] = {"yes": {"L-1": ["In progress", 400]}}
    polled(worker)
    assert carol.sees(order) == Seen("In progress", "0.90", 400, 5)
    lines.answers["orders"] = {"yes": {"L-1": ["Completed", 0]}}
    polled(worker)
    assert carol.sees(order) == Seen("Completed", "0.90", 0, 5)

    time.passes(days=2)
    carol.refill(order)
    lines.answers |= {"again": {"yes": "R-1"}, "agains": {"yes": {"R-1": "Completed"}}}
    assert worker.refills() == 1
    time.passes(seconds=5)
    worker.refill_poll()
    assert values("SELECT status, upstream_id FROM orders_refill") == [("Completed", "R-1")]

    second = carol.order(link="https://example.com/second")
    lines.answers |= {"order": {"yes": "L-2"}, "stop": {"yes": True}}
    worker.forward()
    carol.cancel(second)
    worker.cancels()
    assert [line["ids"] for line in lines.asked("stop")] == [["L-2"]]
    lines.answers["orders"] = {"yes": {"L-2": ["Canceled", 1000]}}
    polled(worker)
    assert carol.sees(second)[:3] == ("Canceled", "0.00", 1000)
    assert carol.balance() == "99.10"
    assert alice.audit() == []


def test_what_it_refuses_or_leaves_open_is_treated_as_of_any_provider(
    alice: Owner, carol: Buyer, lines: LinesPanel, worker: Rounds
) -> None:
    alice.route(FOLLOWERS, added(alice, lines.url))
    refused, open_ = carol.order(link="https://example.com/1"), carol.order(link="https://example.com/2")
    execute("UPDATE orders_order SET due_at = '2100-01-01' WHERE id = %s", open_)
    lines.answers["order"] = {"no": "link"}
    worker.forward()
    assert carol.sees(refused)[:2] == ("Canceled", "0.00")
    execute("UPDATE orders_order SET due_at = created_at WHERE id = %s", open_)
    lines.answers["order"] = None  # it hangs up
    worker.forward()
    assert value("SELECT problem_code FROM orders_order WHERE id = %s", open_) == "outcome_unknown"
    worker.everything()
    assert len(lines.asked("order")) == 2, "an unknown outcome is never sent again"


def test_its_list_and_balance_are_read(alice: Owner, lines: LinesPanel) -> None:
    provider = added(alice, lines.url)
    alice.route(FOLLOWERS, provider)
    lines.answers |= {"offers": {"yes": [["77", "Followers", "0.5"]]}, "money": {"yes": "12.5"}}
    upstreams = Upstreams()
    came = sync_one(provider.id, upstreams.of)
    upstreams.close()
    assert came.problem == ""
    assert values("SELECT balance_micros FROM providers_provider") == [(12_500_000,)]
    assert values("SELECT rate_micros FROM providers_route") == [(500_000,)]


def test_a_transport_whose_folder_is_gone_sends_nothing(
    alice: Owner, carol: Buyer, lines: LinesPanel, worker: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.route(FOLLOWERS, added(alice, lines.url))
    order = carol.order()
    monkeypatch.setattr(wire, "__path__", OURS)
    worker.forward()
    assert lines.lines == []
    assert carol.sees(order)[0] == "Pending"
    assert value("SELECT problem_facts FROM orders_order").count("no_transport¦name=json_lines") == 1
