"""The sandbox as a process: how it starts, stops, dies and comes back."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from urllib3.exceptions import HTTPError, ProtocolError

from panelwright.sandbox import run
from panelwright.sandbox.tests.harness import Sandbox

LINK = "https://example.com/page"


def test_orders_are_delivered_as_real_time_goes_by(own_sandbox: Sandbox):
    own_sandbox.start("--speed", "20")
    caller = own_sandbox.caller("key")
    orders = {service: caller.add(service=service, link=LINK, quantity=1000) for service in (1, 2)}
    seen: dict[int, list[str]] = {1: [], 2: []}
    deadline = time.monotonic() + 60
    while any(words[-1:] != ["Completed"] for words in seen.values()):
        assert time.monotonic() < deadline, seen
        for service, words in seen.items():
            word = caller.status(orders[service])["status"]
            if words[-1:] != [word]:
                words.append(word)
        time.sleep(0.02)
    assert seen[2] == ["Pending", "In progress", "Completed"]


def test_what_was_acknowledged_survives_sigkill_under_load(own_sandbox: Sandbox):
    own_sandbox.start("--speed", "0")
    acknowledged: list[tuple[str, int]] = []
    threads = [threading.Thread(target=_add_until_it_dies, args=(own_sandbox, n, acknowledged)) for n in range(8)]
    for thread in threads:
        thread.start()
    while len(acknowledged) < 150:
        time.sleep(0.002)
    own_sandbox.kill()
    for thread in threads:
        thread.join()

    own_sandbox.start("--speed", "0")
    state = own_sandbox.state()
    found = {o["request_id"]: o["id"] for o in state["orders"]}
    assert len(found) == len(state["orders"])  # none twice
    assert {request_id: found.get(request_id) for request_id, _ in acknowledged} == dict(acknowledged)
    assert state["add_calls"].keys() == found.keys()
    # A caller that asks again gets the order that it has.
    caller = own_sandbox.caller("key")
    request_id, order = acknowledged[-1]
    assert caller.add(service=2, link=LINK, quantity=1000, request_id=request_id) == order
    spent_micros = 1_234_500 * len(found)
    assert caller.balance() == _text(1_000_000_000_000 - spent_micros)
    with pytest.raises(sqlite3.OperationalError, match="locked"):  # the file is its own
        sqlite3.connect(own_sandbox.data, timeout=0).execute("SELECT 1 FROM orders")


def _add_until_it_dies(sandbox: Sandbox, thread: int, acknowledged: list[tuple[str, int]]) -> None:
    caller = sandbox.caller("key")
    for n in range(100_000):
        try:
            order = caller.add(service=2, link=LINK, quantity=1000, request_id=f"{thread}-{n}")
        except Exception:
            return
        acknowledged.append((f"{thread}-{n}", order))


def _text(micros: int) -> str:
    whole, fraction = divmod(micros, 1_000_000)
    return f"{whole}.{fraction:06d}".rstrip("0")


def test_time_and_ends_go_on_over_a_restart_at_another_speed(own_sandbox: Sandbox):
    own_sandbox.start("--speed", "0")
    caller = own_sandbox.caller("key")
    orders = [caller.add(service=3, link=LINK, quantity=1000) for _ in range(8)]
    running = caller.add(service=5, link=LINK, quantity=1000)
    own_sandbox.advance(60)
    ids = ",".join(map(str, [*orders, running]))
    before = caller("status", orders=ids)
    assert {s["status"] for s in before.values()} >= {"Partial", "In progress"}
    own_sandbox.kill()
    own_sandbox.start("--speed", "0")
    assert caller("status", orders=ids) == before
    own_sandbox.control("config", speed=10_000)
    time.sleep(0.1)
    after = caller("status", orders=ids)
    assert after.pop(str(running))["status"] == "Completed"
    before.pop(str(running))
    assert after == before


def test_sigterm_stops_cleanly_and_a_second_one_is_told_why_it_cannot_start(own_sandbox: Sandbox):
    own_sandbox.start("--no-request-id")
    caller = own_sandbox.caller("key")
    first = caller.add(service=2, link=LINK, quantity=100, request_id="r")
    assert caller.add(service=2, link=LINK, quantity=100, request_id="r") != first

    same_port = own_sandbox.launch(own_sandbox.command())
    assert same_port.wait() == 1
    assert " is in use; choose another with --port" in same_port.log()
    same_file = own_sandbox.launch([*own_sandbox.command(), "--port", "0"])
    assert same_file.wait() == 1
    assert "database is locked" in same_file.log()

    assert own_sandbox.process is not None
    assert own_sandbox.process.terminate() == 0
    assert "Traceback" not in own_sandbox.process.log()


@pytest.mark.alone
def test_sigterm_does_not_wait_for_delayed_calls(own_sandbox: Sandbox):
    own_sandbox.start()
    caller = own_sandbox.caller("key")
    own_sandbox.set_faults({"fault": "timeout", "action": "add"}, {"fault": "latency", "seconds": 60, "when": "after"})
    ends: dict[str, object] = {}

    def call(action: str) -> None:
        try:
            ends[action] = caller.raw(action).status
        except HTTPError as error:
            ends[action] = type(error)

    threads = [threading.Thread(target=call, args=(action,)) for action in ("add", "balance")]
    for thread in threads:
        thread.start()
    while own_sandbox.faults()["calls"] != {"add": 1, "balance": 1}:
        time.sleep(0.02)
    assert own_sandbox.process is not None
    started = time.monotonic()
    assert own_sandbox.process.terminate() == 0
    assert time.monotonic() - started < 4  # uvicorn alone gives up after 5
    for thread in threads:
        thread.join()
    assert ends == {"add": ProtocolError, "balance": 200}
    assert "Traceback" not in own_sandbox.process.log()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "the following arguments are required: --data"),
        (["--data", "x"], "it accepts no key: name a file with --key-file, or set PANELWRIGHT_SANDBOX_KEYS"),
        (["--data", "x", "--key-file", os.devnull], "there is nothing in it"),
        (["--data", "x", "--key-file", "/no/such/file"], "it cannot be read"),
        # Not on the command line, where all users of the machine would see it.
        (["--data", "x", "--key", "k"], "argument --key: a secret on the command line stands in the list of processes"),
        (["--data", "x", "--control-token", "t"], "argument --control-token: a secret on the command line"),
        (["--data", "x", "--port", "70000"], "'70000' is not a port from 0 to 65535"),
        (["--data", "x", "--speed", "nan"], "'nan' is not a number from 0 to 10000"),
        (["--data", "x", "--dialect", "x"], "'x' is none of the dialects that --list-dialects shows"),
    ],
)
def test_wrong_usage_is_exit_status_2(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stopped:
        run.main(arguments)
    assert stopped.value.code == 2
    assert text in capsys.readouterr().err


def test_a_secret_that_is_refused_is_not_repeated(capsys: pytest.CaptureFixture[str]):
    for option in ("--key", "--control-token"):
        with pytest.raises(SystemExit):
            run.main(["--data", "x", option, "my-own-secret"])
        assert "my-own-secret" not in capsys.readouterr().err


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stopped:
        run.main(["--help"])
    assert stopped.value.code == 0
    assert "curl -d key=secret1 -d action=services" in capsys.readouterr().out


def test_the_dialects_are_listed(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stopped:
        run.main(["--list-dialects"])
    assert stopped.value.code == 0
    assert "\ncodes                states as numbers, 0 to 4\n" in capsys.readouterr().out


def test_a_file_or_folder_that_cannot_be_used_is_exit_status_1(
    tmp_path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(run.KEYS, "k")
    assert run.main(["--port", "0", "--data", str(tmp_path / "no" / "x")]) == 1
    assert "there is no folder" in capsys.readouterr().err
    (tmp_path / "text").write_text("not a database at all, but long enough to be looked at" * 20)
    assert run.main(["--port", "0", "--data", str(tmp_path / "text")]) == 1
    assert "file is not a database" in capsys.readouterr().err


def test_the_sandbox_loads_nothing_of_django():
    code = "import sys, panelwright.sandbox.run; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
