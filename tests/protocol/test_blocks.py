"""Blocked targets over HTTP: changed by a command in another process, they hold for the very next order."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

from tests.protocol.conftest import Live

_opener = build_opener(ProxyHandler({}))


def body(live: Live, link: str) -> bytes:
    """The exact bytes of the answer to an order of 100 for this link."""
    sent = {"key": live.api_key, "action": "add", "service": live.service("Default"), "link": link, "quantity": 100}
    with _opener.open(live.api_url, urlencode(sent).encode(), timeout=60) as response:
        assert (response.status, response.headers["Content-Type"]) == (200, "application/json")
        answer: bytes = response.read()
        return answer


def taken(live: Live, link: str) -> bool:
    """Whether the order was taken, and the balance moved, or it was `Bad link`, and nothing moved."""
    before = live.balance()
    answer = body(live, link)
    if answer == b'{"error":"Bad link"}':
        assert live.balance() == before
        return False
    assert answer.startswith(b'{"order":')
    assert live.balance() < before
    return True


def test_a_panels_rule_holds_at_once_and_nowhere_else(live: Live, mallory: Live) -> None:
    domain = f"{uuid.uuid4().hex}.example"
    link = f"https://a.{domain}/x"
    assert taken(live, link)
    live.installation.command("block", "--panel", live.slug, "--domain", domain)
    assert not taken(live, link)
    assert not taken(live, f"HTTP://good.example@{domain.upper()}.:8080/")
    assert taken(live, f"https://not{domain}/x")
    assert taken(mallory, link)
    live.installation.command("unblock", "--panel", live.slug, "--domain", domain)
    assert taken(live, link)


def test_a_rule_of_the_host_holds_on_all_panels(live: Live, mallory: Live) -> None:
    name = uuid.uuid4().hex
    live.installation.command("block", "--host", "--exact", f"t.me/{name}")
    assert not taken(live, f"https://www.t.me/{name.upper()}/")
    assert not taken(mallory, f"t.me/{name}")
    live.installation.command("unblock", "--host", "--exact", f"t.me/{name}")
    assert taken(live, f"t.me/{name}")
    assert taken(mallory, f"t.me/{name}")
