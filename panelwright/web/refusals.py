"""Refusals in words for people. What the API says in its own words stands in api/protocol.py."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.core.refusal import Refusal
from panelwright.orders import reasons

# %(limit)s is the number that was passed, where the refusal has one.
TEXTS = {
    # Accounts
    "too_often": gettext_noop("Too many tries. Wait %(limit)s minutes, then try again."),
    "busy": gettext_noop("We are busy right now. Nothing was changed; try again in a few seconds."),
    "wrong_login": gettext_noop("E-mail address or password is wrong."),
    "wrong_code": gettext_noop("This code is wrong, or was used before. Use the next one."),
    "lost_factor": gettext_noop(
        "The panel cannot check the codes of your app any more. Use a recovery code, or ask the support."
    ),
    "wrong_chosen_password": gettext_noop("This is not the password that was chosen when signing up."),
    "no_address": gettext_noop(
        "The panel cannot send e-mail at present, because it does not know its own address. Tell whoever runs it."
    ),
    "login_again": gettext_noop("That took too long. Log in again."),
    "bad_email": gettext_noop("This is not an e-mail address."),
    "short_password": gettext_noop("Use at least %(limit)s characters."),
    "long_password": gettext_noop("Use at most %(limit)s characters."),
    "common_password": gettext_noop("This password is one of the first that are guessed. Choose another one."),
    "wrong_password": gettext_noop("This is not your password."),
    "old_link": gettext_noop("This link has already been used, or has expired. Ask for a new one."),
    "has_second_factor": gettext_noop("The second factor is on already."),
    "no_second_factor": gettext_noop("The second factor is off already."),
    "too_long": gettext_noop("Use at most %(limit)s characters."),
    "bad_choice": gettext_noop("Choose one from the list."),
    # Webhooks
    "webhook_url": gettext_noop("Write an address such as https://example.com/hook, of at most %(limit)s characters."),
    "webhook_private": gettext_noop("This address is not on the public internet."),
    "webhook_names": gettext_noop("Choose at least one."),
    "webhook_description": gettext_noop("Use at most %(limit)s characters."),
    "webhook_limit": gettext_noop("You have %(limit)s webhooks, as many as one can have. Delete one first."),
    "webhook_taken": gettext_noop("You have a webhook with this address already."),
    "webhook_off": gettext_noop("This webhook is switched off. Switch it on first."),
    "no_webhook": gettext_noop("There is no such webhook."),
    "no_delivery": gettext_noop("There is no such message."),
    "delivery_waits": gettext_noop("It is on its way already."),
    "delivery_too_often": gettext_noop("This message was sent %(limit)s times, as often as one can be."),
    # Orders
    "bad_key": gettext_noop("Your account cannot place orders now. Ask the support."),
    "bad_service": gettext_noop("There is no such service, or it is not sold at present."),
    "too_many_favourites": gettext_noop("You can mark at most %(limit)s services. Unmark one first."),
    "bad_link": gettext_noop("This link is not accepted. Write an address such as https://example.com/page."),
    "bad_field": gettext_noop("This is missing or not accepted."),
    "below_min": gettext_noop("The minimum is %(limit)s."),
    "above_max": gettext_noop("The maximum is %(limit)s."),
    "same_link": gettext_noop("You have an open order with this link. Wait until it is done."),
    "price_rose": gettext_noop("The price has risen since this form was shown. Look at it; send again to order at it."),
    "no_funds": gettext_noop("Your balance does not pay for this order."),
    "bad_order": gettext_noop("There is no such order."),
    "refill_disabled": gettext_noop("This service has no refill."),
    "refill_runs": gettext_noop("Ask for refills of the single runs."),
    "not_completed": gettext_noop("Only completed orders are refilled."),
    "refill_open": gettext_noop("A refill is under way."),
    "refill_too_soon": gettext_noop(
        "A refill can be asked for once 24 hours have passed since completion or the last refill."
    ),
    "refill_over": gettext_noop("The days in which a refill can be asked for are over."),
    "cancel_disabled": gettext_noop("This service cannot be canceled."),
    "cannot_cancel": gettext_noop("This order has ended."),
    "order_ended": gettext_noop("This order has ended."),
    "no_runs_left": gettext_noop("All of its runs have started: there is nothing left to pause."),
    "is_paused": gettext_noop("This order is paused already."),
    "not_paused": gettext_noop("This order is not paused."),
    "waits_for_funds": gettext_noop("It waits for funds, and goes on by itself."),
    "waits_for_cap": gettext_noop("Its API key has spent its limit of the day. It goes on by itself."),
    "waits_for_account": gettext_noop("Your account may not order at the moment. It goes on by itself."),
    "waits_for_service": gettext_noop("Its service is switched off or not offered to you. It goes on by itself."),
    "waits_for_customer": gettext_noop("Only its customer can let it go on."),
    "at_provider": gettext_noop("It is delivered as a whole: it can be canceled, but not paused or resumed."),
    "uncertain": gettext_noop(
        "It is not certain whether this was done. Look at your orders; to send the same form again does nothing twice."
    ),
    "overloaded": gettext_noop("The panel is busy. Try again in a moment; nothing was charged."),
}
_ANYTHING_ELSE = gettext_noop("This was refused. Nothing was changed.")


def text(refusal: Refusal) -> str:
    """A refusal as a sentence, in the visitor's language: why exactly, where that is known."""
    return reasons.text(refusal, _) or _(TEXTS.get(refusal.code, _ANYTHING_ELSE)) % {"limit": refusal.limit}
