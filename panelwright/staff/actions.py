"""Doing a declared action for an actor: the right, the transaction, the trail. Nothing else writes the trail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple

from django.db import transaction

from panelwright.core import clock
from panelwright.core.refusal import Refusal, Refused
from panelwright.staff import trail, values
from panelwright.staff.action import Action, ActionDone, Noun, ObjectChange, State
from panelwright.staff.actor import Actor, ActorKind
from panelwright.staff.models import NAME_MAX, TrailEntry
from panelwright.staff.rights import Right

# The bulk work that this thread does one object of; what is done inside of that is part of it.
_bulk_id: ContextVar[int | None] = ContextVar("bulk work", default=None)


class Performed(NamedTuple):
    """What was done. `target`: id of the object that it was done to, or that it made; None where there is none.
    `called`: what people call that object (Noun.id_of), which is what they are told.

    `before` and `after` are the states that the trail compares, {} where there was or is none; `stands` is the object's
    own as it then is. `entry_id`: of its entry in the trail.
    """

    action: Action
    target: int | None
    called: int | None
    before: State
    after: State
    stands: State
    shown: Mapping[str, Any]
    nothing: bool
    entry_id: int = 0


def perform(
    action: Action,
    *,
    actor: Actor,
    panel_id: int | None,
    target: int | None = None,
    given: Mapping[str, object],
    only_if: Callable[[Performed], bool] | None = None,
) -> Performed | Refusal:
    """Do it, inside the panel's scope, in one transaction with its trail; or a refusal, and nothing has moved.

    `panel_id` is None for what an operator does to the whole installation. `target`: what people call the object,
    its number where it has one (Noun.id_of), else its id. `given`: the fields as a program gives them (values.of).
    `only_if` is asked inside the transaction, once it is done: where it says no, it is taken back and refused as
    moves_differ. Refusals: not_allowed, what is wrong with a field, and those of the action's own function.
    """
    return _done(action, actor, panel_id, target, given, keep=True, only_if=only_if)


def preview(
    action: Action,
    *,
    actor: Actor,
    panel_id: int,
    target: int | None = None,
    given: Mapping[str, object],
) -> Performed | Refusal:
    """What `perform` would do, found out by doing it and taking it back: exactly what would move, and nothing has.

    Not for actions that prepare themselves outside of the transaction: those ask others.
    """
    assert action.prepare is None, action.name
    return _done(action, actor, panel_id, target, given, keep=False)


def state_of(action: Action, *, panel_id: int, target: int) -> State | None:
    """How the object of an action stands now; None when the panel has none that is called so."""
    return answer_about(action.noun, panel_id=panel_id, target=target)


def answer_about(noun: Noun, *, panel_id: int, target: int, whole: bool = False) -> State | None:
    """How an object stands now, or with `whole` all that the staff API tells of it; None when there is none.

    `target`: what people call it (Noun.id_of).
    """
    id_ = _id_of(noun, panel_id, target)
    if id_ is None:
        return None
    if whole and noun.answer is not None:
        return noun.answer(panel_id, id_)
    # A state is read under a lock, for actions.
    with transaction.atomic():
        return noun.state(panel_id, id_)


def note(
    actor: Actor,
    *,
    panel_id: int | None,
    action: str,
    object_kind: str,
    object_id: int,
    given: Mapping[str, Any],
) -> None:
    """Write into the trail what no declared action did: what staff do on a customer's own pages, as the customer, and
    that an operator logged in (no panel)."""
    entry = TrailEntry(
        panel_id=panel_id,
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_name=actor.name[:NAME_MAX],
        address=actor.address[:45],
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        given=dict(given),
        at=clock.now(),
    )
    # What concerns all panels has no scope.
    entry.save(force_insert=True)


def _id_of(noun: Noun, panel_id: int | None, called: int | None) -> int | None:
    return called if called is None or noun.id_of is None else noun.id_of(panel_id or 0, called)


def _done(
    action: Action,
    actor: Actor,
    panel_id: int | None,
    target: int | None,
    given: Mapping[str, object],
    *,
    keep: bool,
    only_if: Callable[[Performed], bool] | None = None,
) -> Performed | Refusal:
    if (refusal := not_allowed(action, actor)) is not None:
        return refusal
    try:
        checked = values.of(action, given)
        id_ = _id_of(action.noun, panel_id, target)
        if action.on_target and id_ is None:
            raise Refused(f"no_{action.noun.name}", id=target or 0)
        if action.prepare is not None:
            checked = dict(action.prepare(panel_id or 0, id_, checked))
        with transaction.atomic(durable=True):
            performed = _perform(action, actor, panel_id, id_, target, checked, given)
            if only_if is not None and not only_if(performed):
                raise Refused("moves_differ")
            if not keep:
                transaction.set_rollback(True)
            return performed
    except Refused as refused:
        return refused.refusal
    except ValueError as error:
        return Refusal("invalid", facts=(("text", str(error)),))


def not_allowed(action: Action, actor: Actor) -> Refusal | None:
    """Why the actor may not do it; None when they may."""
    wrong_kind = (action.for_operators and actor.kind is not ActorKind.OPERATOR) or (
        action.person and actor.kind is not ActorKind.STAFF
    )
    of_money = action.noun.of_money or action.of_money or action.right is Right.PRICES
    if of_money and actor.kind is ActorKind.HOST and not actor.may(Right.PAYMENTS):
        return Refusal("not_allowed", facts=(("right", Right.PAYMENTS.value),))
    if actor.may(action.right) and not wrong_kind:
        return None
    return Refusal("not_allowed", facts=(("right", action.right.value if action.right is not None else ""),))


def perform_within(
    action: Action, *, actor: Actor, panel_id: int, target: int, given: Mapping[str, object], bulk_id: int | None = None
) -> Performed:
    """`perform` inside a transaction that is more than this: bulk work, or what takes something back. Raises Refused,
    and then what it did must be rolled back.
    """
    if (refusal := not_allowed(action, actor)) is not None:
        raise Refused.of(refusal)
    checked = values.of(action, given)
    id_ = _id_of(action.noun, panel_id, target)
    if id_ is None:
        raise Refused(f"no_{action.noun.name}", id=target)
    token = _bulk_id.set(bulk_id if bulk_id is not None else _bulk_id.get())
    try:
        return _perform(action, actor, panel_id, id_, target, checked, given)
    finally:
        _bulk_id.reset(token)


def _perform(
    action: Action,
    actor: Actor,
    panel_id: int | None,
    target: int | None,
    called: int | None,
    checked: Mapping[str, Any],
    given: Mapping[str, object],
) -> Performed:
    before: State = {}
    if action.on_target:
        found = None if target is None else action.noun.state(panel_id or 0, target)
        if found is None:
            raise Refused(f"no_{action.noun.name}", id=called or 0)
        before = found
    done = action.do(actor, panel_id or 0, target, **checked) or ActionDone()
    id_ = target if action.on_target else done.id
    if not action.on_target:
        named = action.noun.number_of
        called = id_ if id_ is None or named is None else named(panel_id or 0, id_)
    stands = (action.noun.state(panel_id or 0, id_) if id_ is not None else None) or {}
    after = stands
    if done.before is not None or done.after is not None:
        before, after = dict(done.before or {}), dict(done.after or {})
    changes = done.each if done.each is not None else [ObjectChange(called or 0, before, after)]
    kept, at = trail.kept_of(action, given), clock.now()
    entries = []
    for one in changes:
        old, new = trail.difference(dict(one.before), dict(one.after))
        entries.append(
            TrailEntry(
                panel_id=panel_id,
                actor_kind=actor.kind.value,
                actor_id=actor.id,
                actor_name=actor.name[:NAME_MAX],
                address=actor.address[:45],
                action=action.name,
                object_kind=action.noun.name,
                object_id=called if done.each is None else one.called,
                given=kept,
                before=old,
                after=new,
                bulk_id=done.bulk_id if done.bulk_id is not None else _bulk_id.get(),
                at=at,
            )
        )
    if done.each is None:
        # What concerns all panels has no scope.
        entries[0].save(force_insert=True)
    else:
        TrailEntry.objects.bulk_create(entries, batch_size=500)
    entry_id = entries[0].id if len(entries) == 1 else 0
    return Performed(action, id_, called, before, after, stands or after, done.shown, done.nothing, entry_id)
