"""What lies on the disk is for its owner, whatever mask the processes were started with; no secret is an argument."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from panelwright.sandbox.run import CONTROL_TOKEN, KEYS
from tests.support import signals
from tests.support.processes import Launcher, Process, free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]


def open_ones(folder: Path) -> list[str]:
    """What another user could look into."""
    paths = [folder, *folder.rglob("*")]
    return [f"{path} {stat.S_IMODE(path.stat().st_mode):o}" for path in paths if path.stat().st_mode & 0o077]


def with_an_open_mask(launch: Launcher, *arguments: str, **environment: str) -> Process:
    command = ["/bin/sh", "-c", 'umask 000; exec "$0" -m panelwright "$@"', sys.executable, *arguments]
    return launch.start_command(command, env=launch.environment(**environment))


def masks(pids: list[int]) -> list[str]:
    found = []
    for pid in pids:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        found += [line.split()[1] for line in lines if line.startswith("Umask:")]
    return found


def test_everything_that_an_installation_writes_is_for_its_owner(launch: Launcher, tmp_path: Path) -> None:
    data, port = tmp_path / "new" / "data", free_port()
    own = {"PANELWRIGHT_DATABASE_URL": "", "PANELWRIGHT_SECRET_KEY": "", "PANELWRIGHT_DATA": str(data)}
    server = with_an_open_mask(launch, "serve", "--port", str(port), **own)
    server.wait_for_http(f"http://127.0.0.1:{port}/")
    server.wait_for(lambda: bool(signals.children(server.pid, command="worker")), what="a worker")
    written = {"panelwright.sqlite3", "panelwright.sqlite3-wal", "secret.key"}
    # The log is there as long as somebody is connected, as the worker soon is.
    server.wait_for(lambda: {path.name for path in data.iterdir()} >= written, what=f"{written}")
    assert open_ones(data) == []
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    pids = [server.pid, *signals.children(server.pid, command="")]
    assert len(pids) == 3
    assert masks(pids) == ["0077"] * 3
    assert "other users" not in server.log()
    assert server.terminate() == 0


def test_a_folder_that_others_can_read_is_told_of(launch: Launcher, tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    data.mkdir(mode=0o755)
    data.chmod(0o755)
    own = {"PANELWRIGHT_DATABASE_URL": "", "PANELWRIGHT_SECRET_KEY": "", "PANELWRIGHT_DATA": str(data)}
    assert launch.start("migrate", **own).wait(timeout_s=60) == 0
    (data / "panelwright.sqlite3").chmod(0o644)
    server = launch.start("serve", "--port", str(port), "--no-worker", **own)
    server.wait_for_http(f"http://127.0.0.1:{port}/")
    log = server.log()
    assert f"other users of this machine can read {data}, " in log
    assert f"chmod 700 {data}" in log
    assert f"chmod 600 {data}/panelwright.sqlite3" in log
    assert "secret.key" not in log, "that one is shut"
    assert server.terminate() == 0


def test_the_sandbox_keeps_its_orders_and_its_keys_to_itself(launch: Launcher, tmp_path: Path) -> None:
    folder = tmp_path / "sandbox"
    folder.mkdir(mode=0o700)
    secrets = {KEYS: "a-key-of-ours another", CONTROL_TOKEN: "a-token-of-ours"}
    where = ("--port", str(free_port()), "--data", str(folder / "orders.sqlite3"))
    sandbox = with_an_open_mask(launch, "sandbox", *where, **secrets)
    sandbox.wait_for_log("/api/v2")
    assert open_ones(folder) == []
    assert masks([sandbox.pid]) == ["0077"]
    line = Path(f"/proc/{sandbox.pid}/cmdline").read_bytes().decode()
    assert not [secret for secret in ("a-key-of-ours", "another", "a-token") if secret in line]


def test_a_short_key_is_refused_at_the_start_with_what_to_do(launch: Launcher) -> None:
    for command in ("serve", "worker", "audit"):
        status, said = launch.run(command, PANELWRIGHT_SECRET_KEY="x")
        assert status == 1, said
        assert "PANELWRIGHT_SECRET_KEY: a key of 1 characters is too short, it needs 32" in said
        assert "Traceback" not in said
