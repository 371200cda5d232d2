"""What an e-mail looks like on its way, and when it is tried again. Pure."""

from __future__ import annotations

import smtplib
from datetime import datetime, timedelta
from email.headerregistry import Address
from typing import NamedTuple

from panelwright.core.said import not_ours, said
from panelwright.core.secret import conceal

PROBLEM_MAX = 300
WAIT_MIN, WAIT_MAX = timedelta(seconds=30), timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=2)
KEPT = timedelta(days=30)


class Halted(Exception):
    """Nobody sends it: its panel is suspended."""


class Outgoing(NamedTuple):
    """A claimed e-mail. `host`: the panel's first domain with a name, or None."""

    id: int
    panel_id: int
    to: str
    subject: str
    text: str
    html: str
    unsubscribe: str
    attempts: int
    created_at: datetime
    panel_name: str
    host: str | None
    # Its panel is suspended, and what it writes to many is not sent.
    halted: bool
    lease_until: datetime


def sender(mail: Outgoing, *, configured: str) -> str:
    """The From line: the panel's name, with the configured address or noreply at its own domain."""
    name = " ".join("".join(c if c.isprintable() else " " for c in mail.panel_name).split())
    return str(Address(display_name=name, addr_spec=configured or f"noreply@{mail.host or 'localhost'}"))


def message_id(mail: Outgoing) -> str:
    """The same each time that this e-mail is sent, so that programs see that it is the same."""
    # Not the id: that counts the letters of all panels.
    name = conceal(str(mail.id), purpose="e-mail").rstrip("=")
    return f"<{name}.{int(mail.created_at.timestamp())}@{mail.host or 'localhost'}>"


def headers(mail: Outgoing) -> dict[str, str]:
    """Beside what every e-mail has. Letters to many say how to end them, by one press in a mail program (RFC 8058)."""
    found = {"Message-ID": message_id(mail), "Auto-Submitted": "auto-generated"}
    if mail.unsubscribe:
        found["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        found["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return found


def next_try(mail: Outgoing, error: Exception, *, now: datetime) -> datetime | None:
    """When to try again after a failure: after 30 s, 1, 2, 4, … minutes, at most an hour. None: never.

    A server that does not take the address for good (5xx) is believed; all else is tried for two days.
    """
    if isinstance(error, Halted):
        return None
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        if codes and all(500 <= code < 600 for code in codes):
            return None
    if now - mail.created_at >= GIVEN_UP_AFTER:
        return None
    return now + min(WAIT_MIN * 2 ** min(max(mail.attempts, 1) - 1, 10), WAIT_MAX)


def problem(error: Exception) -> str:
    """Why it was not sent, for staff: a text of core/said.py, or a library's own words."""
    if isinstance(error, Halted):
        return said("mail_halted")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()), (0, b""))
        return _answered(code, words)
    if isinstance(error, smtplib.SMTPResponseException):
        return _answered(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPException):
        return not_ours(str(error) or type(error).__name__)[:PROBLEM_MAX]
    if isinstance(error, TimeoutError):
        return said("mail_time")
    if isinstance(error, OSError):
        return said("mail_connect", said=error.strerror or type(error).__name__)[:PROBLEM_MAX]
    return not_ours(f"{type(error).__name__}: {error}")[:PROBLEM_MAX]


def _answered(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    plain = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return said("mail_status", status=code, said=plain)[:PROBLEM_MAX]
