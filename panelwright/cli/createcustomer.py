"""Make a customer of a panel, with an account and a balance of zero."""

from __future__ import annotations

import argparse
import json
import secrets

from panelwright.cli import setup
from panelwright.cli.secret_options import add_secret

EXAMPLE = """example:
  panelwright customer add --panel acme --email carol@example.com

Prints it, with the password if none was given. Then: `panelwright customer credit`, `panelwright api-key add`.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--email", required=True)
    add_secret(parser, "--password", help="made up and printed when left out")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel)
    password = args.password or secrets.token_urlsafe(12)
    with scope(panel=panel):
        done = setup.perform("customer.add", panel=panel, given={"email": args.email, "password": password})
    made = {"panel": panel.slug, "customer": done.called, "email": done.after["email"], "password": password}
    print(json.dumps(made, ensure_ascii=False, indent=2))
    return 0
