"""A browser at a panel: with or without somebody logged in, through the product's own doors where that matters."""

from __future__ import annotations

import html
import re
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_scopes import scope, scopes_disabled

from panelwright.customers.models import User
from panelwright.customers.session_actions import open_session
from panelwright.events.models import Mail
from panelwright.ui.cookies import session_name
from tests.support.people import PASSWORD, Owner, everything


class Browser:
    """`user`: somebody who is logged in from the start. Answers are Django's, pages are texts."""

    def __init__(self, owner: Owner, user: Any = None, **headers: str) -> None:
        self.owner = owner
        self.client = Client(headers={"host": owner.host, "user-agent": "Firefox on Linux", **headers})
        if user is not None:
            with scope(panel=owner.panel):
                self.token = open_session(user=user, address="198.51.100.7", browser="test")
            self.client.cookies[session_name(owner.panel)] = self.token

    def answer(self, path: str, **options: Any) -> Any:
        return self.client.get(path, **options)

    def get(self, path: str, status: int = 200) -> str:
        response = self.client.get(path)
        assert response.status_code == status, (response.status_code, response.headers)
        page: str = response.content.decode()
        return page

    def post(self, path: str, **fields: Any) -> Any:
        return self.client.post(path, fields)

    def refused(self, path: str, status: int = 422, /, **fields: Any) -> str:
        """The form is shown again, and nothing moved."""
        before = everything()
        response = self.post(path, **fields)
        assert response.status_code == status, response.status_code
        assert everything() == before, "a refused form changed something"
        page: str = response.content.decode()
        return page

    def log_in(self, email: str, password: str = PASSWORD, **fields: str) -> Any:
        return self.post("/login", email=email, password=password, **fields)

    def is_inside(self) -> bool:
        return bool(self.client.get("/account").status_code == 200)

    def queries(self, path: str) -> list[str]:
        with CaptureQueriesContext(connection) as asked:
            response: Any = self.client.get(path)
            if response.streaming:
                b"".join(response.streaming_content)
        assert response.status_code in (200, 204), (path, response.status_code)
        return [query["sql"] for query in asked]


def error(page: str, field: str) -> str:
    """What stands beside a field; of "" what is wrong with the form as a whole."""
    pattern = rf'id="{field}-error">(.*?)</p>' if field else r'<p class="notice bad" role="alert">(.*?)</p>'
    match = re.search(pattern, page, re.S)
    return html.unescape(match[1]) if match else ""


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found[1])


def letters(to: str) -> list[tuple[str, str]]:
    """Kind and text of the letters to an address, the oldest first."""
    with scopes_disabled():
        return list(Mail.objects.filter(to=to).order_by("id").values_list("kind", "text"))


def link_of(to: str, kind: str) -> str:
    """The link of the newest letter of a kind."""
    text = [text for found, text in letters(to) if found == kind][-1]
    found = re.search(r"https?://\S+", text)
    assert found, text
    return found.group()


def path_of(link: str) -> str:
    return "/" + link.split("/", 3)[3]


def user_of(email: str) -> User:
    with scopes_disabled():
        found: User = User.objects.get(email=email)
        return found
