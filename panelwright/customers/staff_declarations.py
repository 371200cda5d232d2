"""What staff can do with members of staff beside role and rights: invitations, letters, sessions; declared.

Nobody does any of it to somebody who may more than they do.
"""

from __future__ import annotations

from functools import partial

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refused
from panelwright.customers import account_actions, letters, people_actions, staff_actions
from panelwright.customers.account_actions import LinkTo
from panelwright.customers.declarations import EMAIL, RIGHTS, STAFF, may_give
from panelwright.customers.models import Staff
from panelwright.customers.staff_actions import is_invited
from panelwright.panels.models import Panel
from panelwright.staff import rights
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right, Role
from panelwright.staff.shapes import NUMBER


def _member(actor: Actor, panel_id: int, target: int) -> Staff:
    """Refused: right_not_yours."""
    row: Staff = Staff.objects.select_related("user", "panel").get(panel_id=panel_id, id=target)
    may_give(actor, rights.of(row.role, row.rights))
    return row


def _to(actor: Actor, panel_id: int, page: str) -> LinkTo:
    return partial(letters.link, actor, panel_id, page)


def _invite(
    actor: Actor,
    panel_id: int,
    _target: None,
    /,
    *,
    email: str,
    role: str,
    single_rights: tuple[str, ...] | list[str] = (),
    language: str = "",
) -> ActionDone:
    single = rights.parse(single_rights)
    may_give(actor, rights.of(role, single))
    panel = Panel.objects.get(id=panel_id)
    if language and language not in {panel.language, *panel.languages}:
        raise Refused("bad_choice", "language")
    row = staff_actions.invite(
        panel=panel,
        email=email,
        role=Role(role),
        single_rights=single,
        by=actor.name,
        language=language,
        link_to=_to(actor, panel_id, "ui:invitation"),
    )
    return ActionDone(row.id)


def _invite_again(actor: Actor, panel_id: int, target: int, /) -> ActionDone:
    row = _member(actor, panel_id, target)
    link_to = _to(actor, panel_id, "ui:invitation")
    staff_actions.send_invitation(panel=row.panel, staff=row, by=actor.name, link_to=link_to)
    return ActionDone(before={}, after={"letter_to": row.user.email})


def _send_password_letter(actor: Actor, panel_id: int, target: int, /) -> ActionDone:
    row = _member(actor, panel_id, target)
    link_to = _to(actor, panel_id, "ui:reset_password")
    people_actions.send_password_letter(panel=row.panel, user=row.user, link_to=link_to)
    return ActionDone(before={}, after={"letter_to": row.user.email})


def _end_sessions(actor: Actor, panel_id: int, target: int, /) -> ActionDone:
    ended = people_actions.end_sessions(panel_id=panel_id, user_id=_member(actor, panel_id, target).user_id)
    return ActionDone(before={"sessions": ended}, after={"sessions": 0}, shown={"ended": ended}, nothing=not ended)


def _reset_second_factor(actor: Actor, panel_id: int, target: int, /) -> ActionDone:
    refused = account_actions.take_off_second_factor(user=_member(actor, panel_id, target).user, by=actor.name)
    if refused is not None:
        raise Refused.of(refused)
    return ActionDone(before={"two_factor": True}, after={"two_factor": False})


def _languages(panel_id: int) -> list[tuple[str, str]]:
    panel = Panel.objects.get(id=panel_id)
    return [(code, code) for code in dict.fromkeys([panel.language, *panel.languages])]


ACTIONS = (
    Action(
        STAFF,
        "invite",
        gettext_noop("Invite staff"),
        Right.STAFF,
        _invite,
        (
            EMAIL,
            Field("role", ActionFieldKind.CHOICE, gettext_noop("Role"), required=True, choices=tuple(Role)),
            RIGHTS,
            Field("language", ActionFieldKind.TEXT, gettext_noop("Language"), most=10, offers=_languages),
        ),
        on_target=False,
        help=gettext_noop("They get an email with a link, which works for 7 days, and choose their own password."),
        letter=True,
    ),
    Action(
        STAFF,
        "invite_again",
        gettext_noop("Send the invitation again"),
        Right.STAFF,
        _invite_again,
        offered=lambda member: is_invited(member.user),
        help=gettext_noop("The link of the email before this one stops working."),
        letter=True,
    ),
    Action(
        STAFF,
        "send_password_letter",
        gettext_noop("Send a link for a new password"),
        Right.STAFF,
        _send_password_letter,
        offered=lambda member: not is_invited(member.user),
        help=gettext_noop("They get an email with a link that works once, for 24 hours."),
        letter=True,
    ),
    Action(
        STAFF,
        "end_sessions",
        gettext_noop("Log out everywhere"),
        Right.STAFF,
        _end_sessions,
        shown={"ended": NUMBER},
        offered=lambda member: not is_invited(member.user),
    ),
    Action(
        STAFF,
        "reset_second_factor",
        gettext_noop("Turn off two-factor authentication"),
        Right.STAFF,
        _reset_second_factor,
        offered=lambda member: bool(member.user.totp_sealed) and not is_invited(member.user),
        caution=True,
        help=gettext_noop("Make sure first who asks. They get an email."),
    ),
)
