"""What was sent is gone when it is answered, and does not wait for the collector of garbage."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc

import pytest

from panelwright.core import limits
from tests.invariants.test_encodings import served
from tests.support.people import Owner

FORM = b"application/x-www-form-urlencoded"
MULTIPART = b"multipart/form-data; boundary=b"
TOKEN = b"a" * 32
SIZE = 500_000


def part(name: bytes, value: bytes) -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name, value)


@pytest.mark.one_database
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [FORM, MULTIPART])
@pytest.mark.parametrize(("token", "status"), [(b"", 403), (TOKEN, 422)])
def test_what_a_page_was_sent_is_gone_when_it_is_answered(
    transactional_db: None, alice: Owner, kind: bytes, token: bytes, status: int
) -> None:
    """A hundred forms of three megabytes took a web process from 600 MB to 1,600: the messages of Django's request
    point back to it, and a form on its page is part of a circle, too."""
    email = b"a@" * (SIZE // 2)
    if kind == FORM:
        body = b"csrfmiddlewaretoken=%s&password=x&email=%s" % (token, email)
    else:
        body = part(b"csrfmiddlewaretoken", token) + part(b"password", b"x") + part(b"email", email) + b"--b--\r\n"

    def send() -> None:
        cookie = (b"cookie", b"csrftoken=" + TOKEN)
        assert asyncio.run(served("POST", "/login", kind, body, alice.host, cookie)) == status

    send()
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        send()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(3):
            send()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    # Some small things of a page, and of its connection to the database, are left.
    assert after - before < SIZE


def test_so_much_is_worked_on_and_then_garbage_is_collected() -> None:
    from panelwright.asgi import _Leftovers

    leftovers = _Leftovers()
    half = limits.BODIES_BYTES_MAX // 2
    assert [leftovers.too_much_with(half) for _ in range(7)] == [False, False, True, False, False, True, False]
