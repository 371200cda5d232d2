"""Stripe's signature of webhooks: HMAC-SHA256 over the time and the raw body. Pure.

The key is the whole `whsec_…` text. While a secret is exchanged there are two signatures; one that fits is enough. A
stamp from the future is refused as an old one is.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

TOLERANCE_S = 300
_PARTS_MAX = 20


def sign(secret: str, *, at: int, body: bytes) -> str:
    return hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()


def verified(secrets: tuple[str, ...], header: str, body: bytes, now: datetime) -> bool:
    """Whether one of the secrets has signed the body, at most five minutes from now. No secret signs nothing."""
    stamp, given = "", []
    for part in header.split(",")[:_PARTS_MAX]:
        name, _, value = part.strip().partition("=")
        if name == "t":
            stamp = value
        elif name == "v1":
            given.append(value)
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 13):
        return False
    if abs(now.timestamp() - int(stamp)) > TOLERANCE_S:
        return False
    wanted = [sign(secret, at=int(stamp), body=body) for secret in secrets if secret]
    # All are compared, so that the time tells nothing; as bytes, since a stranger's header may hold any letter.
    fits = [hmac.compare_digest(one.encode(), other.encode("utf-8", "replace")) for one in wanted for other in given]
    return any(fits)
