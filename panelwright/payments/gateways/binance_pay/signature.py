"""Binance Pay's signatures, of calls and of webhooks: over a time, a random text and the raw body. Pure.

Calls are signed by HMAC-SHA512 with the owner's secret, webhooks by RSA with the key of one of Binance's certificates.
Those are the platform's, not the owner's: another merchant's genuine webhook fits, too, so that it is a hint.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

TOLERANCE_S = 300
_STAMP = re.compile(r"[0-9]{13}", re.ASCII)
_NONCE = re.compile(r"[A-Za-z0-9]{1,64}", re.ASCII)
_SERIAL = re.compile(r"[A-Za-z0-9]{1,128}", re.ASCII)
_SIGN = re.compile(r"[A-Za-z0-9+/]{300,1400}={0,2}", re.ASCII)
_BITS_MIN, _BITS_MAX = 2048, 8192
_PEM_MAX = 4_000


class Signed(NamedTuple):
    """What the head of a webhook says."""

    stamp: str
    nonce: str
    serial: str
    sign: str


def message(stamp: str, nonce: str, body: bytes) -> bytes:
    return f"{stamp}\n{nonce}\n".encode() + body + b"\n"


def sign(secret: str, stamp: str, nonce: str, body: bytes) -> str:
    return hmac.new(secret.encode(), message(stamp, nonce, body), hashlib.sha512).hexdigest().upper()


def signed(headers: Mapping[str, str], now: datetime) -> Signed | None:
    """None: it is not signed, or not within five minutes from now."""
    found = Signed(
        headers.get("binancepay-timestamp", ""),
        headers.get("binancepay-nonce", ""),
        headers.get("binancepay-certificate-sn", ""),
        headers.get("binancepay-signature", ""),
    )
    shapes = zip(found, (_STAMP, _NONCE, _SERIAL, _SIGN), strict=True)
    if not all(shape.fullmatch(text) for text, shape in shapes):
        return None
    return found if abs(now.timestamp() - int(found.stamp) / 1000) <= TOLERANCE_S else None


def verified(pem: str, what: Signed, body: bytes) -> bool:
    """Whether the key of a certificate has signed it. What is no key of RSA of a usual length has signed nothing."""
    if len(pem) > _PEM_MAX:
        return False
    try:
        key = load_pem_public_key(pem.encode())
        told = base64.b64decode(what.sign, validate=True)
    except ValueError:
        return False
    if not isinstance(key, RSAPublicKey) or not _BITS_MIN <= key.key_size <= _BITS_MAX:
        return False
    try:
        key.verify(told, message(what.stamp, what.nonce, body), PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
