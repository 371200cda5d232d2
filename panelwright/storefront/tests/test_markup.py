"""Example answers and programs as HTML: coloured, and still the exact text."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from panelwright.storefront.tests.reading import text_of
from panelwright.ui.markup import code_html, compact, json_html

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_the_text_of_an_answer_is_the_json_of_the_wire(value: Any) -> None:
    shown = text_of(json_html(value))
    assert shown == compact(value)
    assert json.loads(shown) == value


@given(st.text())
def test_the_text_of_a_program_is_the_program(code: str) -> None:
    assert text_of(code_html(code)) == code


def test_a_short_answer_stands_on_one_line_and_a_long_one_has_rows() -> None:
    assert json_html({"order": 23501}) == '{<span class="k">&quot;order&quot;</span>:<span class="n">23501</span>}'
    long = json_html([{"order": 1, "refill": 1}, {"order": 3, "refill": {"error": "Incorrect order ID"}}])
    assert long.count('<span class="r">') == 2


def test_strings_and_comments_of_a_program_are_told_apart() -> None:
    assert code_html("a = 'b' # it's c") == (
        'a = <span class="s">&#x27;b&#x27;</span> <span class="c"># it&#x27;s c</span>'
    )
    assert '<span class="c">' not in code_html("'http://127.0.0.1/api'")
