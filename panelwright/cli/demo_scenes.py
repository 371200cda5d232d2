"""What the demonstration's panel is busy with when it starts: tickets, the work of its own people, and trouble.

Of each kind of trouble that staff meet there is some, made as it comes about at work: a provider that broke off in the
middle, one that does not answer any more, a service that leads nowhere.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from panelwright.catalog.actions import NewService, add_services
from panelwright.cli.demo_words import TALKS, Talk
from panelwright.core import clock, money
from panelwright.core.said import said
from panelwright.customers.access import Caller
from panelwright.customers.models import Customer
from panelwright.ledger.actions import credit_customer
from panelwright.ledger.models import TransferCode
from panelwright.orders.actions import AskOrders, place_orders, request_cancels, request_refills
from panelwright.orders.models import Order
from panelwright.orders.rules import PlaceOrder
from panelwright.panels.models import Panel
from panelwright.providers import actions as provider_actions
from panelwright.providers.manual import manual_actions
from panelwright.providers.models import Provider
from panelwright.providers.routing import actions as delivery
from panelwright.providers.routing import resolve_actions, route_actions
from panelwright.providers.routing.route_actions import NewRoute
from panelwright.providers.wire.outcomes import Accepted, OrderReport, Unknown, UpstreamRefused
from panelwright.support import staff_actions
from panelwright.support.actions import Letter, PostedMessage, open_ticket, reply
from panelwright.support.models import Subject, Ticket

CATEGORY = "By our own people, and new"
# What those get who act in the scenes, in the panel's currency.
SPENDING_MONEY = 60
BY_HAND, OLD, NEW = 901, 902, 903
# Nothing listens there.
NOWHERE = "http://127.0.0.1:9/api/v2"

# What the provider that is silent now said last: as it is understood, and as it was written.
LAST_WORDS = ((None, "Queued for review"), ("Partial", "Partial"), ("In progress", "In progress"))


def set_up(panel: Panel) -> None:
    """The services and providers of the scenes."""
    add_services(
        panel.id,
        [
            NewService(
                number=BY_HAND,
                category=CATEGORY,
                name="Profile cover, drawn by hand",
                type="Package",
                rate_micros=12 * money.MICROS,
                refill=True,
                cancel=True,
                description="Our own people draw it within two days.",
            ),
            NewService(
                number=OLD,
                category=CATEGORY,
                name="Channel boosts",
                type="Default",
                rate_micros=3 * money.MICROS,
                min=10,
                max=5_000,
                cancel=True,
                description="From a provider that does not answer at the moment.",
            ),
            NewService(
                number=NEW,
                category=CATEGORY,
                name="Story mentions, new",
                type="Default",
                rate_micros=2 * money.MICROS,
                min=10,
                max=2_000,
                description="Added yesterday; no provider is set for it yet.",
            ),
        ],
    )
    ids = dict(panel.service_set.filter(number__in=[BY_HAND, OLD]).values_list("number", "id"))
    people = manual_actions.add_manual_provider(panel_id=panel.id, name="Our own people")
    silent = provider_actions.add_provider(panel_id=panel.id, name="Old Faithful", url=NOWHERE, key="gone")
    route_actions.add_routes(
        panel.id, [NewRoute(ids[BY_HAND], people.id, ""), NewRoute(ids[OLD], silent.id, "17", "Default")]
    )


def act(panel: Panel, people: Sequence[Customer], broken: Provider, service: int) -> None:
    """All scenes. `broken` breaks off in the middle of an order for `service`, and does not know request ids."""
    draw = random.Random(f"scenes:{panel.slug}")
    now = clock.now()
    for buyer in people[1:12]:
        # What their history left them depends on the day.
        credit_customer(
            panel_id=panel.id,
            account_id=buyer.account_id,
            amount_micros=SPENDING_MONEY * money.MICROS,
            code=TransferCode.BONUS,
            reference=f"scenes-{buyer.id}",
            now=now - timedelta(days=6),
        )
    for hours in (26, 9, 3, 1):
        _order(people, BY_HAND, draw, now - timedelta(hours=hours))
    _ask_old(people, draw, now - timedelta(hours=31))
    for hours in (5, 2):
        _order(people, NEW, draw, now - timedelta(hours=hours))
    for minutes in (50, 48):
        _break_off(people, service, draw, now - timedelta(minutes=minutes), broken)
    _order(people, OLD, draw, now - timedelta(minutes=25), claim=False)
    _ask_refills(people)
    _ask_our_people(panel, people, now)
    _begin_schedules(people, draw, now)
    _talk(panel, people, draw, now)


def _order(
    people: Sequence[Customer], service: int, draw: random.Random, at: datetime, *, claim: bool = True
) -> list[delivery.Sending]:
    """An order of somebody, and what is to be sent of it; without `claim` it is left to the worker."""
    buyer = draw.choice(people[1:12])
    link = f"https://example.com/{buyer.user.email.partition('@')[0]}/{draw.randint(100, 9999)}"
    params = {"service": str(service), "link": link}
    if service != BY_HAND:
        params["quantity"] = str(draw.randint(4, 20) * 50)
    with clock.at(at):
        (placed,) = place_orders([PlaceOrder(Caller(customer_id=buyer.id), params)])
        assert isinstance(placed, int), placed
        return delivery.claim_forward(10) if claim else []


def _ask_old(people: Sequence[Customer], draw: random.Random, at: datetime) -> None:
    """Orders that the silent provider took while it spoke, and the last that it said of them."""
    sendings = [sending for _ in LAST_WORDS for sending in _order(people, OLD, draw, at)]
    with clock.at(at):
        delivery.commit_sent([delivery.Sent(s, Accepted(str(draw.randint(10**6, 10**7)))) for s in sendings])
    with clock.at(at + timedelta(minutes=20)):
        for provider_id in {s.provider.id for s in sendings}:
            asked = delivery.claim_poll(provider_id, len(sendings))
            reports: dict[str, OrderReport | UpstreamRefused | Unknown] = {
                ask.upstream_id: OrderReport(known, draw.randint(0, 9000), None, None, "USD", word)
                for ask, (known, word) in zip(asked, LAST_WORDS, strict=True)
            }
            delivery.commit_polled(asked, reports, provider_id=provider_id)


def _break_off(people: Sequence[Customer], service: int, draw: random.Random, at: datetime, broken: Provider) -> None:
    for sending in _order(people, service, draw, at):
        outcome = Unknown(said("net_broke", said="Connection reset by peer"))
        with clock.at(at + timedelta(seconds=31)):
            delivery.commit_sent([delivery.Sent(sending, outcome)])


def _ask_refills(people: Sequence[Customer]) -> None:
    for buyer in people[1:5]:
        orders = Order.objects.filter(customer=buyer, status="Completed", service__refill=True).order_by("-number")
        numbers = orders.values_list("number", flat=True)[:1]
        request_refills([AskOrders(Caller(customer_id=buyer.id), (number,)) for number in numbers])


def _ask_our_people(panel: Panel, people: Sequence[Customer], now: datetime) -> None:
    """A cancel of what somebody has begun, and a refill of what somebody has done: both wait for an answer."""
    olga = f"olga@{panel.slug}.example"
    begun, done = people[2], people[4]
    order_id, number = _placed(panel, begun, now - timedelta(hours=6))
    with clock.at(now - timedelta(hours=5)):
        manual_actions.start(panel_id=panel.id, order_id=order_id, by=olga)
    request_cancels([AskOrders(Caller(customer_id=begun.id), (number,))], now=now - timedelta(hours=1, minutes=20))
    order_id, number = _placed(panel, done, now - timedelta(days=5))
    with clock.at(now - timedelta(days=4)):
        manual_actions.start(panel_id=panel.id, order_id=order_id, by=olga)
        resolve_actions.done(panel_id=panel.id, order_id=order_id, by=olga)
    request_refills([AskOrders(Caller(customer_id=done.id), (number,))], now=now - timedelta(hours=3))


def _placed(panel: Panel, buyer: Customer, at: datetime) -> tuple[int, int]:
    """Id and number of an order for the panel's own people, who have it in their queue."""
    link = f"https://example.com/{buyer.user.email.partition('@')[0]}/cover"
    with clock.at(at):
        (number,) = place_orders([PlaceOrder(Caller(customer_id=buyer.id), {"service": str(BY_HAND), "link": link})])
        delivery.claim_forward(10)
    assert isinstance(number, int), number
    return Order.objects.values_list("id", flat=True).get(panel=panel, number=number), number


def _begin_schedules(people: Sequence[Customer], draw: random.Random, now: datetime) -> None:
    """Drip-feeds and subscriptions of today, which the worker goes on with."""
    wanted = [
        {"service": "2", "quantity": "100", "runs": "6", "interval": "45"},
        {"service": "15", "quantity": "250", "runs": "4", "interval": "180"},
        {"service": "11", "username": "studio.nine", "min": "20", "max": "40", "posts": "12", "delay": "0"},
        {"service": "12", "username": "northlight", "min": "50", "max": "90", "posts": "5", "delay": "10"},
    ]
    for hours, params in enumerate(wanted, start=1):
        link = {} if "username" in params else {"link": f"https://example.com/slowly/{draw.randint(100, 9999)}"}
        with clock.at(now - timedelta(minutes=11 * hours)):
            (placed,) = place_orders([PlaceOrder(Caller(customer_id=people[hours].id), {**params, **link})])
            assert isinstance(placed, int), placed


def _talk(panel: Panel, people: Sequence[Customer], draw: random.Random, now: datetime) -> None:
    """Twice as many tickets as there are texts: the first half long ago, all of them ended."""
    ended = 2 * [talk for talk in TALKS if talk.closed]
    ages = [timedelta(days=80 - 4 * place) for place in range(len(ended))]
    ages += [timedelta(hours=60 - 5 * place, minutes=7 * place) for place in range(len(TALKS))]
    for talk, age in zip([*ended, *TALKS], ages, strict=True):
        _ticket(panel, talk, people[1 + draw.randrange(min(15, len(people) - 1))], now - age)


def _staff(panel: Panel) -> str:
    return f"sam@{panel.slug}.example"


def _ticket(panel: Panel, talk: Talk, customer: Customer, at: datetime) -> None:
    orders = Order.objects.filter(customer=customer, created_at__lt=at, ended_at__isnull=talk.open_order)
    if "{order}" in talk.text:
        number = orders.order_by("-number").values_list("number", flat=True).first()
        if number is None:
            return
    else:
        number = 0
    letter = Letter(talk.text.format(order=number))
    title = "" if talk.subject == Subject.ORDER.value else talk.title.format(order=number)
    with clock.at(at):
        posted = open_ticket(
            panel_id=panel.id, customer_id=customer.id, subject=talk.subject, title=title, letter=letter
        )
    if not isinstance(posted, PostedMessage):
        return
    for turn, (asked, answered) in enumerate(talk.answers, start=1):
        then = at + timedelta(minutes=40 * turn)
        with clock.at(then):
            staff_actions.answer(panel_id=panel.id, ticket_id=posted.ticket_id, by=_staff(panel), text=asked)
        if answered:
            with clock.at(then + timedelta(minutes=12)):
                reply(panel_id=panel.id, customer_id=customer.id, ticket_id=posted.ticket_id, letter=Letter(answered))
    if talk.closed:
        with clock.at(at + timedelta(hours=3)):
            _close(panel, posted.ticket_id)


def _close(panel: Panel, ticket_id: int) -> None:
    ticket = Ticket.objects.get(panel=panel, id=ticket_id)
    if ticket.state != "closed":
        staff_actions.close(panel_id=panel.id, ticket_id=ticket_id, by=_staff(panel))
