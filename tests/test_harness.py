"""The tests' own ground: the database asked for is the one that is used, by every thread and process."""

from __future__ import annotations

import http.server
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Watch
from tests.support.processes import Launcher
from tools.local_postgres import running_postgres

PAGE = """<!doctype html><title>Hello</title><h1>Hello</h1>
<img src="https://elsewhere.invalid/x.png"><script>absent()</script>"""


def test_the_database_is_of_the_kind_asked_for(transactional_db: None, database_kind: str) -> None:
    assert connection.vendor == database_kind
    with connection.cursor() as cursor:
        if database_kind == "sqlite":
            cursor.execute("SELECT file FROM pragma_database_list WHERE name = 'main'")
            # In memory, it would have no file.
            assert os.path.samefile(cursor.fetchone()[0], str(connection.settings_dict["NAME"]))
        else:
            cursor.execute("SELECT current_database()")
            assert cursor.fetchone()[0].startswith("test_panelwright")


def test_every_migration_is_applied(transactional_db: None) -> None:
    executor = MigrationExecutor(connection)
    assert executor.loader.graph.leaf_nodes() != []
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_every_change_of_a_model_has_its_migration(transactional_db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_another_thread_sees_what_was_committed(transactional_db: None) -> None:
    Group.objects.create(name="thread")
    seen: list[int] = []

    def look() -> None:
        seen.append(Group.objects.count())
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [1]


def test_another_process_writes_what_this_one_reads(launch: Launcher) -> None:
    script = (
        "import django; django.setup()\n"
        "from django.contrib.auth.models import Group\n"
        "Group.objects.create(name='process')\n"
    )
    process = launch.start_command([sys.executable, "-c", script], env=launch.environment())
    assert process.wait() == 0, process.log()
    assert list(Group.objects.values_list("name", flat=True)) == ["process"]


def test_a_test_leaves_nothing_to_the_next(transactional_db: None) -> None:
    assert Group.objects.count() == 0


THEIRS = """
import django
django.setup()
from django.core.management import call_command
from django.core.management.commands.migrate import Command
call_command(Command(), verbosity=0, interactive=False)
"""


def test_an_empty_database_takes_the_migrations_and_they_make_what_djangos_own_command_makes(
    empty_database: str, new_database: Callable[[], str], tmp_path: Path
) -> None:
    """Ours makes fewer models anew on the way (core/migrating.py): what `new_database` has was made so."""
    env = {**os.environ, "PANELWRIGHT_DATABASE_URL": empty_database, "PANELWRIGHT_DATA": str(tmp_path)}
    command = [sys.executable, "-m", "django", "migrate", "--check"]
    assert subprocess.run(command, env=env, check=False).returncode == 1
    subprocess.run([sys.executable, "-c", THEIRS], env=env, check=True, stdout=subprocess.DEVNULL)
    assert subprocess.run(command, env=env, check=False).returncode == 0
    theirs, ours = tables_of(empty_database), tables_of(new_database())
    assert len(ours) > 100
    assert [line for line in ours if line not in set(theirs)] == []
    assert ours == theirs


_OF_POSTGRESQL = (
    "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default, is_identity"
    " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "SELECT relname FROM pg_class WHERE relkind IN ('S', 'v', 'm') AND relnamespace = 'public'::regnamespace"
    " ORDER BY 1",
    "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
    "SELECT app, name FROM django_migrations ORDER BY 1, 2",
)

_CASTS = re.compile(r"::(text|character varying)(\[\])?|[()]")


def tables_of(url: str) -> list[str]:
    """Everything that the tables of a database are made of, a line each."""
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(unquote(url.removeprefix("sqlite:///")))) as opened:
            made = opened.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
            return [repr(row) for row in made]
    with psycopg.connect(url) as server:
        made = [repr(row) for query in _OF_POSTGRESQL for row in server.execute(query).fetchall()]
    # What was restored from a dump says the same with other casts.
    return [_CASTS.sub("", line) for line in made]


def test_a_killed_process_takes_its_children_along(launch: Launcher) -> None:
    command = ["/bin/sh", "-c", "sleep 600 & echo child $!; wait"]
    process = launch.start_command(command, env=launch.environment())
    process.wait_for_log("child ")
    child = int(process.log().split()[1])
    process.kill()
    assert process.returncode == -9
    deadline = time.monotonic() + 60
    while _lives(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _lives(child)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_stays_behind_of_tests_that_are_ended(how: signal.Signals, tmp_path: Path) -> None:
    """As a time limit ends them, when no code of ours runs any more."""
    sample = tmp_path / "test_sample.py"
    sample.write_text(
        "import os, time\n"
        "from pathlib import Path\n"
        "from tests.support.processes import Launcher\n"
        "def test_it():\n"
        f"    launch = Launcher(database_url='', folder=Path({str(tmp_path)!r}))\n"
        "    ended = launch.start_command(['/bin/true'], env=dict(os.environ))\n"
        "    ended.wait()\n"
        "    command = ['/bin/sh', '-c', 'sleep 600 & echo child $!; wait']\n"
        "    held = launch.start_command(command, env=dict(os.environ))\n"
        "    held.wait_for_log('child ')\n"
        "    kept = Path(os.environ['PANELWRIGHT_DATA'])\n"
        "    (kept / 'some.log').write_text('x')\n"
        "    print('READY', held.pid, held.log().split()[1], kept, flush=True)\n"
        "    time.sleep(600)\n"
    )
    command = [sys.executable, "-m", "pytest", "-s", "-p", "tests.support.database", "-p", "no:django"]
    command += ["--db", "sqlite", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    command += ["--confcutdir", str(tmp_path), "-c", os.devnull, str(sample)]
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    run = subprocess.Popen(
        command,
        cwd=Path(__file__).parents[1],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert run.stdout is not None
    try:
        lines: list[str] = []
        for line in run.stdout:
            lines.append(line)
            if "READY" in line:
                break
        assert lines and "READY" in lines[-1], "".join(lines)
        held, child, folder = lines[-1].partition("READY")[2].split()
        assert _lives(int(held)) and _lives(int(child)) and Path(folder).is_dir()
        run.send_signal(how)
        run.wait(60)
    finally:
        run.kill()
        run.wait()
        run.stdout.close()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (_lives(int(held)) or _lives(int(child)) or Path(folder).exists()):
        time.sleep(0.05)
    assert not _lives(int(held))
    assert not _lives(int(child))
    assert not Path(folder).exists()


def _lives(pid: int) -> bool:
    status = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    # Z: dead, and not yet collected by whoever inherited it.
    return status.stdout.strip()[:1] not in {"", "Z"}


def test_a_durable_postgresql_waits_for_the_disk() -> None:
    import psycopg

    with running_postgres(durable=True) as server, psycopg.connect(server.url("postgres")) as client:
        row = client.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')").fetchone()
        assert row == ("on", "on")
        assert (server.programs / "pgbench").exists()
    assert not server.folder.exists()


class _Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGE if self.path == "/bad" else PAGE.partition("<img")[0]
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def site() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_browser_shows_a_page(page: Page, site: str) -> None:
    page.goto(site)
    expect(page.get_by_role("heading")).to_have_text("Hello")


def test_the_browser_reports_foreign_hosts_and_failing_scripts(browser: Browser, site: str) -> None:
    context = browser.new_context()
    watch = Watch(context)
    context.new_page().goto(f"{site}/bad")
    context.close()
    assert watch.foreign == ["https://elsewhere.invalid/x.png"]
    assert len(watch.errors) == 1
    assert "absent is not defined" in watch.errors[0]


@pytest.mark.parametrize("ci", ["true", "false"])
def test_a_skip_is_named_and_fails_only_in_ci(ci: str, tmp_path: Path) -> None:
    root = Path(__file__).parents[1]
    sample = tmp_path / "test_sample.py"
    sample.write_text("import pytest\ndef test_runs(): pass\ndef test_not(): pytest." + "skip('no moon tonight')\n")
    report = tmp_path / "skips.txt"
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.skips", "-p", "no:django", "-p", "no:cacheprovider"]
    command += [
        "--rootdir",
        str(tmp_path),
        "--confcutdir",
        str(tmp_path),
        "-c",
        os.devnull,
        "--report-skips",
        str(report),
        str(sample),
    ]
    done = subprocess.run(command, cwd=root, env={**os.environ, "CI": ci}, capture_output=True, text=True, check=False)
    assert done.returncode == (1 if ci == "true" else 0), done.stdout
    assert "1 passed, 1 skipped" in done.stdout
    assert report.read_text().endswith("test_sample.py::test_not: no moon tonight\n")


def test_the_number_of_a_process_that_ended_is_nobodys_to_kill(
    launch: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system gives it out again, to a server of PostgreSQL for example."""
    process = launch.start_command([sys.executable, "-c", "pass"], env=dict(os.environ))
    assert process.wait() == 0
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "killpg", lambda pid, signum: sent.append((pid, signum)))
    process.kill()
    assert sent == []
