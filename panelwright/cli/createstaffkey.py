"""Make a key of the staff API for somebody who runs a panel. It is shown once: only its digest is stored."""

from __future__ import annotations

import argparse
import json

from panelwright.cli import setup
from panelwright.cli.main import Refused

EXAMPLE = """example:
  panelwright createstaffkey --panel acme --email bob@example.com --name "night shift"
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--email", required=True, help="whose key it is")
    parser.add_argument("--name", default="", help="what it is for")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.customers.actions import create_staff_key

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        staff = setup.staff(panel, args.email)
        try:
            row, key = create_staff_key(staff=staff, name=args.name)
        except ValueError as error:
            raise Refused(str(error)) from None
    print(json.dumps({"id": row.id, "panel": panel.slug, "staff": staff.user.email, "key": key}, indent=2))
    return 0
