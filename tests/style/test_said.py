"""Texts of ours that stand in data are codes: what is made of them has words in every language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from panelwright.core import said
from panelwright.orders import problems
from panelwright.providers.sync import sync_problems

ROOT = Path(said.__file__).parents[1]


def calls(*names: str) -> Iterator[tuple[str, ast.Call]]:
    """Each call of a function of these names in the product, with where it stands."""
    for path in sorted(ROOT.rglob("*.py")):
        if "tests" in path.parts or not any(f"{name}(" in path.read_text(encoding="utf-8") for name in names):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in names:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_each_code_has_its_words_and_each_word_is_said() -> None:
    used = set()
    for where, call in calls("said"):
        code = call.args[0]
        if isinstance(code, ast.Constant):
            assert code.value in said.WORDS, where
            used.add(code.value)
        elif isinstance(code, ast.JoinedStr):
            used |= {name for name in said.WORDS if name.startswith("row_") and name.endswith("_unread")}
    assert used >= set(said.WORDS), set(said.WORDS) - used


def test_a_row_is_left_out_for_a_code() -> None:
    """And never for a sentence, which would be English in every language."""
    for where, call in calls("LeftOut"):
        for why in [*call.args[2:], *(word.value for word in call.keywords if word.arg == "why")]:
            assert not isinstance(why, ast.Constant | ast.JoinedStr), where


def test_words_of_problems_are_marked_for_translation() -> None:
    from tests import messages

    marked = {text.singular for text in messages.used()}
    for texts in (said.WORDS, problems._WORDS, sync_problems._WORDS):
        assert {text for text in texts.values() if text != "%(said)s"} <= marked


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)


@given(value=TEXTS, cut=st.integers(0, 60))
def test_a_code_can_be_cut_anywhere(value: str, cut: int) -> None:
    text = said.said("row_rate_unread", value=value)
    shown = " ".join(value.split()).replace("¦", "|").replace("‖", "|")
    if not said.is_ours(value):
        assert said.words(text) == f"its rate {shown} cannot be read"
    assert isinstance(said.words(text[:cut]), str)
    assert said.words(value) == value or said.is_ours(value)
    inner = said.said("row_rate_unread", value=said.said("row_type", type="x"))
    assert said.words(inner) == "its rate its type x is not known here cannot be read"
