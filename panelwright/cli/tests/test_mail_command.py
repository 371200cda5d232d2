"""The list of a panel's e-mails."""

from __future__ import annotations

import pytest

from panelwright.cli.main import main
from panelwright.core import clock
from panelwright.events.mail import queue_mail
from panelwright.events.mail_loop import send_mails
from tests.support.mail_server import MailServer
from tests.support.people import Owner, Time, value, values


def queue(owner: Owner, *, to: str = "carol@customer.example", subject: str = "Hello") -> None:
    queue_mail(panel_id=owner.panel_id, to=to, subject=subject, text="Text", kind="reset", now=clock.now())


def test_the_unsent_ones_are_listed_by_command(
    alice: Owner, rival: Owner, mail_server: MailServer, time: Time, capsys: pytest.CaptureFixture[str]
) -> None:
    mail_server.refuses = {"carol@customer.example": "550 no"}
    queue(alice)
    queue(alice, to="dave@customer.example", subject="Hello, Dave")
    queue(rival, to="mallory@customer.example")
    send_mails()
    queue(alice, to="erin@customer.example")
    assert main(["mail", "--panel", "shop"]) == 0
    ids = [id_ for (id_,) in values("SELECT id FROM events_mail WHERE panel_id = %s ORDER BY id", alice.panel_id)]
    failed = (
        f"{ids[0]}  2026-05-04 12:00  carol@customer.example  Hello  (reset)  given up\n"
        "    1 attempts: the mail server answered 550 no\n"
    )
    assert capsys.readouterr().out == (
        f"{failed}"
        f"{ids[1]}  2026-05-04 12:00  dave@customer.example  Hello, Dave  (reset)  sent 2026-05-04 12:00\n"
        f"{ids[2]}  2026-05-04 12:00  erin@customer.example  Hello  (reset)  waits\n"
        "3 e-mails.\n"
    )
    assert main(["mail", "--panel", "shop", "--failed"]) == 0
    assert capsys.readouterr().out == f"{failed}1 e-mails.\n"
    assert main(["mail", "--panel", "nobody"]) == 1
    assert value("SELECT COUNT(*) FROM events_mail") == 4
