"""The load of the benchmark, made by a program from elsewhere: wrk, or autocannon where wrk is not there.

A generator of our own, in Python, would be slower than the server that it is to measure.
"""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from panelwright.cli.main import CommandRefused

MISSING = (
    "no load generator found. Install wrk (Debian and Ubuntu: apt-get install wrk),"
    " or autocannon, which needs Node and no compiler (npm install --global autocannon), and run it again"
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# An answer that takes longer counts as an error.
ANSWER_MAX_S = 10
CHECK_MAX_S = 60


@dataclass(frozen=True)
class Load:
    """Requests that are sent over and over. `lines` are bodies of POSTs, or paths of GETs."""

    name: str
    lines: Sequence[str]
    method: str = "POST"
    path: str = "/api/v2"
    headers: dict[str, str] = field(default_factory=lambda: dict(FORM))
    expected: int = 200


class Measured(NamedTuple):
    """What came out. `answers` are those with the expected status, `errors` everything else."""

    rps: float
    p50_ms: float
    p99_ms: float
    answers: int
    errors: int


class Checked(NamedTuple):
    """An exact number of requests: `good` answers, and what was said instead of a good one."""

    good: int
    bad: int
    example: str


class Generator(Protocol):
    name: str

    def drive(self, load: Load, *, port: int, connections: int, seconds: float) -> Measured:
        """Send as fast as answers come, for so long."""

    def check(self, load: Load, *, port: int, connections: int, requests: int) -> Checked:
        """Send exactly that many requests and look at each answer. Warms the server up, too."""


def find_generator(folder: Path) -> Generator:
    """The generator that is here; it keeps its files in `folder`. Raises Refused when there is none."""
    if program := shutil.which("wrk"):
        return Wrk(program, folder)
    if program := shutil.which("autocannon"):
        return Autocannon(program, folder)
    raise CommandRefused(MISSING)


# wrk runs this in a Lua state for its one thread and in another one for `done`. With a third
# argument it sends exactly that many requests, looks at each answer, and ends when all are in;
# without one it looks at no answer, so that it costs as little as it can.
_WRK_SCRIPT = """
local requests, turn, planned, total = {}, 0, 0, nil
good, bad, example = 0, 0, ""

function setup(thread) the_thread = thread end

local function report(name, text) io.write("RESULT ", name, " ", text, "\\n") end

local function look(status, _, body)
  if status == expected and not body:find('"error"', 1, true) then
    good = good + 1
  else
    bad = bad + 1
    if bad == 1 then example = status .. " " .. body:sub(1, 200):gsub("%c", " ") end
  end
  if good + bad == total then
    report("checked", good .. " " .. bad .. " " .. example)
    io.flush()
    os.exit(0)
  end
end

local function pause()
  planned = planned + 1
  return planned > total and 3600000 or 0
end

function init(args)
  expected, total = tonumber(args[3]), tonumber(args[4])
  for line in io.lines(args[1]) do
    local get = args[2] == "GET"
    requests[#requests + 1] = get and wrk.format("GET", line) or wrk.format("POST", nil, nil, line)
  end
  if total then delay, response = pause, look end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency, _)
  local e = summary.errors
  report("checked", the_thread:get("good") .. " " .. the_thread:get("bad") .. " " .. the_thread:get("example"))
  report("measured", string.format("%d %d %d %d %d", summary.requests - e.status, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
"""


class Wrk:
    """wrk 4: one thread, which is enough for one web process."""

    name = "wrk"

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._script = folder / "wrk.lua"
        self._script.write_text(_WRK_SCRIPT)

    def drive(self, load: Load, *, port: int, connections: int, seconds: float) -> Measured:
        words = self._run(load, port, connections, [], run_s=seconds)["measured"].split()
        answers, micros, p50, p99, errors = map(int, words)
        return Measured(answers / (micros / 1e6), p50 / 1e3, p99 / 1e3, answers, errors)

    def check(self, load: Load, *, port: int, connections: int, requests: int) -> Checked:
        words = self._run(load, port, connections, [str(requests)], run_s=CHECK_MAX_S)["checked"]
        good, bad, example = words.split(" ", 2)
        return Checked(int(good), requests - int(good), example if int(bad) else "no answer")

    def _run(self, load: Load, port: int, connections: int, more: list[str], *, run_s: float) -> dict[str, str]:
        lines = self._folder / "requests.txt"
        lines.write_text("\n".join(load.lines) + "\n")
        command = [self._program, "--threads", "1", "--connections", str(connections), "--script", str(self._script)]
        command += ["--duration", f"{math.ceil(run_s)}s", "--timeout", f"{ANSWER_MAX_S}s"]
        for name, value in load.headers.items():
            command += ["--header", f"{name}: {value}"]
        command += [f"http://127.0.0.1:{port}{load.path}", "--", str(lines), load.method, str(load.expected), *more]
        output = _output(command, stop_after_s=None if run_s == math.ceil(run_s) else run_s, most_s=run_s)
        found = [line.split(" ", 2) for line in output.splitlines() if line.startswith("RESULT ")]
        if not found:
            raise CommandRefused(f"wrk gave no result:\n{output}")
        return {name: text for _, name, text in found}


class Autocannon:
    """autocannon on Node. It cannot look at each body, only at the status; it needs more of the processor than wrk."""

    name = "autocannon"

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder

    def drive(self, load: Load, *, port: int, connections: int, seconds: float) -> Measured:
        # It takes whole seconds only.
        told = self._run(load, port, connections, ["--duration", str(math.ceil(seconds))], run_s=seconds)
        good, bad = _answers(told, load.expected)
        latency = told["latency"]
        return Measured(good / told["duration"], latency["p50"], latency["p99"], good, bad)

    def check(self, load: Load, *, port: int, connections: int, requests: int) -> Checked:
        told = self._run(load, port, connections, ["--amount", str(requests)], run_s=CHECK_MAX_S)
        good, bad = _answers(told, load.expected)
        return Checked(good, bad, f"statuses {told['statusCodeStats']}")

    def _run(self, load: Load, port: int, connections: int, more: list[str], *, run_s: float) -> dict[str, Any]:
        archive = self._folder / "requests.har"
        archive.write_text(json.dumps(_archive(load, port)))
        command = [self._program, "--json", "--no-progress", "--connections", str(connections)]
        command += ["--timeout", str(ANSWER_MAX_S), "--har", str(archive), *more, f"http://127.0.0.1:{port}"]
        try:
            told: dict[str, Any] = json.loads(_output(command, stop_after_s=None, most_s=run_s))
        except ValueError as error:
            raise CommandRefused(f"autocannon gave no result: {error}") from None
        return told


def _answers(told: dict[str, Any], expected: int) -> tuple[int, int]:
    """How many answers had the expected status, and how much else there was."""
    counts = {int(status): int(about["count"]) for status, about in told["statusCodeStats"].items()}
    good = counts.get(expected, 0)
    return good, sum(counts.values()) - good + int(told["errors"]) + int(told["timeouts"])


def _archive(load: Load, port: int) -> dict[str, Any]:
    """The requests as an HTTP archive, the one form in which autocannon takes many different ones."""
    entries = []
    for line in load.lines:
        post = load.method == "POST"
        request: dict[str, Any] = {
            "method": load.method,
            "url": f"http://127.0.0.1:{port}{load.path if post else line}",
            "headers": [{"name": name, "value": value} for name, value in load.headers.items()],
        }
        if post:
            request["postData"] = {"mimeType": FORM["Content-Type"], "text": line}
        entries.append({"request": request})
    return {"log": {"version": "1.2", "creator": {"name": "panelwright", "version": "1"}, "entries": entries}}


def _output(command: list[str], *, stop_after_s: float | None, most_s: float) -> str:
    """What the program writes. `stop_after_s`: then it is interrupted, which makes wrk sum up what it has."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL
    )
    try:
        if stop_after_s is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.communicate(timeout=stop_after_s)[0]
            process.send_signal(signal.SIGINT)
        return process.communicate(timeout=most_s + 3 * ANSWER_MAX_S)[0]
    except subprocess.TimeoutExpired:
        raise CommandRefused(f"{command[0]} did not end in time") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
