"""List what is blocked, add many rules from a file, or ask which rule would refuse a text."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from panelwright.cli import block_options, setup
from panelwright.cli.main import CommandRefused
from panelwright.core import limits

if TYPE_CHECKING:
    from panelwright.panels.block_actions import NewBlock

EXAMPLE = """examples:
  panelwright block list --panel acme
  panelwright block list --host --json
  panelwright block list --host --import list.txt
  panelwright block list --panel acme --test "https://a.evil.example/x"

A file has one rule a line: kind, a tab, text. Empty lines and those that begin with # do not count.
A panel's list leaves the host's rules out; --test asks both.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    block_options.whose(parser)
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--json", action="store_true", help="as a list of JSON objects")
    group.add_argument("--import", dest="file", metavar="FILE", help="add the rules of a file, all or none")
    group.add_argument("--test", metavar="TEXT", help="which rule would refuse this link, name or text")


def run(args: argparse.Namespace) -> int:
    setup.django()
    if args.file is not None:
        return _import(args)
    panel_id, of = block_options.owner(args)
    if args.test is not None:
        return _test(panel_id, of, args.test)
    from panelwright.panels.block_actions import list_blocks

    rows = list_blocks(panel_id)
    if args.json:
        print(json.dumps([row._asdict() for row in rows], ensure_ascii=False, indent=2))
        return 0
    for row in rows:
        print(f"{row.kind:7}  {row.text}" + (f"  ({row.note})" if row.note else ""))
    print(f"{len(rows)} rules {of}." if rows else f"Nothing is blocked {of}.")
    return 0


def _import(args: argparse.Namespace) -> int:
    new = read(args.file)
    try:
        done, of = block_options.perform(args, "import", {"rules": [f"{rule.kind}\t{rule.text}" for rule in new]})
    except CommandRefused as refused:
        raise CommandRefused(f"{args.file}: {refused}; nothing was added") from None
    added = done.shown["added"]
    print(f"{added} rules added {of}, {len(new) - added} were there already.")
    return 0


def read(name: str) -> list[NewBlock]:
    """The rules of a file. Raises Refused with the line that is wrong."""
    from panelwright.panels import blocks
    from panelwright.panels.block_actions import NewBlock

    try:
        if Path(name).stat().st_size > limits.BLOCKS_FILE_BYTES_MAX:
            raise CommandRefused(f"{name} is larger than {limits.BLOCKS_FILE_BYTES_MAX} bytes")
        text = Path(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandRefused(f"{name} cannot be read: {error}") from None
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        kind, tab, value = line.rstrip("\r").partition("\t")
        try:
            if not tab:
                raise ValueError("write kind, a tab, text")
            blocks.normal(kind.strip(), value)
        except ValueError as error:
            raise CommandRefused(f"{name}, line {number}: {error}; nothing was added") from None
        found.append(NewBlock(kind.strip(), value))
    return found


def _test(panel_id: int | None, of: str, text: str) -> int:
    from panelwright.panels import block_store

    rules = block_store.current(panel_id) if panel_id is not None else block_store.host()
    found = [(as_what, rule) for as_what, rule in (("a target", rules.target(text)), ("a text", rules.word(text)))]
    hits = [(as_what, rule) for as_what, rule in found if rule is not None]
    for as_what, rule in hits:
        print(f"Refused as {as_what} by the {'host' if rule.of_host else 'panel'}'s rule: {rule.kind} {rule.text}")
    if not hits:
        print(f"Nothing {of} refuses it.")
    return 0
