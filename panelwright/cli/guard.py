"""Show or set what keeps a panel from selling below cost."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.importservices import percent

EXAMPLE = """example:
  panelwright guard --panel acme
  panelwright guard --panel acme --rule reprice --margin 5

A service whose provider's rate, plus the margin, rises above its own is paused until it falls again,
or repriced. The next look at the provider's list brings it about.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--rule", choices=("pause", "reprice"))
    parser.add_argument("--margin", type=percent, metavar="PERCENT", help="what a service must bring above its cost")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from panelwright.panels.actions import set_guard

    panel = setup.panel(args.panel)
    if args.rule is not None or args.margin is not None:
        panel = set_guard(panel_id=panel.id, rule=args.rule, percent_e2=args.margin)
    done = "it is paused" if panel.guard == "pause" else "its rate is raised"
    print(f"{panel.slug}: a service that brings less than {panel.guard_percent_e2 / 100:g} % above its cost: {done}.")
    return 0
