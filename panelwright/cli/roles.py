"""List the roles of staff and the rights that each has, or the staff of a panel with theirs."""

from __future__ import annotations

import argparse

from panelwright.cli import setup

EXAMPLE = """examples:
  panelwright staff roles
  panelwright staff roles --panel acme
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", metavar="SLUG", help="the staff of this panel instead")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.customers.models import Staff
    from panelwright.staff.rights import RIGHTS_OF, parse

    if not args.panel:
        for role, rights in RIGHTS_OF.items():
            print(f"{role.value:<9}  {', '.join(parse(rights)) or 'only the single rights that are given'}")
        return 0
    panel = setup.panel(args.panel)
    with scope(panel=panel):
        for row in Staff.objects.filter(panel=panel).select_related("user").order_by("id"):
            single = f" and {', '.join(row.rights)}" if row.rights else ""
            off = "" if row.user.is_active else ", may not log in"
            print(f"{row.id:>6}  {row.user.email}  {row.role}{single}{off}")
    return 0
