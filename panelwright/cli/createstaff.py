"""Make somebody who runs a panel."""

from __future__ import annotations

import argparse
import json
import secrets

from panelwright.cli import setup
from panelwright.cli.secret_options import add_secret

EXAMPLE = """example:
  panelwright staff add --panel acme --email bob@example.com --role support

Prints the person as JSON, with the password if none was given. Then: `panelwright staff-key add`.
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

    panel = setup.panel(args.panel)
    password = args.password or secrets.token_urlsafe(12)
    role = "orders" if args.role == "staff" else args.role
    with scope(panel=panel):
        given = {"email": args.email, "password": password, "role": role}
        done = setup.perform("staff.add", panel=panel, given=given)
    made = {"panel": panel.slug, "staff": done.target, "email": done.after["email"], "role": role}
    print(json.dumps({**made, "password": password}, ensure_ascii=False, indent=2))
    return 0
