"""How the databases run what each list reads, by each of its filters: never all of a table, and nothing is sorted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django_scopes import scope

from tests.support.story import Story

if TYPE_CHECKING:
    from panelwright.core.plans import ReadStatement

pytestmark = pytest.mark.django_db

# Tables of which a panel may have millions of rows.
LARGE = (
    "orders_order",
    "orders_refill",
    "orders_cancel",
    "orders_schedule",
    "ledger_transfer",
    "support_ticket",
    "staff_trailentry",
    "panels_block",
    "customers_user",
    "customers_customer",
    "customers_apikey",
    "events_delivery",
    "payments_payment",
    "receipts_receipt",
)
# The rows of a window, and a page. By id PostgreSQL may walk the rows of both panels, as they come in in turn; by
# number it cannot.
ROWS_MAX = 2 * 2_100
BY_NUMBER = {"orders_order": 2_100, "orders_refill": 2_100, "support_ticket": 2_100, "payments_payment": 2_100}
# Of these a user has a hundred at most, or a panel some thousands.
FEW = {"my-sessions", "payment_methods", "services"}
# How SQLite finds what one customer has, where that is never many.
OF_A_CUSTOMER = re.compile(r"SEARCH \"?support_ticket\"? USING INDEX \w+ \(customer_id=\?\)")
# A part of a customer's name is looked for in a larger window, which holds all of the test's.
WIDE = {"customers": 12_100}


def test_no_list_reads_a_whole_table_or_sorts_one(story: Story) -> None:
    from django.db import connection

    from panelwright.cli.lists import named_lists
    from panelwright.core import plans
    from tests.lists.filled import filled

    faults, seen = [], 0
    judged = on_postgresql if connection.vendor == "postgresql" else on_sqlite
    with filled(story) as rows, scope(panel=story.alice.panel):
        for customer in (rows.dave.customer, story.carol.customer):
            for name, one in named_lists(story.alice.panel, customer).items():
                for asked in one.samples(rows.values):
                    with plans.recorded() as statements:
                        one.read(asked)
                    case = f"{name} { ({key: text for key, text in asked.items() if text}) }"
                    for statement in statements:
                        seen += 1
                        faults += [f"{case}: {fault}\n    {statement.line}" for fault in judged(name, statement)]
    assert seen > 150
    assert faults == [], "\n".join(dict.fromkeys(faults))


def on_sqlite(name: str, statement: ReadStatement) -> list[str]:
    """What SQLite says of its plan: which tables it scans, and whether it sorts. What is sorted inside a statement of a
    page's rows is these rows.
    """
    from panelwright.core import plans

    told = plans.plan(statement).splitlines()
    aliases = dict(re.findall(r'"?(\w+)"?\s+(?:AS\s+)?"?(\w+)"?', statement.line))
    large = {*LARGE, *(alias for table, alias in aliases.items() if table in LARGE)}
    few = any("CO-ROUTINE" in line or "MATERIALIZE" in line or "SCALAR SUBQUERY" in line for line in told)
    few = few or any(OF_A_CUSTOMER.match(line) for line in told)
    # A part of the statement that is run by itself, and scanned then, may have a table's alias.
    large -= {line.split()[1].strip('"') for line in told if line.startswith(("CO-ROUTINE ", "MATERIALIZE "))}
    found = [line for line in told if re.match(r"SCAN \"?(\w+)", line) and line.split()[1].strip('"') in large]
    found += [line for line in told if "TEMP B-TREE FOR ORDER BY" in line and not few and name not in FEW]
    return found


def on_postgresql(name: str, statement: ReadStatement) -> list[str]:
    """What PostgreSQL did: how many rows of a large table a step looked at, and how many it sorted."""
    from panelwright.core import plans

    return [
        f"{step.node} of {step.table or '-'}: {step.rows} rows"
        for step in plans.steps(statement)
        if step.rows > WIDE.get(name, BY_NUMBER.get(step.table, ROWS_MAX))
        and (step.table in LARGE or "Sort" in step.node)
    ]


def test_the_command_prints_statements_and_plans(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    from panelwright.cli import lists
    from panelwright.cli.main import new_parser

    def printed(*arguments: str) -> str:
        parser = new_parser("lists", lists.__doc__, lists.EXAMPLE)
        lists.configure(parser)
        assert lists.run(parser.parse_args(["--panel", story.alice.panel.slug, *arguments])) == 0
        return capsys.readouterr().out

    assert re.search(r"^orders +show, q, problem, provider, service, mode, source, since,", printed(), re.MULTILINE)
    text = printed("orders", "--filter", "show=problem", "--plan")
    assert text.startswith("-- orders show=problem\n")
    assert "problem_code" in text
    assert "order_problem" in text or "Scan" in text
    mine = printed("my-orders", "--customer", "carol@customer.example")
    assert "-- my-orders status=pending" in mine
    assert mine.count("FROM orders_order") > 5
