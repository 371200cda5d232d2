"""Filters of the pages of payments."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from panelwright.ledger.models import Account
from panelwright.payments import queries, registry, texts
from panelwright.payments.models import (
    Dispute,
    Payment,
    PaymentBlock,
    PaymentBlockKind,
    PaymentMethod,
    PaymentStep,
    Refund,
)
from panelwright.ui import links

register = template.Library()


@register.filter
def payment_words(payment: Payment) -> str:
    """Its state, as the customer reads it."""
    return texts.state(payment, customer=True)


@register.filter
def payment_state(payment: Payment) -> str:
    """Its state, as staff read it."""
    return texts.state(payment)


@register.filter
def payment_badge(payment: Payment) -> str:
    """The class of its badge."""
    return texts.badge(payment)


@register.filter
def payment_problem(payment: Payment) -> str:
    """Why staff have to decide."""
    return texts.problem(payment)


@register.filter
def payment_block_kind(block: PaymentBlock) -> str:
    """What it blocks."""
    return _(texts.BLOCK_KINDS[PaymentBlockKind(block.kind)])


@register.filter
def payment_evidence(facts: dict[str, Any], currency: str) -> list[str]:
    """Why a payment was held, a line for each rule."""
    return texts.evidence(facts, currency)


@register.filter
def payment_step(step: PaymentStep) -> str:
    """A line of its story."""
    return texts.step(step)


@register.filter
def method_kind(method: PaymentMethod) -> str:
    """What its gateway is called; where that is not installed any more, the name of its folder."""
    gateway = registry.gateway(method.kind)
    return _(gateway.label) if gateway is not None else method.kind


@register.simple_tag(takes_context=True)
def method_hook(context: Any, method: PaymentMethod) -> str:
    """The address that its owner enters at the gateway; empty where nobody tells anything. Where the panel does not
    know its own scheme and host it is without: what a browser names may be anybody's.
    """
    gateway = registry.gateway(method.kind)
    if gateway is None or gateway.api is None:
        return ""
    request = context["request"]
    if not hasattr(request, "hooks_start"):
        # Once for all rows of a page.
        request.hooks_start = links.origin(request)
    return f"{request.hooks_start}{reverse('storefront:hook_payments', args=[method.hook_token])}"


@register.inclusion_tag("storefront/funds/ripening.html")
def ripening(account: Account, currency: str) -> dict[str, Any]:
    """What of a balance cannot be spent yet, and from when on it can."""
    return {"rows": queries.ripening(account), "currency": currency}


@register.filter
def refund_words(refund: Refund) -> str:
    """How a refund stands."""
    return texts.refund(refund)


@register.filter
def refund_badge(refund: Refund) -> str:
    """The class of its badge."""
    return texts.refund_badge(refund)


@register.filter
def dispute_words(dispute: Dispute, customer: bool = False) -> str:
    """How a dispute stands, to staff or to the customer."""
    return texts.dispute(dispute, customer=customer)


@register.filter
def dispute_badge(dispute: Dispute) -> str:
    """The class of its badge."""
    return texts.dispute_badge(dispute)


@register.filter
def payment_attention(payment: Payment) -> str:
    """Why staff have to look at a payment that is paid."""
    return texts.attention(payment)
