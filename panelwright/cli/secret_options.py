"""Options that take a secret: from standard input, from a file or typed in, never from the command line. So do those
for addresses, where a secret stands in one.

Every user of a machine sees the command lines of all its processes.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from panelwright.core.web_addresses import without_secrets

# Of a file that was named by mistake not everything is read.
SECRET_MAX = 4096
_SECRETS_OF_LIBPQ = frozenset({"password", "sslpassword"})


def add_secret(parser: argparse.ArgumentParser, name: str, *, help: str, dest: str = "") -> None:
    """`--name -` reads a line of standard input, or asks for it; `--name-file FILE` reads a file.

    Both set the attribute `dest`, or that of `--name`; None when neither is given.
    """
    attribute = dest or name.removeprefix("--").replace("-", "_")
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        name, metavar="-", dest=attribute, type=_typed(name), help=f"{help}; - reads it from standard input"
    )
    either.add_argument(
        f"{name}-file", metavar="FILE", dest=attribute, type=of_file, help="the same, from the first line of a file"
    )


def add_address(
    parser: argparse.ArgumentParser, name: str, *, help: str, dest: str = "", required: bool = False
) -> None:
    """`--name URL`, where it holds no secret; `--name -` and `--name-file FILE` as `add_secret`, for those that do."""
    attribute = dest or name.removeprefix("--").replace("-", "_")
    either = parser.add_mutually_exclusive_group(required=required)
    add_address_to(either, name, dest=attribute, help=help)


def add_address_to(either: argparse._MutuallyExclusiveGroup, name: str, *, dest: str, help: str) -> None:
    """Both options of `add_address`, in a group that has others."""
    told = f"{help}; - reads it from standard input"
    either.add_argument(name, metavar="URL", dest=dest, type=_address_of(name), help=told)
    whole = "the same, from the first line of a file: for an address with a token or password in it"
    either.add_argument(f"{name}-file", metavar="FILE", dest=dest, type=of_file, help=whole)


def _address_of(name: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text == "-":
            return _good(sys.stdin.readline(SECRET_MAX + 1))
        try:
            plain = urlunsplit(urlsplit(text)._replace(fragment=""))
        except ValueError:
            return text  # no address: it is refused as one
        shown = without_secrets(text)
        if shown != plain:
            raise argparse.ArgumentTypeError(
                f"an address with a token or password in it ({shown}) stands in the list of processes: write {name} -"
                f" and give it on standard input, or {name}-file FILE"
            )
        return text

    return read


def _typed(name: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text != "-":
            raise argparse.ArgumentTypeError(
                f"a secret on the command line stands in the list of processes: write {name} - and give it on"
                f" standard input, or {name}-file FILE"
            )
        if sys.stdin.isatty():
            return _good(getpass.getpass(f"{name.removeprefix('--')}: "))
        return _good(sys.stdin.readline(SECRET_MAX + 1))

    return read


def of_file(name: str) -> str:
    """The first line of a file."""
    try:
        with Path(name).open(encoding="utf-8") as file:
            return _good(file.readline(SECRET_MAX + 1))
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"it cannot be read: {error}") from None


def _good(line: str) -> str:
    if len(line) > SECRET_MAX:
        raise argparse.ArgumentTypeError(f"its first line has more than {SECRET_MAX} characters")
    # Some editors write a mark before the first character, which nobody sees.
    text = line.removeprefix("\ufeff").strip()
    if not text:
        raise argparse.ArgumentTypeError("it is empty")
    return text


def database_url(text: str) -> str:
    """A database address without a password in it; - reads one, with or without, from standard input."""
    if text == "-":
        return _good(sys.stdin.readline(SECRET_MAX + 1))
    try:
        parts = urlsplit(text)
        secret = parts.password is not None or bool(_SECRETS_OF_LIBPQ & {name for name, _ in parse_qsl(parts.query)})
    except ValueError:
        raise argparse.ArgumentTypeError("this is not a URL") from None
    if secret:
        raise argparse.ArgumentTypeError(
            "a password on the command line stands in the list of processes: put the address into"
            " PANELWRIGHT_DATABASE_URL or a file (--database-file), or the password into ~/.pgpass"
        )
    return text
