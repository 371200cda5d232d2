"""The same people in every test: Alice owns a panel, Bob is her staff, Carol her customer, Mallory the
customer of another panel. After every test that has them the books are proven to balance.

Django is imported late: pytest reads this file before the database is chosen.
"""

from __future__ import annotations

import logging
import operator
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import settings as hypothesis_settings

from tests.support.asking import Door
from tests.support.effort import PROVING, effort
from tests.support.mail_server import MailServer
from tests.support.receiver import Receiver
from tests.support.upstream import ScriptedUpstream

if TYPE_CHECKING:
    from pytest_django import Settings

    from panelwright.customers.models import Staff
    from tests.support.people import Buyer, Owner, Time
    from tests.support.rounds import Rounds


# A machine that is busy with other tests is no reason to fail. Each run draws the same examples, but `make prove`.
hypothesis_settings.register_profile(
    "shared", deadline=None, derandomize=not PROVING, max_examples=effort(60, proving=2_000)
)
hypothesis_settings.load_profile("shared")


class Story(NamedTuple):
    """`rival` owns the panel whose customer Mallory is."""

    alice: Owner
    bob: Staff
    carol: Buyer
    rival: Owner
    mallory: Buyer


# What the product remembers by the ids and versions of panels.
_REMEMBER = (
    ("panelwright.catalog.priced_catalogue", "shelves.forget"),
    ("panelwright.catalog.names", "kept.forget"),
    ("panelwright.catalog.link_store", "forget"),
    ("panelwright.panels.block_store", "forget"),
    ("panelwright.orders.blocking", "told.forget"),
    ("panelwright.panels.numbers", "orders.forget"),
)


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """Tests give the same ids and versions to other panels, one after the other."""
    for module, forget in _REMEMBER:
        # Where no test has asked for the database, nothing was loaded and nothing remembered.
        if module in sys.modules:
            operator.attrgetter(forget)(sys.modules[module])()


@pytest.fixture
def clean_books(db: None) -> Iterator[None]:
    """At the end of the test the books of every panel balance."""
    from tests.support.people import check_books

    yield
    check_books()


@pytest.fixture
def quick_passwords(settings: Settings) -> None:
    """Real passwords take a tenth of a second each, on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _shop() -> Owner:
    from tests.support.people import Owner

    return Owner("alice", slug="shop", host="shop.example", currency="USD", rate="0.90")


def _rival() -> Owner:
    from panelwright.panels import numbers
    from panelwright.panels.models import Noun
    from tests.support.people import Owner

    rival = Owner("rita", slug="rival", host="rival.example", currency="EUR", rate="3.00")
    # A number of hers is none of Alice's panel: what happens where they are the same is asked in tests of its own.
    for noun in Noun:
        numbers.raise_next(rival.panel_id, noun, 7_000_001)
    return rival


def _staff(alice: Owner) -> Staff:
    from django_scopes import scope

    from panelwright.customers.actions import create_staff
    from panelwright.staff.rights import Role
    from tests.support.people import PASSWORD

    with scope(panel=alice.panel):
        return create_staff(panel_id=alice.panel_id, email="bob@shop.example", password=PASSWORD, role=Role.MANAGER)


@pytest.fixture
def alice(clean_books: None, quick_passwords: None) -> Owner:
    """She owns a panel that sells services 1 to 9 in USD."""
    return _shop()


@pytest.fixture
def bob(alice: Owner) -> Staff:
    """He is her staff."""
    return _staff(alice)


@pytest.fixture
def carol(alice: Owner) -> Buyer:
    """She has 100.00 on Alice's panel."""
    return alice.customer("carol", balance="100.00")


@pytest.fixture
def rival(clean_books: None, quick_passwords: None) -> Owner:
    """The owner of another panel, which sells the same numbers in EUR."""
    return _rival()


@pytest.fixture
def mallory(rival: Owner) -> Buyer:
    """She has 100.00 on the other panel."""
    return rival.customer("mallory", balance="100.00")


@pytest.fixture
def story(alice: Owner, bob: Staff, carol: Buyer, rival: Owner, mallory: Buyer) -> Story:
    """All of them."""
    return Story(alice=alice, bob=bob, carol=carol, rival=rival, mallory=mallory)


@pytest.fixture
def untold_story(db: None, quick_passwords: None) -> Story:
    """All of them, without the check of the books at the end: for tests that falsify them."""
    alice, rival = _shop(), _rival()
    return Story(
        alice=alice,
        bob=_staff(alice),
        carol=alice.customer("carol", balance="100.00"),
        rival=rival,
        mallory=rival.customer("mallory", balance="100.00"),
    )


@pytest.fixture
def time() -> Iterator[Time]:
    """The product's clock, standing at noon of 4 May 2026: `time.passes(minutes=30)`."""
    from panelwright.core import clock
    from tests.support.people import Time

    moved = Time()
    with clock.at(moved):
        yield moved


@pytest.fixture
def door(transactional_db: None) -> Iterator[Door]:
    """The API as the server calls it, in this process: `door.ask(carol, "balance")`."""
    made = Door()
    yield made
    made.close()


@pytest.fixture
def worker(db: None, caplog: pytest.LogCaptureFixture) -> Iterator[Rounds]:
    """A worker whose rounds the test calls one by one: `worker.forward()`, `worker.poll()`, …

    A round that fails is logged and tried again, in the product as here: that fails the test, unless
    it says `worker.fails = True`.
    """
    from tests.support.rounds import Rounds

    made = Rounds()
    yield made
    made.close()
    faults = [r.getMessage() for r in caplog.get_records("call") if r.levelno >= logging.ERROR]
    assert (faults != []) == made.fails, faults


@pytest.fixture
def new_upstream() -> Iterator[Callable[[], ScriptedUpstream]]:
    """Call it for an upstream panel on loopback that answers as it is told."""
    made: list[ScriptedUpstream] = []

    def make() -> ScriptedUpstream:
        made.append(ScriptedUpstream())
        return made[-1]

    yield make
    for upstream in made:
        upstream.stop()
    for upstream in made:
        assert upstream.unexpected == [], "the upstream was asked what the test did not foresee"


@pytest.fixture
def upstream(new_upstream: Callable[[], ScriptedUpstream]) -> ScriptedUpstream:
    return new_upstream()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A program of Carol's that hears webhooks: `receiver.url`, `receiver.heard`."""
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    """Where e-mail goes meanwhile: `mail_server.taken`."""
    from panelwright.settings import mail

    made = MailServer()
    settings.MAIL = mail(f"smtp://127.0.0.1:{made.port}?starttls=no")
    yield made
    made.stop()
