"""Hashing passwords: a bounded number at once, as OWASP advises, and anew where it was otherwise before."""

from __future__ import annotations

import threading
import time as wall
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password
from django_scopes import scope

from panelwright.core import limits
from panelwright.core.refusal import Refusal
from panelwright.customers import account_actions, login_actions, passwords
from panelwright.customers.actions import create_customer
from panelwright.customers.login_actions import WRONG, Admitted, Visitor
from panelwright.customers.models import User
from panelwright.customers.passwords import BUSY, PasswordVerdict
from tests.support.people import PASSWORD, Buyer, Owner, Time, counts, execute, value

CAROL = "carol@customer.example"
VISITOR = Visitor("198.51.100.7", "Firefox", "device")


@pytest.fixture
def real(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["panelwright.customers.passwords.OwaspArgon2"]


class Slow:
    """Hashing that takes until `let_go` is called, and how many did so at the same time."""

    def __init__(self) -> None:
        self.at_once = self.most = 0
        self.threads: set[str] = set()
        self.begun = threading.Semaphore(0)
        self._gate = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, *_: Any) -> Any:
        with self._lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            self.threads.add(threading.current_thread().name)
        self.begun.release()
        self._gate.wait(30)
        with self._lock:
            self.at_once -= 1
        return "md5$salt$made"

    def let_go(self) -> None:
        self._gate.set()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    made = Slow()
    monkeypatch.setattr(passwords, "make_password", made)
    monkeypatch.setattr(passwords, "verify_password", lambda *_: (made() == "", False))
    yield made
    made.let_go()


def test_the_parameters_are_what_owasp_advises(real: None) -> None:
    made = passwords.hashed("a password")
    assert isinstance(made, str)
    assert made.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.check("a password", made) == PasswordVerdict(True, "")
    assert passwords.check("another one", made) == PasswordVerdict(False, "")


def test_a_password_from_before_is_hashed_anew_at_the_next_log_in(alice: Owner, carol: Buyer, real: None) -> None:
    class Before(Argon2PasswordHasher):
        memory_cost, parallelism = 1024, 8

    old = Before().encode(PASSWORD, "a salt of their own that is long")
    execute("UPDATE customers_user SET password = %s WHERE email = %s", old, CAROL)

    def log_in(password: str) -> object:
        with scope(panel=alice.panel):
            return login_actions.log_in(panel_id=alice.panel_id, email=CAROL, password=password, visitor=VISITOR)

    def kept() -> str:
        return str(value("SELECT password FROM customers_user WHERE email = %s", CAROL))

    assert log_in("x") == WRONG
    assert kept() == old, "a wrong one changes nothing"
    assert isinstance(log_in(PASSWORD), Admitted)
    new = kept()
    assert new.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert isinstance(log_in(PASSWORD), Admitted)
    assert kept() == new


def test_hashing_anew_does_not_bring_an_old_password_back(
    alice: Owner, carol: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """She chooses another one in the moment between the look at the hash and the writing of the new one."""
    user = carol.customer.user
    check = passwords.check

    def meanwhile(password: str, kept: str) -> PasswordVerdict | Refusal:
        execute("UPDATE customers_user SET password = 'chosen meanwhile' WHERE id = %s", user.id)
        found = check(password, kept)
        assert isinstance(found, PasswordVerdict)
        return PasswordVerdict(found.right, make_password(password))

    monkeypatch.setattr(passwords, "check", meanwhile)
    with scope(panel=alice.panel):
        assert login_actions.is_password_of(user, PASSWORD) is True
    assert value("SELECT password FROM customers_user WHERE id = %s", user.id) == "chosen meanwhile"


def test_two_at_a_time_and_who_waits_too_long_is_told(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PASSWORD_HASH_WAIT_S", 0.3)
    with ThreadPoolExecutor(24) as people:
        asked = [people.submit(passwords.hashed, "x") for _ in range(24)]
        for _ in range(limits.PASSWORD_HASHES_AT_ONCE):
            assert slow.begun.acquire(timeout=60)
        early = [future for future in asked if future not in _unfinished(asked, wait_for=22)]
        assert [future.result() for future in early] == [BUSY] * 22
        slow.let_go()
        assert sorted(str(future.result()) for future in _rest(asked, early)) == ["md5$salt$made"] * 2
    assert slow.most == limits.PASSWORD_HASHES_AT_ONCE
    assert all(name.startswith("password") for name in slow.threads), "never on the threads of requests"


def _unfinished(asked: list[Any], *, wait_for: int) -> list[Any]:
    end = wall.monotonic() + 60
    while sum(future.done() for future in asked) < wait_for and wall.monotonic() < end:
        wall.sleep(0.01)
    return [future for future in asked if not future.done()]


def _rest(asked: list[Any], early: list[Any]) -> list[Any]:
    return [future for future in asked if future not in early]


def test_only_so_many_may_wait(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PASSWORD_HASH_WAIT_S", 20)
    room = limits.PASSWORD_HASHES_AT_ONCE + limits.PASSWORD_HASHES_WAITING_MAX
    with ThreadPoolExecutor(room) as people:
        asked = [people.submit(passwords.hashed, "x") for _ in range(room)]
        for _ in range(limits.PASSWORD_HASHES_AT_ONCE):
            assert slow.begun.acquire(timeout=60)
        end = wall.monotonic() + 60
        while passwords._waiting._value and wall.monotonic() < end:
            wall.sleep(0.01)
        assert passwords.hashed("one more") == BUSY
        slow.let_go()
        assert [future.result() for future in asked] == ["md5$salt$made"] * room
    assert passwords.hashed("the next") == "md5$salt$made"


Ask = Callable[[], object]


def test_who_is_told_that_we_are_busy_has_not_tried_anything(
    alice: Owner, carol: Buyer, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, link = alice.panel, "https://shop.example/x"
    user = carol.customer.user
    monkeypatch.setattr(passwords, "_in_turn", lambda work: BUSY)

    def log_in(email: str) -> object:
        return login_actions.log_in(panel_id=panel.id, email=email, password=PASSWORD, visitor=VISITOR)

    asks: list[Ask] = [
        lambda: log_in(CAROL),
        lambda: log_in("nobody@customer.example"),
        lambda: account_actions.prove_password(user, PASSWORD),
        lambda: account_actions.change_password(user=user, current=PASSWORD, password="a new good one", session_id=0),
        lambda: account_actions.sign_up(
            panel=panel,
            email="dave@customer.example",
            password="a new good one",
            language="en",
            link_to=lambda token: link,
            reset_link=link,
            address="198.51.100.7",
        ),
    ]
    with scope(panel=panel):
        for ask in asks:
            assert [ask() for _ in range(70)] == [BUSY] * 70
    assert counts("customers_attempts", "customers_addressattempts") == (0, 0)
    assert value("SELECT COUNT(*) FROM events_mail") == 0


def test_where_there_is_no_room_nothing_is_written_at_all(
    alice: Owner, carol: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_waiting", threading.BoundedSemaphore(1))
    assert passwords._waiting.acquire(blocking=False)

    def wrote(*_: object, **__: object) -> None:
        raise AssertionError("it was counted")

    monkeypatch.setattr("panelwright.customers.throttle_actions.count", wrote)
    with scope(panel=alice.panel):
        for email in (CAROL, "nobody@customer.example"):
            found = login_actions.log_in(panel_id=alice.panel_id, email=email, password=PASSWORD, visitor=VISITOR)
            assert found == BUSY


@pytest.mark.django_db(transaction=True)
def test_no_password_is_hashed_while_a_transaction_is_open(
    transactional_db: None, alice: Owner, carol: Buyer, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite nobody else could write meanwhile."""
    from django.db import connection

    open_ones: list[str] = []
    in_turn, at_leisure = passwords._in_turn, passwords.hashed_at_leisure

    def noted(what: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def run(argument: Any) -> Any:
            if connection.in_atomic_block:
                open_ones.append(str(argument))
            return what(argument)

        return run

    monkeypatch.setattr(passwords, "_in_turn", noted(in_turn))
    monkeypatch.setattr(passwords, "hashed_at_leisure", noted(at_leisure))
    tokens: list[str] = []
    panel = alice.panel

    def link_to(token: str) -> str:
        tokens.append(token)
        return f"https://shop.example/{token}"

    asked = {"panel": panel, "language": "en", "address": "198.51.100.7"}
    with scope(panel=panel):
        create_customer(panel_id=panel.id, email="erin@customer.example", password=PASSWORD)
        user = User.objects.select_related("panel").get(panel_id=panel.id, email=CAROL)
        login_actions.log_in(panel_id=panel.id, email=CAROL, password=PASSWORD, visitor=VISITOR)
        account_actions.change_password(user=user, current=PASSWORD, password="a new good one", session_id=0)
        account_actions.ask_reset(email=CAROL, link_to=link_to, **asked)  # type: ignore[arg-type]
        account_actions.reset_password(panel=panel, token=tokens[-1], password="another good one")
        account_actions.sign_up(
            email="dave@customer.example",
            password="a good password",
            link_to=link_to,
            reset_link="https://shop.example/reset",
            **asked,  # type: ignore[arg-type]
        )
        made = account_actions.confirm_sign_up(
            panel=panel, token=tokens[-1], visitor=VISITOR, password="a good password"
        )
    assert isinstance(made, Admitted), made
    assert open_ones == []


def test_an_address_without_an_account_costs_one_hash_too(
    alice: Owner, carol: Buyer, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether somebody has an account shows in no time that an answer takes."""
    asked: list[str] = []
    in_turn = passwords._in_turn

    def counted(work: Callable[[], Any]) -> Any:
        asked.append("a hash")
        return in_turn(work)

    monkeypatch.setattr(passwords, "_in_turn", counted)
    costs = []
    execute("UPDATE customers_user SET is_active = %s WHERE email = 'alice@shop.example'", False)
    with scope(panel=alice.panel):
        for email in (CAROL, "nobody@customer.example", "alice@shop.example", "x" * 300):
            asked.clear()
            found = login_actions.log_in(panel_id=alice.panel_id, email=email, password="x", visitor=VISITOR)
            assert found == WRONG
            costs.append(len(asked))
    assert costs == [1, 1, 1, 1]
