"""The numbers of the benchmark as a bar chart: one SVG file, readable on light and on dark ground."""

from __future__ import annotations

from html import escape
from statistics import fmean
from typing import NamedTuple

from tools.bench.report import CONNECTIONS, NAMES, Report

WIDTH = 760
LABEL_WIDTH = 250
VALUE_WIDTH = 70
BAR_HEIGHT = 15
GROUP_GAP = 14
TOP = 62

_STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2933; }
  .title { font-size: 16px; font-weight: 600; }
  .quiet { fill: #52606d; }
  .ground { fill: #ffffff; }
  .grid { stroke: #cbd2d9; stroke-width: 1; }
  .ceiling { fill: #7b8794; }
  .sqlite { fill: #1a6fb5; }
  .postgresql { fill: #b45309; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4e7eb; }
    .quiet { fill: #9aa5b1; }
    .ground { fill: #11161c; }
    .grid { stroke: #3e4c59; }
    .sqlite { fill: #58a6ff; }
    .postgresql { fill: #f0a04b; }
  }
"""


class Bar(NamedTuple):
    """`kind` is its colour: a database, or "ceiling"."""

    label: str
    kind: str
    rps: float


def svg(report: Report) -> str:
    """Bars of requests a second, in groups by scenario, the ceilings first."""
    groups = _groups(report)
    most = max(bar.rps for _, bars in groups for bar in bars)
    step = _step(most)
    axis = WIDTH - LABEL_WIDTH - VALUE_WIDTH
    height = TOP + sum(len(bars) * BAR_HEIGHT + GROUP_GAP for _, bars in groups) + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="t d">',
        '<title id="t">Panelwright: requests a second</title>',
        f'<desc id="d">{escape(_description(groups))}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
        '<text class="title" x="16" y="26">Requests a second, one web process</text>',
        f'<text class="quiet" x="16" y="44">{escape(_under_title(report))}</text>',
    ]
    for tick in range(0, int(most) + 1, step):
        x = LABEL_WIDTH + tick / most * axis
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{height - 24}"/>')
        parts.append(f'<text class="quiet" x="{x:.1f}" y="{height - 8}" text-anchor="middle">{tick:,}</text>')
    y = float(TOP)
    for name, bars in groups:
        parts.append(f'<text x="16" y="{y + 11:.0f}">{escape(name)}</text>')
        for bar in bars:
            parts += _bar(bar, y, length=bar.rps / most * axis)
            y += BAR_HEIGHT
        y += GROUP_GAP
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bar(bar: Bar, y: float, *, length: float) -> list[str]:
    size = f'width="{max(length, 1):.1f}" height="{BAR_HEIGHT - 3}"'
    return [
        f'<text class="quiet" x="{LABEL_WIDTH - 8}" y="{y + 11:.0f}" text-anchor="end">{escape(bar.label)}</text>',
        f'<rect class="{bar.kind}" x="{LABEL_WIDTH}" y="{y + 1:.0f}" {size}/>',
        f'<text x="{LABEL_WIDTH + length + 6:.1f}" y="{y + 11:.0f}">{bar.rps:,.0f}</text>',
    ]


def _groups(report: Report) -> list[tuple[str, list[Bar]]]:
    first = next(iter(report.results.values()))
    empty = [Bar(f"{c} connections", "ceiling", first.empty_mean(c).rps) for c in CONNECTIONS]
    groups = [("empty answer", empty)]
    for result in report.results.values():
        if result.pgbench:
            groups.append(("pgbench, one order", [Bar("32 clients", "ceiling", fmean(r.tps for r in result.pgbench))]))
    for name in first.scenarios:
        bars = [
            Bar(f"{NAMES[kind]} {c}", kind, result.scenarios[name][c].rps)
            for kind, result in report.results.items()
            for c in CONNECTIONS
        ]
        groups.append((name, bars))
    return groups


def _under_title(report: Report) -> str:
    machine = report.machine
    told = f"{machine['cores']} cores of {machine['processor']}, {report.seconds:g} s each, every commit on disk"
    return f"{told} (a quick run: no measure of speed)" if report.quick else told


def _description(groups: list[tuple[str, list[Bar]]]) -> str:
    return "; ".join(f"{name}: " + ", ".join(f"{b.label} {b.rps:,.0f}" for b in bars) for name, bars in groups)


def _step(most: float) -> int:
    """The distance of the grid's lines: 1, 2 or 5 times a power of ten, so that there are at most six."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if most / (factor * power) <= 6:
                return factor * power
        power *= 10
