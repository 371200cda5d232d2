"""What may be wrong with an open order: codes with facts, and their words for staff.

A row keeps the code, its facts as JSON, and since when. Nothing in the product reads the words to decide
anything; they are made here, where somebody is to read them. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext_noop

from panelwright.core import said

TEXT_MAX = 1000

# Nobody knows whether the order arrived, and nothing but a person moves it. Facts: why; said, where something came.
OUTCOME_UNKNOWN = "outcome_unknown"
# The same, at a provider that knows request_id: it is asked again by itself. Facts: why.
OUTCOME_ASKED_AGAIN = "outcome_asked_again"
# The last refusal of an order that is tried again. Facts: provider, said, reason.
REFUSED = "refused"
# No enabled route leads to an enabled provider.
NO_ROUTE = "no_route"
# Every route waits for a person to look at what its provider's list says.
ROUTES_HELD = "routes_held"
# Staff chose a route that is not there, or not enabled, any more. Facts: route.
ROUTE_GONE = "route_gone"
# It will be sent: the providers rest. Facts: providers, a list of [name, why it rests]; those of REFUSED, where one
# had refused it before.
PROVIDERS_REST = "providers_rest"
# Facts: word, the provider's.
STATUS_NOT_UNDERSTOOD = "status_not_understood"
PARTIAL_WITHOUT_REMAINS = "partial_without_remains"
# Facts: remains, quantity.
PARTIAL_ABOVE_QUANTITY = "partial_above_quantity"
# Nothing remains of it, and it costs less than all of it was to. Facts: cost, before.
PARTIAL_OF_ALL = "partial_of_all"
# Facts: upstream_id.
NOT_KNOWN_UPSTREAM = "not_known_upstream"
# The provider refuses to tell the status. Facts: said.
STATUS_REFUSED = "status_refused"
# It should have been asked about for long, and its provider does not answer. Facts: provider, said.
PROVIDER_SILENT = "provider_silent"
# Its provider's row is not there. Facts: provider, its id.
PROVIDER_GONE = "provider_gone"
# A provider that has a subscription as a whole made this order when its customer could not, or may not, pay for it, or
# beyond what she ordered: staff decide. Facts: reason, one of models.PauseReason or of the providers' Beyond; cost,
# currency, quantity, provider.
NOT_CHARGED = "not_charged"
# It was asked to cancel a subscription and does not. Facts: provider, said.
NOT_CANCELED = "not_canceled"
# A report on a subscription names an order that is not of it. Facts: upstream_id, order (ours).
NOT_OF_IT = "not_of_it"
# A report on a subscription names an order that its provider does not know, or of which it says nothing that can be
# read, after several tries: this order stands for it and is not charged; staff decide. Facts: upstream_id, said;
# cost for the least quantity that it can be, cost_max for the greatest; currency, quantity, provider.
POST_NOT_KNOWN = "post_not_known"
POST_UNREAD = "post_unread"
# A subscription is over at its provider, which says that it made so many posts and names another number of orders.
# Facts: posts, orders, provider.
POSTS_DIFFER = "posts_differ"
# Of a refill or a cancel that was asked for. What was refused, and what said that it is not to be done now and is tried
# again. Facts: said; by staff too.
REQUEST_REFUSED = "request_refused"
REQUEST_WAITS = "request_waits"
# No provider has the order of a refill: staff do it.
NOT_AT_A_PROVIDER = "not_at_a_provider"
# The provider took a refill and gave no id to ask about.
NO_REFILL_ID = "no_refill_id"
# Facts: upstream_id, the refill's.
REFILL_NOT_KNOWN = "refill_not_known"
# What came of a cancel. The provider took it; the order had ended (facts: status); it was never sent; no word of it.
CANCEL_ACCEPTED = "cancel_accepted"
ORDER_HAS_ENDED = "order_has_ended"
CANCELED_UNSENT = "canceled_unsent"
NOT_ANSWERED = "not_answered"
# Another order of ours was to deliver it, and ended otherwise. Facts: order, its number; status.
REFILL_NOT_DELIVERED = "refill_not_delivered"
# A problem that was noted in words, before there were codes. Facts: said.
NOTED = "noted"

# Why an outcome is unknown, where no provider has said it: the worker ended before it could write the answer down.
SENDER_STOPPED = said.said("sender_stopped")

_WORDS = {
    OUTCOME_UNKNOWN: gettext_noop("outcome unknown: %(why)s"),
    OUTCOME_ASKED_AGAIN: gettext_noop("outcome unknown, asking again: %(why)s"),
    REFUSED: gettext_noop("%(provider)s refused it: %(said)s"),
    NO_ROUTE: gettext_noop("no provider is set for this service"),
    ROUTES_HELD: gettext_noop("its provider's list says something that a person has to look at"),
    ROUTE_GONE: gettext_noop("the route that was chosen for it, %(route)s, is not there or not enabled"),
    PROVIDERS_REST: gettext_noop("will be sent when a provider takes orders again (%(providers)s)"),
    STATUS_NOT_UNDERSTOOD: gettext_noop("the provider's status is not understood: “%(word)s”"),
    PARTIAL_WITHOUT_REMAINS: gettext_noop("the provider says Partial and does not say how much remains"),
    PARTIAL_ABOVE_QUANTITY: gettext_noop("the provider says Partial with %(remains)s remaining of %(quantity)s"),
    PARTIAL_OF_ALL: gettext_noop(
        "the provider says Partial with nothing remaining, and charges %(cost)s, where all of it was to cost %(before)s"
    ),
    NOT_KNOWN_UPSTREAM: gettext_noop("the provider does not know its order %(upstream_id)s"),
    STATUS_REFUSED: gettext_noop("the provider does not tell the status: %(said)s"),
    PROVIDER_SILENT: gettext_noop("%(provider)s has not told the status for long: %(said)s"),
    PROVIDER_GONE: gettext_noop("its provider, number %(provider)s, is not there any more"),
    NOT_CHARGED: gettext_noop(
        "not charged (%(reason)s): %(cost)s %(currency)s for %(quantity)s units, which %(provider)s delivers all the"
        " same"
    ),
    NOT_CANCELED: gettext_noop("%(provider)s does not cancel it (%(said)s): what it still orders is not charged"),
    NOT_OF_IT: gettext_noop(
        "the provider says that its order %(upstream_id)s is of this subscription, and it is another one: %(order)s"
    ),
    POST_NOT_KNOWN: gettext_noop(
        "%(provider)s tells of its order %(upstream_id)s for a post, and does not know it (%(said)s): not charged,"
        " %(cost)s to %(cost_max)s %(currency)s"
    ),
    POST_UNREAD: gettext_noop(
        "%(provider)s tells of its order %(upstream_id)s for a post, and nothing that can be read about it (%(said)s):"
        " not charged, %(cost)s to %(cost_max)s %(currency)s"
    ),
    POSTS_DIFFER: gettext_noop("%(provider)s says that it is over with %(posts)s posts, and names %(orders)s orders"),
    REQUEST_REFUSED: "%(said)s",
    REQUEST_WAITS: "%(said)s",
    NOT_AT_A_PROVIDER: gettext_noop("no provider has this order: for staff to do"),
    NO_REFILL_ID: gettext_noop("the provider took it and gave no refill id"),
    REFILL_NOT_KNOWN: gettext_noop("the provider does not know its refill %(upstream_id)s"),
    REFILL_NOT_DELIVERED: gettext_noop("the order that was to deliver it, %(order)s, ended as %(status)s"),
    CANCEL_ACCEPTED: gettext_noop("accepted"),
    ORDER_HAS_ENDED: gettext_noop("the order has ended: %(status)s"),
    CANCELED_UNSENT: gettext_noop("cancelled before it was sent"),
    NOT_ANSWERED: gettext_noop("the provider did not answer for this order"),
    NOTED: "%(said)s",
}
# What only refills and cancels have.
OF_REQUESTS = frozenset(
    {
        *(REQUEST_REFUSED, REQUEST_WAITS, NOT_AT_A_PROVIDER, NO_REFILL_ID, REFILL_NOT_KNOWN, REFILL_NOT_DELIVERED),
        *(CANCEL_ACCEPTED, ORDER_HAS_ENDED, CANCELED_UNSENT, NOT_ANSWERED),
    }
)
CODES = frozenset(_WORDS) - OF_REQUESTS
# An order of a subscription that its provider made and nobody was charged for: staff have her charged, or do not.
UNPAID = frozenset({NOT_CHARGED, POST_NOT_KNOWN, POST_UNREAD})


class Problem(NamedTuple):
    """As it stands on a row; both are empty where nothing is wrong. Fields are called as the columns are."""

    problem_code: str = ""
    problem_facts: str = ""


NONE = Problem()


def problem(code: str, **facts: object) -> Problem:
    """A problem with its facts, which are whole numbers, texts or lists; texts are cut at TEXT_MAX."""
    kept = {name: value[:TEXT_MAX] if isinstance(value, str) else value for name, value in facts.items()}
    return Problem(code, json.dumps(kept, ensure_ascii=False))


def facts_of(problem_facts: str) -> dict[str, Any]:
    """The facts of a row; empty where there are none."""
    facts = json.loads(problem_facts) if problem_facts else {}
    return facts if isinstance(facts, dict) else {}


def words(code: str, facts: Mapping[str, Any], translate: Callable[[str], str] = str) -> str:
    """For staff, in English or as `translate` puts it; "" where nothing is wrong. A code or a fact that is not known
    never raises.
    """
    if not code:
        return ""
    told = _Told(said.everywhere(facts, translate))
    if code == PROVIDERS_REST:
        told["providers"] = "; ".join(f"{name}: {why}".removesuffix(": ") for name, why in _resting(told))
    known = _WORDS.get(code)
    text = (translate(known) % told).removesuffix(": ") if known else code.replace("_", " ")
    if code == OUTCOME_UNKNOWN and facts.get("said"):
        return f"{text} | {told['said']}"
    if code == PROVIDERS_REST and facts.get("said") and facts["said"] not in {why for _, why in _resting(facts)}:
        # Not why they rest: what was wrong with the order before.
        return f"{text} | {translate(_WORDS[REFUSED]) % told}"
    return text


def _resting(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, why) for name, why in facts.get("providers") or []]


def told(code: str, facts: str) -> str:
    """`words` of what stands on a row."""
    return words(code, facts_of(facts))


class _Told(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return ""
