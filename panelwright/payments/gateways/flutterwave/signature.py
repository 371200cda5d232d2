"""What Flutterwave's webhooks show: the secret that their owner has set, and a signature where there is one. Pure.

The secret itself proves nothing of the body; whoever has seen one webhook could write any other. A signature, which is
HMAC-SHA256 over the raw body with that secret, does, and where it is sent it has to be right.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

SIGNATURE, SHARED = "flutterwave-signature", "verif-hash"


def sign(secret: str, body: bytes) -> str:
    return base64.standard_b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def verified(secrets: tuple[str, ...], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether it knows one of the secrets. Without secrets nothing is genuine."""
    signature, shared = (headers.get(name, "").strip().encode("utf-8", "replace") for name in (SIGNATURE, SHARED))
    kept = [secret for secret in secrets if secret]
    if signature:
        fits = [hmac.compare_digest(sign(secret, body).encode(), signature) for secret in kept]
    else:
        fits = [hmac.compare_digest(secret.encode(), shared) for secret in kept]
    return any(fits)
