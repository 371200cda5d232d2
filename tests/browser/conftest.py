"""A panel as its customers meet it: served, with a worker, a provider that delivers quickly, and its mail."""

from __future__ import annotations

import email
import email.policy
import json
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from panelwright.sandbox.run import KEYS
from tests.support.processes import Launcher, Process, free_ports
from tests.support.rows import Rows

SPEED = "30"
PASSWORD = "correct horse battery"
KEY = "the-key-of-the-sandbox"
# Number of the panel's service -> service of the sandbox.
ROUTES = {1: 1, 2: 2, 3: 3, 6: 1}
WAIT_MAX_S = 90.0
# Of operators; a browser finds it on this machine by itself.
HOST_SITE = "host.localhost"
# A service of the sandbox that the panel does not have yet.
NEW_SERVICE = "7"
TEXT = """Who *we* are, **really**.

# First

[A link](https://example.com/), `code`, and [what is none](javascript:document.title='run')
<script>document.title='run'</script> <img src=x onerror="document.title='run'">

> a quotation

## Second

1. one
2. two

```
a block that is quite wide, wider than the screen of a phone: 0123456789 0123456789 0123456789
```

| a | b |
|---|--:|
| 1 | 2 |
"""


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    password: str = PASSWORD


class Town:
    """`url` is the panel's; `rows` are its database's; `mails(to)` are the letters that arrived."""

    def __init__(self, launch: Launcher, url: str, server: Process) -> None:
        self.launch = launch
        self.url = url
        self.server = server
        self.rows = Rows(launch.database_url)

    def command(self, *arguments: str) -> Any:
        output = self.launch.command(*arguments)
        return json.loads(output[output.index("{") :]) if "{" in output else output

    def customer(self, *, balance: str = "100.00") -> Person:
        """Somebody with an account and money."""
        person = Person(f"{secrets.token_hex(4)}@customer.example")
        secret = self.launch.secret_file(person.password)
        self.command("createcustomer", "--panel", "everything", "--email", person.email, "--password-file", secret)
        self.credit(person, balance)
        return person

    def staff(self) -> Person:
        """An owner of the panel."""
        person = Person(f"{secrets.token_hex(4)}@staff.example")
        secret = self.launch.secret_file(person.password)
        who = ("--panel", "everything", "--email", person.email, "--password-file", secret)
        self.command("createstaff", *who, "--role", "owner")
        return person

    def credit(self, person: Person, amount: str) -> None:
        who = ("--panel", "everything", "--customer", person.email)
        self.command("credit", *who, "--amount", amount, "--reference", secrets.token_hex(4))

    def write_pages(self) -> None:
        """A page and an announcement with all that Markdown has, and a service that is new."""
        file = self.launch.folder / "text.md"
        file.write_text(TEXT, encoding="utf-8")
        panel = ("--panel", "everything")
        about = ("--slug", "about", "--language", "en", "--title", "About us", "--menu")
        self.command("setpage", *panel, *about, str(file))
        self.command("announce", *panel, "--title", "We moved", str(file))
        self.command("importservices", *panel, "--provider", "north", "--service", NEW_SERVICE)

    def mails(self, to: str) -> list[str]:
        """The texts of the letters to an address, the oldest first."""
        found = []
        for path in sorted((self.launch.folder / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns):
            letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if to in str(letter["To"]):
                body = letter.get_body(("plain",))
                assert body is not None
                found.append(str(body.get_content()))
        return found

    def letter(self, to: str, *, count: int = 1) -> str:
        """The newest letter to an address, once so many have come."""
        self.server.wait_for(lambda: len(self.mails(to)) >= count, what=f"letter {count} to {to}", timeout_s=WAIT_MAX_S)
        return self.mails(to)[-1]

    def link_in(self, letter: str) -> str:
        """The link of a letter."""
        found = re.search(r"http://\S+", letter)
        assert found, letter
        return found.group()

    def balance(self, person: Person) -> int:
        """Micros."""
        (row,) = self.rows.run(
            "SELECT a.balance_micros FROM ledger_account a JOIN customers_customer c ON c.account_id = a.id"
            " JOIN customers_user u ON u.id = c.user_id WHERE u.email = ?",
            person.email,
        )
        return int(row[0])


@pytest.fixture(scope="session")
def town(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with founded(new_database(), tmp_path_factory.mktemp("town")) as made:
        yield made


@contextmanager
def founded(database_url: str, folder: Path) -> Iterator[Town]:
    """A town in an empty database, whose files are in `folder`."""
    port = free_ports(2)
    with Launcher(database_url=database_url, folder=folder) as launch:
        data = ("--data", str(folder / "sandbox.sqlite3"))
        sandbox = launch.start("sandbox", "--port", str(port + 1), *data, "--speed", SPEED, **{KEYS: KEY})
        sandbox.wait_for_log("/api/v2")
        panel = ("--panel", "everything")
        where = f"http://127.0.0.1:{port + 1}/api/v2"
        key = ("--key-file", launch.secret_file(KEY))
        commands: list[tuple[str, ...]] = [
            ("migrate",),
            ("createpanel", "--preset", "everything", "--domain", f"127.0.0.1:{port}"),
            ("addprovider", *panel, "--name", "north", "--url", where, *key, "--knows-request-id"),
            *(
                ("addroute", *panel, "--service", str(ours), "--provider", "north", "--upstream-service", str(theirs))
                for ours, theirs in ROUTES.items()
            ),
        ]
        for arguments in commands:
            launch.command(*arguments)
        server = launch.start(
            "serve",
            "--port",
            str(port),
            PANELWRIGHT_HOST_SITE=HOST_SITE,
            PANELWRIGHT_ALLOW_PRIVATE_WEBHOOKS="1",
            PANELWRIGHT_ALLOW_WEBHOOKS_TO_THIS_MACHINE="1",
        )
        server.wait_for_http(f"http://127.0.0.1:{port}/")
        yield Town(launch, f"http://127.0.0.1:{port}", server)
        assert "Traceback" not in server.log_path.read_text(errors="replace")


def enter(page: Page, url: str, person: Person) -> None:
    """Log in by the form; afterwards the page is the one for a new order, of staff the back office."""
    page.goto(f"{url}/login")
    page.get_by_label("Email address").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(re.compile(rf"{re.escape(url)}/(order|admin/)$"))


@pytest.fixture
def log_in(town: Town) -> Callable[[Page, Person], None]:
    return lambda page, person: enter(page, town.url, person)
