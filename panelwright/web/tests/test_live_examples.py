"""The example code of the documentation, copied from the page and run against a live panel."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from urllib.request import urlopen

import pytest

from panelwright.web.tests.conftest import Live
from panelwright.web.tests.reading import codes, programs, section, text_of, types_offered

RUN_MAX_S = 30


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
