"""Who may open a transaction, where money is exact, and that pages ask no other host."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from tests.style.files import files, lines_with, product_code, text_of

# Writes live in actions.py, or in <part>_actions.py where one file would be too long;
# the lane's batcher owns the transaction that a batch of actions shares.
TRANSACTION_OWNERS = re.compile(r"panelwright/((\w+/)+(\w+_)?actions\.py|lane/batcher\.py|api/batching\.py)")
TRANSACTION_CALLS = {"atomic", "set_autocommit"}

# Where an amount passes through, a binary fraction must not.
EXACT = ("panelwright/core/money.py", "panelwright/ledger/", "panelwright/orders/")

FOREIGN_IN_HTML = re.compile(r"""\b(?:src|href|srcset|action|poster|data)\s*=\s*["']?\s*(?:https?:)?//""", re.I)
FOREIGN_IN_CSS = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])\s*(?:https?:)?//""", re.I)


def nodes(paths: list[str], wanted: Callable[[ast.AST], bool]) -> Iterator[tuple[str, int]]:
    for path in paths:
        for node in ast.walk(ast.parse(text_of(path), path)):
            if wanted(node):
                yield path, getattr(node, "lineno", 0)


def opens_transaction(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom) and node.module == "django.db.transaction":
        return True
    return isinstance(node, ast.Attribute) and node.attr in TRANSACTION_CALLS


def is_inexact(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "float"
    return False


def is_fraction(node: ast.AST) -> bool:
    """A literal such as 0.5, or the division that makes one."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float)
    return isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)


def test_only_actions_open_transactions() -> None:
    found = list(nodes(product_code(), opens_transaction))
    assert found != [], "the check finds no transaction at all"
    assert [place for place in found if not TRANSACTION_OWNERS.fullmatch(place[0])] == []


def test_amounts_are_whole_numbers() -> None:
    exact = [path for path in product_code() if path.startswith(EXACT)]
    assert "panelwright/core/money.py" in exact
    assert list(nodes(exact, is_inexact)) == []
    assert list(nodes(["panelwright/core/money.py", *product_code("panelwright/ledger/")], is_fraction)) == []


def test_nothing_in_product_code_skips_or_doubles_for_the_real_thing() -> None:
    test_only = re.compile(r"\b(unittest|mock|pytest)\b")
    assert lines_with(test_only, product_code()) == []


# Where the visitor alone is shown it, and nobody else is told.
SHOWN_TO_THE_ASKER = {"panelwright/storefront/views.py"}


def believes_the_host(node: ast.AST) -> bool:
    """An address made of whatever host the browser named; `ui/links.py` knows the panel's own."""
    return isinstance(node, ast.Attribute) and node.attr == "build_absolute_uri"


def test_no_address_is_made_of_the_host_that_a_browser_names() -> None:
    assert {path for path, _ in nodes(product_code(), believes_the_host)} == SHOWN_TO_THE_ASKER


def test_pages_load_nothing_from_other_hosts() -> None:
    assert lines_with(FOREIGN_IN_HTML, files(".html", ".svg", under="panelwright/")) == []
    assert lines_with(FOREIGN_IN_CSS, files(".html", ".css", under="panelwright/")) == []


def test_the_checks_for_foreign_hosts_would_notice() -> None:
    for bad in ('<script src="https://x.example/a.js">', "<a href=//x.example>", "<img SRC = 'http://x.example'>"):
        assert FOREIGN_IN_HTML.search(bad), bad
    assert FOREIGN_IN_CSS.search("background: url( 'https://x.example/a.png')")
    for good in (
        '<script src="/static/a.js">',
        '<a href="{{ panel.url }}">',
        '<svg xmlns="http://www.w3.org/2000/svg">',
    ):
        assert not FOREIGN_IN_HTML.search(good), good
