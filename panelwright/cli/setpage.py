"""Write a free page in one language, anew or in place of what is there. The text is Markdown."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused

EXAMPLE = """examples:
  panelwright page set --panel acme --slug about-us --language en --title "About us" --in-menu --body-file about.md
  panelwright page set --panel acme --slug terms --language pt-BR --title Termos --body-file - < termos.md

It stands at /pages/about-us; the slugs terms and faq take the place of the texts that come with Panelwright,
in every language. `panelwright page list` lists what there is.
"""
# A character has up to four bytes.
BYTES_MAX = 400_000


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--slug", required=True, help="its name in the address; terms and faq replace ours")
    parser.add_argument("--language", required=True, help="en, pt-BR, es or ru")
    parser.add_argument("--title", required=True)
    parser.add_argument("--menu", action=argparse.BooleanOptionalAction, help="link to it from every page")
    parser.add_argument("--position", type=setup.number, help="its place in the menu, from 0")
    parser.add_argument("file", help="the Markdown file, or - for standard input")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        given = {
            "slug": args.slug,
            "language": args.language,
            "title": args.title,
            "body": read_text(args.file),
            "in_menu": args.menu,
            "position": args.position,
        }
        page = setup.perform("page.set", panel=panel, given=given).after
    print(f"Page {page['slug']} in {page['language']}: {page['title']} ({len(page['body'])} characters)")
    return 0


def read_text(file: str) -> str:
    """The text of a file, or (-) of standard input. Raises Refused."""
    try:
        if file == "-":
            raw = sys.stdin.buffer.read(BYTES_MAX + 1)
        else:
            with Path(file).open("rb") as stream:
                raw = stream.read(BYTES_MAX + 1)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise CommandRefused(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        if len(raw) <= BYTES_MAX:
            raise CommandRefused(f"{file} is no text in UTF-8") from None
        text = ""
    if len(raw) > BYTES_MAX:
        raise CommandRefused(f"{file} is longer than {BYTES_MAX} bytes")
    return text
