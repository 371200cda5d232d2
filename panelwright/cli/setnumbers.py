"""Show what the next orders, refills and tickets of a panel are called, or say where their numbers go on."""

from __future__ import annotations

import argparse

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright panel numbers --panel acme                       what comes next
  panelwright panel numbers --panel acme --order 250001        the next order is number 250001

Each panel numbers its own, from 1001 on. A panel that moves in goes on above the highest number that its customers
know. Numbers only go up, and some may be left out: none is ever given twice.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    for noun in ("order", "refill", "ticket"):
        parser.add_argument(f"--{noun}", type=setup.number, metavar="N", help=f"the number of the next {noun}")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.staff.panel_declarations import next_numbers

    panel = setup.panel(args.panel)
    given = {noun: number for noun in ("order", "refill", "ticket") if (number := getattr(args, noun)) is not None}
    with scope(panel=panel):
        if given:
            setup.perform("panel.set_numbers", panel=panel, given=given)
        for name, number in next_numbers(panel.id).items():
            print(f"{panel.slug}: the next {name.removeprefix('next_')} is number {number}")
    return 0
