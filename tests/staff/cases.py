"""For each declared staff action, how it is made possible and what it is then given. Import this late."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from django_scopes import scope

from panelwright.core import clock
from panelwright.core.refusal import Refusal
from panelwright.customers.account_actions import new_letter
from panelwright.customers.models import LetterKind, PriceList
from panelwright.customers.session_actions import open_session
from panelwright.staff import registry
from panelwright.staff.actions import Performed, perform
from panelwright.staff.actor import Actor, ActorKind, operator
from panelwright.staff.rights import ALL
from panelwright.support.tests.making import written
from tests.staff.host_cases import HOST_CASES
from tests.staff.notice_cases import NOTICE_CASES
from tests.staff.payment_cases import PAYMENT_CASES
from tests.support.by_hand import own_people
from tests.support.people import (
    CLOSED,
    COMMENTS,
    FOLLOWERS,
    LIKES,
    SUBSCRIPTION,
    TRAFFIC,
    Known,
    execute,
    value,
    values,
)
from tests.support.rounds import Rounds
from tests.support.story import Story
from tests.support.upstream import ScriptedUpstream

# Planted wherever an action takes a secret, and looked for in the trail.
PLANTED = "pl4nted-s3cret-0f-a-test"


class Case(NamedTuple):
    """What an action is done to, and with which fields."""

    target: int | None = None
    given: dict[str, object] = {}

    @property
    def called(self) -> int | None:
        """The target as staff name it: by its number, where it has one."""
        return called(self.target)


def called(target: int | None) -> int | None:
    return target.number if isinstance(target, Known) else target


class World:
    """Alice's panel with her own people, and what one action needs, made when it is asked for."""

    def __init__(self, story: Story, worker: Rounds, upstream: ScriptedUpstream) -> None:
        self.alice, self.carol, self.bob, self.story = story.alice, story.carol, story.bob, story
        self.worker, self.upstream = worker, upstream
        self.people = own_people(self.alice, FOLLOWERS, LIKES, COMMENTS)
        self._links = 0
        self.ports = 1

    def link(self) -> str:
        self._links += 1
        return f"https://example.com/{self._links}"

    def queued(self, service: int = FOLLOWERS) -> Known:
        """An order in the hands of the panel's own people."""
        order_id = self.carol.order(service=service, link=self.link())
        self.worker.forward()
        return order_id

    def started(self) -> Known:
        order_id = self.queued()
        self.do("order.start", order_id, start_count=5)
        return order_id

    def lost(self) -> Known:
        """An order of an upstream panel whose outcome nobody knows."""
        order_id = self.queued()
        with scope(panel=self.alice.panel):
            from panelwright.providers.models import Provider

            spare = Provider.objects.filter(name="north").first() or self.alice.provider(
                "https://north.example/api/v2", name="north"
            )
        execute(
            "UPDATE orders_order SET job = NULL, due_at = NULL, status = 'Processing', provider_id = %s,"
            " route_id = NULL, problem_code = 'outcome_unknown', problem_facts = '{}', problem_at = created_at"
            " WHERE id = %s",
            spare.id,
            order_id,
        )
        return order_id

    def cancel_asked(self) -> Known:
        order_id = self.started()
        assert self.carol.cancel(order_id) == [1]
        return order_id

    def refill(self) -> Known:
        order_id = self.queued()
        self.do("order.done", order_id)
        execute("UPDATE orders_order SET ended_at = %s WHERE id = %s", clock.now() - timedelta(days=5), order_id)
        (refill_id,) = self.carol.refill(order_id)
        assert isinstance(refill_id, Known), refill_id
        return refill_id

    def unpaid_post(self) -> Known:
        """An order of a post whose charge a person decides about."""
        parent = self.carol.order(service=SUBSCRIPTION)
        order_id = self.lost()
        charged = value("SELECT charge_micros FROM orders_order WHERE id = %s", order_id)
        execute("DELETE FROM ledger_transfer WHERE order_id = %s", order_id)
        execute(
            "UPDATE ledger_account SET balance_micros = balance_micros + %s WHERE id = %s",
            charged,
            self.carol.account_id,
        )
        execute(
            "UPDATE orders_order SET kind = 'post', parent_id = %s, problem_code = 'not_charged', upstream_id = %s,"
            " charge_micros = 0, booked_micros = 0 WHERE id = %s",
            parent,
            f"post-{order_id}",
            order_id,
        )
        return order_id

    def paused(self) -> Known:
        order_id = self.carol.order(service=SUBSCRIPTION)
        self.do("order.pause", order_id)
        return order_id

    def provider(self) -> int:
        """An upstream panel that answers, each time another one."""
        return self.alice.provider(self.upstream.url, name=f"north {self.link()[-2:].strip('/')}").id

    def route(self) -> int:
        self.alice.route(LIKES, self.alice.provider(self.upstream.url, name=f"west {self.link()[-2:].strip('/')}"))
        return int(value("SELECT MAX(id) FROM providers_route"))

    def price_list(self) -> int:
        with scope(panel=self.alice.panel):
            return int(PriceList.objects.create(panel_id=self.alice.panel_id, name=self.link()).id)

    def saved_reply(self) -> int:
        target = self.do("saved_reply.add", name=self.link(), text="Hello {{customer}}").target
        assert target is not None
        return target

    def ticket(self) -> Known:
        return written(self.carol, f"What about {self.link()}?", subject="other")

    def speed_up(self) -> tuple[Known, Known]:
        order_id = self.started()
        return written(self.carol, f"speed up {order_id.number}", subject="order"), order_id

    def do(self, name: str, /, target: int | None = None, **given: Any) -> Performed:
        """It must be done."""
        performed = self.tried(name, target, given)
        assert isinstance(performed, Performed), (name, performed)
        return performed

    def tried(
        self, name: str, target: int | None, given: dict[str, object], actor: Actor | None = None
    ) -> Performed | Refusal:
        action = registry.actions()[name]
        with scope(panel=self.alice.panel):
            return perform(
                action,
                actor=actor or operator("a test"),
                panel_id=None if action.host else self.alice.panel_id,
                target=called(target),
                given=given,
            )


def _unread(world: World) -> Case:
    ticket_id = world.ticket()
    return Case(ticket_id, {"version": value("SELECT version FROM support_ticket WHERE id = %s", ticket_id)})


def _speed_up(world: World) -> Case:
    ticket_id, order_id = world.speed_up()
    return Case(ticket_id, {"order": order_id.number})


def _assigned(world: World) -> Case:
    ticket_id = world.ticket()
    world.do("ticket.assign", ticket_id, to=world.bob.id)
    return Case(ticket_id)


def _locked(world: World) -> Case:
    ticket_id = world.ticket()
    world.do("ticket.lock", ticket_id)
    return Case(ticket_id)


def _two_tickets(world: World) -> Case:
    older = world.ticket()
    return Case(world.ticket(), {"into": older.number})


_PAGE: dict[str, Any] = {"slug": "about", "language": "en", "title": "About", "body": "Us."}
_NEWS: dict[str, Any] = {"title": "News", "body": "We moved."}


def _page(world: World) -> Case:
    world.do("page.set", **_PAGE)
    return Case(None, {"slug": "about"})


def _withdrawn(world: World) -> Case:
    target = world.do("announcement.publish", **_NEWS).target
    world.do("announcement.withdraw", target)
    return Case(target)


def _with_spare(world: World) -> Case:
    spare = own_people(world.alice, COMMENTS, name="other people")
    assert spare.id
    return Case(world.queued(COMMENTS))


def _sendable_refill(world: World) -> Case:
    refill_id = world.refill()
    execute(
        "UPDATE orders_order SET upstream_id = %s, provider_id = %s WHERE id = (SELECT order_id FROM orders_refill"
        " WHERE id = %s)",
        f"refilled-{refill_id}",
        world.people.id,
        refill_id,
    )
    execute("UPDATE orders_refill SET due_at = NULL, problem_code = 'refill_not_known' WHERE id = %s", refill_id)
    return Case(refill_id)


def _suspended(world: World) -> Case:
    world.do("customer.suspend", world.carol.number)
    return Case(world.carol.number)


CASES: dict[str, Callable[[World], Case]] = {
    "order.start": lambda w: Case(w.queued(), {"start_count": 10}),
    "order.progress": lambda w: Case(w.started(), {"remains": 400}),
    "order.pass_on": _with_spare,
    "order.done": lambda w: Case(w.started()),
    "order.partial": lambda w: Case(w.started(), {"remains": 250}),
    "order.set_remains": lambda w: Case(w.started(), {"remains": 321}),
    "order.cancel": lambda w: Case(w.started()),
    "order.send": lambda w: Case(w.lost(), {"provider": "our people"}),
    "order.arrived": lambda w: Case(w.lost(), {"upstream_id": "700123"}),
    "order.set_back": lambda w: Case(w.started()),
    "order.link": lambda w: Case(w.queued(), {"link": "https://example.com/another"}),
    "order.count": lambda w: Case(w.started(), {"start_count": 70}),
    "order.note": lambda w: Case(w.queued(), {"text": "Asked in their chat."}),
    "order.charge": lambda w: Case(w.unpaid_post()),
    "order.waive": lambda w: Case(w.unpaid_post()),
    "order.pause": lambda w: Case(w.carol.order(service=SUBSCRIPTION)),
    "order.resume": lambda w: Case(w.paused()),
    "order.stop": lambda w: Case(w.carol.order(service=SUBSCRIPTION)),
    "cancel.accept": lambda w: Case(w.cancel_asked()),
    "cancel.refuse": lambda w: Case(w.cancel_asked(), {"text": "Nearly done."}),
    "refill.start": lambda w: Case(w.refill()),
    "refill.done": lambda w: Case(w.refill()),
    "refill.order": lambda w: Case(w.refill(), {"service": FOLLOWERS, "quantity": 500}),
    "refill.reject": lambda w: Case(w.refill(), {"text": "Nothing is missing."}),
    "refill.send": _sendable_refill,
    "ticket.answer": lambda w: Case(w.ticket(), {"text": "Yes?"}),
    "ticket.close": lambda w: Case(w.ticket()),
    "ticket.read": _unread,
    "saved_reply.add": lambda w: Case(None, {"name": w.link(), "text": "Order {{order}} is {{status}}."}),
    "saved_reply.set": lambda w: Case(w.saved_reply(), {"name": w.link(), "text": "Hello."}),
    "saved_reply.remove": lambda w: Case(w.saved_reply()),
    "ticket.take": lambda w: Case(w.ticket()),
    "ticket.assign": lambda w: Case(w.ticket(), {"to": w.story.bob.id}),
    "ticket.release": _assigned,
    "ticket.note": lambda w: Case(w.ticket(), {"text": "Asked the provider."}),
    "ticket.lock": lambda w: Case(w.ticket()),
    "ticket.unlock": _locked,
    "ticket.merge": _two_tickets,
    "ticket.pass_on": _speed_up,
    "ticket.done": _speed_up,
    "ticket.refuse": _speed_up,
    "page.set": lambda w: Case(None, _PAGE),
    "page.remove": _page,
    "announcement.publish": lambda w: Case(None, _NEWS),
    "announcement.set": lambda w: Case(
        w.do("announcement.publish", **_NEWS).target,
        {"title": "Maintenance", "body": "Tonight.", "banner": "warning", "banner_until": "2030-01-01T00:00:00Z"},
    ),
    "announcement.withdraw": lambda w: Case(w.do("announcement.publish", **_NEWS).target),
    "announcement.restore": _withdrawn,
    "announcement.remove": lambda w: Case(w.do("announcement.publish", **_NEWS).target),
}


PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()


def _domain(world: World) -> int:
    """At which nobody listens."""
    world.ports += 1
    return int(world.do("domain.add", host="127.0.0.1", port=world.ports).target or 0)


def _waiting_domain(world: World) -> int:
    """Added by staff, while the installation has other panels: its operator has to confirm it."""
    alice = Actor(ActorKind.STAFF, world.alice.staff.id, "alice@shop.example", "", ALL)
    made = world.tried("domain.add", None, {"host": f"w{world.link()[-2:].strip('/')}.example"}, alice)
    assert isinstance(made, Performed), made
    return int(made.target or 0)


def _imported(world: World) -> int:
    """A provider whose services are sold; its id."""
    world.upstream.answers("services", [_offer("5", "Views", "1.00"), _offer("6", "Saves", "2.00")])
    world.upstream.answers("balance", {"balance": "10.00", "currency": "USD"})
    provider_id = world.provider()
    world.do("provider.import", provider_id)
    return provider_id


def _offer(service: str, name: str, rate: str) -> dict[str, object]:
    return {
        "service": service,
        "name": name,
        "type": "Default",
        "category": "All",
        "rate": rate,
        "min": "1",
        "max": "9",
    }


def _sync(world: World) -> Case:
    provider_id = _imported(world)
    world.upstream.answers("services", [_offer("5", "Views", "1.10"), _offer("6", "Saves", "2.00")])
    world.upstream.answers("balance", {"balance": "9.00", "currency": "USD"})
    return Case(provider_id)


def _import(world: World) -> Case:
    provider_id = world.provider()
    world.upstream.answers("services", [_offer("5", "Views", "1.00")])
    world.upstream.answers("balance", {"balance": "10.00", "currency": "USD"})
    return Case(provider_id, {"markup": "20"})


def _rested(world: World) -> Case:
    provider_id = world.provider()
    world.do("provider.rest", provider_id, hours=2)
    return Case(provider_id)


def _held(world: World) -> Case:
    provider_id = _imported(world)
    world.upstream.answers("services", [_offer("5", "Views", "9.00"), _offer("6", "Saves", "2.00")])
    world.upstream.answers("balance", {"balance": "9.00", "currency": "USD"})
    world.do("provider.sync", provider_id)
    (row,) = values("SELECT id FROM providers_route WHERE held IS NOT NULL AND provider_id = %s", provider_id)
    return Case(row[0])


def _with_rate(world: World, case: Case, noun: str) -> Case:
    world.do(f"{noun}.set_rate", case.called, service=LIKES, rate="0.10")
    return case


def _copied(world: World, target: int) -> Case:
    """From another customer, who has a price of her own."""
    email = f"d{world.link()[-2:].strip('/')}@customer.example"
    other = world.do("customer.add", email=email, password=PLANTED)
    world.do("customer.set_rate", other.called, service=LIKES, rate="0.20")
    return Case(target, {"customer": email})


def _second_factor(world: World) -> Case:
    execute("UPDATE customers_user SET totp_sealed = 'x' WHERE id = %s", world.carol.customer.user_id)
    return Case(world.carol.number)


def _logged_in(world: World, case: Case, user: Any) -> Case:
    with scope(panel=world.alice.panel):
        open_session(user=user, address="198.51.100.7", browser="test")
    return case


def _staff_factor(world: World) -> Case:
    execute("UPDATE customers_user SET totp_sealed = 'x' WHERE id = %s", world.bob.user_id)
    return Case(world.bob.id)


def _signed_up(world: World) -> Case:
    email = f"e{world.link()[-2:].strip('/')}@customer.example"
    with scope(panel=world.alice.panel):
        new_letter(
            world.alice.panel_id,
            LetterKind.SIGN_UP,
            email=email,
            within=timedelta(hours=1),
            now=clock.now(),
            password="a hash",
        )
    return Case(None, {"email": email})


def _reported(world: World) -> Case:
    world.carol.order(service=SUBSCRIPTION, username=f"user{world.link()[-2:].strip('/')}")
    (name,) = values("SELECT username FROM orders_schedule ORDER BY order_id DESC LIMIT 1")[0]
    return Case(None, {"username": name, "link": world.link()})


_FEED: dict[str, Any] = {"url": f"https://feeds.example/of?token={PLANTED}", "username": "carol"}
_BLOCK: dict[str, Any] = {"kind": "domain", "text": "evil.example"}
_PATTERN: dict[str, Any] = {"host": "gallery.example", "path": "/art/*", "kinds": ["photo"]}
_EURO: dict[str, Any] = {"from": "EUR", "to": "USD", "rate": "1.1"}


def _pattern(world: World) -> Case:
    world.do("link_pattern.add", **_PATTERN)
    return Case(None, {"host": _PATTERN["host"], "path": _PATTERN["path"]})


def _after(name: str, given: dict[str, Any]) -> Callable[[World], Case]:
    """The same fields, once this was done with them."""

    def case(world: World) -> Case:
        world.do(name, **given)
        return Case(None, given)

    return case


_VIEW: dict[str, Any] = {"list": "orders", "query": "show=problem", "shared": True}


def _view(world: World) -> int:
    return int(world.do("view.add", **_VIEW, name=world.link()).target or 0)


def _running_bulk(world: World) -> Case:
    from tests.bulk.working import started

    return Case(started(world.alice, "service.turn_off", on="services").number)


def _category(world: World) -> int:
    made = world.tried("category.add", None, {"name": f"New {world.link()}"})
    assert isinstance(made, Performed)
    return int(made.target or 0)


def _with_own_rate(world: World) -> Case:
    world.do("price_list.set_rate", world.price_list(), service=LIKES, rate="0.11")
    return Case(LIKES)


CASES |= {
    "bulk.stop": _running_bulk,
    "view.add": lambda w: Case(None, _VIEW | {"name": w.link()}),
    "view.set": lambda w: Case(_view(w), {"name": w.link()}),
    "view.remove": lambda w: Case(_view(w)),
    "change.undo": lambda w: Case(w.do("service.set_rate", FOLLOWERS, rate="0.87").entry_id),
    "service.reprice": lambda w: Case(None, {"services": [str(LIKES)], "percent": "10"}),
    "service.delete_own_rates": _with_own_rate,
    "service.move": lambda w: Case(LIKES, {"category": _category(w)}),
    "category.add": lambda w: Case(None, {"name": f"Best {w.link()}", "icon": "star"}),
    "category.set": lambda w: Case(_category(w), {"icon": "heart"}),
    "category.move": lambda w: Case(_category(w), {"direction": "up"}),
    "category.remove": lambda w: Case(_category(w)),
    "service.set": lambda w: Case(FOLLOWERS, {"step": 50}),
    "service.set_rate": lambda w: Case(FOLLOWERS, {"rate": "0.95"}),
    "service.turn_off": lambda w: Case(LIKES),
    "service.turn_on": lambda w: Case(CLOSED),
    "price_list.set_rate": lambda w: Case(w.price_list(), {"service": LIKES, "rate": "0.10"}),
    "price_list.add": lambda w: Case(None, {"name": f"Group {w.link()}", "percent": "5"}),
    "price_list.set": lambda w: Case(w.price_list(), {"name": f"Group {w.link()}", "percent": "7.5"}),
    "price_list.set_percent": lambda w: Case(w.price_list(), {"category": "Social", "percent": "12.5"}),
    "price_list.remove_rate": lambda w: _with_rate(w, Case(w.price_list(), {"service": LIKES}), "price_list"),
    "price_list.reset_rates": lambda w: _with_rate(w, Case(w.price_list()), "price_list"),
    "price_list.copy_rates": lambda w: _copied(w, w.price_list()),
    "price_list.replace_rates": lambda w: Case(w.price_list(), {"rates": {str(LIKES): "-5.00%"}, "percent": "3"}),
    "link_pattern.add": lambda w: Case(None, _PATTERN),
    "link_pattern.remove": _pattern,
    "provider.add": lambda w: Case(
        None, {"name": "south", "url": f"https://user:{PLANTED}@south.example/api?key={PLANTED}"}
    ),
    "provider.set": lambda w: Case(w.provider(), {"per_minute": 60, "low_balance": "5.00", "rise_max": "3"}),
    "provider.sync": _sync,
    "provider.test": lambda w: _import(w)._replace(given={}),
    "provider.rest": lambda w: Case(w.provider(), {"hours": 2}),
    "provider.resume": _rested,
    "provider.read_list": lambda w: _import(w)._replace(given={}),
    "provider.import": _import,
    "route.add": lambda w: Case(None, {"service": TRAFFIC, "provider": "our people"}),
    "route.set": lambda w: Case(w.route(), {"max": 700, "rate": "0.40"}),
    "route.move": lambda w: Case(w.route(), {"direction": "up"}),
    "held.accept": _held,
    "held.reject": _held,
    "exchange_rate.set": lambda w: Case(None, _EURO),
    "host_exchange_rate.set": lambda w: Case(None, _EURO),
    "post_source.add_feed": lambda w: Case(None, {**_FEED, "username": f"carol{w.link()[-2:]}"}),
    "post_source.add_webhook": lambda w: Case(),
    "post_source.remove": lambda w: Case(w.do("post_source.add_webhook").target),
    "post.report": _reported,
    "customer.add": lambda w: Case(None, {"email": f"c{w.link()[-2:].strip('/')}@customer.example"}),
    "customer.credit": lambda w: Case(w.carol.number, {"amount": "5.00", "reference": w.link()}),
    "customer.debit": lambda w: Case(w.carol.number, {"amount": "5.00", "reference": w.link(), "reason": "typo"}),
    "customer.set_credit_limit": lambda w: Case(w.carol.number, {"credit_limit": "50.00", "reason": "trusted"}),
    "customer.suspend": lambda w: Case(w.carol.number),
    "customer.restore": _suspended,
    "customer.set_rate": lambda w: Case(w.carol.number, {"service": LIKES, "rate": "0.10"}),
    "customer.set_percent": lambda w: Case(w.carol.number, {"service": LIKES, "percent": "12.5"}),
    "customer.remove_rate": lambda w: _with_rate(w, Case(w.carol.number, {"service": LIKES}), "customer"),
    "customer.reset_rates": lambda w: _with_rate(w, Case(w.carol.number), "customer"),
    "customer.copy_rates": lambda w: _copied(w, w.carol.number),
    "customer.replace_rates": lambda w: Case(
        w.carol.number, {"rates": {str(LIKES): "0.75"}, "categories": {"Social": "12.50"}}
    ),
    "customer.set_discount": lambda w: Case(w.carol.number, {"percent": "7.5"}),
    "customer.set_group": lambda w: Case(w.carol.number, {"price_list": str(w.price_list())}),
    "customer.reset_second_factor": _second_factor,
    "customer.confirm": _signed_up,
    "customer.send_password_letter": lambda w: Case(w.carol.number),
    "customer.end_sessions": lambda w: _logged_in(w, Case(w.carol.number), w.carol.customer.user),
    "customer.mail": lambda w: Case(w.carol.number, {"subject": "Your order", "text": "It is on its way."}),
    "customer.open_ticket": lambda w: Case(w.carol.number, {"title": "Your order", "text": "It is on its way."}),
    "customer.add_note": lambda w: Case(w.carol.number, {"text": "Pays late."}),
    "customer.sign_in": lambda w: Case(w.carol.number, {"reason": "cannot find a refund"}),
    "staff.add": lambda w: Case(None, {"email": f"s{w.link()[-2:].strip('/')}@shop.example", "role": "support"}),
    "staff.set": lambda w: Case(w.bob.id, {"role": "support", "rights": ["content"]}),
    "staff.invite": lambda w: Case(None, {"email": f"i{w.link()[-2:].strip('/')}@shop.example", "role": "support"}),
    "staff.invite_again": lambda w: Case(w.do("staff.invite", email="new@shop.example", role="support").target),
    "staff.send_password_letter": lambda w: Case(w.bob.id),
    "staff.end_sessions": lambda w: _logged_in(w, Case(w.bob.id), w.bob.user),
    "staff.reset_second_factor": _staff_factor,
    "staff_key.add": lambda w: Case(None, {"staff": "bob@shop.example", "rights": ["support"]}),
    "staff_key.revoke": lambda w: Case(w.do("staff_key.add", staff="bob@shop.example").target),
    "api_key.add": lambda w: Case(None, {"customer": "carol@customer.example", "name": "shop"}),
    "api_key.revoke": lambda w: Case(w.do("api_key.add", customer="carol@customer.example").target),
    "panel.create": lambda w: Case(
        None, {"slug": "other", "name": "Other", "currency": "USD", "domains": [f"o{w.link()[-2:].strip('/')}.example"]}
    ),
    "panel.set_look": lambda w: Case(None, {"hue": 155, "logo": PICTURE}),
    "panel.set_name": lambda w: Case(None, {"name": f"Shop {w.link()[-2:].strip('/')}"}),
    "panel.set_languages": lambda w: Case(None, {"languages": ["es", "ru"], "language": "es"}),
    "panel.set_api": lambda w: Case(None, {"per_minute": 900, "refill_status_key": "refill"}),
    "panel.set_signup": lambda w: Case(None, {"signup_open": False, "signup_terms": True}),
    "panel.set_maintenance": lambda w: Case(None, {"maintenance": True, "maintenance_en": f"Back at {w.link()}."}),
    "panel.set_numbers": lambda w: Case(None, {"order": 250_001, "ticket": 5_000}),
    "panel.set_staff_factor": lambda w: Case(None, {"staff_factor": True}),
    "panel.set_timezone": lambda w: Case(None, {"timezone": "Asia/Kolkata"}),
    "panel.set_guard": lambda w: Case(None, {"rule": "reprice", "margin": "5"}),
    "domain.check": lambda w: Case(_domain(w)),
    "domain.confirm": lambda w: Case(_waiting_domain(w)),
    "domain.remove": lambda w: Case(_domain(w)),
    "domain.add": lambda w: Case(None, {"host": f"p{w.link()[-2:].strip('/')}.example"}),
    "block.add": lambda w: Case(None, _BLOCK),
    "block.remove": _after("block.add", _BLOCK),
    "block.import": lambda w: Case(None, {"rules": ["word\tbad thing"]}),
    "host_block.add": lambda w: Case(None, _BLOCK),
    "host_block.remove": _after("host_block.add", _BLOCK),
    "host_block.import": lambda w: Case(None, {"rules": ["word\tbad thing"]}),
    **HOST_CASES,
    **NOTICE_CASES,
}


def _of_payments(make: Callable[[World], tuple[Any, dict[str, object]]]) -> Callable[[World], Case]:
    return lambda world: Case(*make(world))


CASES |= {name: _of_payments(make) for name, make in PAYMENT_CASES.items()}


def secrets_of(name: str) -> dict[str, object]:
    """The planted secret for each field of the action that takes one."""
    return {field.name: PLANTED for field in registry.actions()[name].fields if field.is_secret}
