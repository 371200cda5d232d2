"""Sending e-mail: claim, hand to the mail server with no transaction open, write down.

At least once: whoever dies between the server's yes and the commit leaves a row that is sent again,
with the same Message-ID. Nothing is lost without a word: what cannot be sent keeps its problem.
"""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from panelwright.core import clock
from panelwright.core.loop import let_go
from panelwright.events import mail_actions
from panelwright.events import mail_rules as rules
from panelwright.events.mail_actions import LEASE
from panelwright.events.mail_rules import Outgoing

MAILS_AT_ONCE = 10


def send_mails() -> int:
    """Send up to MAILS_AT_ONCE e-mails over one connection. Answers how many it took up."""
    mails = mail_actions.claim(MAILS_AT_ONCE)
    if not mails:
        return 0
    server = get_connection(**settings.MAIL)
    unreachable: Exception | None = None
    try:
        for mail in mails:
            let_go()
            if clock.now() >= mail.lease_until - LEASE / 2:
                break  # the rest comes due again when the lease ends
            error = unreachable if not mail.halted else rules.Halted()
            if error is None:
                try:
                    server.open()
                except Exception as failure:
                    # Not each of them waits for a server that is not there.
                    error = unreachable = failure
                else:
                    error = _send(server, mail)
            mail_actions.commit(mail, error)
    finally:
        _close(server)
    return len(mails)


def send_now(mail: Outgoing) -> str:
    """Hand one e-mail to the mail server, and answer what went wrong, in words for staff; empty: nothing. With no
    transaction open."""
    server = get_connection(**settings.MAIL)
    try:
        server.open()
        error = _send(server, mail)
    except Exception as failure:
        error = failure
    finally:
        _close(server)
    return "" if error is None else rules.problem(error)


def _send(server: object, mail: Outgoing) -> Exception | None:
    """None when the server took it. Whatever is raised is a failed attempt of this one e-mail."""
    try:
        message = EmailMultiAlternatives(
            subject=mail.subject,
            body=mail.text,
            from_email=rules.sender(mail, configured=settings.MAIL_FROM),
            to=[mail.to],
            headers=rules.headers(mail),
        )
        if mail.html:
            message.attach_alternative(mail.html, "text/html")
        server.send_messages([message])  # type: ignore[attr-defined]
    except Exception as failure:
        # What the connection is good for after that nobody knows: the next one opens another.
        _close(server)
        return failure
    return None


def _close(server: object) -> None:
    try:
        server.close()  # type: ignore[attr-defined]
    except Exception:  # noqa: S110 - it is closed either way
        pass
