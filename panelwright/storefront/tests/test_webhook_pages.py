"""The pages of webhooks: made, tried, changed, deleted; the log; and nothing of anybody else's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from panelwright.core import clock
from panelwright.customers.emails import webhook_stopped
from panelwright.customers.session_actions import open_session
from panelwright.events import webhook_actions
from panelwright.events.webhook_loop import Webhooks
from panelwright.events.webhook_rules import NAMES, WebhookMessage
from panelwright.storefront import webhooks
from panelwright.ui.cookies import session_name
from panelwright.ui.hidden import HiddenId, hidden_id
from tests.support.people import Buyer, counts, value, values
from tests.support.receiver import Receiver, Say
from tests.support.statements import statements
from tests.support.story import Story

URL = "https://hooks.example/carol"


def inside(buyer: Buyer) -> Client:
    """The buyer's browser, logged in."""
    client = Client(headers={"host": buyer.owner.host})
    with scope(panel=buyer.owner.panel):
        token = open_session(user=buyer.customer.user, address="198.51.100.7", browser="test")
    client.cookies[session_name(buyer.owner.panel)] = token
    return client


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def make(client: Client, url: str = URL, **options: Any) -> Any:
    return client.post("/account/webhooks/new", {"url": url, "names": ["order.completed"], **options})


def deliver() -> None:
    loop = Webhooks(webhook_stopped)
    loop.deliver()
    while loop.on_the_way():
        loop.write_down(wait_s=5)
    loop.close()


def tell(buyer: Buyer, *, count: int = 1) -> None:
    who = (buyer.owner.panel_id, buyer.customer_id)
    messages = [WebhookMessage(*who, "order.completed", None, {"order": number}) for number in range(count)]
    webhook_actions.tell(messages, webhook_actions.listeners({who}), now=clock.now())


def test_who_is_not_logged_in_is_sent_to_the_log_in(story: Story) -> None:
    answer = Client(headers={"host": "shop.example"}).get("/account/webhooks")
    assert (answer.status_code, answer["Location"]) == (302, "/login?next=%2Faccount%2Fwebhooks")


def test_one_is_made_and_its_secret_shown_once(carol: Buyer) -> None:
    client = inside(carol)
    assert "No webhooks yet." in text_of(client.get("/account/webhooks"))
    new = client.get("/account/webhooks/new")
    assert re.findall(r'value="([a-z.]+_?[a-z]*)" checked', new.content.decode()) == [
        "order.completed",
        "order.partial",
        "order.canceled",
    ]
    made = make(client, description="Carol's shop", names=["order.canceled", "refill.completed"])
    assert made.status_code == 200
    assert "no-store" in made["Cache-Control"]
    (secret,) = re.findall(r"whsec_[A-Za-z0-9+/=]{32}", made.content.decode())
    ((id_, names),) = values("SELECT id, names FROM events_endpoint")
    assert "order.canceled" in str(names)
    for address in ("/account/webhooks", f"/account/webhooks/{hidden_id(id_)}"):
        page = client.get(address)
        assert page.status_code == 200
        assert secret not in page.content.decode()
    assert "Carol&#x27;s shop" in client.get("/account/webhooks").content.decode()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"url": "nonsense"}, "Enter an address such as https://example.com/hook with at most 500 characters."),
        ({"names": []}, "Choose at least one."),
        ({"names": ["order.problem"]}, "Choose at least one."),
        ({"description": "x" * 101}, "Use at most 100 characters."),
        ({"url": URL}, "You already have a webhook with this address."),
    ],
)
def test_what_is_refused_is_said_beside_its_field(carol: Buyer, sent: dict[str, Any], said: str) -> None:
    client = inside(carol)
    make(client)
    answer = make(client, **{"url": "https://hooks.example/other", "description": "kept", **sent})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert counts("events_endpoint") == (1,)


def test_it_is_changed_rotated_and_deleted(carol: Buyer) -> None:
    client = inside(carol)
    make(client)
    (id_,) = values("SELECT id FROM events_endpoint")[0]
    page = f"/account/webhooks/{hidden_id(id_)}"
    answer = client.post(page, {"url": f"{URL}/2", "names": ["order.partial"], "description": "new"})
    assert (answer.status_code, answer["Location"]) == (302, page)
    ((url, description, enabled),) = values("SELECT url, description, enabled FROM events_endpoint")
    assert (url, description, bool(enabled)) == (f"{URL}/2", "new", False)
    assert client.post(page, {"url": "", "names": ["order.partial"], "enabled": "1"}).status_code == 422
    assert value("SELECT url FROM events_endpoint") == f"{URL}/2"
    before = value("SELECT sealed_secret FROM events_endpoint")
    assert "For 24 hours" in text_of(client.post(f"{page}/rotate"))
    assert value("SELECT old_sealed_secret FROM events_endpoint") == before
    assert client.get(f"{page}/delete").status_code == 405
    assert client.post(f"{page}/delete")["Location"] == "/account/webhooks"
    assert client.get(page).status_code == client.post(f"{page}/delete").status_code == 404
    assert "No webhooks yet." in text_of(client.get("/account/webhooks"))


def test_a_test_is_sent_and_stands_in_the_log(carol: Buyer, receiver: Receiver) -> None:
    client = inside(carol)
    secret = re.findall(r"whsec_[A-Za-z0-9+/=]{32}", make(client, receiver.url).content.decode())[0]
    (id_,) = values("SELECT id FROM events_endpoint")[0]
    page = f"/account/webhooks/{hidden_id(id_)}"
    assert client.post(f"{page}/test")["Location"] == f"{page}#log"
    again = client.post(f"{page}/test", follow=True)
    assert "This message is already being sent." in text_of(again)
    assert counts("events_delivery") == (1,)
    # The receiver's words come into the page as text.
    receiver.says(Say(500, b"<script>alert(1)</script>"), Say(204))
    deliver()
    assert receiver.heard[0].verify(secret)["type"] == "test"
    log = client.get(page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in log.content.decode()
    assert "<script>alert(1)" not in log.content.decode()
    for words in ("retrying", "1 attempt", "HTTP 500", "failing", "Every delivery has failed since"):
        assert words in text_of(log)
    (delivery_id,) = values("SELECT id FROM events_delivery")[0]
    retried = client.post(f"/account/webhooks/deliveries/{hidden_id(delivery_id)}/retry", follow=True)
    assert "Message queued to be sent again." in text_of(retried)
    deliver()
    assert "delivered" in text_of(client.get(page))
    assert "No failed deliveries." in text_of(client.get(f"{page}?show=failed"))


def test_the_log_is_paged_both_ways_and_filtered(carol: Buyer, receiver: Receiver) -> None:
    client = inside(carol)
    make(client, receiver.url)
    (id_,) = values("SELECT id FROM events_endpoint")[0]
    tell(carol, count=60)
    ids = [row[0] for row in values("SELECT id FROM events_delivery ORDER BY id DESC")]

    def shown(query: str) -> tuple[list[int], list[str]]:
        page = client.get(f"/account/webhooks/{hidden_id(id_)}{query}").content.decode()
        rows = [HiddenId().to_python(found) for found in re.findall(r"deliveries/([\w-]+)/retry", page)]
        return rows, re.findall(r'href="(\?[^"]*(?:before|after)=[^"]*)" rel', page)

    first, (older,) = shown("")
    assert first == ids[:25]
    second, (newer, older) = shown(older)
    assert second == ids[25:50]
    third, (back,) = shown(older)
    assert third == ids[50:]
    assert shown(back.replace("&amp;", "&"))[0] == second
    assert shown(newer.replace("&amp;", "&"))[0] == first
    assert shown("?show=failed")[0] == []
    assert shown("?before=99999999999999999999&after=x")[0] == first


def test_the_log_takes_as_many_queries_for_many_rows_as_for_one(carol: Buyer, receiver: Receiver) -> None:
    client = inside(carol)
    make(client, receiver.url)
    (id_,) = values("SELECT id FROM events_endpoint")[0]
    tell(carol)
    with statements() as one:
        client.get(f"/account/webhooks/{hidden_id(id_)}")
    tell(carol, count=50)
    with statements() as many:
        client.get(f"/account/webhooks/{hidden_id(id_)}")
    assert len(one) == len(many) <= 12


def test_mallory_and_another_customer_find_nothing(story: Story) -> None:
    client = inside(story.carol)
    make(client)
    (id_,) = values("SELECT id FROM events_endpoint")[0]
    tell(story.carol)
    (delivery_id,) = values("SELECT id FROM events_delivery")[0]
    before = values("SELECT * FROM events_endpoint"), values("SELECT * FROM events_delivery")
    form = {"url": URL, "names": ["order.completed"]}
    for other in (inside(story.mallory), inside(story.alice.customer("dave"))):
        page = f"/account/webhooks/{hidden_id(id_)}"
        answers = [other.get(page), other.post(page, form)]
        answers += [other.post(f"{page}/{what}") for what in ("test", "rotate", "delete")]
        answers.append(other.post(f"/account/webhooks/deliveries/{hidden_id(delivery_id)}/retry"))
        assert [answer.status_code for answer in answers] == [404] * 6
        assert "No webhooks yet." in text_of(other.get("/account/webhooks"))
    assert (values("SELECT * FROM events_endpoint"), values("SELECT * FROM events_delivery")) == before


def test_every_event_has_words() -> None:
    assert list(webhooks.WORDS) == list(NAMES)
