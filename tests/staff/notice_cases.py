"""Cases of the actions by which staff, programs and customers are told of something (cases.py, which takes them up)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.support.people import value

if TYPE_CHECKING:
    from tests.staff.cases import Case, World


def _case(target: int | None = None, given: dict[str, object] | None = None) -> Case:
    # Here: it has these cases among its own.
    from tests.staff.cases import Case

    return Case(target, given or {})


def _planted() -> str:
    from tests.staff.cases import PLANTED

    return PLANTED


def _colleague(world: World) -> int:
    """Somebody who gets no notices yet."""
    return int(
        world.do("staff.invite", email=f"n{world.link()[-2:].strip('/')}@shop.example", role="support").target or 0
    )


def _notice(world: World) -> int:
    kinds = ["order_problem", "ticket_waits"]
    return int(world.do("notice.add_mail", staff=_colleague(world), kinds=kinds, every_min=15).target or 0)


def _chat(world: World) -> int:
    given: dict[str, Any] = {
        "token": _planted(),
        "chat": f"-9{world.link()[-2:].strip('/')}",
        "kinds": ["manual_order"],
    }
    return int(world.do("notice.add_telegram", **given).target or 0)


def _webhook(world: World) -> int:
    """Of the panel's own, at a program that says yes."""
    world.upstream.answers("", {"heard": True})
    names = ["order.problem", "ticket.opened"]
    return int(world.do("panel_webhook.add", url=f"{world.upstream.url}/{world.link()[-2:]}", names=names).target or 0)


def _off(name: str, target: int, world: World) -> Case:
    world.do(name, target)
    return _case(target)


def _delivery(world: World) -> Case:
    _webhook(world)
    world.ticket()
    return _case(int(value("SELECT MAX(id) FROM events_delivery")))


def _broadcast(world: World) -> Case:
    carol: Any = world.story.carol
    return _case(carol.number, {"subject": "News", "text": f"We moved: {world.link()}"})


NOTICE_CASES: dict[str, Callable[[World], Case]] = {
    "customer.broadcast": _broadcast,
    "notice.test": lambda w: _case(_notice(w)),
    "notice.set": lambda w: _case(_notice(w), {"kinds": ["manual_order"], "every_min": 60}),
    "notice.set_token": lambda w: _case(_chat(w)),
    "notice.turn_on": lambda w: _off("notice.turn_off", _notice(w), w),
    "notice.turn_off": lambda w: _case(_notice(w)),
    "notice.remove": lambda w: _case(_notice(w)),
    "notice.add_mail": lambda w: _case(None, {"staff": _colleague(w), "kinds": ["refill_waits"]}),
    "notice.add_telegram": lambda w: _case(None, {"chat": f"-{w.link()[-2:].strip('/')}", "kinds": ["price_held"]}),
    "notice.add_webhook": lambda w: _case(None, {"url": w.link(), "kinds": ["provider_low"], "every_min": 5}),
    "panel_webhook.test": lambda w: _case(_webhook(w)),
    "panel_webhook.set": lambda w: _case(_webhook(w), {"names": ["order.completed"], "description": "Books"}),
    "panel_webhook.rotate": lambda w: _case(_webhook(w)),
    "panel_webhook.turn_on": lambda w: _off("panel_webhook.turn_off", _webhook(w), w),
    "panel_webhook.turn_off": lambda w: _case(_webhook(w)),
    "panel_webhook.remove": lambda w: _case(_webhook(w)),
    "panel_webhook.add": lambda w: _case(None, {"url": w.link(), "names": ["ticket.closed"]}),
    "delivery.resend": _delivery,
}
