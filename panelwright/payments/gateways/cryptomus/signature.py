"""Cryptomus' signature of calls and webhooks: MD5 over the Base64 of the body and the key behind it. Pure.

That is weak, so a webhook is a hint and nothing else. Its signature stands inside of the body that it signs: it is cut
out of the bytes as they came, since what is read and written anew is another text.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

# With the comma before it, or behind it. In a text of JSON its quotes would have backslashes.
_SIGN = re.compile(rb',\s*"sign"\s*:\s*"([0-9a-f]{32})"|"sign"\s*:\s*"([0-9a-f]{32})"\s*,')


def sign(key: str, body: bytes) -> str:
    return hashlib.md5(base64.b64encode(body) + key.encode(), usedforsecurity=False).hexdigest()


def verified(key: str, body: bytes) -> bool:
    """Whether the key has signed it. No key signs nothing, and what has two signatures has none."""
    found = list(_SIGN.finditer(body))
    if not key or len(found) != 1:
        return False
    told = found[0][1] or found[0][2]
    rest = body[: found[0].start()] + body[found[0].end() :]
    return hmac.compare_digest(sign(key, rest).encode(), told)
