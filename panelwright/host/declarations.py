"""What operators can do with their accounts, declared. Only commands do it: no page makes an operator, gives one a
password or takes a second factor off, so that a session that was stolen cannot make itself at home."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import limits
from panelwright.core.refusal import Refused
from panelwright.customers import account_actions, passwords
from panelwright.host import actions
from panelwright.host.actions import NewFactor
from panelwright.host.models import Operator, OperatorSession
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import MOMENT, TEXT, YES_NO, Shape, fields, listed


def _state(panel_id: int, id_: int) -> State | None:
    row = Operator.objects.select_for_update(no_key=True).filter(id=id_).first()
    if row is None:
        return None
    return {
        "email": row.email,
        "enabled": row.enabled,
        "password_since": row.password_at.isoformat(),
        "factor_since": row.factor_at.isoformat(),
        "logged_in": OperatorSession.objects.filter(operator_id=id_).exists(),
    }


def _find(panel_id: int, text: str) -> int | None:
    return Operator.objects.filter(email=text.strip().lower()).values_list("id", flat=True).first()


OPERATOR = Noun(
    "operator",
    "operators",
    gettext_noop("Operator"),
    _state,
    shape=fields(
        {"email": TEXT, "enabled": YES_NO, "password_since": MOMENT, "factor_since": MOMENT, "logged_in": YES_NO}
    ),
    find=_find,
    named_by="email",
)


def _hashed(panel_id: int, target: int | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Before the transaction: it takes its time."""
    rest = dict(values)
    password = rest.pop("password")
    refused = account_actions.check_password(password, email=str(rest.get("email", "")).strip().lower())
    if refused is not None:
        raise Refused.of(refused)
    return {**rest, "password_hash": passwords.hashed_at_leisure(password)}


def _told(factor: NewFactor) -> dict[str, object]:
    return {"app_key": factor.key, "app_address": factor.address, "recovery_codes": factor.codes}


def _add(actor: Actor, panel_id: int, _target: None, /, *, email: str, password_hash: str) -> ActionDone:
    made, factor = actions.add_operator(email=email, password_hash=password_hash)
    return ActionDone(made.id, shown=_told(factor))


def _set_password(actor: Actor, panel_id: int, target: int, /, *, password_hash: str) -> None:
    actions.set_password(operator_id=target, password_hash=password_hash)


def _new_factor(actor: Actor, panel_id: int, target: int, /) -> ActionDone:
    return ActionDone(target, shown=_told(actions.new_factor(operator_id=target)))


def _turn(enabled: bool) -> Any:
    def turn(actor: Actor, panel_id: int, target: int, /) -> None:
        actions.enable(operator_id=target, enabled=enabled)

    return turn


_PASSWORD = Field(
    "password", ActionFieldKind.SECRET, gettext_noop("Password"), required=True, most=limits.PASSWORD_CHARS_MAX
)
_TOLD: dict[str, Shape] = {"app_key": TEXT, "app_address": TEXT, "recovery_codes": listed(TEXT)}

ACTIONS = (
    Action(
        OPERATOR,
        "add",
        gettext_noop("Add an operator"),
        Right.STAFF,
        _add,
        (Field("email", ActionFieldKind.EMAIL, gettext_noop("Email address"), required=True), _PASSWORD),
        on_target=False,
        host=True,
        prepare=_hashed,
        shown=_TOLD,
        help=gettext_noop("They run the installation: all its panels. The key is for an authenticator app."),
    ),
    Action(
        OPERATOR,
        "set_password",
        gettext_noop("Set an operator's password"),
        Right.STAFF,
        _set_password,
        (_PASSWORD,),
        host=True,
        prepare=_hashed,
        help=gettext_noop("Ends all their sessions."),
    ),
    Action(
        OPERATOR,
        "new_factor",
        gettext_noop("Give an operator a new key for their app"),
        Right.STAFF,
        _new_factor,
        host=True,
        shown=_TOLD,
        help=gettext_noop("The old key and recovery codes stop working. Ends all their sessions."),
    ),
    Action(
        OPERATOR,
        "turn_off",
        gettext_noop("Turn an operator off"),
        Right.STAFF,
        _turn(False),
        host=True,
        help=gettext_noop("They can no longer log in. Ends all their sessions."),
    ),
    Action(
        OPERATOR,
        "turn_on",
        gettext_noop("Turn an operator on"),
        Right.STAFF,
        _turn(True),
        host=True,
    ),
)
