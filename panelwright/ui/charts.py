"""Bar charts as drawings: only geometry here, the template writes the SVG. Pure.

Numbers that stand in attributes are text already: a template would write 1.5 as "1,5" in some languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

WIDTH = 640
HEIGHT = 200
LEFT = 96
BOTTOM = 24
TOP = 8
TICKS_MAX = 4
# Of a bar's place, the part that it fills.
FILLED = 0.72


class Point(NamedTuple):
    """A bar to be: `label` is under it, `text` is its value in words. `url`: what it leads to. `before`: a value that
    it is compared with, drawn as a line across the bar's place.
    """

    label: str
    value: int
    text: str
    url: str = ""
    before: int | None = None


class Bar(NamedTuple):
    """`hit` is the whole column's place, which shows the words to a pointer; `down`: below zero."""

    x: str
    y: str
    width: str
    height: str
    hit_x: str
    hit_width: str
    label: str
    text: str
    down: bool
    url: str = ""
    before_y: str = ""


class Tick(NamedTuple):
    """A line of the grid with its number; `zero` is the line on which the bars stand."""

    y: str
    text_y: str
    value: int
    zero: bool


class Label(NamedTuple):
    """A word under the bars; `anchor` as in SVG's text-anchor."""

    x: str
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template draws. `empty`: all values are zero."""

    width: int
    height: int
    left: int
    bars: list[Bar]
    ticks: list[Tick]
    labels: list[Label]
    label_y: int
    empty: bool


def bars(points: Sequence[Point]) -> Chart:
    """A chart of the points, the first one leftmost. Values may be below zero."""
    values = [value for point in points for value in (point.value, point.before) if value is not None]
    low, high, step = _scale(min(values, default=0), max(values, default=0))
    space = HEIGHT - TOP - BOTTOM
    place = (WIDTH - LEFT) / max(len(points), 1)

    def y(value: int) -> float:
        return TOP + space * (high - value) / (high - low)

    drawn = []
    for n, point in enumerate(points):
        top, bottom = sorted((y(point.value), y(0)))
        x = LEFT + n * place
        # A little that is there can be seen.
        height = max(bottom - top, 1.0) if point.value else 0.0
        drawn.append(
            Bar(
                x=_text(x + place * (1 - FILLED) / 2),
                y=_text(bottom - height if point.value > 0 else top),
                width=_text(place * FILLED),
                height=_text(height),
                hit_x=_text(x),
                hit_width=_text(place),
                label=point.label,
                text=point.text,
                down=point.value < 0,
                url=point.url,
                before_y="" if point.before is None else _text(y(point.before)),
            )
        )
    ticks = [Tick(_text(y(value)), _text(y(value) + 4), value, value == 0) for value in range(low, high + 1, step)]
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        bars=drawn,
        ticks=ticks,
        labels=_labels(points, place),
        label_y=HEIGHT - 6,
        empty=not any(values),
    )


def _labels(points: Sequence[Point], place: float) -> list[Label]:
    """Under the first bar, the middle one and the last one: more would run into each other on a phone."""
    if not points:
        return []
    if len(points) < 3:
        return [Label(_text(LEFT + (n + 0.5) * place), point.label, "middle") for n, point in enumerate(points)]
    middle = len(points) // 2
    return [
        Label(_text(LEFT), points[0].label, "start"),
        Label(_text(LEFT + (middle + 0.5) * place), points[middle].label, "middle"),
        Label(_text(WIDTH), points[-1].label, "end"),
    ]


def _scale(least: int, most: int) -> tuple[int, int, int]:
    """From, to and step of the grid: steps of 1, 2 or 5 times a power of ten, with zero on a line."""
    least, most = min(least, 0), max(most, 0)
    span = max(most - least, 1)
    power = 1
    while True:
        for factor in (1, 2, 5):
            step = factor * power
            low, high = -(-least // step) * step, -(-most // step) * step
            low = least // step * step
            high = max(high, low + step)
            if (high - low) // step <= TICKS_MAX and step * TICKS_MAX >= span:
                return low, high, step
        power *= 10


def _text(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
