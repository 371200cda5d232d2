"""The options that `block`, `unblock` and `blocks` share."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from panelwright.cli import setup

if TYPE_CHECKING:
    from panelwright.staff.actions import Performed

KINDS = ("exact", "domain", "pattern", "word")


def whose(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--panel", metavar="SLUG", help="of this panel")
    group.add_argument("--host", action="store_true", help="of the host: for every panel of this installation")


def what(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--exact", metavar="TEXT", help="this link or name")
    group.add_argument("--domain", metavar="HOST", help="links to this host and to every host below it")
    group.add_argument("--pattern", metavar="GLOB", help="links and names that fit, where * stands for anything")
    group.add_argument("--word", metavar="TEXT", help="texts with this word or phrase")


def chosen(args: argparse.Namespace) -> tuple[str, str]:
    """The kind and the text that `what` was given."""
    return next((kind, getattr(args, kind)) for kind in KINDS if getattr(args, kind) is not None)


def owner(args: argparse.Namespace) -> tuple[int | None, str]:
    """The panel's id, None for the host, and in words whose rules are meant. Raises Refused."""
    if args.host:
        return None, "on every panel"
    panel = setup.panel(args.panel)
    return panel.id, f"on {panel.slug}"


def perform(args: argparse.Namespace, verb: str, given: dict[str, object]) -> tuple[Performed, str]:
    """Do an action with blocks, of the panel or of the host; what came of it, and whose they are. Raises Refused."""
    if args.host:
        return setup.perform(f"host_block.{verb}", panel=None, given=given), "on every panel"
    from django_scopes import scope

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        return setup.perform(f"block.{verb}", panel=panel, given=given), f"on {panel.slug}"
