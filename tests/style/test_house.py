"""House rules that a program can check: rows are written by name, pages ask no tables, rules know no database, and
every statement says whose rows it means (CONTRIBUTING.md)."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db.models import Model

from panelwright.core import sql
from tests.style.files import product_code, text_of
from tests.style.test_code import nodes

RULES = re.compile(r"panelwright/(\w+/)+(\w+_)?rules\.py")
# What rules may not know: they take plain values and return plain values.
DATABASE = re.compile(r"django\.db(\..*)?|panelwright\.core\.sql|.*\b(\w+_)?(actions|store|queries)")
# The sites and the API, where requests are read and answers written. What they ask stands in queries.py, or in the
# app whose rows they are.
PAGES = ("panelwright/api/", "panelwright/storefront/", "panelwright/ui/", "panelwright/backoffice/")
# From before there was this test. Whoever moves one of them takes it out here; none is added.
ASKS_ITSELF = {
    "panelwright/storefront/account.py",
    "panelwright/storefront/hooks.py",
    "panelwright/ui/links.py",
    "panelwright/ui/views.py",
}

ROWS = re.compile(r"\b(id|\w+_id|digest) (=|IN) ")
# What the worker's loops look for in the queues of all panels, and what is forgotten when it is old.
QUEUES = re.compile(
    r"(due_at|rest_until|stretch|minute|deleted_at) <=? \?|SELECT id, created_at FROM \w+ ORDER BY id LIMIT"
    r"|\bMIN\(provider_id\) FROM orders_order WHERE job ="
)


def saves_everything(node: ast.AST) -> bool:
    """`row.save()`, which writes back whatever this process had read. A new row is saved with force_insert."""
    if not (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"save", "asave"}
    ):
        return False
    return not {"update_fields", "force_insert"} & {str(word.arg) for word in node.keywords}


def asks_a_table(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "objects"


def knows_database(path: str, text: str) -> list[str]:
    """Imports of rules that lead to the database; of models, classes that are tables."""
    found = []
    for node in ast.walk(ast.parse(text, path)):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names if DATABASE.fullmatch(name.name)]
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        names = [f"{node.module}.{name.name}" for name in node.names]
        if node.module.endswith(".models"):
            kinds = {name: getattr(importlib.import_module(node.module), name.rpartition(".")[2]) for name in names}
            found += [name for name, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, Model)]
        else:
            found += [name for name in (node.module, *names) if DATABASE.fullmatch(name)]
    return found


def statements() -> Iterator[tuple[str, str]]:
    """Name and text of every statement that is written by hand."""
    for path in product_code():
        if path.endswith("__main__.py") or path.startswith("panelwright/sandbox/"):
            continue
        module = importlib.import_module(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        for name, value in vars(module).items():
            if isinstance(value, sql.Query):
                yield f"{path}: {name}", value._sqlite


def of_nobody(text: str, tables: frozenset[str]) -> bool:
    """Whether a statement reads or writes rows of panels, and says neither whose nor which."""
    if not tables & set(re.findall(r"\w+", text)):
        return False
    return "panel" not in text and not ROWS.search(text) and not QUEUES.search(text)


def tables_of_panels() -> frozenset[str]:
    return frozenset(
        model._meta.db_table
        for model in apps.get_models()
        if any(field.name == "panel" for field in model._meta.fields)
    )


def test_a_row_is_written_by_the_names_of_its_fields() -> None:
    assert list(nodes(product_code(), saves_everything)) == []


def test_pages_ask_no_tables() -> None:
    pages = [path for path in product_code() if path.startswith(PAGES) and not path.endswith("/queries.py")]
    assert {path for path, _ in nodes(pages, asks_a_table)} <= ASKS_ITSELF


def test_rules_know_no_database() -> None:
    rules = [path for path in product_code() if RULES.fullmatch(path)]
    assert len(rules) > 10
    assert {path: found for path in rules if (found := knows_database(path, text_of(path)))} == {}


# How far the tables of all panels go, and where in them a moment lies: no row of theirs is shown.
HIGHEST_IDS = {
    *(f"panelwright/reports/horizon.py: {name}" for name in ("_HIGHEST", "_WRITERS")),
    "panelwright/reports/queries.py: _ID_AT",
}


def test_every_statement_says_whose_rows_it_means() -> None:
    tables, known = tables_of_panels(), list(statements())
    assert len(known) > 100 and "orders_order" in tables
    assert {name for name, text in known if of_nobody(text, tables)} == HIGHEST_IDS


@pytest.mark.parametrize("text", ["row.save()", "row.save(using='default')", "super().save(*args)"])
def test_the_check_for_saving_would_notice(text: str) -> None:
    assert any(map(saves_everything, ast.walk(ast.parse(text))))
    assert not any(
        map(saves_everything, ast.walk(ast.parse("row.save(update_fields=['a']); row.save(force_insert=True)")))
    )


@pytest.mark.parametrize(
    "text",
    [
        "from django.db import connection",
        "import django.db.models",
        "from panelwright.core import sql",
        "from panelwright.orders import actions",
        "from panelwright.providers.routing.store import _ROUTES",
        "from panelwright.orders.models import Job, Order",
    ],
)
def test_the_check_of_rules_would_notice(text: str) -> None:
    assert knows_database("rules.py", text) != []
    assert (
        knows_database("rules.py", "from panelwright.orders.models import Job\nfrom panelwright.core import money")
        == []
    )


def test_the_check_of_statements_would_notice() -> None:
    tables = frozenset({"orders_order"})
    assert of_nobody("SELECT id FROM orders_order WHERE status = ?", tables)
    assert of_nobody("UPDATE orders_order SET status = ? WHERE status = ?", tables)
    assert not of_nobody("SELECT id FROM orders_order WHERE panel_id = ? AND status = ?", tables)
    assert not of_nobody("SELECT status FROM orders_order WHERE id = ?", tables)
    assert not of_nobody("SELECT 1 FROM elsewhere WHERE status = ?", tables)
