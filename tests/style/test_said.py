"""Texts of ours that stand in data are codes: what is made of them has words in every language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from panelwright.core import said
from panelwright.core.reply import clean
from panelwright.orders import problems
from panelwright.providers.sync import sync_problems
from panelwright.providers.wire.outcomes import Reason, UpstreamRefused

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
        elif isinstance(code, ast.JoinedStr):
            used |= {name for name in said.WORDS if name.startswith("row_") and name.endswith("_unread")}
    for path in ROOT.rglob("*.py"):
        if "tests" not in path.parts and path.name != "said.py":
            found = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            used |= {node.value for node in found if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert used >= set(said.WORDS), set(said.WORDS) - used


# What holds a text for staff that we may say, or a stranger; and where it stands in the call.
HOLDERS = {
    "LeftOut": 2,
    "NotSent": 0,
    "NoResponse": 0,
    "Unsent": 0,
    "Unknown": 0,
    "UpstreamRefused": 1,
    "unknown": 1,
    "refused": 1,
    "FeedOutcome": None,
    "DeliveryOutcome": 3,
}
NAMES = {"why", "text", "problem"}


def parts(node: ast.AST) -> Iterator[ast.AST]:
    """The node and what is in it; of a code, not its facts."""
    yield node
    if not (isinstance(node, ast.Call) and ast.unparse(node.func) in {"said", "said.said"}):
        for child in ast.iter_child_nodes(node):
            yield from parts(child)


def test_nothing_but_codes_is_said() -> None:
    """Never a sentence, which would be English in every language."""
    seen = set()
    for where, call in calls(*HOLDERS):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        at = HOLDERS[name]
        words = [word.value for word in call.keywords if word.arg in NAMES]
        words += call.args[at : at + 1] if at is not None else []
        for text in [part for word in words for part in parts(word)]:
            if isinstance(text, ast.Call):
                seen.add(name)
            assert not isinstance(text, ast.JoinedStr), where
            assert not (isinstance(text, ast.Constant) and " " in str(text.value)), where
    assert seen >= {"LeftOut", "Unknown", "UpstreamRefused", "unknown", "FeedOutcome", "DeliveryOutcome"}


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


def test_a_stranger_never_speaks_for_us() -> None:
    """A provider's answer that looks like a code of ours stays its own words, and our codes stay codes."""
    forged = str(said.said("net_name_unknown"))
    assert said.words(clean(forged, limit=300)) == "|net_name_unknown"
    ours = clean(said.said("net_no_answer", seconds=25), limit=300)
    assert said.words(ours) == "no answer within 25 s after the request was sent"
    key = clean(said.said("up_status", status=400, said="bad key s3cret"), limit=300, secrets=("s3cret",))
    assert said.words(key) == "HTTP 400: bad key ***"
    refused = UpstreamRefused(Reason.OTHER, clean(forged, limit=300))
    assert "|net_name_unknown" in problems.words(problems.REFUSED, {"provider": "north", "said": refused.text})


def test_words_of_a_problem_are_the_reader_s() -> None:
    facts = {"why": said.said("net_no_answer", seconds=25)}
    told = problems.words(problems.OUTCOME_UNKNOWN, facts, lambda text: f"<{text}>")
    assert told == "<outcome unknown: <no answer within 25 s after the request was sent>>"
