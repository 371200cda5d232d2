"""What staff can do for one customer beside money and prices: letters, sessions, notes, declared."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import clock
from panelwright.core.refusal import Refusal, Refused
from panelwright.customers import broadcast_actions, broadcasts, letter_limits, letters, people_actions, stand_ins
from panelwright.customers.declarations import CUSTOMER
from panelwright.customers.models import Customer
from panelwright.panels.models import Panel
from panelwright.staff.action import (
    Action,
    ActionDone,
    ActionFieldKind,
    Field,
    Foresight,
    Foretold,
    Pace,
    in_its_place,
)
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import NUMBER


def _customer(panel_id: int, target: int) -> Customer:
    found: Customer = Customer.objects.select_related("user", "panel").get(panel_id=panel_id, id=target)
    return found


def _send_password_letter(actor: Actor, panel_id: int, target: int, /) -> ActionDone:
    row = _customer(panel_id, target)
    link_to = partial(letters.link, actor, panel_id, "ui:reset_password")
    people_actions.send_password_letter(panel=row.panel, user=row.user, link_to=link_to)
    return ActionDone(before={}, after={"letter_to": row.user.email})


def _end_sessions(actor: Actor, panel_id: int, target: int, /) -> ActionDone:
    ended = people_actions.end_sessions(panel_id=panel_id, user_id=_customer(panel_id, target).user_id)
    return ActionDone(before={"sessions": ended}, after={"sessions": 0}, shown={"ended": ended}, nothing=not ended)


def _mail(actor: Actor, panel_id: int, target: int, /, *, subject: str, text: str) -> ActionDone:
    row = _customer(panel_id, target)
    people_actions.mail(customer=row, subject=subject, text=text)
    return ActionDone(before={}, after={"letter_to": row.user.email})


def _broadcast(
    actor: Actor, panel_id: int, target: int, /, *, subject: str, text: str, per_minute: int = broadcasts.PER_MINUTE
) -> ActionDone:
    row = _customer(panel_id, target)
    token = broadcasts.token(panel_id=panel_id, user_id=row.user_id)
    broadcast_actions.send(
        customer=row,
        subject=subject,
        text=text,
        link=letters.link(actor, panel_id, "ui:unsubscribe", token),
        origin=letters.origin(actor, panel_id),
    )
    return ActionDone(before={}, after={"letter_to": row.user.email})


def _foretell_broadcast(panel_id: int, *, text: str, **_given: Any) -> Foresight:
    """Who would get it, by the rule by which it is sent. Refused: panel_suspended, missing_field, letter_too_long."""
    if Panel.objects.filter(id=panel_id).exclude(suspended_at=None).exists():
        raise Refused.of(broadcasts.SUSPENDED_PANEL)
    broadcast_actions.checked(text, origin="")
    left = letter_limits.left(panel_id, now=clock.now())
    beyond = letter_limits.beyond(panel_id)

    def look(targets: Sequence[int]) -> list[Foretold | Refusal]:
        rows = Customer.objects.filter(panel_id=panel_id, number__in=targets).select_related("user")
        found = {row.number: row for row in rows}
        return [told(found[number]) if number in found else Refusal("no_customer") for number in targets]

    def told(row: Customer) -> Foretold | Refusal:
        nonlocal left
        refused = broadcasts.left_out(broadcast_actions.recipient(row, row.user))
        if refused is None and row.user.email_unproven:
            refused = beyond if left < 1 else None
            left -= 1
        return refused or Foretold()

    return look


def _add_note(actor: Actor, panel_id: int, target: int, /, *, text: str) -> ActionDone:
    people_actions.add_note(panel_id=panel_id, customer_id=target, text=text, author=actor.name)
    return ActionDone(before={}, after={"note": text})


def _confirm(actor: Actor, panel_id: int, _target: None, /, *, email: str) -> ActionDone:
    return ActionDone(people_actions.confirm_sign_up(panel_id=panel_id, email=email).id)


def _sign_in(actor: Actor, panel_id: int, target: int, /, *, reason: str) -> ActionDone:
    """Says in the trail who comes in and why; the page then opens the session (customers/stand_ins.py)."""
    row = _customer(panel_id, target)
    if not row.user.is_active:
        raise Refused("may_not_log_in")
    if not reason.strip():
        raise Refused("missing_field", "reason", action="sign_in")
    return ActionDone(before={}, after={"email": row.user.email})


ACTIONS = (
    Action(
        CUSTOMER,
        "sign_in",
        gettext_noop("Sign in as the customer"),
        stand_ins.NEEDS,
        _sign_in,
        (
            Field(
                "reason",
                ActionFieldKind.TEXT,
                gettext_noop("Reason"),
                required=True,
                most=300,
                help=gettext_noop("For the audit trail."),
            ),
        ),
        help=gettext_noop(
            "You see the customer's pages for 30 minutes. The customer sees in their log-ins that staff were there."
            " Orders and cancellations need the right to change balances; passwords, email and keys cannot be changed."
        ),
        person=True,
    ),
    Action(
        CUSTOMER,
        "confirm",
        gettext_noop("Confirm a sign-up"),
        Right.CUSTOMERS_ACT,
        _confirm,
        (Field("email", ActionFieldKind.EMAIL, gettext_noop("Email"), required=True, most=254),),
        on_target=False,
        caution=True,
        help=gettext_noop(
            "For somebody whose email did not arrive. Make sure first that the address is theirs. They log in with the"
            " password that they chose."
        ),
    ),
    Action(
        CUSTOMER,
        "send_password_letter",
        gettext_noop("Send a link for a new password"),
        Right.CUSTOMERS_ACT,
        _send_password_letter,
        help=gettext_noop("The customer gets an email with a link that works once, for 24 hours."),
        letter=True,
    ),
    Action(
        CUSTOMER,
        "end_sessions",
        gettext_noop("Log out everywhere"),
        Right.CUSTOMERS_ACT,
        _end_sessions,
        shown={"ended": NUMBER},
        part="sessions",
    ),
    Action(
        CUSTOMER,
        "mail",
        gettext_noop("Send an email"),
        Right.SUPPORT,
        _mail,
        (
            Field(
                "subject",
                ActionFieldKind.TEXT,
                gettext_noop("Subject"),
                required=True,
                most=people_actions.MAIL_SUBJECT_MAX,
            ),
            Field(
                "text",
                ActionFieldKind.LONG_TEXT,
                gettext_noop("Message"),
                required=True,
                most=people_actions.MAIL_TEXT_MAX,
            ),
        ),
    ),
    Action(
        CUSTOMER,
        "broadcast",
        gettext_noop("Send a broadcast"),
        Right.CONTENT,
        _broadcast,
        (
            Field("subject", ActionFieldKind.TEXT, gettext_noop("Subject"), required=True, most=broadcasts.SUBJECT_MAX),
            Field(
                "text",
                ActionFieldKind.LONG_TEXT,
                gettext_noop("Message"),
                required=True,
                most=broadcasts.TEXT_MAX,
                help=gettext_noop("Markdown. A link to unsubscribe is added to each email."),
                markdown=True,
            ),
            Field(
                "per_minute",
                ActionFieldKind.NUMBER,
                gettext_noop("Emails per minute"),
                least=1,
                most=broadcasts.PER_MINUTE_MAX,
                help=gettext_noop("Default: 60. Ask your mail provider how many it accepts."),
            ),
        ),
        in_bulk=True,
        offered=in_its_place,
        foretell=_foretell_broadcast,
        pace=Pace("per_minute", broadcasts.PER_MINUTE),
        help=gettext_noop("Customers who unsubscribed are left out. You can stop it at any time under Bulk actions."),
    ),
    Action(
        CUSTOMER,
        "add_note",
        gettext_noop("Add note"),
        Right.SUPPORT,
        _add_note,
        (Field("text", ActionFieldKind.LONG_TEXT, gettext_noop("Note"), required=True, most=people_actions.NOTE_MAX),),
        help=gettext_noop("Only staff see notes."),
        part="notes",
    ),
)
