"""`panelwright`: one program, one command a module. `panelwright COMMAND --help` shows an example of each.

Exit status: 0 done, 1 it could not be done or the books do not balance, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import importlib
import os
import secrets
import select
import signal
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

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
    "roles": "list the roles of staff and their rights",
    "createstaffkey": "make a key of the staff API; it is shown once",
    "revokestaffkey": "revoke a key of the staff API",
    "createcustomer": "make a customer of a panel",
    "secondfactor": "take the second factor off a customer's account",
    "createkey": "make an API key for a customer; it is shown once",
    "revokekey": "revoke an API key",
    "credit": "add money to a customer's balance",
    "setlook": "give a panel its own colour and logo",
    "setnumbers": "show or set which numbers a panel's next orders, refills and tickets have",
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
    "trail": "list what staff did: who, what, before, after",
    "lists": "print the statements of the pages' lists, and how the database runs them",
    "audit": "prove that the books balance",
    "migrate": "bring the database to this version",
    "rekey": "exchange the secret key that encrypts what is stored",
}
# What has no noun: the installation itself.
SYSTEM = ("demo", "serve", "worker", "sandbox", "migrate", "rekey", "mail", "audit", "trail", "lists")
# Noun -> verb -> the module of a command that is no staff action, with options that it has. The commands of declared
# actions are made from their declarations (staff_command.py). Commands of one word that do the same stay until
# version 1.0.
FORMS: dict[str, dict[str, str]] = {
    "order": {
        "show": "order",
        "problems": "problems",
        "queue": "queue",
        "resolve": "resolve",
        "work": "work",
        "subscription": "subscription",
    },
    "ticket": {"list": "tickets", "show": "ticket"},
    "page": {"list": "pages"},
    "announcement": {"list": "announce --list"},
    "service": {"show": "setservice", "changes": "changes"},
    "link_pattern": {"list": "linkkinds"},
    "provider": {"show": "setprovider", "preview": "importservices --dry-run", "sync_preview": "sync --dry-run"},
    "route": {"list": "setroute", "change": "setroute"},
    "held": {"list": "held", "decide": "held"},
    "post_source": {"list": "postsources"},
    "staff": {"roles": "roles"},
    # A panel comes with its owner: this command does two actions.
    "panel": {"create": "createpanel", "numbers": "setnumbers", "guard": "guard"},
    "block": {"list": "blocks"},
    # Its verbs are actions; without one it is the older form.
    "post": {},
}
# Started by `serve` and `demo`; not for people.
_INTERNAL = {"web", "demo_customers"}
_DATABASE_ENV = "PANELWRIGHT_DATABASE_URL"


# As a shell tells of a program that SIGPIPE ended.
_PIPE_CLOSED = 128 + signal.SIGPIPE


class CommandRefused(Exception):
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
    name, noun = arguments[0], arguments[0].replace("-", "_")
    with_verb = len(arguments) > 1 and not arguments[1].startswith("-")
    if name in _INTERNAL or (name in COMMANDS and not (with_verb and noun in FORMS)):
        return _run(importlib.import_module(f"panelwright.cli.{name}"), name, arguments[1:])
    if with_verb:
        return _of_noun(noun, arguments[1], arguments[2:])
    if noun not in nouns():
        sys.stderr.write(f"panelwright: there is no command {name!r}; `panelwright --help` lists them\n")
        return 2
    sys.stdout.write(_overview_of(noun))
    return 0 if {"-h", "--help"} & set(arguments[1:]) else 2


def nouns() -> dict[str, list[str]]:
    """Noun -> its verbs, of declared actions and of other commands: for help, which has no installation."""
    from panelwright.cli import setup

    if "django" not in sys.modules:
        # Else the settings would make a data folder for a key that nobody needs.
        os.environ.setdefault("PANELWRIGHT_SECRET_KEY", secrets.token_hex(32))
    setup.django(migrated=False)
    from panelwright.staff import registry

    known = [*registry.nouns(), *(noun for noun in FORMS if noun not in registry.nouns())]

    def verbs(noun: str) -> list[str]:
        return [verb for verb, action in registry.of_noun(noun).items() if not action.person]

    return {noun: list(dict.fromkeys([*FORMS.get(noun, {}), *verbs(noun)])) for noun in known}


def _of_noun(noun: str, verb: str, arguments: Sequence[str]) -> int:
    """`panelwright provider set …`: a declared action, or a command that has this form beside an older one."""
    verb = verb.replace("-", "_")
    form = FORMS.get(noun, {}).get(verb)
    if form is not None:
        command, *fixed = form.split()
        return _run(importlib.import_module(f"panelwright.cli.{command}"), f"{noun} {verb}", [*fixed, *arguments])
    from panelwright.cli import staff_command

    return staff_command.main(noun, verb, arguments)


def _run(module: ModuleType, name: str, arguments: Sequence[str]) -> int:
    parser = new_parser(name, module.__doc__, getattr(module, "EXAMPLE", None))
    module.configure(parser)
    args = parser.parse_args(arguments)
    return run_with(args, name, module.run)


def new_parser(name: str, description: str | None, epilog: str | None) -> argparse.ArgumentParser:
    """With the options that every command has."""
    parser = argparse.ArgumentParser(
        prog=f"panelwright {name}",
        description=description,
        epilog=epilog,
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
    return parser


def use_installation(args: argparse.Namespace) -> None:
    """The folder and the database that the options name."""
    if getattr(args, "data", None):
        os.environ["PANELWRIGHT_DATA"] = str(Path(args.data).resolve())
    if getattr(args, "database", None):
        os.environ[_DATABASE_ENV] = args.database


def run_with(args: argparse.Namespace, name: str, run: Callable[[argparse.Namespace], int]) -> int:
    use_installation(args)
    try:
        status = int(run(args))
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        if not _nobody_reads():
            raise
        return _PIPE_CLOSED
    except CommandRefused as refused:
        sys.stderr.write(f"panelwright {name}: {refused}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _nobody_reads() -> bool:
    """Whether who read our output has had enough, as `head` has. Python would write to it at its end, and complain."""
    try:
        sys.stdout.flush()
        output = sys.stdout.fileno()
    except BrokenPipeError:
        output = sys.stdout.fileno()
    except OSError:
        # No file: a test's.
        return False
    else:
        # What could not be written may be gone already, and then there is nothing more to try it with.
        poll = select.poll()
        poll.register(output, 0)
        if not poll.poll(0):
            return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    return True


def _overview_of(noun: str) -> str:
    lines = [
        f"usage: panelwright {noun} COMMAND [options]",
        "",
        *(f"  {noun} {verb}".replace("_", "-") for verb in nouns()[noun]),
        "",
    ]
    return "\n".join([*lines, f"`panelwright {noun} COMMAND --help` shows its options.", ""])


def _overview() -> str:
    known = nouns()
    width = max(map(len, known))
    system = [f"  {name.ljust(width)}  {COMMANDS[name]}" for name in SYSTEM]
    of_nouns = [f"  {noun.ljust(width)}  {', '.join(verbs)}".replace("_", "-") for noun, verbs in known.items()]
    older = textwrap.wrap(", ".join(name for name in COMMANDS if name not in SYSTEM), 116)
    return "\n".join(
        [
            f"Panelwright {__version__}: panels that sell marketing services, exact with orders and money.",
            "",
            "usage: panelwright COMMAND [options]",
            *system,
            "",
            "usage: panelwright NOUN COMMAND [options]",
            *of_nouns,
            "",
            "Older forms, which stay until version 1.0:",
            *(f"  {line}" for line in older),
            "",
            "`panelwright NOUN COMMAND --help` shows the options. First look: panelwright demo",
            "",
        ]
    )


if __name__ == "__main__":
    # By its own name: the Refused that commands raise is the one of panelwright.cli.main, not of __main__.
    sys.exit(importlib.import_module("panelwright.cli.main").main())
