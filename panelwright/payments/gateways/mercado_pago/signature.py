"""Mercado Pago's signature of webhooks: HMAC-SHA256 over ids and a time. It does not cover the body. Pure.

What is signed: `id:<data.id of the query>;request-id:<x-request-id>;ts:<ts>;`, without the parts that are missing. The
time comes in seconds or in thousandths of them, by its length. Ids with letters are signed in lower case by some of its
products and as they are by others, so either fits.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime

TOLERANCE_S = 300
_STAMP = re.compile(r"[0-9]{10}(?:[0-9]{3})?", re.ASCII)
_PARTS_MAX = 10


def sign(secret: str, *, data_id: str, request_id: str, ts: str) -> str:
    parts = (("id", data_id), ("request-id", request_id), ("ts", ts))
    text = "".join(f"{name}:{value};" for name, value in parts if value)
    return hmac.new(secret.encode(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def verified(secrets: tuple[str, ...], headers: Mapping[str, str], data_id: str, now: datetime) -> bool:
    """Whether one of the secrets has signed it, at most five minutes from now. No secret signs nothing."""
    given = dict(part.strip().partition("=")[::2] for part in headers.get("x-signature", "").split(",")[:_PARTS_MAX])
    ts = given.get("ts", "")
    if not _STAMP.fullmatch(ts) or not data_id:
        return False
    at_s = int(ts) / (1000 if len(ts) == 13 else 1)
    if abs(now.timestamp() - at_s) > TOLERANCE_S:
        return False
    request_id = headers.get("x-request-id", "")
    wanted = [
        sign(secret, data_id=id_, request_id=request_id, ts=ts)
        for secret in secrets
        if secret
        for id_ in (data_id, data_id.lower())
    ]
    told = given.get("v1", "").encode("utf-8", "replace")
    # All are compared, so that the time tells nothing.
    fits = [hmac.compare_digest(one.encode(), told) for one in wanted]
    return any(fits)
