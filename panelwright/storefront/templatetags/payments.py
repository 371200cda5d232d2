"""Filters of the pages of payments."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from panelwright.payments import registry, texts
from panelwright.payments.models import Payment, PaymentMethod, PaymentStep, Refund

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
def payment_step(step: PaymentStep) -> str:
    """A line of its story."""
    return texts.step(step)


@register.filter
def method_kind(method: PaymentMethod) -> str:
    """What its gateway is called; where that is not installed any more, the name of its folder."""
    gateway = registry.gateway(method.kind)
    return _(gateway.label) if gateway is not None else method.kind


@register.filter
def refund_words(refund: Refund) -> str:
    """How a refund stands."""
    return texts.refund(refund)


@register.filter
def refund_badge(refund: Refund) -> str:
    """The class of its badge."""
    return texts.refund_badge(refund)
