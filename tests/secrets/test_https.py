"""Behind a proxy that speaks https: cookies for this host only, and browsers that come by https from then on."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPResponse
from typing import TYPE_CHECKING

import pytest

from tests.support.processes import Launcher, free_port

if TYPE_CHECKING:
    from tests.support.people import Buyer, Owner

pytestmark = pytest.mark.django_db(transaction=True)


def ask(port: int, host: str, *, start: str = "GET /login", body: str | None = None, **headers: str) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        method, path = start.split()
        connection.request(method, path, body=body, headers={"Host": host, **headers})
        answer = connection.getresponse()
        answer.read()
        return answer
    finally:
        connection.close()


@pytest.mark.parametrize("trusted", ["127.0.0.1", "192.0.2.200"])
def test_a_trusted_proxy_says_that_it_is_https_and_others_do_not(launch: Launcher, alice: Owner, trusted: str) -> None:
    port = free_port()
    server = launch.start("serve", "--no-worker", "--port", str(port), PANELWRIGHT_TRUSTED_PROXIES=trusted)
    server.wait_for_http(f"http://127.0.0.1:{port}/")
    over_https = ask(port, alice.host, **{"X-Forwarded-Proto": "https"})
    plain = ask(port, alice.host)
    assert (over_https.status, plain.status) == (200, 200), server.log()
    if trusted == "127.0.0.1":
        assert over_https.headers["Strict-Transport-Security"] == "max-age=31536000"
        (cookie,) = over_https.headers.get_all("Set-Cookie") or []
        parts = {part.strip().lower() for part in cookie.split(";")}
        assert cookie.startswith("__Host-csrftoken=")
        assert {"secure", "path=/", "httponly", "samesite=lax"} <= parts
        assert not [part for part in parts if part.startswith("domain")]
    else:
        assert "Strict-Transport-Security" not in over_https.headers
        assert str(over_https.headers["Set-Cookie"]).startswith("csrftoken=")
    assert "Strict-Transport-Security" not in plain.headers
    assert str(plain.headers["Set-Cookie"]).startswith("csrftoken=")
    assert "secure" not in str(plain.headers["Set-Cookie"]).lower()


@pytest.mark.parametrize("trusted", ["127.0.0.1", "192.0.2.200"])
def test_answers_of_the_api_say_so_too(launch: Launcher, alice: Owner, carol: Buyer, trusted: str) -> None:
    port = free_port()
    server = launch.start("serve", "--no-worker", "--port", str(port), PANELWRIGHT_TRUSTED_PROXIES=trusted)
    server.wait_for_http(f"http://127.0.0.1:{port}/")
    balance = f"key={carol.key}&action=balance"
    large = f"{balance}&a={'x' * 2_000_000}"
    kinds: list[tuple[str, str | None, int]] = [
        ("POST /api/v2", balance, 200),  # the fast path
        (f"GET /api/v2?{balance}", None, 200),  # as well
        ("POST /api/v2", f"{balance}&a={'x' * 100_000}", 200),  # through ASGI
        ("POST /api/v2", f"key={carol.key}&action=services", 200),
        ("POST /api/v2", "key=nobody&action=balance", 200),
        ("POST /api/v2", large, 413),
    ]
    for start, body, status in kinds:
        for proto, said in (("https", "max-age=31536000"), ("HTTPS", "max-age=31536000"), ("http", None), ("", None)):
            headers = {"X-Forwarded-Proto": proto} if proto else {}
            answer = ask(port, alice.host, start=start, body=body, **headers)
            assert answer.status == status, server.log()
            expected = said if trusted == "127.0.0.1" else None
            assert answer.headers["Strict-Transport-Security"] == expected, (start, proto)
            assert answer.headers["Content-Type"] == "application/json"
