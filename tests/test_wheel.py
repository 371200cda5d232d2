"""The wheel is the whole product: built, put where nothing else of the checkout is, it starts the demonstration."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from panelwright.orders import problems
from panelwright.staff.rights import Role
from tests.style.files import ROOT, all_files
from tests.support.processes import Launcher, Process, free_ports

PANELS = 6
OF_THE_TESTS = ("PANELWRIGHT_DATABASE_URL", "PANELWRIGHT_SECRET_KEY", "DJANGO_SETTINGS_MODULE")
# Migrations, six panels with their data, a provider and four processes, beside other tests.
READY_WITHIN_S = 240.0

# Its database is the demonstration's own, SQLite in a file.
pytestmark = pytest.mark.one_database


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's files, as pip lays them out."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]
    # As `make setup` does: the product runs on patch releases that it warns of.
    plain = ["--no-deps", "--no-build-isolation", "--no-index", "--ignore-requires-python"]
    # A copy: what git does not track, such as compiled translations, is made by the build; and a build leaves files.
    for path in all_files():
        target = folder / "source" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target)
    subprocess.run([*pip, "wheel", *plain, "--wheel-dir", folder, folder / "source"], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*pip, "install", *plain, "--target", folder / "site", wheel], check=True)
    return folder / "site"


@pytest.fixture
def demo(installed: Path, tmp_path: Path) -> Iterator[tuple[Process, Path]]:
    launcher = Launcher(database_url="", folder=tmp_path)
    with launcher:
        # Without the checkout on the way to modules: neither the working directory nor what is installed from it.
        env = {**launcher.environment(PYTHONPATH=str(installed), PYTHONSAFEPATH="1"), "PANELWRIGHT_FSYNC": "0"}
        for name in OF_THE_TESTS:
            env.pop(name, None)
        command = [sys.executable, "-m", "panelwright", "demo", "--data", str(tmp_path / "demo")]
        process = launcher.start_command([*command, "--port", str(free_ports(PANELS)), "--quiet-customers"], env=env)
        yield process, tmp_path / "demo" / "demo.json"


def test_the_wheel_holds_the_product_and_no_tests(installed: Path) -> None:
    inside = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    assert "panelwright/ui/templates/ui/base.html" in inside
    assert "panelwright/locale/ru/LC_MESSAGES/django.mo" in inside
    assert [path for path in inside if "/tests/" in path or path.startswith("tests/")] == []
    told = subprocess.run(
        [sys.executable, "-m", "panelwright", "--version"],
        env={**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.startswith("panelwright 0.")


def test_the_wheel_starts_the_demonstration(demo: tuple[Process, Path]) -> None:
    process, told = demo
    process.wait_for(told.exists, what="demo.json", timeout_s=READY_WITHIN_S)
    facts = json.loads(told.read_text(encoding="utf-8"))
    panel = facts["panels"][0]
    address, key = panel["api_url"], panel["api_key"]
    page = urllib.request.Request(address.replace("/api/v2", "/api"), headers={"Accept-Language": "ru"})
    with urllib.request.urlopen(page) as answer:
        assert "Документация API" in answer.read().decode()
    asked = urllib.parse.urlencode({"key": key, "action": "balance"}).encode()
    with urllib.request.urlopen(address, data=asked) as answer:
        assert list(json.load(answer)) == ["balance", "currency"]
    # The operators' host answers on the same port, to a name of its own.
    assert facts["host"]["recovery_codes"] and facts["host"]["url"].startswith("http://host.localhost:")
    asked_host = urllib.request.Request(address.replace("/api/v2", "/login"), headers={"Host": "host.localhost"})
    with urllib.request.urlopen(asked_host) as answer:
        assert "Installation" in answer.read().decode()
    _is_alive(told.parent, panel)


def _is_alive(folder: Path, panel: dict[str, object]) -> None:
    """Three months of it, of which the books have nothing to complain, and something to do for everybody."""
    team = panel["team"]
    assert isinstance(team, list)
    assert {one["role"] for one in team} == {role.value for role in Role} - {"owner", "custom"}
    of = " WHERE panel_id = (SELECT id FROM panels_panel WHERE slug = 'everything')"
    with closing(sqlite3.connect(f"file:{folder / 'panelwright.sqlite3'}?mode=ro", uri=True)) as books:

        def ask(statement: str) -> list[tuple[Any, ...]]:
            return books.execute(statement).fetchall()

        ((orders, first, last),) = ask(f"SELECT COUNT(*), MIN(created_at), MAX(created_at) FROM orders_order{of}")
        assert orders >= 2_000
        assert datetime.fromisoformat(last) - datetime.fromisoformat(first) > timedelta(days=85)
        assert ask(f"SELECT COUNT(*) FROM customers_customer{of}")[0][0] > 40
        assert ask(f"SELECT COUNT(*) FROM support_ticket{of} AND state <> 'closed'")[0][0] > 3
        found = {code for (code,) in ask(f"SELECT DISTINCT problem_code FROM orders_order{of}")}
        assert found >= {
            problems.OUTCOME_UNKNOWN,
            problems.NO_ROUTE,
            problems.STATUS_NOT_UNDERSTOOD,
            problems.PARTIAL_WITHOUT_REMAINS,
        }
        shares = ask(
            "SELECT p.name, AVG(o.status = 'Completed') FROM orders_order o"
            " JOIN providers_provider p ON p.id = o.provider_id WHERE o.ended_at IS NOT NULL GROUP BY p.name"
        )
        assert dict(shares)["sandbox"] > dict(shares)["bargain"] > 0.5
    audit = [sys.executable, "-m", "panelwright", "audit", "--data", str(folder)]
    env = {name: value for name, value in os.environ.items() if name not in OF_THE_TESTS}
    told = subprocess.run(audit, env=env, check=True, capture_output=True, text=True)
    assert "The books balance." in told.stdout
