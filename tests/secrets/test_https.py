"""Behind a proxy that speaks https: cookies for this host only, and browsers that come by https from then on."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPResponse
from typing import TYPE_CHECKING

import pytest

from tests.support.processes import Launcher, free_port

if TYPE_CHECKING:
    from tests.support.people import Owner

pytestmark = pytest.mark.django_db(transaction=True)


def ask(port: int, host: str, **headers: str) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/login", headers={"Host": host, **headers})
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
