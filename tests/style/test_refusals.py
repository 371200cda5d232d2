"""One registry of refusals: every code in it, no row without a use, and no decision by the words of a text."""

from __future__ import annotations

import ast
import re

from tests.style.files import product_code, text_of

# How a refusal is made, and where its code stands in the call.
MAKERS = {"Refusal": 0, "Refused": 0, "StaffRefused": 0, "NotThere": 0, "InvalidState": 0}
# The caller has gone, or is asked again by the same batch.
NEVER_TOLD = {"gone", "later"}
REGISTRY = {
    "panelwright/core/refusals.py",
    "panelwright/core/payment_refusals.py",
    "panelwright/core/webhook_refusals.py",
}
# Told at a later moment than that of their making, or by code that puts them together.
PUT_TOGETHER = re.compile(r"no_\w+|waits_for_\w+")


def calls() -> list[tuple[str, int, ast.Call]]:
    found = []
    for path in product_code():
        if path.startswith("panelwright/sandbox/"):
            continue
        for node in ast.walk(ast.parse(text_of(path), path)):
            if isinstance(node, ast.Call):
                found.append((path, node.lineno, node))
    return found


def made() -> dict[str, str]:
    """Code -> a place where a refusal with it is made: as itself, or as the reason why (`why=`)."""
    found: dict[str, str] = {}
    for path, line, call in calls():
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        codes = [keyword.value for keyword in call.keywords if keyword.arg == "why"]
        if name in MAKERS and call.args:
            codes.append(call.args[0])
        for code in codes:
            if isinstance(code, ast.Constant) and isinstance(code.value, str) and code.value:
                found.setdefault(code.value, f"{path}:{line}")
    return found


def constants() -> set[str]:
    """Every text in the product outside the registry."""
    return {
        node.value
        for path in product_code()
        if path not in REGISTRY
        for node in ast.walk(ast.parse(text_of(path), path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_each_refusal_that_is_made_has_its_words() -> None:
    from panelwright.core.refusals import REFUSALS

    codes = made()
    assert len(codes) > 100, "the check finds few refusals"
    missing = {code: place for code, place in codes.items() if code not in REFUSALS}
    # Commands refuse with a text of their own.
    missing = {code: place for code, place in missing.items() if not place.startswith("panelwright/cli/")}
    assert missing.keys() == NEVER_TOLD, missing


def test_each_row_of_the_registry_is_used() -> None:
    from panelwright.core.refusals import REFUSALS

    used = constants()
    assert [code for code in REFUSALS if code not in used and not PUT_TOGETHER.fullmatch(code)] == []


def test_each_noun_has_the_refusal_that_it_is_not_there() -> None:
    import django

    django.setup()
    from panelwright.core.refusals import REFUSALS
    from panelwright.staff import registry

    for action in registry.actions().values():
        if action.on_target:
            assert REFUSALS[f"no_{action.noun.name}"].status == 404, action.name


def test_each_row_says_something_and_names_no_command() -> None:
    from panelwright.core.refusals import REFUSALS

    for code, words in REFUSALS.items():
        assert words.page or words.wire, code
        assert "panelwright" not in words.page and "`" not in words.page and "--" not in words.page, code
        assert words.status in {400, 401, 403, 404, 405, 409, 413}, code


def test_what_has_no_words_is_answered_all_the_same() -> None:
    from panelwright.core import refusals
    from panelwright.core.refusal import Refusal

    unknown = Refusal("never_heard_of", "field", 3)
    assert refusals.page(unknown) == "We could not do this. Nothing was changed."
    assert refusals.wire(unknown) == "Internal error, the request was not carried out"
    assert refusals.status(unknown) == 400
    # A fact that is missing leaves a hole, and no error.
    assert refusals.page(Refusal("no_order")) == "Order  not found."


def test_texts_for_staff_name_no_command() -> None:
    """Docstrings may; what is told to people over pages and API may not."""
    found = []
    for path in product_code():
        if path.startswith(("panelwright/cli/", "panelwright/sandbox/")):
            continue
        tree = ast.parse(text_of(path), path)
        docstrings = {
            node.body[0].value
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) and node not in docstrings else None
            if isinstance(text, str) and "`panelwright " in text:
                found.append(f"{path}:{node.lineno}")  # type: ignore[attr-defined]
    # For whoever runs the host: a key that nobody has any more.
    assert [place for place in found if not place.startswith("panelwright/providers/secret_actions.py")] == []


def test_nothing_is_decided_by_the_words_of_a_text() -> None:
    told = re.compile(r"\b(\w*(problem|error|reason|answer|refusal)\w*|str\(error\))\.(startswith|endswith)\(")
    found = [
        f"{path}:{number}"
        for path in product_code()
        if "/migrations/" not in path
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if told.search(line)
    ]
    assert found == []
