"""The second factor: codes that an app makes from a shared secret and the time (RFC 6238), and recovery codes."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

import pyotp

STEP_S = 30
# A clock may be half a minute off.
STEPS_OFF = 1
RECOVERY_CODES = 10
# Without letters and digits that look alike.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_LENGTH = 12


def new_secret() -> str:
    """160 random bits in base 32, as the apps take it."""
    return pyotp.random_base32()


def address(secret: str, *, email: str, panel: str) -> str:
    """What the QR code says."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=panel)


def step_of(secret: str, code: str, *, now: datetime, after_step: int) -> int | None:
    """The time step whose code this is; None when it is wrong, or of a step that was used before."""
    code = "".join(code.split())
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return None
    totp = pyotp.TOTP(secret)
    current = int(now.timestamp()) // STEP_S
    for step in range(current - STEPS_OFF, current + STEPS_OFF + 1):
        if step > after_step and secrets.compare_digest(totp.at(step * STEP_S), code):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Ten codes of 12 characters, 58 bits each, written in three groups."""
    return [
        _grouped("".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LENGTH))) for _ in range(RECOVERY_CODES)
    ]


def recovery_digest(code: str) -> str:
    """However it is typed: with or without hyphens, in capitals."""
    plain = "".join(char for char in code.lower() if char.isalnum())
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()


def _grouped(code: str) -> str:
    return "-".join(code[i : i + 4] for i in range(0, _RECOVERY_LENGTH, 4))
