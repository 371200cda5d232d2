"""JSON that no gateway means, as its answer and as its webhook: an absurd number, half a character, no end of depth."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from panelwright.core import limits
from panelwright.payments.gateway import Hook, Trouble
from panelwright.payments.gateway_calls import GatewayAnswer, call, read_json
from panelwright.payments.gateways.nowpayments import signature as nowpayments
from panelwright.payments.registry import all_gateways
from tests.support.serving import LoopbackServer

STRANGE = [
    b'{"amount":1e1000000000000000000000}',
    b'{"amount":1e-1000000000000000000000}',
    b'{"amount":1e999999}',
    b'{"amount":0.%s}' % (b"1" * 200),
    b'{"amount":%s}' % (b"9" * 101),
    b'{"amount":NaN}',
    b'{"amount":-Infinity}',
    b'{"id":"\\ud800"}',
    b'{"id":"\xed\xa0\x80"}',
    b'{"id":[{"\\uDfff":1}]}',
    b'{"id":"a\\u0000b"}',
    b"[" * 100_000,
    b"\xff{}",
    '{"id":1}'.encode("utf-16"),
]
SOUND = {
    b'{"amount":1.50,"n":12,"small":1e-8,"zero":0e99999}': {
        "amount": Decimal("1.50"),
        "n": 12,
        "small": Decimal("1e-8"),
        "zero": Decimal(0),
    },
    b'\xef\xbb\xbf{"id":"\\ud83d\\ude00"}': {"id": "\U0001f600"},
}


def answered(body: bytes) -> GatewayAnswer | Trouble:
    class Says(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = LoopbackServer(Says)
    try:
        return call(f"http://127.0.0.1:{server.port}/", headers={}, allow_private=True)
    finally:
        server.stop()


@pytest.mark.parametrize("body", STRANGE)
def test_an_answer_that_means_nothing_is_trouble(body: bytes) -> None:
    found = answered(body)
    assert isinstance(found, Trouble)
    assert (found.code, found.sure) == ("gateway_answer", False)
    found.said.encode()


@pytest.mark.parametrize("body", SOUND)
def test_what_can_be_meant_is_read_exactly(body: bytes) -> None:
    found = answered(body)
    assert isinstance(found, GatewayAnswer)
    assert found.body == SOUND[body]


@pytest.mark.parametrize("name", sorted(name for name, one in all_gateways().items() if one.api is not None))
def test_a_webhook_that_means_nothing_is_about_nothing(name: str) -> None:
    api = all_gateways()[name].api
    assert api is not None
    for body in STRANGE:
        with pytest.raises(ValueError):
            read_json(body)
        assert api.read(Hook({}, body, datetime.now(UTC))) is None, body[:40]
        assert not api.asks_to_verify or not api.complete(Hook({}, body, datetime.now(UTC)))


def test_gateways_read_json_in_this_way_alone() -> None:
    folder = Path(__file__).resolve().parents[2] / "panelwright" / "payments" / "gateways"
    # What signs a body by what it says wants each number as it was written.
    allowed = {"nowpayments/signature.py"}
    reads = re.compile(r"json\.loads?\(|JSONDecoder")
    found = {str(path.relative_to(folder)) for path in folder.rglob("*.py") if reads.search(path.read_text())}
    assert found == allowed


def test_nothing_is_sorted_for_who_cannot_have_signed_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sorting a body is a hundred times the work of all else, and anybody may send one."""
    body = b'{"a":"' + b"x" * (limits.SORTED_HOOK_BYTES_MAX - 8) + b'"}'
    assert len(body) == limits.SORTED_HOOK_BYTES_MAX
    signed = nowpayments.sign("ipn_secret", body)
    assert nowpayments.verified(("ipn_secret",), signed, body)
    longer = body.replace(b'"}', b'x"}')
    assert not nowpayments.verified(("ipn_secret",), nowpayments.sign("ipn_secret", longer), longer)

    def sorts(_body: bytes) -> tuple[bytes, ...]:
        raise AssertionError("it was sorted")

    monkeypatch.setattr(nowpayments, "signed_texts", sorts)
    for header in ("", "a", signed[:-1], signed + "0", "g" * 128, "é" * 128):
        assert not nowpayments.verified(("ipn_secret",), header, body)
    assert not nowpayments.verified(("", ""), signed, body)
    assert not nowpayments.verified(("ipn_secret",), signed, longer)
