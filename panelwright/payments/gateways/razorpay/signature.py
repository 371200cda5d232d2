"""Razorpay's signature of webhooks: HMAC-SHA256 over the raw body, with the webhook's own secret. Pure.

There is no stamp: who repeats an old one makes us ask once more, and that is all. Events that are repeated after the
secret was changed are still signed with the old one.
"""

from __future__ import annotations

import hashlib
import hmac


def sign(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verified(secrets: tuple[str, ...], header: str, body: bytes) -> bool:
    """Whether one of the secrets has signed the body. No secret signs nothing."""
    told = header.strip().encode("utf-8", "replace")
    fits = [hmac.compare_digest(sign(secret, body).encode(), told) for secret in secrets if secret]
    return any(fits)
