"""The signed webhook over real HTTP: good, bad, old and repeated signatures, and what they say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from standardwebhooks.webhooks import Webhook

from tests.support.processes import Launcher, free_port

LINK = "https://example.com/anna/1"


class Hook:
    """A served panel with a subscription to anna and a webhook."""

    def __init__(self, launch: Launcher) -> None:
        self.launch, port = launch, free_port()
        who = ("--panel", "everything", "--customer", "carol@everything.example")
        self.command("createpanel", "--preset", "everything", "--domain", f"*:{port}")
        self.command("createcustomer", "--panel", "everything", "--email", "carol@everything.example")
        self.command("credit", *who, "--amount", "100.00", "--reference", "hooks")
        said = self.command("createkey", *who)
        self.key = json.loads(said[said.index("{") :])["key"]
        self.base = f"http://127.0.0.1:{port}"
        launch.start("serve", "--no-worker", "--port", str(port)).wait_for_http(f"{self.base}/")
        services = self.call(action="services")
        (self.service,) = [s for s in services if s["type"] == "Subscriptions"][:1]
        said = self.command("addpostsource", "--panel", "everything", "--webhook")
        self.source, self.secret = int(said.split()[2]), said.split()[-1]

    def command(self, *arguments: str) -> str:
        return self.launch.command(*arguments)

    def call(self, **params: object) -> Any:
        with urlopen(f"{self.base}/api/v2", urlencode({"key": self.key, **params}).encode()) as answer:
            return json.load(answer)

    def subscribe(self, username: str) -> int:
        low = self.service["min"]
        params = {"service": self.service["service"], "username": username, "min": low, "max": low, "delay": 0}
        return int(self.call(action="add", **params)["order"])

    def send(self, body: bytes, *, secret: str = "", source: int = 0, age_s: int = 0) -> tuple[int, Any]:
        at = datetime.now(UTC) - timedelta(seconds=age_s)
        text = body.decode("latin-1") if b"\xff" in body else body.decode()
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret or self.secret).sign("msg_1", at, text),
            "content-type": "application/json",
        }
        return self.post(f"/hooks/posts/{source or self.source}", body, headers)

    def post(self, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Any]:
        try:
            with urlopen(Request(self.base + path, body, headers)) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            said = error.read()
            return error.code, json.loads(said) if said.startswith(b"{") else None


@pytest.fixture(scope="module")
def hook(new_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hook]:
    folder: Path = tmp_path_factory.mktemp("hooks")
    with Launcher(database_url=new_database(), folder=folder) as launch:
        yield Hook(launch)


def body(**post: object) -> bytes:
    return json.dumps(post).encode()


UNSIGNED = (401, {"error": "The signature is not valid"})


def test_a_signed_post_is_accepted_once(hook: Hook) -> None:
    hook.subscribe("anna")
    said = body(username="@Anna", link=LINK, published_at=datetime.now(UTC).isoformat())
    assert hook.send(said) == (200, {"accepted": 1, "known": 0})
    assert hook.send(said) == (200, {"accepted": 0, "known": 1})


def test_many_posts_of_several_users(hook: Hook) -> None:
    hook.subscribe("bea")
    posts = [{"username": "bea", "link": f"{LINK}/{n % 3}"} for n in range(5)]
    said = json.dumps({"posts": [*posts, {"username": "nobody", "link": LINK}]}).encode()
    assert hook.send(said) == (200, {"accepted": 3, "known": 3})


def test_a_link_that_was_copied_with_what_nobody_sees_is_the_same_post(hook: Hook) -> None:
    hook.subscribe("cleo")
    plain, copied = body(username="cleo", link=f"{LINK}/cleo"), body(username="cleo", link=f"\ufeff{LINK}/cleo\u200b ")
    first, again = hook.send(copied), hook.send(plain)
    assert first == (200, {"accepted": 1, "known": 0})
    assert again == (200, {"accepted": 0, "known": 1})
    status, _ = hook.send(body(username="cleo", link="https://exam\u200bple.com/x"))
    assert status == 400


def test_wrong_and_old_signatures_and_strange_sources_look_alike(hook: Hook) -> None:
    said = body(username="anna", link=f"{LINK}/never")
    other = "whsec_" + "A" * 32
    assert hook.send(said, secret=other) == UNSIGNED
    assert hook.send(said, age_s=301) == UNSIGNED
    assert hook.send(said, age_s=-330) == UNSIGNED
    assert hook.send(said, source=hook.source + 1000) == UNSIGNED
    assert hook.send(said, source=10**17) == UNSIGNED
    assert hook.post(f"/hooks/posts/{hook.source}", said, {}) == UNSIGNED
    assert hook.post("/hooks/posts/x", said, {})[0] == 404
    hook.subscribe("anna")
    assert hook.send(said) == (200, {"accepted": 1, "known": 0}), "none of them had told anybody"


@pytest.mark.parametrize(
    "said",
    [
        b"no json",
        b"[]",
        b'{"posts":[]}',
        body(link=LINK),
        body(username="anna"),
        body(username="anna", link="two words"),
        body(username="anna", link=LINK, published_at="soon"),
        json.dumps({"posts": [{"username": "a", "link": LINK}] * 101}).encode(),
    ],
)
def test_what_is_signed_but_makes_no_sense(hook: Hook, said: bytes) -> None:
    status, answer = hook.send(said)
    assert (status, list(answer)) == (400, ["error"])


def test_limits(hook: Hook) -> None:
    status, answer = hook.send(b" " * 65537)
    assert (status, answer) == (413, {"error": "The body is longer than 65536 bytes"})
    assert hook.post(f"/hooks/posts/{hook.source}", None, {})[0] == 405


def test_commands_say_what_is_there_and_what_cannot_be_done(hook: Hook) -> None:
    order = str(hook.subscribe("dora"))
    panel = ("--panel", "everything")
    assert hook.command("subscription", *panel, "--order", order, "--pause").strip() == "Paused"
    assert hook.launch.told("subscription", *panel, "--order", order, "--pause")[0] == 1
    assert hook.command("subscription", *panel, "--order", order, "--resume").strip() == "Resumed"
    assert hook.command("subscription", *panel, "--order", order, "--cancel").strip() == "Canceled"
    assert hook.call(action="status", order=order)["status"] == "Canceled"
    said = hook.command("addpostsource", *panel, "--feed", "https://a.example/f", "--username", "dora", "--every", "5")
    number = said.split()[2]
    listed = hook.command("postsources", *panel)
    assert f"{hook.source}  webhook  /hooks/posts/{hook.source}" in listed
    assert f"{number}  feed     dora  https://a.example/f  every 5 min, not read yet" in listed
    assert hook.secret not in listed
    assert "is removed" in hook.command("removepostsource", *panel, "--source", number)
    status, output = hook.launch.told("removepostsource", *panel, "--source", number)
    assert (status, f"Source of posts {number} not found." in output) == (1, True)
    assert hook.launch.told("addpostsource", *panel, "--feed", "ftp://x", "--username", "d")[0] == 1
    assert hook.launch.told("addpostsource", *panel)[0] == 2
    when = ("--link", LINK, "--published-at")
    assert hook.launch.told("post", *panel, "--username", "anna", *when, "soon")[0] == 1
    hook.subscribe("eva")
    assert "1 of 1" in hook.command("post", *panel, "--username", "EVA", *when, "2026-01-01T00:00:00Z")
