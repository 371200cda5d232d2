"""A customer's webhooks: where her programs hear of orders, their secrets, and the log of what was sent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from panelwright.core.lists import whole
from panelwright.core.refusal import Refusal
from panelwright.core.text import trim
from panelwright.events import lists, webhook_actions, webhook_queries
from panelwright.events.models import ENDPOINTS_MAX, Endpoint
from panelwright.events.webhook_actions import NO_ENDPOINT
from panelwright.events.webhook_rules import NAMES
from panelwright.ui import refusals
from panelwright.ui.forms import PageForm
from panelwright.ui.request import CustomerRequest

# What an event says, for whoever chooses.
WORDS = {
    "order.in_progress": gettext_noop("An order is in progress"),
    "order.completed": gettext_noop("An order is completed"),
    "order.partial": gettext_noop("An order is partially delivered"),
    "order.canceled": gettext_noop("An order is canceled"),
    "refill.in_progress": gettext_noop("A refill is in progress"),
    "refill.completed": gettext_noop("A refill is completed"),
    "refill.rejected": gettext_noop("A refill is rejected"),
    "refill.canceled": gettext_noop("A refill is canceled"),
    "subscription.paused": gettext_noop("A subscription is paused"),
    "subscription.resumed": gettext_noop("A subscription is resumed"),
    "subscription.completed": gettext_noop("A subscription is completed"),
    "subscription.expired": gettext_noop("A subscription has expired"),
    "subscription.canceled": gettext_noop("A subscription is canceled"),
}
_AT_FIRST = ("order.completed", "order.partial", "order.canceled")


class WebhookForm(PageForm):
    """Where a webhook is, what it is for, and which events it is sent."""

    url = forms.CharField(required=False)
    description = forms.CharField(required=False)
    # A name that there is not stays, and is refused.
    names = forms.Field(required=False, widget=forms.SelectMultiple)
    enabled = forms.BooleanField(required=False)

    @property
    def chosen(self) -> list[str]:
        """The events that are ticked."""
        value = self["names"].value()
        return list(value or ())[: len(NAMES) + 1]

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        return [(name, _(WORDS[name]), name in self.chosen) for name in NAMES]


@require_safe
def webhooks(request: CustomerRequest) -> HttpResponse:
    """All of them, with how they fare."""
    rows = webhook_queries.endpoints(panel_id=request.panel.id, customer_id=request.customer.id)
    context = {"list": lists.WEBHOOKS, "endpoints": rows, "full": len(rows) >= ENDPOINTS_MAX, "limit": ENDPOINTS_MAX}
    return render(request, "storefront/account/webhooks.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def new_webhook(request: CustomerRequest) -> HttpResponse:
    """Make one. Its secret is shown once, on the page that answers."""
    form = WebhookForm(request.POST) if request.method == "POST" else WebhookForm(initial={"names": _AT_FIRST})
    if form.is_valid():
        made = webhook_actions.create_endpoint(
            panel_id=request.panel.id,
            customer_id=request.customer.id,
            url=trim(form.cleaned_data["url"]),
            names=form.chosen,
            description=trim(form.cleaned_data["description"]),
        )
        if not isinstance(made, Refusal):
            return _secret(request, endpoint_id=made[0], secret=made[1], rotated=False)
        form.refuse(made)
    return render(request, "storefront/account/webhook_new.html", {"form": form}, status=form.status)


@require_http_methods(["GET", "POST"])
def webhook(request: CustomerRequest, endpoint_id: int) -> HttpResponse:
    """One webhook: what it hears of, and its log."""
    row = _endpoint(request, endpoint_id)
    if row is None:
        return _not_found(request)
    stands = {"url": row.url, "description": row.description, "enabled": row.enabled, "names": row.names}
    form = WebhookForm(request.POST) if request.method == "POST" else WebhookForm(initial=stands)
    if form.is_valid():
        refused = webhook_actions.change_endpoint(
            panel_id=request.panel.id,
            customer_id=request.customer.id,
            endpoint_id=endpoint_id,
            url=trim(form.cleaned_data["url"]),
            names=form.chosen,
            description=trim(form.cleaned_data["description"]),
            enabled=form.cleaned_data["enabled"],
        )
        if refused == NO_ENDPOINT:
            return _not_found(request)
        if not form.refuse(refused):
            messages.success(request, _("Saved."))
            return redirect("storefront:webhook", endpoint_id)
    asked = lists.DELIVERIES.asked(request.GET)
    before, after = whole(request.GET.get("before", "")), whole(request.GET.get("after", ""))
    page = webhook_queries.log(row, failed=asked["show"] == lists.FAILED, before=before, after=after)
    context = {"endpoint": row, "form": form, "list": lists.DELIVERIES, "asked": asked, "page": page}
    return render(request, "storefront/account/webhook.html", context, status=form.status)


@require_POST
def try_webhook(request: CustomerRequest, endpoint_id: int) -> HttpResponse:
    sent = webhook_actions.send_test(
        panel_id=request.panel.id, customer_id=request.customer.id, endpoint_id=endpoint_id
    )
    return _done(request, endpoint_id, sent, _("Test sent. See the delivery log."))


@never_cache
@require_POST
def rotate_webhook(request: CustomerRequest, endpoint_id: int) -> HttpResponse:
    """A new secret, shown once on the page that answers."""
    secret = webhook_actions.rotate_secret(
        panel_id=request.panel.id, customer_id=request.customer.id, endpoint_id=endpoint_id
    )
    if isinstance(secret, Refusal):
        return _not_found(request)
    return _secret(request, endpoint_id=endpoint_id, secret=secret, rotated=True)


@require_POST
def delete_webhook(request: CustomerRequest, endpoint_id: int) -> HttpResponse:
    refused = webhook_actions.delete_endpoint(
        panel_id=request.panel.id, customer_id=request.customer.id, endpoint_id=endpoint_id
    )
    if refused is not None:
        return _not_found(request)
    messages.success(request, _("Webhook deleted."))
    return redirect("storefront:webhooks")


@require_POST
def retry_delivery(request: CustomerRequest, delivery_id: int) -> HttpResponse:
    which = {"panel_id": request.panel.id, "customer_id": request.customer.id, "delivery_id": delivery_id}
    endpoint_id = webhook_queries.delivery_endpoint(**which)
    if endpoint_id is None:
        return _not_found(request)
    return _done(request, endpoint_id, webhook_actions.retry_delivery(**which), _("Message queued to be sent again."))


def _done(request: CustomerRequest, endpoint_id: int, came: object, text: str) -> HttpResponse:
    if came == NO_ENDPOINT:
        return _not_found(request)
    if isinstance(came, Refusal):
        messages.warning(request, refusals.text(came))
    else:
        messages.success(request, text)
    return redirect(f"{reverse('storefront:webhook', args=[endpoint_id])}#log")


def _secret(request: CustomerRequest, **context: Any) -> HttpResponse:
    return render(request, "storefront/account/webhook_secret.html", context)


def _endpoint(request: CustomerRequest, endpoint_id: int) -> Endpoint | None:
    return webhook_queries.endpoint(panel_id=request.panel.id, customer_id=request.customer.id, endpoint_id=endpoint_id)


def _not_found(request: CustomerRequest) -> HttpResponse:
    return render(request, "ui/not_found.html", status=404)
