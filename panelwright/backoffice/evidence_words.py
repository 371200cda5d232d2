"""The evidence about an order whose outcome is unknown, in the reader's language: facts first, then the decisions with
what each costs if it is wrong."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from panelwright.core import money
from panelwright.orders.models import Order
from panelwright.providers import evidence_queries
from panelwright.providers.evidence_queries import BETWEEN_MAX, Evidence, RouteCost
from panelwright.providers.models import Provider
from panelwright.providers.routing.evidence_rules import Suggests, by_balance
from panelwright.staff.action import Action

_SUGGESTS = {
    Suggests.TAKEN: gettext_noop("What we could find out points to: taken."),
    Suggests.NOT_TAKEN: gettext_noop("What we could find out points to: not taken."),
    Suggests.LEANS_TAKEN: gettext_noop("Others that were cut off then had been taken. Look for this one there."),
    Suggests.LEANS_NOT_TAKEN: gettext_noop(
        "Others that were cut off then had not been taken. Look for this one there."
    ),
    Suggests.NOTHING: gettext_noop("What we could find out decides nothing. Look for the order at the provider."),
}


class Proof(NamedTuple):
    """One fact: what it is about, what was found, and the figure that says so. `orders`: numbers that it speaks of."""

    label: str
    text: str
    figure: str = ""
    orders: Collection[int] = ()


class Choice(NamedTuple):
    """A decision: the action, what it means, its costs as pairs of label and amount, and what it costs if it is wrong.

    `routes`: where it may go; `primary`: what the evidence points to.
    """

    action: Action
    title: str
    text: str
    costs: list[tuple[str, str]]
    wrong: str
    button: str
    primary: bool = False
    routes: Collection[RouteCost] = ()


def suggests(evidence: Evidence) -> str:
    return _(_SUGGESTS[evidence.suggests])


def proof(evidence: Evidence) -> list[Proof]:
    """What was found out, the strongest first."""
    return [_balance(evidence), _others(evidence), _cut_off(evidence), _link(evidence)]


def _balance(evidence: Evidence) -> Proof:
    fall, label = evidence.fall, _("Balance there")
    if fall is None:
        if evidence.others_number > BETWEEN_MAX:
            return Proof(label, _("Too much was sent there in between to tell."))
        if evidence.before_at is None:
            return Proof(label, _("It was not read before this order was sent."))
        return Proof(label, _("It was read before; the balance after it is being read."))
    found = by_balance(fall)
    fell = money.text(abs(fall.fell))
    if found is Suggests.TAKEN:
        text = (
            _("It fell by %(sum)s: by what the others cost, and by this order's cost.")
            if evidence.others_number
            else _("It fell by %(sum)s: exactly this order's cost.")
        )
    elif found is Suggests.NOT_TAKEN and not fall.fell:
        text = _("It did not move.")
    elif found is Suggests.NOT_TAKEN:
        text = _("It fell by %(sum)s: by what the others cost, not by this order's cost.")
    elif fall.fell < 0:
        text = _("It rose by %(sum)s.")
    elif not fall.cost:
        text = _("It fell by %(sum)s. What this order costs there is not known.")
    else:
        text = _("It fell by %(sum)s, which other movements explain as well, or nothing does.")
    figure = f"{money.text(fall.before)} → {money.text(fall.after)} {evidence.currency}"
    return Proof(label, text % {"sum": f"{fell} {evidence.currency}"}, figure)


def _others(evidence: Evidence) -> Proof:
    label = _("Sent there in between")
    number = evidence.others_number
    if evidence.before_at is None or evidence.after_at is None:
        return Proof(label, _("Known once the balance after it is read."))
    if not number:
        return Proof(label, _("Nothing else."), "0")
    text = ngettext("%(number)s other order.", "%(number)s other orders.", number) % {
        "number": min(number, BETWEEN_MAX)
    }
    cost = evidence.others_micros
    return Proof(label, text, "" if cost is None else f"{money.text(cost)} {evidence.currency}", evidence.others)


def _cut_off(evidence: Evidence) -> Proof:
    label, cut_off = _("Cut off in the same minutes"), evidence.cut_off
    if not cut_off.number:
        return Proof(label, _("No other order."), "0")
    text = _("%(taken)s had been taken, %(not_taken)s had not, %(open)s are not decided.") % cut_off._asdict()
    return Proof(label, text, str(cut_off.number))


def _link(evidence: Evidence) -> Proof:
    """No transport can be asked for an order by its link; what we know ourselves is which others went there."""
    label = _("Same link there")
    if evidence.same_link:
        text = ngettext(
            "%(number)s other open order of ours has this link: do not take it for this one.",
            "%(number)s other open orders of ours have this link: do not take them for this one.",
            len(evidence.same_link),
        ) % {"number": len(evidence.same_link)}
    else:
        text = _("No other open order of ours. The provider's API cannot be searched by link.")
    return Proof(label, text, orders=evidence.same_link)


def choices(
    order: Order,
    evidence: Evidence,
    actions: Collection[Action],
    back: Mapping[str, int],
    providers: Mapping[int, Provider],
    currency: str,
) -> list[Choice]:
    """The three decisions, of which those are offered that this person may take."""
    may = {action.name: action for action in actions}
    cost = evidence_queries.cost_at(evidence, order)
    cost_text = f"{money.text(cost)} {currency}" if cost is not None else _("not known")
    found = []
    if "order.arrived" in may:
        found.append(
            Choice(
                may["order.arrived"],
                _("It was taken"),
                _("Follow it at the provider under its ID there."),
                [(_("Customer"), _("no change"))],
                _("stays open, nothing is delivered"),
                _("Mark as taken"),
                evidence.suggests in {Suggests.TAKEN, Suggests.LEANS_TAKEN},
            )
        )
    if "order.send" in may:
        routes = evidence_queries.routes_of(order, providers)
        found.append(
            Choice(
                may["order.send"],
                _("It was not taken"),
                _("Send it again. This buys the order at the chosen provider."),
                [(_("Costs"), cost_text)],
                _("paid twice, −%(cost)s") % {"cost": cost_text} if cost is not None else _("paid twice"),
                _("Send again"),
                evidence.suggests in {Suggests.NOT_TAKEN, Suggests.LEANS_NOT_TAKEN},
                routes,
            )
        )
    if "order.cancel" in may:
        refund = f"{money.text(back.get('order.cancel', 0))} {currency}"
        found.append(
            Choice(
                may["order.cancel"],
                _("Give the money back"),
                _("Cancel here. The customer can order again at once."),
                [(_("To the customer"), refund)],
                _("delivered for free, −%(cost)s") % {"cost": cost_text}
                if cost is not None
                else _("delivered for free"),
                _("Cancel and refund %(sum)s…") % {"sum": refund},
            )
        )
    return found
