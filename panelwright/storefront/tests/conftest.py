"""What the tests of the pages have: panels, visitors, and a served panel.

The imports are late: pytest reads this file before the database is chosen and Django is set up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.processes import Launcher, free_port

if TYPE_CHECKING:
    from django.test import Client

    from panelwright.panels.models import Panel


@pytest.fixture
def open_panel(db: None) -> Callable[..., Panel]:
    from panelwright.storefront.tests import making

    return making.open_panel


@pytest.fixture
def visit() -> Callable[[str], Client]:
    """`visit("bare")` is a browser without cookies or languages on the panel's host."""
    from django.test import Client

    return lambda name: Client(headers={"host": f"{name}.example"})


@dataclass(frozen=True)
class Live:
    """A served panel that sells everything in every language, and a customer's key with plenty of money."""

    base_url: str
    api_url: str
    api_key: str


@pytest.fixture(scope="session")
def live(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The product as it is installed: its own commands, its own server, no worker."""
    port = free_port()
    carol = ("--panel", "everything", "--customer", "carol@everything.example")
    with Launcher(database_url=new_database(), folder=tmp_path_factory.mktemp("live")) as launch:

        def command(*arguments: str) -> Any:
            output = launch.command(*arguments)
            return json.loads(output[output.index("{") :]) if "{" in output else None

        command("createpanel", "--preset", "everything", "--domain", f"*:{port}")
        command("createcustomer", "--panel", "everything", "--email", "carol@everything.example")
        command("credit", *carol, "--amount", "10000.00", "--reference", "for the examples")
        key = command("createkey", *carol)["key"]
        url = f"http://127.0.0.1:{port}"
        launch.start("serve", "--no-worker", "--port", str(port)).wait_for_http(f"{url}/")
        yield Live(url, f"{url}/api/v2", key)
