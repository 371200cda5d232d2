"""What can go along a route, by the type of the service at its other end. Pure.

A provider's Subscriptions service takes a subscription as a whole and finds the posts itself. Any other
service takes single orders: those for the posts of a subscription, too, which then have to be heard of here.
"""

from __future__ import annotations

from panelwright.catalog.types import BY_NAME
from panelwright.orders.models import Kind


def takes_subscriptions(upstream_type: str) -> bool:
    """Whether a provider's service of this type takes whole subscriptions. "" is a type that is not known."""
    type_ = BY_NAME.get(upstream_type)
    return type_ is not None and type_.subscription


def carries(kind: str, upstream_type: str) -> bool:
    """Whether an order of this kind can go to a service of this type."""
    return (kind == Kind.SUBSCRIPTION.value) == takes_subscriptions(upstream_type)


def cannot_be(*, service_type: str, upstream_type: str, hears_posts: bool) -> str:
    """Why there can be no route between two services of these types; "" where there can.

    `hears_posts`: the panel has a feed or webhook that tells it of posts. Of a type that is not known
    nothing is said: such a route takes single orders.
    """
    if not upstream_type:
        return ""
    ours, theirs = BY_NAME[service_type].subscription, takes_subscriptions(upstream_type)
    if theirs and not ours:
        return (
            f"their service is of the type {upstream_type} and takes subscriptions, not single orders:"
            f" a service of the type {service_type} cannot be delivered by it"
        )
    if ours and not theirs and not hears_posts:
        return (
            f"their service is of the type {upstream_type} and takes single orders, one for each post, and this panel"
            " hears of no posts: add a feed or webhook with `panelwright addpostsource`, or choose a service of theirs"
            " that is of the type Subscriptions"
        )
    return ""
