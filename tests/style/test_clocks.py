"""A test that asserts how long something took is marked `alone`: beside others, anything may take long.

So may what counts processor time, a little: tests/support/proportion.py knows how to compare it.
"""

from __future__ import annotations

import ast

from tests.style.files import files, text_of

CLOCKS = frozenset(
    {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "time", "time_ns", "thread_time", "process_time"}
)
COMPARING = "tests/support/proportion.py"
MODULES = frozenset({"time", "wall"})
# Methods that measure what others notice (tests/strangers/others.py).
MEASURING = frozenset({"unharmed_by", "round_of"})


def reads_clock(node: ast.AST) -> bool:
    return any(
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in CLOCKS
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in MODULES
        for call in ast.walk(node)
    )


def is_span(node: ast.AST) -> bool:
    """The clock minus when it began."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and reads_clock(node)


def measures(function: ast.FunctionDef) -> bool:
    return asserts_a_span(function) or any(
        isinstance(node, ast.Attribute) and node.attr in MEASURING for node in ast.walk(function)
    )


def asserts_a_span(function: ast.FunctionDef) -> bool:
    spans = {
        target.id
        for assigned in ast.walk(function)
        if isinstance(assigned, ast.Assign) and any(map(is_span, ast.walk(assigned.value)))
        for target in assigned.targets
        if isinstance(target, ast.Name)
    }
    return any(
        is_span(node) or (isinstance(node, ast.Name) and node.id in spans)
        for asserted in ast.walk(function)
        if isinstance(asserted, ast.Assert)
        for node in ast.walk(asserted)
    )


def unmarked(text: str) -> list[str]:
    """Tests that measure time beside others; of functions that are no tests, those that assert how long it took."""
    tree = ast.parse(text)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return [
        function.name
        for function in functions
        if (measures(function) if function.name.startswith("test_") else asserts_a_span(function))
        and not any(ast.unparse(mark).endswith("mark.alone") for mark in function.decorator_list)
    ]


def test_what_measures_time_runs_alone() -> None:
    tests = [path for path in files(".py") if path.startswith("tests/") or "/tests/" in path]
    assert [f"{path}: {name}" for path in tests if path != COMPARING for name in unmarked(text_of(path))] == []


def test_the_check_would_notice() -> None:
    bad = (
        "def test_a():\n    began = time.monotonic()\n    assert time.monotonic() - began < 1\n",
        "def test_a():\n    took_s = time.perf_counter() - began\n    assert took_s < 1\n",
        "@pytest.mark.slow\ndef test_a():\n    took = round((time.time() - began) * 1000)\n    assert 1 < took\n",
        "def test_a():\n    others.unharmed_by(attack)\n",
    )
    for text in bad:
        assert unmarked(text) == ["test_a"], text
        assert unmarked(f"@pytest.mark.alone\n{text}") == []
    # To wait for something, with an end of patience, measures nothing.
    assert unmarked("def test_a():\n    while not done():\n        assert time.monotonic() < deadline\n") == []
