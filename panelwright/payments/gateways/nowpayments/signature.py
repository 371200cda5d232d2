"""NOWPayments' signature of webhooks: HMAC-SHA512 over the JSON with its keys sorted at every level. Pure.

What is signed is the text of a JavaScript program, so numbers stay as they were written: 155 and 155.0, or 1e-7 and
1e-07, are the same number and not the same text. A sample of the documents sorts in a way that leaves out of inner
objects whatever is no key of the outer one; that text is taken, too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Any

from panelwright.core import limits

# Of HMAC-SHA512, in hexadecimal digits.
_SIGN = re.compile(rb"[0-9a-f]{128}")
# More than any event has: what is deeper or has more keys is none.
DEPTH_MAX, KEYS_MAX = 8, 400


class _Number(str):
    """A number as it was written."""

    __slots__ = ()


def verified(secrets: tuple[str, ...], header: str, body: bytes) -> bool:
    """Whether one of the secrets has signed the body. No secret signs nothing, and what has a key twice is not signed:
    programs differ about which of them holds.
    """
    told, kept = header.strip().encode("utf-8", "replace"), [secret for secret in secrets if secret]
    # Reading and sorting it is most of the work, so whoever has not even the shape of a signature is sent away first.
    if not kept or len(body) > limits.SORTED_HOOK_BYTES_MAX or not _SIGN.fullmatch(told):
        return False
    texts = signed_texts(body)
    fits = [hmac.compare_digest(sign(one, text).encode(), told) for one in kept for text in texts]
    return any(fits)


def sign(secret: str, text: bytes) -> str:
    return hmac.new(secret.encode(), text, hashlib.sha512).hexdigest()


def signed_texts(body: bytes) -> tuple[bytes, ...]:
    """What may have been signed of a body: sorted at every level, or by the keys of the outer object. None where it is
    no object of JSON within the bounds.
    """
    try:
        event = json.loads(
            body,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_refuse,
            object_pairs_hook=_once_each(),
        )
        if not isinstance(event, dict):
            return ()
        outer = sorted(event)
        whole = _written(event, sorted).encode()
        return whole, _written(event, lambda found: [key for key in outer if key in found]).encode()
    except (ValueError, RecursionError):
        return ()


def _refuse(_text: str) -> None:
    raise ValueError("NaN and Infinity are no JSON")


def _once_each() -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    left = KEYS_MAX

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal left
        left -= len(pairs)
        found = dict(pairs)
        if left < 0 or len(found) != len(pairs):
            raise ValueError("too many keys, or one of them twice")
        return found

    return made


def _written(value: Any, order: Callable[[dict[str, Any]], list[str]], depth: int = 1) -> str:
    """As JavaScript writes it, without spaces."""
    if depth > DEPTH_MAX:
        raise ValueError("too deep")
    if isinstance(value, dict):
        inner = (f"{_written(key, order)}:{_written(value[key], order, depth + 1)}" for key in order(value))
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(one, order, depth + 1) for one in value) + "]"
    return str(value) if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)
