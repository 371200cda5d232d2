"""Give a panel its own colour and logo."""

from __future__ import annotations

import argparse
from pathlib import Path

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused

EXAMPLE = """example:
  panelwright panel set-look --panel acme --hue 155 --logo acme.png
  panelwright panel set-look --panel acme --no-logo

A hue is an angle: 25 red, 95 yellow, 155 green, 195 cyan, 250 blue, 290 violet, 340 pink. Lightness is
chosen for it, so that texts stay readable in light and in dark. Logos are PNG, JPEG or WebP, up to 200 KiB.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--hue", type=int, metavar="0-359")
    parser.add_argument("--no-hue", action="store_true", help="the colour that the panel's slug gives it")
    parser.add_argument("--logo", type=Path, metavar="FILE")
    parser.add_argument("--no-logo", action="store_true")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel)
    try:
        body = args.logo.read_bytes() if args.logo else None
    except OSError as error:
        raise CommandRefused(f"{args.logo} cannot be read: {error.strerror}") from None
    given = {"hue": args.hue, "no_hue": args.no_hue or None, "logo": body, "no_logo": args.no_logo or None}
    with scope(panel=panel):
        setup.perform("panel.set_look", panel=panel, given=given)
    panel.refresh_from_db()
    hue = "by its slug" if panel.hue is None else panel.hue
    print(f"{panel.slug}: hue {hue}, {'a logo of its own' if panel.logo_version else 'no logo of its own'}.")
    return 0
