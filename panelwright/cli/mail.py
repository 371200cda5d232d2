"""List a panel's last e-mails: when, to whom, what about, and whether they were sent."""

from __future__ import annotations

import argparse

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright mail --panel acme
  panelwright mail --panel acme --failed --limit 20

An e-mail that cannot be sent is tried again for two days. Where mail goes is told by
PANELWRIGHT_EMAIL_URL; without it, into the folder `mail` of the installation.
"""
LIMIT_MAX = 1000


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--failed", action="store_true", help="only those whose last attempt failed")
    parser.add_argument("--limit", type=int, default=50, help=f"the last so many, up to {LIMIT_MAX} (default: 50)")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.core import said
    from panelwright.events.models import Mail

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        mails = Mail.objects.filter(panel=panel)
        if args.failed:
            mails = mails.filter(sent_at=None).exclude(problem="")
        rows = list(mails.order_by("-id")[: max(1, min(args.limit, LIMIT_MAX))])[::-1]
    for mail in rows:
        if mail.sent_at is not None:
            state = f"sent {mail.sent_at:%Y-%m-%d %H:%M}"
        elif mail.due_at is None:
            state = "given up"
        else:
            state = f"waits, next at {mail.due_at:%Y-%m-%d %H:%M}" if mail.attempts else "waits"
        print(f"{mail.id}  {mail.created_at:%Y-%m-%d %H:%M}  {mail.to}  {mail.subject}  ({mail.kind})  {state}")
        if mail.problem:
            print(f"    {mail.attempts} attempts: {said.words(mail.problem)}")
    print(f"{len(rows)} e-mails." if rows else "No e-mail.")
    return 0
