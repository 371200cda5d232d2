"""`panelwright`: one program, one command a module. `panelwright COMMAND --help` shows an example of each.

Exit status: 0 done, 1 it could not be done or the books do not balance, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from panelwright import __version__
from panelwright.cli.secret_options import database_url, of_file
from panelwright.core.private import keep_private

# Command -> one line about it. The module of the same name has configure(parser) and run(args).
COMMANDS = {
    "demo": "start six demonstration panels with a simulated provider",
    "serve": "start the panels of this installation: web and worker",
    "worker": "start one more worker (PostgreSQL)",
    "sandbox": "start a simulated upstream panel",
    "createpanel": "make a panel, from a preset or empty",
    "adddomain": "let a panel answer on one more host",
    "createstaff": "make somebody who runs a panel",
    "createstaffkey": "make a key of the staff API; it is shown once",
    "revokestaffkey": "revoke a key of the staff API",
    "createcustomer": "make a customer of a panel",
    "secondfactor": "take the second factor off a customer's account",
    "createkey": "make an API key for a customer; it is shown once",
    "revokekey": "revoke an API key",
    "credit": "add money to a customer's balance",
    "setlook": "give a panel its own colour and logo",
    "addprovider": "add a provider to a panel: an upstream panel, or your own people",
    "setprovider": "show or change a provider's settings: key, currency, limits",
    "importservices": "sell a provider's services with a markup",
    "held": "show what of a provider's list a person has to look at, and decide",
    "sync": "bring a panel's catalogue in step with a provider's list now",
    "setservice": "show or change how a service is sold: its step, and what its links must lead to",
    "addlinkkind": "say what a path on a host leads to",
    "removelinkkind": "take back what was said of a path on a host",
    "linkkinds": "list what links lead to, or try one",
    "setrate": "set the exchange rate of a currency",
    "guard": "show or set what keeps a panel from selling below cost",
    "changes": "list what changed in a panel's catalogue",
    "setpage": "write a free page, or the panel's own terms and questions",
    "pages": "list a panel's free pages, or print one",
    "removepage": "remove a free page",
    "announce": "tell a panel's customers something, list what was told, or take it back",
    "addroute": "say which provider delivers a service",
    "setroute": "show a service's routes, change their order, rate and limits",
    "post": "tell a panel of a new post of a user, for the subscriptions to it",
    "addpostsource": "hear of new posts from a feed or a signed webhook",
    "postsources": "list where a panel hears of new posts",
    "removepostsource": "hear no more from a feed or webhook",
    "subscription": "pause, resume or cancel a subscription",
    "queue": "list what waits for the panel's own people",
    "work": "start, finish or refuse what waits for the panel's own people",
    "block": "refuse orders for a target, or with a word in their texts",
    "unblock": "take back a block",
    "blocks": "list what is blocked, import a list, or try a text",
    "tickets": "list a panel's tickets",
    "ticket": "read, answer or close a ticket",
    "order": "show one order: who delivers it, what came back, what it costs",
    "problems": "list the orders that a person should look at",
    "resolve": "end an open order, send it, or say which id its provider gave it",
    "mail": "list a panel's last e-mails, and which could not be sent",
    "audit": "prove that the books balance",
    "migrate": "bring the database to this version",
    "rekey": "exchange the secret key that encrypts what is stored",
}
# Started by `serve` and `demo`; not for people.
_INTERNAL = {"web", "demo_customers"}
_DATABASE_ENV = "PANELWRIGHT_DATABASE_URL"


class Refused(Exception):
    """The command cannot be done; the text says why and what to do. Exit status 1."""


def main(argv: Sequence[str] | None = None) -> int:
    keep_private()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] == "sandbox":
        # A process of its own kind: it has its own arguments and loads no Django.
        from panelwright.cli.processes import stop_with_parent
        from panelwright.sandbox.run import main as sandbox

        stop_with_parent()
        return sandbox(arguments[1:])
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        sys.stdout.write(_overview())
        return 0 if arguments else 2
    if arguments[0] in {"-V", "--version"}:
        sys.stdout.write(f"panelwright {__version__}\n")
        return 0
    name = arguments[0]
    if name not in COMMANDS and name not in _INTERNAL:
        sys.stderr.write(f"panelwright: there is no command {name!r}; `panelwright --help` lists them\n")
        return 2
    module = importlib.import_module(f"panelwright.cli.{name}")
    parser = argparse.ArgumentParser(
        prog=f"panelwright {name}",
        description=module.__doc__,
        epilog=getattr(module, "EXAMPLE", None),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--data", metavar="DIR", help="the installation's folder (default: $PANELWRIGHT_DATA or ./var/data)"
    )
    parser.add_argument(
        "--database",
        metavar="URL",
        type=database_url,
        help=f"sqlite:////file or postgresql://… (default: ${_DATABASE_ENV} or the folder)",
    )
    parser.add_argument(
        "--database-file", metavar="FILE", dest="database", type=of_file, help="the same, from the first line of a file"
    )
    module.configure(parser)
    args = parser.parse_args(arguments[1:])
    if getattr(args, "data", None):
        os.environ["PANELWRIGHT_DATA"] = str(Path(args.data).resolve())
    if getattr(args, "database", None):
        os.environ[_DATABASE_ENV] = args.database
    try:
        return int(module.run(args))
    except Refused as refused:
        sys.stderr.write(f"panelwright {name}: {refused}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name.ljust(width)}  {about}" for name, about in COMMANDS.items()]
    return (
        f"Panelwright {__version__}: panels that sell marketing services, exact with orders and money.\n\n"
        "usage: panelwright COMMAND [options]\n\n"
        + "\n".join(lines)
        + "\n\n`panelwright COMMAND --help` shows the options and an example. First look: panelwright demo\n"
    )


if __name__ == "__main__":
    # By its own name: the Refused that commands raise is the one of panelwright.cli.main, not of __main__.
    sys.exit(importlib.import_module("panelwright.cli.main").main())
