"""The geometry of charts: every bar stands on zero, has its length, and stays inside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.ui import charts
from panelwright.ui.charts import HEIGHT, LEFT, WIDTH, Chart, Point, bars


def drawn(*values: int) -> Chart:
    return bars([Point(f"d{n}", value, f"{value} USD") for n, value in enumerate(values)])


def test_bars_of_a_simple_chart() -> None:
    chart = drawn(0, 50, 100)
    assert (chart.width, chart.height, chart.empty) == (640, 200, False)
    # Three places of 181.3, bars of 72 % in their middle, 168 units high in all.
    zero, half, full = chart.bars
    assert (zero.height, half.height, full.height) == ("0", "84", "168")
    assert (half.x, half.width, half.y) == ("302.7", "130.6", "92")
    assert (half.hit_x, half.hit_width) == ("277.3", "181.3")
    assert (full.y, full.label, full.text, full.down) == ("8", "d2", "100 USD", False)
    assert [(tick.value, tick.y, tick.zero) for tick in chart.ticks] == [
        (0, "176", True),
        (50, "92", False),
        (100, "8", False),
    ]
    assert [(label.text, label.x, label.anchor) for label in chart.labels] == [
        ("d0", "96", "start"),
        ("d1", "368", "middle"),
        ("d2", "640", "end"),
    ]


def test_what_is_below_zero_hangs_from_it() -> None:
    chart = drawn(100, -100)
    up, down = chart.bars
    assert (up.y, up.height, down.y, down.height) == ("8", "84", "92", "84")
    assert (up.down, down.down) == (False, True)
    assert [tick.value for tick in chart.ticks] == [-100, -50, 0, 50, 100]


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ((0,), [0, 1]),
        ((1,), [0, 1]),
        ((7,), [0, 2, 4, 6, 8]),
        ((11,), [0, 5, 10, 15]),
        ((99_000_001,), [0, 50_000_000, 100_000_000]),
        ((-3,), [-3, -2, -1, 0]),
    ],
)
def test_the_grid_has_round_numbers(values: tuple[int, ...], ticks: list[int]) -> None:
    assert [tick.value for tick in drawn(*values).ticks] == ticks


def test_nothing_to_draw() -> None:
    assert bars([]).bars == []
    assert (bars([]).empty, bars([]).labels) == (True, [])
    assert drawn(0, 0).empty
    assert [bar.height for bar in drawn(0, 0).bars] == ["0", "0"]


@given(st.lists(st.integers(-(10**17), 10**17), max_size=40))
def test_whatever_the_numbers_are_the_drawing_stays_inside(values: list[int]) -> None:
    chart = drawn(*values)
    assert 2 <= len(chart.ticks) <= charts.TICKS_MAX + 2
    assert [tick.value for tick in chart.ticks if tick.zero] == [0]
    zero = float(next(tick.y for tick in chart.ticks if tick.zero))
    for value, bar in zip(values, chart.bars, strict=True):
        x, y, width, height = (float(number) for number in (bar.x, bar.y, bar.width, bar.height))
        assert x >= LEFT and x + width <= WIDTH
        assert y >= -0.1 and y + height <= HEIGHT
        assert (height >= 1) == (value != 0)
        # It stands on the line of zero, or hangs from it.
        assert abs((y + height if value >= 0 else y) - zero) <= 0.2
