"""Make a key of the staff API for somebody who runs a panel. It is shown once: only its digest is stored."""

from __future__ import annotations

import argparse
import json

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright staff-key add --panel acme --staff bob@example.com --name "night shift"
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--email", required=True, help="whose key it is")
    parser.add_argument("--name", default="", help="what it is for")
    parser.add_argument("--rights", help="what it may do, with commas (default: all that its owner may)")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        staff = setup.staff(panel, args.email)
        rights = args.rights.split(",") if args.rights else None
        done = setup.perform(
            "staff_key.add", panel=panel, given={"staff": args.email, "name": args.name, "rights": rights}
        )
    made = {"id": done.target, "panel": panel.slug, "staff": staff.user.email, "key": done.shown["key"]}
    print(json.dumps(made, indent=2))
    return 0
