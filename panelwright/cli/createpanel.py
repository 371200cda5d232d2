"""Make a panel, from a preset or empty, with an owner who can log in."""

from __future__ import annotations

import argparse
import json
import secrets

from panelwright.cli import setup
from panelwright.cli.secret_options import add_secret

EXAMPLE = """example:
  panelwright panel create --preset everything --slug acme --name "Acme Panel" \\
      --domain panel.example.com --owner alice@example.com

Prints what was made as JSON, with the owner's password if none was given. A panel made from a
preset has services and no provider: add one with `panelwright addprovider`.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    from panelwright.panels.presets import names

    parser.add_argument("--preset", choices=names(), help="services, currency and languages to start with")
    parser.add_argument("--slug", help="short name for commands (default: the preset's)")
    parser.add_argument("--name", help="name that customers see (default: the preset's)")
    parser.add_argument("--currency", help="three letters, like USD (default: the preset's)")
    parser.add_argument("--language", help="en, pt-BR, es or ru (default: the preset's)")
    parser.add_argument(
        "--domain",
        action="append",
        required=True,
        metavar="HOST[:PORT]",
        help="host that it answers on; *:PORT for any host on a port; may be given several times",
    )
    parser.add_argument("--owner", metavar="EMAIL", help="who runs it")
    add_secret(parser, "--owner-password", help="made up and printed when left out")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    given = {
        "preset": args.preset,
        "slug": args.slug,
        "name": args.name,
        "currency": args.currency,
        "language": args.language,
        "domains": args.domain,
    }
    done = setup.perform("panel.create", panel=None, given=given).after
    made: dict[str, object] = {name: done[name] for name in ("name", "currency")}
    made = {"panel": done["slug"], **made, "domains": args.domain}
    if args.owner:
        password = args.owner_password or secrets.token_urlsafe(12)
        panel = setup.panel(done["slug"])
        with scope(panel=panel):
            given = {"email": args.owner, "password": password, "role": "owner"}
            setup.perform("staff.add", panel=panel, given=given)
        made["owner"] = {"email": args.owner, "password": password}
    print(json.dumps(made, ensure_ascii=False, indent=2))
    return 0
