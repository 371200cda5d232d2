"""Cases of the actions that operators alone may do to panels and to each other (cases.py, which takes them up)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.support.people import value

if TYPE_CHECKING:
    from tests.staff.cases import Case, World


def _case(target: int | None = None, **given: object) -> Case:
    # Here: it has these cases among its own.
    from tests.staff.cases import Case

    return Case(target, given)


def _suspended(world: World) -> Case:
    if value("SELECT suspended_at FROM panels_panel WHERE id = %s", world.alice.panel_id) is None:
        world.do("panel.suspend", reason="Complaints.")
    return _case()


def _email(world: World) -> str:
    return f"o{world.link()[-2:].strip('/')}@host.example"


def _operator(world: World) -> int:
    made = world.do("operator.add", email=_email(world), password="a long pass phrase").target
    assert made is not None
    return made


def _off(world: World) -> Case:
    operator = _operator(world)
    world.do("operator.turn_off", operator)
    return _case(operator)


HOST_CASES: dict[str, Callable[[World], Case]] = {
    "panel.suspend": lambda w: _case(reason="Complaints."),
    "panel.resume": _suspended,
    "operator.add": lambda w: _case(email=_email(w)),
    "operator.set_password": lambda w: _case(_operator(w)),
    "operator.new_factor": lambda w: _case(_operator(w)),
    "operator.turn_off": lambda w: _case(_operator(w)),
    "operator.turn_on": _off,
}
