"""Decisions about vouchers: what a code looks like, and whether one can be used. Pure."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime

from panelwright.core import limits

# Letters and digits that nobody mixes up: 32, five bits each.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# 24 of them. The first eight are shown to staff; the other 16 are 80 random bits, which nobody can guess.
CODE_CHARS, PREFIX_CHARS, GROUP_CHARS = 24, 8, 4
# Of one making, and uses of one voucher.
MADE_MAX = 1_000
USES_MAX = 100_000

_ALIKE = str.maketrans("OIL", "011")


def new_code() -> str:
    """Six groups of four, as people write it down."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARS))
    return "-".join(code[n : n + GROUP_CHARS] for n in range(0, CODE_CHARS, GROUP_CHARS))


def normal(text: str) -> str | None:
    """A code as it was typed or pasted, in capitals without what parts its groups; None for what is none."""
    if len(text) > limits.VOUCHER_CHARS_MAX:
        return None
    code = re.sub(r"[\s\u2010-\u2015_.-]", "", text).upper().translate(_ALIKE)
    return code if len(code) == CODE_CHARS and set(code) <= set(ALPHABET) else None


def prefix_of(code: str) -> str:
    return code[:PREFIX_CHARS]


def digest_of(code: str) -> str:
    """Of a normal code."""
    return hashlib.sha256(code.encode()).hexdigest()


def may_be_used(*, enabled: bool, uses_left: int, expires_at: datetime | None, now: datetime) -> bool:
    return enabled and uses_left > 0 and (expires_at is None or expires_at > now)
