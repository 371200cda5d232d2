"""An installation with two panels and an operator, Olga; and browsers at her host. Import this late."""

from __future__ import annotations

from typing import Any

import pyotp
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from panelwright.core.refusal import Refusal
from panelwright.host import sessions
from panelwright.host.models import Operator
from panelwright.host.pages import SITE
from panelwright.staff import actor, registry
from panelwright.staff.actions import Performed, perform
from panelwright.ui.pages import Answer, SitePage
from tests.staff.cases import World
from tests.support.people import Time, everything, value
from tests.support.rounds import Rounds
from tests.support.story import Story
from tests.support.upstream import ScriptedUpstream

HOST = "host.example"
EMAIL = "olga@host.example"
PASSWORD = "a long pass phrase"


class HostBrowser:
    """At the operators' host, or with `at` at another one."""

    def __init__(self, token: str = "", *, at: str = HOST, address: str = "198.51.100.9") -> None:
        self.client = Client(headers={"host": at, "user-agent": "Firefox on Linux"}, REMOTE_ADDR=address)
        if token:
            self.client.cookies[sessions.COOKIE] = token

    def answer(self, path: str) -> Any:
        return self.client.get(path)

    def get(self, path: str, status: int = 200) -> str:
        response = self.client.get(path)
        assert response.status_code == status, (path, response.status_code, response.headers)
        page: str = response.content.decode()
        return page

    def post(self, path: str, **fields: Any) -> Any:
        return self.client.post(path, fields)

    @property
    def token(self) -> str:
        cookie = self.client.cookies.get(sessions.COOKIE)
        return cookie.value if cookie is not None else ""

    def is_inside(self) -> bool:
        return bool(self.client.get("/").status_code == 200)

    def queries(self, path: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert self.client.get(path).status_code == 200, path
        return len(asked)


class Installation:
    """Alice's panel and Rita's, and the operator who runs both."""

    def __init__(self, story: Story, worker: Rounds, upstream: ScriptedUpstream, time: Time) -> None:
        self.story, self.time = story, time
        self.alice, self.carol, self.rival, self.mallory = story.alice, story.carol, story.rival, story.mallory
        self.world = World(story, worker, upstream)
        made = self.command("operator.add", email=EMAIL, password=PASSWORD)
        assert made.target is not None
        self.operator: Operator = Operator.objects.get(id=made.target)
        self.key = str(made.shown["app_key"])
        self.recovery_codes: list[str] = list(made.shown["recovery_codes"])

    def command(self, name: str, /, target: int | None = None, **given: Any) -> Performed:
        """An action of the whole installation, done by a command."""
        done = perform(
            registry.actions()[name], actor=actor.operator("a test"), panel_id=None, target=target, given=given
        )
        assert not isinstance(done, Refusal), done
        return done

    def code(self) -> str:
        """Of Olga's app, now."""
        return pyotp.TOTP(self.key).at(int(self.time.now.timestamp()))

    def waiting_domain(self) -> int:
        """That Alice's staff have named and nobody has confirmed."""
        from panelwright.panels.models import Domain

        host = f"w{self.world.ports}.alice.example"
        self.world.ports += 1
        found: int = Domain.objects.create(panel=self.alice.panel, host=host, confirmed=False).id
        return found

    def browser(self) -> HostBrowser:
        """Olga's, logged in by the form."""
        browser = HostBrowser()
        proof = proof_of(browser.post("/login", email=EMAIL, password=PASSWORD).content.decode())
        assert browser.post("/login", proof=proof, code=self.code()).status_code == 302
        self.time.passes(seconds=31)
        return browser

    def pages(self) -> dict[str, SitePage]:
        """Address -> page, for each sample of the registry."""
        rows = {"panel": self.alice.panel.slug, "domain": value("SELECT MAX(id) FROM panels_domain")}
        return {sample.format(**rows): page for page in SITE.pages for sample in page.addresses}

    def shown(self) -> list[str]:
        """The addresses that answer with a page to an operator."""
        return [
            address for address, page in self.pages().items() if page.answers is Answer.PAGE and page.name != "login"
        ]


def provider_at(panel_id: int, name: str, url: str, *, balance_micros: int | None) -> None:
    from panelwright.providers.models import Provider

    Provider.objects.create(panel_id=panel_id, name=name, url=url, sealed_key="k", balance_micros=balance_micros)


def proof_of(page: str) -> str:
    import re

    found = re.search(r'name="proof" value="([^"]+)"', page)
    assert found, page
    return found[1]


def unmoved(before: dict[str, list[tuple[Any, ...]]], *but: str) -> None:
    """Nothing has changed but the tables that are named."""
    after = everything()
    assert {table for table, rows in after.items() if rows != before[table]} <= set(but)
