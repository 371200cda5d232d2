"""Signatures of gateways against values that were computed apart, and amounts as gateways write them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from panelwright.payments.gateway_amounts import coins_worth, decimal_text, json_number, micros_down, micros_of
from panelwright.payments.gateways.binance_pay import signature as binance_pay
from panelwright.payments.gateways.btcpay import signature as btcpay
from panelwright.payments.gateways.cryptomus import signature as cryptomus
from panelwright.payments.gateways.flutterwave import signature as flutterwave
from panelwright.payments.gateways.mercado_pago import signature as mercado_pago
from panelwright.payments.gateways.nowpayments import signature as nowpayments
from panelwright.payments.gateways.paystack import signature as paystack
from panelwright.payments.gateways.razorpay import signature as razorpay
from panelwright.sandbox.simulated_binance_pay import SimulatedBinancePay
from panelwright.sandbox.simulated_btcpay import SimulatedBtcPay
from panelwright.sandbox.simulated_cryptomus import SimulatedCryptomus
from panelwright.sandbox.simulated_flutterwave import SimulatedFlutterwave
from panelwright.sandbox.simulated_mercado_pago import SimulatedMercadoPago
from panelwright.sandbox.simulated_nowpayments import SimulatedNowPayments, script
from panelwright.sandbox.simulated_paystack import SimulatedPaystack
from panelwright.sandbox.simulated_razorpay import SimulatedRazorpay

_SECRET, _REQUEST, _TS = "your_secret_key_here", "2066ca19-c6f1-498a-be75-1923005edd06", "1742505638683"
_AT = datetime.fromtimestamp(1_742_505_638, UTC)
_ORDER = "ord01jq4s4ky8hwq6na5pxb65b3d3"
_PAYMENT = "7712b1ea2cfe25790908583958279f70ea57227c15b2c92ae1136fe6d0c39e2a"
_LOWER = "633f91233312dd391ec75fa0bea539cfc2d6c4918873305b84a96cc1c58db71c"
_UPPER = "fb15ae6472eb449173c556793205d77787d58f384d183bb5bc3b724c27bd103c"


def _told(v1: str, *, ts: str = _TS) -> dict[str, str]:
    return {"x-signature": f"ts={ts},v1={v1}", "x-request-id": _REQUEST}


@pytest.mark.parametrize(
    ("data_id", "v1"), [("17014025134", _PAYMENT), (_ORDER, _LOWER), (_ORDER.upper(), _UPPER), (_ORDER.upper(), _LOWER)]
)
def test_mercado_pago_signs_ids_in_either_case(data_id: str, v1: str) -> None:
    assert mercado_pago.verified((_SECRET,), _told(v1), data_id, _AT)
    assert mercado_pago.verified(("", "another", _SECRET), _told(v1), data_id, _AT)
    assert not mercado_pago.verified(("another",), _told(v1), data_id, _AT)
    assert not mercado_pago.verified((), _told(v1), data_id, _AT)
    assert not mercado_pago.verified(("",), _told(v1), data_id, _AT)


def test_mercado_pago_parts_that_are_missing_are_left_out() -> None:
    v1 = mercado_pago.sign(_SECRET, data_id="1", request_id="", ts=_TS)
    assert mercado_pago.verified((_SECRET,), {"x-signature": f"ts={_TS},v1={v1}"}, "1", _AT)
    # Without an id there is nothing that it would be about.
    assert not mercado_pago.verified((_SECRET,), {"x-signature": f"ts={_TS},v1={v1}"}, "", _AT)


def test_mercado_pago_stamps_come_in_seconds_and_in_thousandths() -> None:
    for ts in ("1742505638", "1742505638683"):
        v1 = mercado_pago.sign(_SECRET, data_id="1", request_id=_REQUEST, ts=ts)
        assert mercado_pago.verified((_SECRET,), _told(v1, ts=ts), "1", _AT)
        for off in (-400, 400):
            at = datetime.fromtimestamp(1_742_505_638 + off, UTC)
            assert not mercado_pago.verified((_SECRET,), _told(v1, ts=ts), "1", at)
    for ts in ("", "174250563", "17425056386", "174250563868x", "١٧٤٢٥٠٥٦٣٨"):
        v1 = mercado_pago.sign(_SECRET, data_id="1", request_id=_REQUEST, ts=ts)
        assert not mercado_pago.verified((_SECRET,), _told(v1, ts=ts), "1", _AT)


def test_mercado_pago_double_signs_by_the_same_rule() -> None:
    assert SimulatedMercadoPago(secret=_SECRET).signature("17014025134", _REQUEST, _TS) == f"ts={_TS},v1={_PAYMENT}"


def test_razorpay_signs_the_raw_body() -> None:
    # The rule of its return address, whose vector is public, is the same one over another text.
    text = b"plink_IH3cNucfVEgV68|TSsd1989|paid|pay_IH3d0ara9bSsjQ"
    wanted = "07ae18789e35093e51d0a491eb9922646f3f82773547e5b0f67ee3f2d3bf7d5b"
    assert razorpay.sign("EnLs21M47BllR3X8PSFtjtbd", text) == wanted
    assert SimulatedRazorpay(secret="EnLs21M47BllR3X8PSFtjtbd").signature(text) == wanted
    assert razorpay.verified(("old", "EnLs21M47BllR3X8PSFtjtbd"), wanted, text)
    assert not razorpay.verified(("",), razorpay.sign("", text), text)
    assert not razorpay.verified((), wanted, text)


def test_paystack_signs_the_raw_body_with_the_key_itself() -> None:
    body = b'{"event":"charge.success","data":{"reference":"r1","amount":10000}}'
    wanted = (
        "62954b48af68603a4962642fa810e6e965f37d20af0f99de912bab7a09ad50bc"
        "64500b75822742717949f6760c9d88488cc4cabb3202a014022fe6ac4c24a7c1"
    )
    assert paystack.sign("sk_test_x", body) == wanted
    assert SimulatedPaystack(key="sk_test_x").signature(body) == wanted
    assert paystack.verified(("", "another", "sk_test_x"), wanted, body)
    assert not paystack.verified(("sk_test_x",), wanted, body.replace(b"10000", b"10001"))
    assert not paystack.verified(("",), paystack.sign("", body), body)
    assert not paystack.verified((), wanted, body)


def test_flutterwave_shows_a_secret_or_signs_with_it() -> None:
    body, wanted = b'{"id":"wbk_1"}', "vPKfVVExweGxi8/cA26GEYFb/bCpjxkWnFblzFvM7aU="
    assert flutterwave.sign("hash_secret", body) == wanted
    assert SimulatedFlutterwave(secret="hash_secret").signature(body) == wanted
    signed, shown = {"flutterwave-signature": wanted}, {"verif-hash": "hash_secret"}
    for headers in (signed, shown, signed | shown):
        assert flutterwave.verified(("", "hash_secret"), headers, body)
        assert not flutterwave.verified(("", "another"), headers, body)
        assert not flutterwave.verified((), headers, body)
    # The secret alone proves nothing of the body; a signature does, and is not made good by the secret beside it.
    assert flutterwave.verified(("hash_secret",), shown, b"{}")
    assert not flutterwave.verified(("hash_secret",), signed | shown, b"{}")
    for none in ({}, {"verif-hash": ""}, {"flutterwave-signature": flutterwave.sign("", body)}):
        assert not flutterwave.verified(("",), none, body)


def test_btcpay_signs_the_raw_body() -> None:
    body = b'{\n  "type": "InvoiceSettled"\n}'
    wanted = "sha256=f07454a809f8b2d180bba7e5728f4bd7ea3f985a42d33f9c6824a1981e7272b3"
    assert btcpay.sign("HelloWorld", body) == wanted
    assert SimulatedBtcPay().signature(body, secret="HelloWorld") == wanted
    assert btcpay.verified(("", "HelloWorld"), wanted, body)
    assert not btcpay.verified(("HelloWorld",), wanted, body.replace(b"\n", b"\r\n"))
    assert not btcpay.verified(("",), btcpay.sign("", body), body)
    assert not btcpay.verified((), wanted, body)


_PHP = (
    rb'{"type":"payment","uuid":"u-1","order_id":"17","amount":"15.00","status":"paid","txid":null,'
    rb'"url":"https:\/\/a.b\/c"}'
)
_PHP_SIGN = "db3575adf689be76d1e418e2fb47fe06"


def test_cryptomus_signs_the_text_of_php() -> None:
    assert cryptomus.sign("testkey", _PHP) == _PHP_SIGN
    assert cryptomus.sign("testkey", b"") == "221b368d7f5f597867f525971f28ff75"
    assert SimulatedCryptomus().signature(_PHP, key="testkey") == _PHP_SIGN
    sign = f'"sign":"{_PHP_SIGN}"'.encode()
    last, first = _PHP[:-1] + b"," + sign + b"}", b"{" + sign + b"," + _PHP[1:]
    middle = _PHP.replace(b',"amount"', b"," + sign + b',"amount"')
    for body in (last, first, middle):
        assert cryptomus.verified("testkey", body)
        assert not cryptomus.verified("", body)
        assert not cryptomus.verified("another", body)
        assert not cryptomus.verified("testkey", body.replace(b"15.00", b"16.00"))
        assert not cryptomus.verified("testkey", body.replace(rb"\/", b"/"))
    assert not cryptomus.verified("testkey", _PHP)
    assert not cryptomus.verified("testkey", last[:-1] + b"," + sign + b"}")


_NONCE = "abcdefghijklmnopqrstuvwxyzABCDEF"
_BINANCE_CALL = (
    "DFF0B79EE0AEA8181B13624615CC9B1F893762D2C7BB41DCD727130BCF9755CA"
    "4BCA63897C83FEF6A18E36B6FC8C096FCC1A01617430AC1FA366765E59B60B8B"
)
# A key that was made by OpenSSL and thrown away, and what it has signed there.
_BINANCE_KEY = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAmJxcabWUEcRs3k0LPWR/\n"
    "jPk3kFw6wkslN4gH9MbL27mWVvxFl1zIx2gVW2ul6ijdZ2ShxrjOMyUlIxC+bnfx\n"
    "AeHFHR9/f58k9Ge6LrecgAKE/U1GXY5YUxjGekP4EVo4akCGb8z171RiGLIfLMXP\n"
    "UaumBKhAVxYm43VkkMwRYE8p/PJFFVUpA6MQrrWE0UcOMP08sSayBypb1XMH04is\n"
    "hB8L9V1gDw+dl8v1LF3+5ZKipy6SlnmA1DEnM/78rvgI6OGMM7n39Su/4mvv2qGO\n"
    "eITZ1hoEOEJKlBUVtPBrG9rxUHOS+dKBMWPiQk9AIthK0r5RcvZ8xgWl3YFDLEDq\n"
    "qwIDAQAB\n"
    "-----END PUBLIC KEY-----\n"
)
_BINANCE_SIGN = (
    "CDmVXfefpRVF5/9H7aZB2zgHY9sPeRM8Uoq/sv4XHkM+RKf3lzvD0w2ytpkxka4hBSjYsR2XycGHf8htwZvwDgMdXXOpnvHn"
    "6diPq5kVdppDSnGoSGcxRSkEPLPz7CtUjtiVf/9J9Ke9XaUn6Afo/t0Aihx+o5nmlg5tSuv5hOFXWyF8pGDj6dHFJmomG6jv"
    "H0/ACcofqBa3r/1oqYkawpKlSodoant+EgUa0EKZsQvP8K6Qce9BoYkXpxoAzZ+Z+LWwYOVf0l+AVlHDvxC2Be+ujshzpNyf"
    "Tv+Kfrcf4uS9lsGKJy8yQNDDT+i4H/umyshfVXUGHTdDXsrzRxgp9A=="
)
_SHORT_KEY = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCmTDhsp8qbUWrMr6ihtkWfTQSU\n"
    "k4qp3vSW5yVaVDC8MJLD5pjYodfxlyA/QOSW0idfNUtcgxl5kyphIBAJX0n+yS5u\n"
    "ZdppLeQUE+dfG938HhcyjGiGbifTSC2nTtKgIgvl1v4egXIt71glpMhiVQ7OfKX6\n"
    "BhfDFXDaeOknPnLRJQIDAQAB\n"
    "-----END PUBLIC KEY-----\n"
)
_CURVE_KEY = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEx77pKycjl329gMWu6Ewxuh6lTnrl\n"
    "c1ZGEGNjFIaOhN1TJBjjZElbflEFYI6OoCE3Au8GzwxRXRNWT+hs2O5c1A==\n"
    "-----END PUBLIC KEY-----\n"
)


def test_binance_pay_signs_calls_with_a_time_and_a_nonce() -> None:
    assert binance_pay.sign("secret", "1700000000000", _NONCE, b'{"a":1}') == _BINANCE_CALL


def test_binance_pay_webhooks_are_signed_with_a_key_of_the_platform() -> None:
    headers = {
        "binancepay-timestamp": "1700000000000",
        "binancepay-nonce": _NONCE,
        "binancepay-certificate-sn": "S1",
        "binancepay-signature": _BINANCE_SIGN,
    }
    now = datetime.fromtimestamp(1_700_000_000, UTC)
    what = binance_pay.signed(headers, now)
    assert what is not None and binance_pay.verified(_BINANCE_KEY, what, b'{"a":1}')
    assert not binance_pay.verified(_BINANCE_KEY, what, b'{"a":2}')
    assert not binance_pay.verified(_BINANCE_KEY, what._replace(nonce="A"), b'{"a":1}')
    assert not binance_pay.verified(_BINANCE_KEY, what._replace(stamp="1700000000001"), b'{"a":1}')
    for key in ("", "x", _SHORT_KEY, _CURVE_KEY, SimulatedBinancePay().public_key("S1"), _BINANCE_KEY * 20):
        assert not binance_pay.verified(key, what, b'{"a":1}')
    for off in (-301, 301):
        assert binance_pay.signed(headers, datetime.fromtimestamp(1_700_000_000 + off, UTC)) is None
    for name in headers:
        for text in ("", "ü", "a b", "1" * 3000):
            assert binance_pay.signed({**headers, name: text}, now) is None


def test_binance_pay_double_signs_by_the_same_rule() -> None:
    double = SimulatedBinancePay()
    sign = double.signature("1700000000000", _NONCE, b'{"a":1}')
    what = binance_pay.Signed("1700000000000", _NONCE, double.serial, sign)
    assert binance_pay.verified(double.public_key(double.serial), what, b'{"a":1}')


_IPN = (
    '{"payment_id":123456789,"parent_payment_id":987654321,"invoice_id":null,"payment_status":"finished",'
    '"pay_address":"a\u00f1/\u2028\\u0001\u007f\U0001f600","price_amount":1,"price_currency":"usd","pay_amount":155,'
    '"actually_paid":1e-7,"outcome":0.00001,"big":1e+21,"order_id":null,"list":[{"b":1,"a":"\\"\\\\"}],'
    '"fee":{"withdrawalFee":0,"currency":"btc","depositFee":0.09853637216235617,"order_id":"x"}}'
).encode()
# Computed by JavaScript: sorted at every level, and by the keys of the outer object as in a sample of the documents.
_IPN_SIGN = (
    "b60744244d1c09e2be42dd28dfa72afb0f317d0e5f09fa8f6e76e22d9ab9912b"
    "4b05a72f51bc4b4681a8eec6b8fd13dee1e330b9c31f30f24c377c5fbf50dbc0"
)
_IPN_OUTER = (
    "9fcc22d2df8569483fab176adf3cd78251b37076870a858c503a4a8957819857"
    "1379571ef29460f6dcd89c4ea693dfd1945d07a7ac14ee7b54c0cf37d2472371"
)
_FLAT = (
    b'{"actually_paid":0,"order_id":"2","payment_id":5077125051,"payment_status":"waiting","price_amount":170,'
    b'"price_currency":"usd"}'
)
_FLAT_SIGN = (
    "56f125b9d12f31623a569b47b4659a600f55b408dfdaf55fd06d611abeb3ee48"
    "3ad6a6b47d0903b482fbaff4921a82eb47c3e47d499046f8a5b7bbbbcbf6b811"
)


def test_nowpayments_signs_sorted_json_with_numbers_as_they_were_written() -> None:
    for body, sign in ((_FLAT, _FLAT_SIGN), (_IPN, _IPN_SIGN), (_IPN, _IPN_OUTER)):
        assert nowpayments.verified(("", "old", "ipn_secret"), sign, body)
        assert not nowpayments.verified(("old",), sign, body)
        assert not nowpayments.verified(("",), nowpayments.sign("", body), body)
        assert not nowpayments.verified((), sign, body)
        assert not nowpayments.verified(("ipn_secret",), sign.upper(), body)
    for one, other in ((b"1e-7", b"1e-07"), (b":155,", b":155.0,"), (b"1e+21", b"1000000000000000000000")):
        assert not nowpayments.verified(("ipn_secret",), _IPN_SIGN, _IPN.replace(one, other))
    # In whatever order, and with whatever spaces, the keys arrive.
    shuffled = b'{ "price_currency": "usd", ' + _FLAT[1:].replace(b',"price_currency":"usd"', b"")
    assert nowpayments.verified(("ipn_secret",), _FLAT_SIGN, shuffled)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":"\\ud800"}',
        b"[" * 30_000,
        b'{"a":' * 9 + b"1" + b"}" * 9,
        b"{" + b",".join(b'"%d":1' % n for n in range(401)) + b"}",
        b"\xff",
    ],
)
def test_nowpayments_signs_nothing_beyond_its_bounds(body: bytes) -> None:
    assert nowpayments.signed_texts(body) == ()
    assert not nowpayments.verified(("ipn_secret",), nowpayments.sign("ipn_secret", body), body)


def test_nowpayments_double_signs_by_the_same_rule() -> None:
    double = SimulatedNowPayments()
    assert script(json.loads(_IPN)).encode() == _IPN
    assert double.signature(json.loads(_IPN), secret="ipn_secret") == _IPN_SIGN
    double.signs_outer_keys = True
    assert double.signature(json.loads(_IPN), secret="ipn_secret") == _IPN_OUTER


@pytest.mark.parametrize(
    ("asked", "came", "worth"),
    [
        (Decimal("0.00040001"), Decimal("0.00040001"), 20_000_000),
        (Decimal("0.0003"), Decimal("0.0001"), 6_660_000),
        (Decimal("0.0004"), Decimal("0.00039999"), 19_990_000),
        (3, "6", 40_000_000),
        (0, 1, 0),
        (1, 0, 0),
        (1, -1, 0),
        (1, Decimal("1e999999"), 0),
        (Decimal("1e-999999"), 1, 0),
        (Decimal("1e-18"), Decimal("1e18"), 0),
        (None, 1, 0),
        (1, True, 0),
        (1, "x", 0),
        (1, Decimal("NaN"), 0),
        ("9" * 41, 1, 0),
    ],
)
def test_coins_are_worth_their_part_of_the_amount(asked: object, came: object, worth: int) -> None:
    assert coins_worth(20_000_000, asked=asked, came=came, step_micros=10_000) == worth


@pytest.mark.parametrize(
    ("written", "micros"),
    [
        ("10.00", 10_000_000),
        ("0.000001", 1),
        (10, 10_000_000),
        (Decimal("535.1"), 535_100_000),
        (Decimal("1E+2"), 100_000_000),
        ("0.0000001", 0),
        ("-1", 0),
        ("", 0),
        ("ten", 0),
        ("1,5", 0),
        ("NaN", 0),
        ("Infinity", 0),
        ("1e999999", 0),
        ("1e-999999", 0),
        (Decimal("1e999999"), 0),
        ("9" * 41, 0),
        (10**30, 0),
        (True, 0),
        (None, 0),
        (1.5, 0),
        (["1"], 0),
    ],
)
def test_amounts_are_read_exactly_or_not_at_all(written: object, micros: int) -> None:
    assert micros_of(written) == micros


def test_amounts_are_rounded_down_where_coins_have_many_digits() -> None:
    assert micros_down("19.99999999", 10_000) == 19_990_000
    assert micros_down("20.00000001", 10_000) == 20_000_000
    assert micros_down("0.12345678", 1) == 123_456
    assert micros_down("x", 1) == 0


@pytest.mark.parametrize(
    ("micros", "step", "text"),
    [
        (10_000_000, 10_000, "10.00"),
        (10_500_000, 10_000, "10.50"),
        (5_000_000_000, 1_000_000, "5000"),
        (1_234_000, 1_000, "1.234"),
        (12_345, 1, "0.012345"),
        (10_000, 10_000, "0.01"),
    ],
)
def test_amounts_are_written_as_the_currency_is(micros: int, step: int, text: str) -> None:
    assert decimal_text(micros, step) == text
    assert micros_of(text) == micros
    assert micros_of(Decimal(repr(json_number(micros)))) == micros
