"""The database under test: `pytest --db sqlite` (the default) or `pytest --db postgresql`.

SQLite is a file, never memory: threads and other processes must see the same rows. PostgreSQL is
one server for the whole run, shared by its workers, each with a test database of its own. Neither
waits for the disk; all of it lies in a temporary folder and is gone at the end of the run.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.guardian import guardian
from tools.local_postgres import create_database, drop_database, run_program, running_postgres

KINDS = ("sqlite", "postgresql")
_ROOT = Path(__file__).parents[2]
# What the migrations make, from run to run.
_KEPT_IN = _ROOT / "var" / "tests"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--db",
        choices=KINDS,
        default=os.environ.get("PANELWRIGHT_TEST_DB", "sqlite"),
        help="the database to test on (default: PANELWRIGHT_TEST_DB, else sqlite)",
    )
    parser.addoption(
        "--touching-database",
        action="store_true",
        help="only the tests whose result may depend on the database: the others run once, without this option",
    )


# Whoever reads or writes a database gets it, itself or through another fixture, from one of these.
_DATABASE_FIXTURES = frozenset(
    {"db", "transactional_db", "django_db_setup", "database_kind", "new_database", "empty_database", "launch"}
)


def touches_database(item: pytest.Item) -> bool:
    """Whether the result of a test may depend on the database.

    Without asking for one, itself or through its fixtures, a test is given none; and what is marked `one_database`
    walks through pages to look at them, whose queries other tests run on both.
    """
    if item.get_closest_marker("one_database") is not None:
        return False
    asked = _DATABASE_FIXTURES & set(getattr(item, "fixturenames", ()))
    return bool(asked) or item.get_closest_marker("django_db") is not None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("touching_database"):
        return
    kept = [item for item in items if touches_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if not touches_database(item)])
    items[:] = kept


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Point the settings at the test database, then load them: the settings read the environment once."""
    if config.option.help or config.option.version:
        return
    if "DJANGO_SETTINGS_MODULE" in os.environ and not _is_worker(config):
        raise pytest.UsageError("Unset DJANGO_SETTINGS_MODULE: the tests choose their own database.")
    if not _is_worker(config):
        kind = config.getoption("db")
        if kind not in KINDS:  # pytest checks the option, not the variable
            raise pytest.UsageError(f"PANELWRIGHT_TEST_DB is {kind!r}; write one of: {', '.join(KINDS)}.")
        resources = ExitStack()
        config.add_cleanup(resources.close)
        _start_run(kind, resources)
    from django.conf import settings

    os.environ["DJANGO_SETTINGS_MODULE"] = "panelwright.settings"
    assert settings.DATABASES  # loads them; pytest-django then sets Django up


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _start_run(kind: str, resources: ExitStack) -> None:
    """Once a run: the server and the environment, which workers and child processes inherit."""
    folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="panelwright-test-")))
    guardian.keep_folder(folder)
    if kind == "postgresql":
        url = resources.enter_context(running_postgres(durable=False)).url("panelwright")
    else:
        url = _sqlite_url(folder / "panelwright.sqlite3")
    os.environ |= {
        "PANELWRIGHT_DATA": str(folder),
        "PANELWRIGHT_DATABASE_URL": url,
        "PANELWRIGHT_SECRET_KEY": "a-key-for-tests-and-for-nothing-else",
        "PANELWRIGHT_ALLOW_PRIVATE_PROVIDERS": "1",  # the sandbox answers on loopback
        "PANELWRIGHT_ALLOW_PRIVATE_WEBHOOKS": "1",  # so do the receivers of webhooks
        "PANELWRIGHT_ALLOW_WEBHOOKS_TO_THIS_MACHINE": "1",
        "PANELWRIGHT_FSYNC": "0",
    }


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Leave the test database: it goes with its folder or server, whoever is still connected to it."""
    return True


@pytest.fixture(scope="session")
def database_kind(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgresql`."""
    return str(request.config.getoption("db"))


@pytest.fixture
def database_url(transactional_db: None, database_kind: str) -> str:
    """The address of this worker's migrated test database, to give to another process.

    The test commits for real; when it ends, every table is emptied.
    """
    from django.db import connection

    name = str(connection.settings_dict["NAME"])
    if database_kind == "sqlite":
        return f"sqlite:///{quote(name)}"
    return f"postgresql://{connection.settings_dict['USER']}@/{quote(name)}?host={connection.settings_dict['HOST']}"


# What the migrations themselves have written, which no test changes.
_KEPT = frozenset({"django_migrations", "django_content_type", "auth_permission"})
# Emptied so many times row by row, PostgreSQL's tables are full of dead rows: nothing vacuums them here.
_DELETES_MAX = 50
_deletes = itertools.count(1)


def _empty_tables(case: object) -> None:
    """Empty the tables that have rows: several times as fast as Django's way, which empties and fills all of them."""
    from django.db import connection, transaction

    tables = [name for name in connection.introspection.django_table_names(include_views=False) if name not in _KEPT]
    with transaction.atomic(), connection.cursor() as run:
        run.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in tables))
        filled = [row[0] for row in run.fetchall()]
        if connection.vendor == "sqlite":
            run.execute("PRAGMA defer_foreign_keys = ON")
        elif next(_deletes) % _DELETES_MAX == 0:
            run.execute(f"TRUNCATE {', '.join(tables)}")
            return
        else:
            # Without the triggers that would look for what refers to each row: all of it goes.
            run.execute("SET LOCAL session_replication_role = replica")
        for name in filled:
            run.execute(f"DELETE FROM {name}")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Begin with a copy of the database that was migrated once: then there is nothing left to migrate."""
    from django.db import connection
    from django.test import TransactionTestCase

    TransactionTestCase._fixture_teardown = _empty_tables  # type: ignore[attr-defined]
    name = connection.creation._get_test_db_name()  # type: ignore[attr-defined]
    if connection.vendor == "sqlite":
        shutil.copyfile(_migrated(), name)
    else:
        _migrated()
        create_database(os.environ["PANELWRIGHT_DATABASE_URL"], name, template=_MIGRATED)


@pytest.fixture(scope="session")
def new_database(database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Call it for the address of a new database, migrated and empty; each is gone at the end of the run.

    For servers that live longer than one test.
    """
    server, made = os.environ["PANELWRIGHT_DATABASE_URL"], list[str]()

    def make() -> str:
        if database_kind == "sqlite":
            path = tmp_path_factory.mktemp("database") / "panelwright.sqlite3"
            shutil.copyfile(_migrated(), path)
            return _sqlite_url(path)
        _migrated()
        made.append(f"copy_{uuid.uuid4().hex}")
        return create_database(server, made[-1], template=_MIGRATED)

    yield make
    for name in made:
        drop_database(server, name)


@pytest.fixture
def empty_database(database_kind: str, tmp_path: Path) -> Iterator[str]:
    """The address of a new database without any table."""
    if database_kind == "sqlite":
        yield _sqlite_url(tmp_path / "empty.sqlite3")
        return
    server, name = os.environ["PANELWRIGHT_DATABASE_URL"], f"empty_{uuid.uuid4().hex}"
    yield create_database(server, name)
    drop_database(server, name)


_MIGRATED = "migrated"


def _migrated() -> Path:
    """Migrate the database that all others of this run are copies of, if no worker has done so yet.

    A copy takes a tenth of a second, the migrations take fifteen: what they make of an empty database is kept for the
    next runs, until one of them changes. Returns SQLite's file.
    """
    folder, server = Path(os.environ["PANELWRIGHT_DATA"]), os.environ["PANELWRIGHT_DATABASE_URL"]
    path, done = folder / "migrated.sqlite3", folder / "migrated"
    with (folder / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            if server.startswith("sqlite:"):
                _kept(".sqlite3", path, lambda: migrate(_sqlite_url(path)))
            else:
                _migrated_server(server, folder / "migrated.sql")
            done.touch()
    return path


def _migrated_server(server: str, dump: Path) -> None:
    url = create_database(server, _MIGRATED)

    def make() -> None:
        migrate(url)
        run_program("pg_dump", "--no-owner", "--file", str(dump), url)

    if not _kept(".sql", dump, make):
        run_program("psql", "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--file", str(dump), url)


def _kept(ending: str, path: Path, make: Callable[[], object]) -> bool:
    """Put at `path` what an earlier run kept, or what `make` makes there, and keep that. Whether it was made."""
    kept = _KEPT_IN / f"{_digest()}{ending}"
    if kept.exists():
        shutil.copyfile(kept, path)
        return False
    make()
    _KEPT_IN.mkdir(parents=True, exist_ok=True)
    for old in _KEPT_IN.glob(f"*{ending}"):
        old.unlink(missing_ok=True)
    scratch = kept.with_name(f".{uuid.uuid4().hex}")
    shutil.copyfile(path, scratch)
    scratch.replace(kept)
    return True


def _digest() -> str:
    """Of all that decides what the migrations make: themselves, and the versions of what runs them."""
    digest = sha256(sys.version.encode())
    for path in sorted([*_ROOT.glob("panelwright/*/**/migrations/*.py"), *_ROOT.glob("requirements*.lock")]):
        digest.update(f"{path.relative_to(_ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:32]


def migrate(url: str) -> None:
    """Make the tables of an empty database."""
    command = [sys.executable, "-m", "panelwright.cli.main", "migrate"]
    env = {**os.environ, "PANELWRIGHT_DATABASE_URL": url}
    subprocess.run(command, env=env, check=True, capture_output=True)


def _sqlite_url(path: Path) -> str:
    return f"sqlite:///{quote(str(path))}"
