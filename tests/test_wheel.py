"""The wheel is the whole product: built, put where nothing else of the checkout is, it starts the demonstration."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.style.files import ROOT, all_files
from tests.support.processes import Launcher, Process, free_ports

PANELS = 6
# Migrations, six panels with their data, a provider and four processes.
READY_WITHIN_S = 90.0

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
        for name in ("PANELWRIGHT_DATABASE_URL", "PANELWRIGHT_SECRET_KEY", "DJANGO_SETTINGS_MODULE"):
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
