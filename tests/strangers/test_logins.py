"""Many who log in at once cost the memory and the time of a few, and the others do not notice."""

from __future__ import annotations

import itertools
import os
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from tests.strangers.others import Others

if TYPE_CHECKING:
    from tests.support.people import Buyer, Owner

AT_ONCE = 24
MIB = 1024 * 1024
# Of memory: two passwords take 19 MiB each, and each waiting request some.
MEMORY_MAX = 150 * MIB
# One for each waiting request, two that hash, and a few that Django keeps.
THREADS_MAX = AT_ONCE + 12
# Beside those that were open before: what the server itself opens when it has something to do.
FILES_MAX = AT_ONCE + 12


@pytest.fixture(autouse=True)
def from_many_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The attack comes from many networks: from one it would be refused before anything is hashed."""
    monkeypatch.setenv("PANELWRIGHT_TRUSTED_PROXIES", "127.0.0.1")


class Site:
    """A panel's pages over the wire, each request from another address."""

    def __init__(self, port: int, host: str) -> None:
        self.port, self.host = port, host
        self._numbers = itertools.count()
        self.cookie, self.token = "", ""

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[HTTPResponse, str]:
        number = next(self._numbers)
        address = f"198.{18 + number // 65_536}.{number // 256 % 256}.{number % 256}"
        headers = {"Host": self.host, "X-Forwarded-For": address, "Cookie": self.cookie}
        body = None
        if fields is not None:
            body = urlencode({**fields, "csrfmiddlewaretoken": self.token})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer, answer.read().decode()
        finally:
            connection.close()

    def open(self) -> None:
        answer, page = self.ask("GET", "/login")
        self.cookie = str(answer.headers["Set-Cookie"]).partition(";")[0]
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert found, page
        self.token = found[1]


@contextmanager
def watching(pid: int) -> Iterator[list[int]]:
    """How many threads the process had, again and again."""
    seen: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            seen.append(int(_status(pid, "Threads")))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _status(pid: int, name: str) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(f"{name}:"))


def _peak_bytes(pid: int) -> int:
    return int(_status(pid, "VmHWM")) * 1024


def _files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


@pytest.mark.alone
def test_24_log_ins_at_once_take_little_memory_and_nobody_waits(others: Others, alice: Owner, carol: Buyer) -> None:
    from panelwright.customers.passwords import OwaspArgon2
    from tests.support.people import PASSWORD, execute

    class Before(OwaspArgon2):
        memory_cost, parallelism = 102_400, 8

    old = Before().encode(PASSWORD, "a salt that is long enough")
    execute("UPDATE customers_user SET password = %s WHERE email = 'carol@customer.example'", old)
    site = Site(others.port, alice.host)
    site.open()
    (web,) = others.pids("web")
    numbers = itertools.count()
    answers: list[tuple[HTTPResponse, str, str]] = []

    def log_in(path: str) -> None:
        email = f"nobody{next(numbers)}@customer.example"
        answer, page = site.ask("POST", path, {"email": email, "password": "a password of nobody's"})
        answers.append((answer, page, email))

    def flood() -> None:
        with ThreadPoolExecutor(AT_ONCE) as crowd:
            list(crowd.map(log_in, ["/login", "/signup"] * (AT_ONCE // 2)))

    memory, files = others.memory_bytes(), _files(web)
    with watching(web) as threads:
        others.unharmed_by(flood)
    assert _peak_bytes(web) - memory < MEMORY_MAX
    assert max(threads) - threads[0] < THREADS_MAX
    # A request's connection to the database is closed with it; SQLite's has two files.
    assert _files(web) - files < FILES_MAX
    assert len(answers) >= AT_ONCE
    assert {answer.status for answer, _, _ in answers} <= {200, 422, 503}
    for answer, page, email in answers:
        assert "a password of nobody" not in page
        if answer.status != 200:
            assert f'value="{email}"' in page
        if answer.status == 503:
            assert int(answer.headers["Retry-After"]) > 0
            assert "We are busy right now." in page
    # Nobody was kept out by it, and the password is hashed anew.
    _wait_for(lambda: site.ask("POST", "/login", {"email": "carol@customer.example", "password": PASSWORD})[0].status)
    assert _kept("carol@customer.example").startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def _wait_for(ask: Callable[[], int]) -> None:
    tried = [ask() for _ in range(3)]
    assert 302 in tried, tried


def _kept(email: str) -> str:
    from tests.support.people import value

    return str(value("SELECT password FROM customers_user WHERE email = %s", email))


def test_who_does_not_get_a_turn_is_told_to_come_again_and_has_not_tried(others: Others, alice: Owner) -> None:
    """Passwords from a time when hashing took long: two are looked at, the rest cannot wait for them."""
    from panelwright.core import limits
    from panelwright.customers.passwords import OwaspArgon2
    from tests.support.people import execute, value

    # Nobody's password fits it, so it need not be made: only looking at it takes long.
    slow = OwaspArgon2().encode("a password of hers", "a salt that is long enough").replace(",t=2,", ",t=300,")
    assert ",t=300," in slow
    people = [alice.customer(f"carol{number}").customer.user.email for number in range(8)]
    execute("UPDATE customers_user SET password = %s WHERE email LIKE 'carol%%'", slow)
    site = Site(others.port, alice.host)
    site.open()

    def log_in(email: str) -> tuple[int, str | None, str]:
        answer, page = site.ask("POST", "/login", {"email": email, "password": "x"})
        return answer.status, answer.headers["Retry-After"], page

    with ThreadPoolExecutor(len(people)) as crowd:
        found = list(crowd.map(log_in, people))
    looked_at = [one for one in found if one[0] == 422]
    busy = [one for one in found if one[0] == 503]
    assert (len(looked_at), len(busy)) == (limits.PASSWORD_HASHES_AT_ONCE, 6)
    assert {after for _, after, _ in busy} == {"5"}
    assert all("We are busy right now." in page for _, _, page in busy)
    assert value("SELECT SUM(count) FROM customers_attempts") == limits.PASSWORD_HASHES_AT_ONCE
    assert value("SELECT SUM(count) FROM customers_addressattempts") == limits.PASSWORD_HASHES_AT_ONCE
