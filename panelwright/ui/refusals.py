"""Refusals in words for people. What the API says in its own words stands in api/protocol.py."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refusal
from panelwright.orders import reasons

# %(limit)s is the number that was passed, where the refusal has one.
TEXTS = {
    # Accounts
    "too_often": gettext_noop("Too many attempts. Try again in %(limit)s minutes."),
    "busy": gettext_noop("We are busy right now. Nothing was changed; try again in a few seconds."),
    "wrong_login": gettext_noop("Wrong email address or password."),
    "wrong_code": gettext_noop("This code is wrong or was already used. Enter the next one."),
    "lost_factor": gettext_noop("We can no longer check codes from your app. Use a recovery code or contact support."),
    "wrong_chosen_password": gettext_noop("Wrong password. Enter the one you chose when you signed up."),
    "no_address": gettext_noop(
        "We cannot send email right now: the panel's own address is not set. Contact the panel's owner."
    ),
    "login_again": gettext_noop("That took too long. Log in again."),
    "bad_email": gettext_noop("Enter a valid email address."),
    "short_password": gettext_noop("Use at least %(limit)s characters."),
    "long_password": gettext_noop("Use at most %(limit)s characters."),
    "common_password": gettext_noop("This password is too common. Choose another one."),
    "wrong_password": gettext_noop("Wrong password."),
    "old_link": gettext_noop("This link was already used or has expired. Request a new one."),
    "has_second_factor": gettext_noop("Two-factor authentication is already on."),
    "no_second_factor": gettext_noop("Two-factor authentication is already off."),
    "too_long": gettext_noop("Use at most %(limit)s characters."),
    "bad_choice": gettext_noop("Choose one from the list."),
    # Webhooks
    "webhook_url": gettext_noop("Enter an address such as https://example.com/hook with at most %(limit)s characters."),
    "webhook_private": gettext_noop("This address is not on the public internet."),
    "webhook_names": gettext_noop("Choose at least one."),
    "webhook_description": gettext_noop("Use at most %(limit)s characters."),
    "webhook_limit": gettext_noop("You have %(limit)s webhooks, the maximum. Delete one first."),
    "webhook_taken": gettext_noop("You already have a webhook with this address."),
    "webhook_off": gettext_noop("This webhook is off. Turn it on first."),
    "no_webhook": gettext_noop("Webhook not found."),
    "no_delivery": gettext_noop("Message not found."),
    "delivery_waits": gettext_noop("This message is already being sent."),
    "delivery_too_often": gettext_noop("This message was sent %(limit)s times, the maximum."),
    # Orders
    "bad_key": gettext_noop("Your account cannot place orders. Contact support."),
    "bad_service": gettext_noop("Service not found, or not available right now."),
    "too_many_favourites": gettext_noop("You can have at most %(limit)s favorites. Remove one first."),
    "bad_link": gettext_noop("This link is not accepted. Enter an address such as https://example.com/page."),
    "bad_field": gettext_noop("Fill in this field with a valid value."),
    "below_min": gettext_noop("The minimum is %(limit)s."),
    "above_max": gettext_noop("The maximum is %(limit)s."),
    "same_link": gettext_noop("This link already has an active order. Wait until it ends."),
    "price_rose": gettext_noop("The price went up. Check the new price, then send again to order."),
    "no_funds": gettext_noop("Not enough funds for this order. Add funds and try again."),
    "bad_order": gettext_noop("Order not found."),
    "refill_disabled": gettext_noop("This service has no refills."),
    "refill_runs": gettext_noop("Request refills of the single runs."),
    "not_completed": gettext_noop("Only completed orders can be refilled."),
    "refill_open": gettext_noop("A refill is in progress."),
    "refill_too_soon": gettext_noop("Refills are available 24 hours after completion or the last refill."),
    "refill_over": gettext_noop("The refill period is over."),
    "cancel_disabled": gettext_noop("This service cannot be canceled."),
    "cannot_cancel": gettext_noop("This order has ended."),
    "order_ended": gettext_noop("This order has ended."),
    "no_runs_left": gettext_noop("All runs have started. There is nothing left to pause."),
    "is_paused": gettext_noop("This order is already paused."),
    "not_paused": gettext_noop("This order is not paused."),
    "waits_for_funds": gettext_noop("Paused: not enough funds. Resumes automatically after you add funds."),
    "waits_for_cap": gettext_noop("Its API key has reached its daily spending limit. Resumes automatically."),
    "waits_for_account": gettext_noop("Your account cannot place orders right now. Resumes automatically."),
    "waits_for_service": gettext_noop("Its service is turned off or not available to you. Resumes automatically."),
    "waits_for_customer": gettext_noop("Only the customer can resume it."),
    "at_provider": gettext_noop("The provider runs it as a whole: you can cancel it, but not pause or resume it."),
    "uncertain": gettext_noop(
        "We cannot confirm this yet. Check your orders. Sending again is safe: nothing happens twice."
    ),
    "overloaded": gettext_noop("The panel is busy. Nothing was charged; try again in a moment."),
}
_ANYTHING_ELSE = gettext_noop("We could not do this. Nothing was changed.")


def text(refusal: Refusal) -> str:
    """A refusal as a sentence, in the visitor's language: why exactly, where that is known."""
    return reasons.text(refusal, _) or _(TEXTS.get(refusal.code, _ANYTHING_ELSE)) % {"limit": refusal.limit}
