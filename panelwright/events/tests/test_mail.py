"""E-mail: a row first, then a real mail server; at least once, and no silent loss."""

from __future__ import annotations

import os
import re
import stat
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from panelwright.core import clock
from panelwright.core.said import said, words
from panelwright.events import mail_actions
from panelwright.events.mail import queue_mail
from panelwright.events.mail_loop import send_mails
from panelwright.settings import mail as mail_settings
from tests.support.mail_server import MailServer
from tests.support.people import Owner, Time, counts, execute, values

LINK = "https://shop.example/reset/token"


def queue(alice: Owner, *, to: str = "carol@customer.example", subject: str = "Hello", text: str = LINK) -> None:
    queue_mail(panel_id=alice.panel_id, to=to, subject=subject, text=text, kind="reset", now=clock.now())


def row() -> tuple[Any, ...]:
    """The only one: attempts, whether it was sent, whether something is left to do, text, problem."""
    (one,) = values("SELECT attempts, sent_at IS NOT NULL, due_at IS NOT NULL, text, problem FROM events_mail")
    return (one[0], bool(one[1]), bool(one[2]), one[3], words(one[4]))


def test_it_arrives_with_the_panels_name_and_the_text_is_forgotten(
    alice: Owner, mail_server: MailServer, time: Time
) -> None:
    queue(alice, subject="Olá, Карол", text=f"Olá\n.\n{LINK}\n")
    assert send_mails() == 1
    (taken,) = mail_server.taken
    message = taken.message
    assert (taken.sender, taken.to) == ("noreply@shop.example", "carol@customer.example")
    assert (message["From"], message["To"]) == ("Shop <noreply@shop.example>", "carol@customer.example")
    assert message["Subject"] == "Olá, Карол"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().replace("\r\n", "\n") == f"Olá\n.\n{LINK}\n"
    assert row() == (1, True, False, "", ""), "the link is gone with the sending"
    time.passes(hours=2)
    assert send_mails() == 0
    assert len(mail_server.taken) == 1
    time.passes(days=30)
    assert mail_actions.tidy() == 1
    assert counts("events_mail") == (0,)


def test_many_go_over_one_connection(alice: Owner, mail_server: MailServer, time: Time) -> None:
    for i in range(12):
        queue(alice, to=f"c{i}@customer.example")
    assert send_mails() == 10
    assert mail_server.connections == 1
    assert send_mails() == 2
    assert sorted(taken.to for taken in mail_server.taken) == sorted(f"c{i}@customer.example" for i in range(12))


def test_no_header_can_be_slipped_in(alice: Owner, mail_server: MailServer, time: Time) -> None:
    for bad in ("a@b.example\nBcc: x@y.example", "a@b.example, x@y.example", "", "no address"):
        with pytest.raises(ValueError):
            queue(alice, to=bad)
    with pytest.raises(ValueError):
        queue(alice, text="x" * 100_001)
    assert counts("events_mail") == (0,)
    execute("UPDATE panels_panel SET name = %s WHERE id = %s", 'Sh"op\r\nBcc: x@y.example', alice.panel_id)
    queue(alice, subject="Hello\r\nBcc: x@y.example")
    send_mails()
    (taken,) = mail_server.taken
    assert taken.message["Subject"] == "Hello Bcc: x@y.example"
    assert taken.message["Bcc"] is None
    assert taken.message["From"].addresses[0].addr_spec == "noreply@shop.example"


def test_a_configured_sender_keeps_the_panels_name(
    alice: Owner, mail_server: MailServer, time: Time, settings: Settings
) -> None:
    settings.MAIL_FROM = "post@host.example"
    queue(alice)
    send_mails()
    assert mail_server.taken[0].message["From"] == "Shop <post@host.example>"


def test_a_server_that_is_not_there_is_tried_again_for_two_days(
    alice: Owner, mail_server: MailServer, time: Time
) -> None:
    mail_server.stop()
    queue(alice)
    queue(alice, to="dave@customer.example")
    assert send_mails() == 2
    assert values("SELECT DISTINCT attempts, problem FROM events_mail") == [
        (1, said("mail_connect", said="Connection refused"))
    ]
    execute("DELETE FROM events_mail WHERE \"to\" = 'dave@customer.example'")
    time.passes(seconds=29)
    assert send_mails() == 0
    time.passes(seconds=1)
    assert send_mails() == 1
    assert row()[:3] == (2, False, True)
    rounds = 0
    while row()[2]:
        time.passes(hours=1)
        send_mails()
        rounds += 1
    assert rounds == 48
    assert row() == (50, False, False, "", "no connection to the mail server: Connection refused")


def test_an_address_that_is_refused_for_good_is_not_tried_again(
    alice: Owner, mail_server: MailServer, time: Time
) -> None:
    mail_server.refuses = {
        "carol@customer.example": "550 5.1.1 no such user",
        "dave@customer.example": "450 4.2.1 try later",
    }
    for name in ("carol", "dave", "erin"):
        queue(alice, to=f"{name}@customer.example")
    assert send_mails() == 3
    assert values('SELECT "to", due_at IS NOT NULL, sent_at IS NOT NULL, problem FROM events_mail ORDER BY id') == [
        ("carol@customer.example", False, False, said("mail_status", status=550, said="5.1.1 no such user")),
        ("dave@customer.example", True, False, said("mail_status", status=450, said="4.2.1 try later")),
        ("erin@customer.example", False, True, ""),
    ]
    assert [taken.to for taken in mail_server.taken] == ["erin@customer.example"]


def test_what_may_have_arrived_is_sent_again_with_the_same_message_id(
    alice: Owner, mail_server: MailServer, time: Time
) -> None:
    mail_server.breaks = 1
    queue(alice)
    send_mails()
    assert row()[:3] == (1, False, True)
    time.passes(seconds=30)
    send_mails()
    assert row()[:4] == (2, True, False, "")
    ids = [taken.message["Message-ID"] for taken in mail_server.taken]
    assert len(ids) == 2
    assert ids[0] == ids[1]
    # Random to look at, so that nobody counts the letters of others.
    assert re.fullmatch(r"<[\w=-]{20,32}\.\d{10}@shop\.example>", ids[0]), ids[0]


def test_a_worker_that_dies_loses_nothing(alice: Owner, mail_server: MailServer, time: Time) -> None:
    queue(alice)
    (lost,) = mail_actions.claim(10)
    assert send_mails() == 0
    time.passes(minutes=10, seconds=1)
    assert send_mails() == 1
    before = row()
    assert before[:2] == (2, True)
    mail_actions.commit(lost, OSError("too late"))
    assert row() == before
    assert len(mail_server.taken) == 1


def test_no_password_goes_to_a_server_without_starttls(
    alice: Owner, mail_server: MailServer, time: Time, settings: Settings
) -> None:
    settings.MAIL = mail_settings(f"smtp://user:secret@127.0.0.1:{mail_server.port}")
    queue(alice)
    send_mails()
    assert row() == (1, False, True, LINK, "STARTTLS extension not supported by server.")
    assert mail_server.taken == []


def test_without_a_server_it_goes_into_a_folder(alice: Owner, time: Time, settings: Settings, tmp_path: Path) -> None:
    settings.MAIL = mail_settings(f"file://{tmp_path}/mail")
    queue(alice, text="Olá, Карол\n" + LINK)
    assert send_mails() == 1
    (file,) = (tmp_path / "mail").iterdir()
    assert re.fullmatch(r"20260504-120000-[a-z0-9-]{20,32}\.1777896000-shop\.example\.eml", file.name), file.name
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    # It can be read as it is.
    assert "Olá, Карол\n" + LINK in file.read_text()
    assert message_from_bytes(file.read_bytes(), policy=default)["To"] == "carol@customer.example"
    assert row()[:4] == (1, True, False, "")


@pytest.mark.parametrize(
    "url", ["smtp://", "smtp://host:port", "http://mail.example", "file://host/x", "file://x", "mail.example"]
)
def test_addresses_of_servers_that_are_none(url: str) -> None:
    with pytest.raises(ValueError, match="PANELWRIGHT_EMAIL_URL"):
        mail_settings(url)


def test_addresses_of_servers() -> None:
    smtp = mail_settings("smtp://panel%40x.example:p%2Fw@mail.example")
    assert (smtp["host"], smtp["port"], smtp["username"], smtp["password"]) == (
        "mail.example",
        587,
        "panel@x.example",
        "p/w",
    )
    assert (smtp["use_tls"], smtp["use_ssl"]) == (True, False)
    smtps = mail_settings("smtps://mail.example")
    assert (smtps["port"], smtps["use_tls"], smtps["use_ssl"]) == (465, False, True)
    assert mail_settings("smtp://127.0.0.1:25?starttls=no")["use_tls"] is False


def test_a_panel_with_many_holds_up_no_other(alice: Owner, rival: Owner, mail_server: MailServer, time: Time) -> None:
    for i in range(50):
        queue(alice, to=f"c{i}@customer.example")
    time.passes(seconds=1)
    queue(rival, to="hers@customer.example")
    assert send_mails() == 10
    assert "hers@customer.example" in {taken.to for taken in mail_server.taken}
