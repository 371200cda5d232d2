"""What can go along a route, by the type of the service at its other end. Pure.

A provider's Subscriptions service takes a subscription as a whole and finds the posts itself. Any other
service takes single orders: those for the posts of a subscription, too, which then have to be heard of here.
"""

from __future__ import annotations

from panelwright.catalog.types import BY_NAME
from panelwright.core.refusal import Refusal
from panelwright.orders.models import OrderKind


def takes_subscriptions(upstream_type: str) -> bool:
    """Whether a provider's service of this type takes whole subscriptions. "" is a type that is not known."""
    type_ = BY_NAME.get(upstream_type)
    return type_ is not None and type_.subscription


def carries(kind: str, upstream_type: str) -> bool:
    """Whether an order of this kind can go to a service of this type."""
    return (kind == OrderKind.SUBSCRIPTION.value) == takes_subscriptions(upstream_type)


def cannot_be(*, service_type: str, upstream_type: str, hears_posts: bool) -> Refusal | None:
    """Why there can be no route between two services of these types; None where there can.

    `hears_posts`: the panel has a feed or webhook that tells it of posts. Of a type that is not known
    nothing is said: such a route takes single orders.
    """
    if not upstream_type:
        return None
    facts = (("theirs", upstream_type), ("type", service_type))
    ours, theirs = BY_NAME[service_type].subscription, takes_subscriptions(upstream_type)
    if theirs and not ours:
        return Refusal("takes_subscriptions", facts=facts)
    if ours and not theirs and not hears_posts:
        return Refusal("hears_no_posts", facts=facts)
    return None
