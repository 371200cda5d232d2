"""Make somebody who runs a panel."""

from __future__ import annotations

import argparse
import json
import secrets

from panelwright.cli import setup
from panelwright.cli.main import Refused
from panelwright.cli.secret_options import add_secret

EXAMPLE = """example:
  panelwright createstaff --panel acme --email bob@example.com

Prints the person as JSON, with the password if none was given. Then: `panelwright createstaffkey`.
"""
# "staff" is what the role was called before there were others.
ROLES = ("owner", "manager", "orders", "support", "finance", "read_only", "custom", "staff")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--email", required=True)
    add_secret(parser, "--password", help="made up and printed when left out")
    parser.add_argument("--role", choices=ROLES, default="staff", help="default: staff, which is orders")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.customers.actions import create_staff
    from panelwright.staff.rights import Role

    panel = setup.panel(args.panel)
    password = args.password or secrets.token_urlsafe(12)
    with scope(panel=panel):
        try:
            role = Role.ORDERS if args.role == "staff" else Role(args.role)
            staff = create_staff(panel_id=panel.id, email=args.email, password=password, role=role)
        except ValueError as error:
            raise Refused(str(error)) from None
    made = {"panel": panel.slug, "staff": staff.id, "email": staff.user.email, "role": staff.role}
    print(json.dumps({**made, "password": password}, ensure_ascii=False, indent=2))
    return 0
