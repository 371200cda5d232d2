"""Read a ticket, answer it, close it, or say what became of a speed-up."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused

if TYPE_CHECKING:
    from panelwright.panels.models import Panel

EXAMPLE = """example:
  panelwright ticket show --panel acme --id 12                     read it
  panelwright ticket answer 12 --panel acme --text "It is there now."
  panelwright ticket answer 12 --panel acme --text "Bye." --close
  panelwright ticket pass-on 12 --panel acme --order 4711          the provider was asked to hurry with order 4711
  panelwright ticket done 12 --panel acme --order 4711             it goes faster now (or: ticket refuse)
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--id", required=True, type=setup.number, metavar="N")
    what = parser.add_mutually_exclusive_group()
    order = {"type": setup.number, "metavar": "ORDER"}
    what.add_argument("--answer", metavar="TEXT", help="answer it; the customer gets an e-mail")
    what.add_argument("--passed-on", help="the speed-up of this order was passed on", **order)  # type: ignore[arg-type]
    what.add_argument("--done", help="this order was sped up", **order)  # type: ignore[arg-type]
    what.add_argument("--refuse", help="this order cannot be sped up", **order)  # type: ignore[arg-type]
    parser.add_argument("--close", action="store_true", help="close it, after the answer if there is one")
    parser.add_argument("--json", action="store_true", help="print it as a JSON object")
    parser.set_defaults(wrong_usage=parser.error)


def run(args: argparse.Namespace) -> int:
    speed_up = [args.passed_on, args.done, args.refuse]
    if args.close and any(order is not None for order in speed_up):
        args.wrong_usage("--close goes alone or with --answer")
    setup.django()
    from django_scopes import scope

    from panelwright.support import queries

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        _act(args, panel)
        facts = queries.whole_facts(panel.id, queries.ticket_id(panel.id, args.id) or 0)
    if facts is None:
        raise CommandRefused(f"there is no ticket {args.id} on this panel")
    if args.json:
        print(json.dumps(facts, ensure_ascii=False, indent=2))
    else:
        _print(facts)
    return 0


def _act(args: argparse.Namespace, panel: Panel) -> None:
    def do(verb: str, **given: object) -> None:
        setup.perform(f"ticket.{verb}", panel=panel, target=args.id, given=given)

    if args.answer is not None:
        do("answer", text=args.answer, close=args.close)
    elif args.close:
        do("close")
    elif args.passed_on is not None:
        do("pass_on", order=args.passed_on)
    elif args.done is not None:
        do("done", order=args.done)
    elif args.refuse is not None:
        do("refuse", order=args.refuse)


def _print(facts: dict[str, Any]) -> None:
    print(f"Ticket {facts['id']} is {facts['state']}: {facts['subject']}, {facts['email']}")
    print(f"{facts['title']}\n")
    if facts["older"] is not None:
        print("… older messages: see the staff API\n")
    for message in facts["messages"]:
        who = message["by"] or message["author"]
        print(f"{message['created_at']}  {who}:")
        for line in message["text"].splitlines():
            # A customer's text moves no cursor and colours no terminal: control characters were taken out.
            print(f"    {line}")
        for file in message["attachments"]:
            print(f"    [{file['name']}, {file['type']}, {file['size']} bytes]")
    for note in facts["notes"]:
        print(f"{note['created_at']}  {note['by']}, to staff only:")
        for line in note["text"].splitlines():
            print(f"    {line}")
    for request in facts["requests"]:
        passed_on = ", passed on" if request["passed_on_at"] and request["state"] == "accepted" else ""
        ended = request["reason"] or request["outcome"]
        print(f"{request['wish']} {request['order']}: {request['state']}{passed_on}{': ' + ended if ended else ''}")
