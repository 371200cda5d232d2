"""Seal everything that is stored encrypted anew, with the first of the secret keys.

Run it after a new key was put in front of the old ones: in the data folder's file by --new-key, or in the environment
of all processes, which are started again with it. It may run while the panels do, and may be stopped and run again.
"""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused

PASSES_MAX = 5
EXAMPLE = """examples:
  panelwright rekey --new-key     # a new key in front, in the data folder's file
  panelwright rekey               # seal anew
  panelwright rekey --drop-old    # seal anew, then leave only the first key in that file
"""


def configure(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--new-key", action="store_true", help="only put a new key in front, in secret.key")
    what.add_argument("--drop-old", action="store_true", help="take the old keys out of secret.key afterwards")
    parser.add_argument(
        "--lost",
        action="store_true",
        help="make new request ids where their secret is lost; first decide about orders of unknown outcome",
    )


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django.conf import settings

    from panelwright.core import secret
    from panelwright.providers.secret_actions import replace_lost_secret

    if (args.new_key or args.drop_old) and setup.key_in_environment():
        raise CommandRefused(
            f"the keys are in {secret.VARIABLE} and {secret.OLD_VARIABLE}: change them there, and leave this option out"
        )
    if args.new_key:
        secret.add_key(settings.DATA)
        print("A new key is in front. What runs seals with it from now on: run `panelwright rekey --drop-old` next.")
        return 0
    if args.lost and replace_lost_secret():
        print("The secret of request ids was lost; it is a new one now.")
    lost = _seal_all()
    if lost:
        raise CommandRefused(
            f"{len(lost)} values were sealed with a key that is not known any more: {', '.join(lost[:20])}. Add that"
            f" key to {secret.OLD_VARIABLE}, or enter them again"
        )
    if args.drop_old:
        print(f"{secret.drop_old_keys(settings.DATA)} old keys are gone from secret.key.")
    print("Everything is sealed with the first key.")
    return 0


def _seal_all() -> list[str]:
    """Seal until a pass finds nothing left; what no key opens, in words.

    A secret may move from one column to another while we walk: the second pass meets it.
    """
    from panelwright.core.rekey_actions import rekey, sealed_columns

    for _ in range(PASSES_MAX):
        sealed, lost = 0, list[str]()
        for column in sealed_columns():
            done = None
            for done in rekey(column):
                print(f"{column}: {done.sealed} sealed anew", flush=True)
            if done is not None:
                sealed += done.sealed
                lost += [f"{column} of row {pk}" for pk in done.lost]
        if not sealed:
            break
    return lost
