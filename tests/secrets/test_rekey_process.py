"""`panelwright rekey` as it is run: with the keys in the data folder's file, and with those of the environment."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.support.people import FOLLOWERS, Buyer, Owner
from tests.support.processes import Launcher
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db(transaction=True)

IN_THE_FILE = {"PANELWRIGHT_SECRET_KEY": "", "PANELWRIGHT_SECRET_KEY_FALLBACKS": ""}
OLD, NEW = "the-key-that-was-there-all-the-time", "the-key-that-is-there-from-now-on-too"


class Commands:
    """Runs one command after the other on the test's database, each to its end."""

    def __init__(self, launch: Launcher) -> None:
        self._launch = launch

    def __call__(self, status: int, *arguments: str, env: dict[str, str]) -> str:
        process = self._launch.start(*arguments, **env)
        assert process.wait(timeout_s=60) == status, process.log()
        assert "Traceback" not in process.log()
        return process.log()

    def add_provider(self, name: str, env: dict[str, str]) -> None:
        key = self._launch.secret_file(f"key-of-{name}")
        url = f"https://{name}.example/api/v2"
        self(0, "addprovider", "--panel", "shop", "--name", name, "--url", url, "--key-file", key, env=env)


def keys_of(secret: str) -> list[str]:
    """The providers' keys, opened with one secret only."""
    from panelwright.core.secret import Box
    from tests.support.people import values

    return [Box(secret).open(row[0]) for row in values("SELECT sealed_key FROM providers_provider ORDER BY id")]


def test_the_key_of_the_data_folder_is_exchanged(launch: Launcher, alice: Owner) -> None:
    run = Commands(launch)
    file = launch.folder / "secret.key"
    run.add_provider("north", IN_THE_FILE)
    (old,) = file.read_text().split()
    assert "A new key is in front." in run(0, "rekey", "--new-key", env=IN_THE_FILE)
    new, kept = file.read_text().split()
    assert kept == old
    run.add_provider("south", IN_THE_FILE)
    assert "1 old keys are gone" in run(0, "rekey", "--drop-old", env=IN_THE_FILE)
    assert file.read_text().split() == [new]
    assert keys_of(new) == ["key-of-north", "key-of-south"]
    assert "Everything is sealed with the first key." in run(0, "rekey", env=IN_THE_FILE)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_worker_goes_on_through_all_of_it(
    launch: Launcher, alice: Owner, carol: Buyer, upstream: ScriptedUpstream
) -> None:
    """Nobody starts it again: it meets what a command sealed with a key that it was not started with."""
    run = Commands(launch)
    env = {**IN_THE_FILE, "PANELWRIGHT_ALLOW_PRIVATE_PROVIDERS": "1"}
    upstream.answers("add", {"order": 1}, {"order": 2}, {"order": 3})
    upstream.answers("status", {"status": "In progress", "remains": "100"})
    upstream.answers("services", [])
    upstream.answers("balance", {"balance": "100.00", "currency": "USD"})
    of_north = ("--panel", "shop", "--provider", "north")
    key = launch.secret_file("the-first-key")
    run(0, "addprovider", "--panel", "shop", "--name", "north", "--url", upstream.url, "--key-file", key, env=env)
    run(
        0,
        "addroute",
        *of_north,
        "--service",
        str(FOLLOWERS),
        "--upstream-service",
        "1",
        "--upstream-type",
        "Default",
        env=env,
    )
    worker = launch.start("worker", **env)

    def order(count: int) -> str:
        carol.order()
        until(lambda: len(upstream.called("add")) == count)
        calls = zip(upstream.calls, upstream.keys, strict=True)
        return [key for call, key in calls if call["action"] == "add"][-1]

    assert order(1) == "the-first-key"
    run(0, "rekey", "--new-key", env=env)
    run(0, "setprovider", *of_north, "--key-file", launch.secret_file("the-second-key"), env=env)
    assert order(2) == "the-second-key"
    run(0, "rekey", "--drop-old", env=env)
    assert order(3) == "the-second-key"
    assert worker.returncode is None
    assert "cannot be decrypted" not in worker.log()


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 90
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_keys_of_the_environment_are_exchanged_there(launch: Launcher, alice: Owner) -> None:
    run = Commands(launch)
    run.add_provider("north", {"PANELWRIGHT_SECRET_KEY": OLD})
    both = {"PANELWRIGHT_SECRET_KEY": NEW, "PANELWRIGHT_SECRET_KEY_FALLBACKS": OLD}
    for option in ("--new-key", "--drop-old"):
        assert "change them there" in run(1, "rekey", option, env=both)
    assert keys_of(OLD) == ["key-of-north"]
    run(0, "rekey", env=both)
    assert keys_of(NEW) == ["key-of-north"]
    lost = run(1, "rekey", env={"PANELWRIGHT_SECRET_KEY": OLD})
    assert "providers_provider.sealed_key of row" in lost
    assert keys_of(NEW) == ["key-of-north"], "what cannot be opened is left alone"
