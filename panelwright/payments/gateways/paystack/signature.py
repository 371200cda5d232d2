"""Paystack's signature of webhooks: HMAC-SHA512 over the raw body, with the secret key of the account. Pure.

There is no stamp: who repeats an old one makes us ask once more, and that is all.
"""

from __future__ import annotations

import hashlib
import hmac


def sign(key: str, body: bytes) -> str:
    return hmac.new(key.encode(), body, hashlib.sha512).hexdigest()


def verified(keys: tuple[str, ...], header: str, body: bytes) -> bool:
    """Whether one of the keys has signed the body. No key signs nothing."""
    told = header.strip().encode("utf-8", "replace")
    fits = [hmac.compare_digest(sign(key, body).encode(), told) for key in keys if key]
    return any(fits)
