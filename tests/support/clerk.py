"""A process that has the product loaded and carries out its commands, each in a child of its own.

`python -m tests.support.clerk` reads a JSON line for each command, its arguments and the file for what it prints,
and answers with the exit status. A command of which the test is not about how it starts takes a twentieth of the
time that way: `launch.command(...)` (processes.py).
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence


def carry_out(arguments: Sequence[str], log: str) -> None:
    """In a child: the command as `panelwright` does it, and its end."""
    from panelwright.cli.main import main

    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for into in (1, 2):
        os.dup2(output, into)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    status = 1
    try:
        status = main(arguments)
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _load() -> None:
    """What most commands need; the rest each child loads for itself."""
    import panelwright.catalog.panel_actions
    import panelwright.customers.actions
    import panelwright.ledger.actions
    import panelwright.orders.actions
    import panelwright.staff.actions  # noqa: F401


def main() -> None:
    from django.db.migrations.loader import MigrationLoader

    from panelwright.cli import setup

    setup.django(migrated=False)
    # Without a connection, which a child must not share: only for the modules that it loads.
    MigrationLoader(None)
    _load()
    for line in sys.stdin:
        arguments, log = json.loads(line)
        child = os.fork()
        if child == 0:
            carry_out(arguments, log)
        _, ended = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(ended)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
