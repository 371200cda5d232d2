"""The example code of the documentation, copied from the page and run against a live panel."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlencode
from urllib.request import urlopen

import pytest

from panelwright.storefront.tests.conftest import Live
from panelwright.storefront.tests.reading import codes, programs, section, text_of, types_offered

RUN_MAX_S = 90


@pytest.fixture
def docs(live: Live) -> str:
    with urlopen(f"{live.base_url.rstrip('/')}/api", timeout=RUN_MAX_S) as response:
        return response.read().decode()


def run(live: Live, command: list[str], code: str) -> list[str]:
    """The lines that a program printed, with the key filled in as the page says."""
    assert "YOUR_API_KEY" in code and live.api_url in code
    filled = code.replace("YOUR_API_KEY", live.api_key)
    done = subprocess.run([*command, filled], capture_output=True, text=True, timeout=RUN_MAX_S, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_the_python_program_runs(live: Live, docs: str) -> None:
    balance, order, status = run(live, [sys.executable, "-c"], programs(docs)["python"])
    assert re.fullmatch(r"\d+\.\d{2,6} [A-Z]{3}", balance)
    assert re.fullmatch(r"[1-9]\d*", order)
    assert status in {"Pending", "Processing", "In progress"}


def test_the_curl_program_runs(live: Live, docs: str) -> None:
    balance, order, status = run(live, ["sh", "-c"], programs(docs)["curl"])
    assert list(json.loads(balance)) == ["balance", "currency"]
    assert re.fullmatch(r'\{"order":[1-9]\d*\}', order)
    assert list(json.loads(status)) == ["charge", "start_count", "status", "remains", "currency"]


class Unlucky(BaseHTTPRequestHandler):
    """Passes calls on to the panel, and loses the first answer to each action; the second time it is busy."""

    panel = ""
    tries: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        action = parse_qs(body.decode())["action"][0]
        self.tries.append(action)
        with urlopen(self.panel, data=body, timeout=RUN_MAX_S) as response:
            answer = response.read()
        tried = self.tries.count(action)
        if tried == 1:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if tried == 2:
            answer = b'{"error":"The panel is temporarily overloaded, please retry"}'
        self.send_response(503 if tried == 2 else 200)
        if tried == 2:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.mark.parametrize(("slug", "command"), [("python", [sys.executable, "-c"]), ("curl", ["sh", "-c"])])
def test_a_program_whose_answers_are_lost_places_one_order(
    live: Live, docs: str, slug: str, command: list[str]
) -> None:
    Unlucky.panel, Unlucky.tries = live.api_url, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Unlucky) as between:
        threading.Thread(target=between.serve_forever, daemon=True).start()
        code = programs(docs)[slug].replace(live.api_url, f"http://127.0.0.1:{between.server_port}/")
        filled = code.replace("YOUR_API_KEY", live.api_key)
        done = subprocess.run([*command, filled], capture_output=True, text=True, timeout=3 * RUN_MAX_S, check=False)
        between.shutdown()
    assert done.returncode == 0, done.stderr
    balance, order, _status = done.stdout.splitlines()
    assert Unlucky.tries == ["balance"] * 3 + ["add"] * 3 + ["status"] * 3
    number = int(re.findall("[0-9]+", order)[0])
    after = run(live, command, programs(docs)[slug])
    later = int(re.findall("[0-9]+", after[1])[0])
    # Numbers may be left out (PostgreSQL gives none twice), but none between the two is an order.
    between_them = ",".join(map(str, range(number + 1, later)))
    asked = urlencode({"key": live.api_key, "action": "status", "orders": f"{number},{between_them}"})
    with urlopen(live.api_url, data=asked.encode(), timeout=RUN_MAX_S) as response:
        told = json.load(response)
    assert [id_ for id_, answer in told.items() if "error" not in answer] == [str(number)]
    left = [Decimal(re.findall(r"\d+\.\d+", text)[0]) for text in (balance, after[0])]
    assert 0 < left[0] - left[1] < 10


def test_the_service_list_is_fetched_when_it_has_changed(live: Live, docs: str, tmp_path: Path) -> None:
    (call,) = codes(section(docs, "limits"))
    filled = call.replace("YOUR_API_KEY", live.api_key)
    said = [subprocess.check_output(["sh", "-c", filled], cwd=tmp_path, text=True).strip() for _ in range(2)]
    assert said == ["200", "304"]
    assert json.loads((tmp_path / "services.json").read_bytes())


def test_the_dry_run_places_nothing(live: Live, docs: str) -> None:
    call = codes(section(docs, "dry-run"))[0]
    first, second = run(live, ["sh", "-c"], call), run(live, ["sh", "-c"], call)
    assert first == second
    assert list(json.loads(first[0])) == ["charge", "currency"]


def test_the_example_call_of_every_type_places_an_order(live: Live, docs: str) -> None:
    slugs = re.findall(r'data-variant="([\w-]+)"', docs)
    assert len(slugs) == len(types_offered(docs)) > 0
    for slug in slugs:
        (answer,) = run(live, ["sh", "-c"], codes(section(docs, f"add-{slug}"))[0])
        assert re.fullmatch(r'\{"order":[1-9]\d*\}', answer), slug


def test_the_call_with_a_request_id_can_be_repeated(live: Live, docs: str) -> None:
    call = codes(section(docs, "retries"))[0]
    first = run(live, ["sh", "-c"], call)
    assert run(live, ["sh", "-c"], call) == first
    (refusal,) = run(live, ["sh", "-c"], call.replace("-d service=1 ", "-d service=2 "))
    error = json.loads(refusal)["error"]
    assert error == "Incorrect request_id"
    assert error in text_of(section(docs, "errors"))
