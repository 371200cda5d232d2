"""A database of another version: what is said, and that nothing is written."""

from __future__ import annotations

import pytest

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused
from panelwright.cli.tests.test_manual_commands import Capture, run
from tests.support.people import Owner, everything, execute


def test_a_newer_database_is_refused(alice: Owner, capsys: Capture) -> None:
    execute(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('orders', '9999_of_tomorrow', CURRENT_TIMESTAMP)"
    )
    # Not ours: what another package has in the same database is nothing to us.
    execute("INSERT INTO django_migrations (app, name, applied) VALUES ('other', '0001_initial', CURRENT_TIMESTAMP)")
    before = everything()
    for command in (("audit",), ("migrate",), ("migrate", "--check")):
        code, told = run(capsys, *command)
        assert code != 0
        assert "a newer version of Panelwright has migrated this database (orders 9999_of_tomorrow)" in told
        assert "docs/how-to/upgrade.md" in told
    with pytest.raises(CommandRefused, match="newer version"):
        setup.migrate()
    assert everything() == before


def test_an_older_database_is_refused_and_told_what_to_do(alice: Owner, capsys: Capture) -> None:
    assert run(capsys, "migrate", "--check") == (0, "The database is at this version.\n")
    execute("DELETE FROM django_migrations WHERE app = 'orders' AND name >= '0018'")
    code, told = run(capsys, "audit")
    assert code != 0
    assert "stop every process of the version before, run `panelwright migrate`" in told
    assert run(capsys, "migrate", "--check") == (1, "The database is behind this version.\n")
