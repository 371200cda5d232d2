"""Every refusal in one registry: code -> its words for people, its words on the wire, its HTTP status.

A code without a row is answered all the same: `of` gives it the words of OTHER. tests/style/test_refusals.py proves
that every code in the product has a row and that every row is used. Marks such as `%(limit)s` (`{limit}` on the wire)
are facts of the refusal.
"""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext_noop

from panelwright.core import said
from panelwright.core.payment_refusals import PAYMENTS
from panelwright.core.refusal import Refusal, Words
from panelwright.core.webhook_refusals import WEBHOOKS

OTHER = Words(
    gettext_noop("We could not do this. Nothing was changed."),
    wire="Internal error, the request was not carried out",
)

REFUSALS: dict[str, Words] = {
    # The panel API v2: clients sort its texts by substring, so every word matters.
    "bad_key": Words(gettext_noop("Your account cannot place orders. Contact support."), wire="Invalid API key"),
    "wrong_address": Words(wire="This API key is not allowed from your address"),
    "panel_suspended": Words(
        gettext_noop("This panel is suspended. New orders are not accepted."),
        wire="This panel is suspended, contact its support",
        status=409,
    ),
    "may_not_order": Words(wire="This API key may not place or change orders"),
    "may_not_read": Words(wire="This API key may not read"),
    "bad_request": Words(wire="Incorrect request"),
    "bad_service": Words(
        gettext_noop("Service not found, or not available right now."), wire="Incorrect service ID", status=404
    ),
    "bad_link": Words(
        gettext_noop("This link is not accepted. Enter an address such as https://example.com/page."), wire="Bad link"
    ),
    "bad_field": Words(gettext_noop("Fill in this field with a valid value."), wire="Incorrect {field}"),
    "below_min": Words(gettext_noop("The minimum is %(limit)s."), wire="Quantity less than minimal {limit}"),
    "above_max": Words(gettext_noop("The maximum is %(limit)s."), wire="Quantity more than maximum {limit}"),
    "same_link": Words(
        gettext_noop("This link already has an active order. Wait until it ends."),
        wire="You have active order with this link. Please wait until order being completed.",
    ),
    "no_funds": Words(
        gettext_noop("Not enough funds for this order. Add funds and try again."),
        wire="Not enough funds on balance",
        status=409,
    ),
    # To programs it is the same: there is nothing to spend until money comes in.
    "debt_stands": Words(
        gettext_noop("There is an unpaid debt on your account. Add funds to pay it, then order."),
        wire="Not enough funds on balance",
        status=409,
    ),
    "cap_reached": Words(wire="Daily spending cap is reached, orders are temporarily not taken"),
    "bad_order": Words(gettext_noop("Order not found."), wire="Incorrect order ID", status=404),
    "bad_refill": Words(wire="Refill not found", status=404),
    "refill_disabled": Words(gettext_noop("This service has no refills."), wire="Refill is disabled for this service"),
    "refill_runs": Words(
        gettext_noop("Request refills of the single runs."),
        wire="Refill is disabled for the whole, ask for it by the ids in orders",
    ),
    "not_completed": Words(gettext_noop("Only completed orders can be refilled."), wire="The order is not completed"),
    "refill_open": Words(
        gettext_noop("A refill is in progress."), wire="The refill task is not completed for this order"
    ),
    "refill_too_soon": Words(
        gettext_noop("Refills are available 24 hours after completion or the last refill."),
        wire="The order was completed or refill was requested less than 24 hours ago",
    ),
    "refill_over": Words(gettext_noop("The refill period is over."), wire="Refill days are over"),
    "cancel_disabled": Words(
        gettext_noop("This service cannot be canceled."), wire="Cancel is disabled for this service"
    ),
    "cannot_cancel": Words(gettext_noop("This order has ended."), wire="The order cannot be canceled", status=409),
    "rate_limit": Words(wire="Rate limit exceeded, please retry later"),
    "too_large": Words(wire="Request is too large"),
    "too_slow": Words(wire="Request was not sent in time, please retry"),
    "overloaded": Words(
        gettext_noop("The panel is busy. Nothing was charged; try again in a moment."),
        wire="The panel is temporarily overloaded, please retry",
    ),
    "fault": Words(wire="Internal error, the request was not carried out"),
    "uncertain": Words(
        gettext_noop("We cannot confirm this yet. Check your orders. Sending again is safe: nothing happens twice."),
        wire="Internal error, temporarily unknown whether it was carried out; repeat it with its request_id",
    ),
    # Accounts
    "too_often": Words(gettext_noop("Too many attempts. Try again in %(limit)s minutes.")),
    "letters_unproven": Words(
        gettext_noop(
            "Today's %(limit)s emails to addresses that nobody has confirmed were sent. An address is confirmed when"
            " its owner opens a link from an email."
        ),
        status=409,
    ),
    "letter_too_long": Words(
        gettext_noop("This text is too long for an email: formatted it has more than %(limit)s characters.")
    ),
    "busy": Words(gettext_noop("We are busy right now. Nothing was changed; try again in a few seconds.")),
    "wrong_login": Words(gettext_noop("Wrong email address or password.")),
    "wrong_code": Words(gettext_noop("This code is wrong or was already used. Enter the next one.")),
    "lost_factor": Words(
        gettext_noop("We can no longer check codes from your app. Use a recovery code or contact support.")
    ),
    "wrong_chosen_password": Words(gettext_noop("Wrong password. Enter the one you chose when you signed up.")),
    "no_address": Words(
        gettext_noop("We cannot send email right now: the panel's own address is not set. Contact the panel's owner.")
    ),
    "panel_without_host": Words(
        gettext_noop("The panel has no domain of its own, so no link can lead there. Add a domain to it first.")
    ),
    "sign_up_closed": Words(gettext_noop("This panel takes no new sign-ups. Contact its support for an account.")),
    "terms_needed": Words(gettext_noop("Accept the terms to sign up.")),
    "login_again": Words(gettext_noop("That took too long. Log in again.")),
    "bad_email": Words(gettext_noop("Enter a valid email address.")),
    "short_password": Words(gettext_noop("Use at least %(limit)s characters.")),
    "long_password": Words(gettext_noop("Use at most %(limit)s characters.")),
    "common_password": Words(gettext_noop("This password is too common. Choose another one.")),
    "wrong_password": Words(gettext_noop("Wrong password.")),
    "old_link": Words(gettext_noop("This link was already used or has expired. Request a new one.")),
    "has_second_factor": Words(gettext_noop("Two-factor authentication is already on.")),
    "no_second_factor": Words(gettext_noop("Two-factor authentication is already off."), status=409),
    "too_long": Words(gettext_noop("Use at most %(limit)s characters.")),
    "bad_choice": Words(gettext_noop("Choose one from the list.")),
    **WEBHOOKS,
    # Orders
    "too_many_favourites": Words(gettext_noop("You can have at most %(limit)s favorites. Remove one first.")),
    "price_rose": Words(gettext_noop("The price went up. Check the new price, then send again to order.")),
    "order_ended": Words(gettext_noop("This order has ended."), status=409),
    "made_by_provider": Words(
        gettext_noop("The provider made this order for its subscription. It can be ended, but not sent or moved."),
        status=409,
    ),
    "charge_undecided": Words(gettext_noop("Decide first whether this order is charged."), status=409),
    "no_runs_left": Words(gettext_noop("All runs have started. There is nothing left to pause."), status=409),
    "is_paused": Words(gettext_noop("This order is already paused."), status=409),
    "not_paused": Words(gettext_noop("This order is not paused."), status=409),
    "waits_for_funds": Words(
        gettext_noop("Paused: not enough funds. Resumes automatically after you add funds."), status=409
    ),
    "waits_for_cap": Words(
        gettext_noop("Its API key has reached its daily spending limit. Resumes automatically."), status=409
    ),
    "waits_for_account": Words(
        gettext_noop("Your account cannot place orders right now. Resumes automatically."), status=409
    ),
    "waits_for_service": Words(
        gettext_noop("Its service is turned off or not available to you. Resumes automatically."), status=409
    ),
    "waits_for_block": Words(
        gettext_noop("Orders for this user are no longer accepted. Resumes automatically if that changes."), status=409
    ),
    "waits_for_customer": Words(gettext_noop("Only the customer can resume it."), status=409),
    "at_provider": Words(
        gettext_noop("The provider runs it as a whole: you can cancel it, but not pause or resume it."), status=409
    ),
    # What exactly is wrong with a field (Refusal.why)
    "missing": Words(gettext_noop("This field is required.")),
    "not_whole": Words(gettext_noop("Use a whole number in digits only, such as 1000.")),
    "too_low": Words(gettext_noop("The minimum is %(limit)s.")),
    "too_high": Words(gettext_noop("The maximum is %(limit)s.")),
    "long_line": Words(gettext_noop("A line can have at most %(limit)s characters.")),
    "too_many_lines": Words(gettext_noop("Use at most %(limit)s lines.")),
    "bad_characters": Words(gettext_noop("Remove control characters and characters that are not valid UTF-8.")),
    "spaces": Words(gettext_noop("A link cannot contain spaces or line breaks.")),
    "invisible": Words(gettext_noop("The site name in the link contains invisible characters. Type it by hand.")),
    "bad_scheme": Words(gettext_noop("A link must start with http:// or https://, followed by a site name.")),
    "not_listed": Words(gettext_noop("Use one of the listed values.")),
    "bad_country": Words(gettext_noop("Use a two-letter country code, such as US, or its English name.")),
    "bad_date": Words(gettext_noop("Use a date such as 31/12/2030: day/month/year.")),
    "past": Words(gettext_noop("This date is in the past.")),
    "below_low": Words(gettext_noop("The maximum cannot be below the minimum.")),
    "step": Words(gettext_noop("The quantity must be a multiple of %(step)s.")),
    "no_step": Words(gettext_noop("No multiple of %(step)s lies between %(low)s and %(high)s.")),
    "link_host": Words(gettext_noop("This service does not take links to %(found)s, only to: %(wanted)s.")),
    "link_kind": Words(gettext_noop("Wrong kind of link. Needed: %(wanted)s. This one leads to: %(found)s.")),
    "no_drip_feed": Words(gettext_noop("This service has no drip-feed.")),
    "no_runs": Words(gettext_noop("Drip-feed needs both runs and interval.")),
    "not_accepted": Words(gettext_noop("The panel does not accept orders for this.")),
    "other_order": Words(gettext_noop("This request ID was already used for a different order.")),
    "bad_request_id": Words(gettext_noop("Use at most 100 printable characters.")),
    "not_yes_or_no": Words(gettext_noop("Use 1 or 0.")),
    # Staff: who may, and what a request says
    # Bulk work.
    "nothing_selected": Words(gettext_noop("Nothing is selected."), status=400),
    "selection_too_large": Words(
        gettext_noop("That is more than %(limit)s rows at once. Narrow the list with its filters."), status=400
    ),
    "no_bulk": Words(gettext_noop("Bulk action %(id)s not found."), status=404),
    "bulk_ended": Words(gettext_noop("This bulk action has already ended."), status=409),
    "bulk_failed": Words(gettext_noop("We could not do this. Nothing was changed."), status=400),
    "nothing_to_do": Words(gettext_noop("This was already done. Nothing was changed."), status=409),
    "once_used": Words(gettext_noop("This form was already used for another action."), status=409),
    # Saved views.
    "no_view": Words(gettext_noop("View %(id)s not found."), status=404),
    "view_name_taken": Words(gettext_noop("You already have a view of this name."), status=409),
    "too_many_views": Words(gettext_noop("A list can have %(limit)s views per person."), status=409),
    "only_shared": Words(gettext_noop("Only a member of staff can have a private view."), status=400),
    # Undo.
    "no_change": Words(gettext_noop("Change %(id)s not found."), status=404),
    "not_undoable": Words(gettext_noop("This cannot be undone."), status=409),
    "already_undone": Words(gettext_noop("This was already undone."), status=409),
    "undo_too_late": Words(gettext_noop("Changes can be undone for 10 minutes only."), status=409),
    "changed_since": Words(gettext_noop("It was changed again since. Nothing was undone."), status=409),
    "filters_or_ids": Words(gettext_noop("Give either filters or ids."), status=400),
    "number_differs": Words(gettext_noop("Enter the number of rows that will change: %(number)s."), status=400),
    "not_allowed": Words(gettext_noop("Your role does not allow this. It needs the right: %(right)s."), status=403),
    "bad_staff_key": Words(
        gettext_noop("Invalid staff key. Send it in the header Authorization: Bearer <key>."), status=401
    ),
    "bad_method": Words(gettext_noop("Use %(methods)s for this address."), status=405),
    "nothing_here": Words(
        gettext_noop("Nothing found at this address. The API is described in /api/staff/v1/openapi.json."), status=404
    ),
    "body_too_large": Words(gettext_noop("The request can have at most %(limit)s bytes."), status=413),
    "not_json": Words(gettext_noop("The request must be JSON.")),
    "no_json_object": Words(gettext_noop("The request must be a JSON object with an action.")),
    "unknown_field": Words(gettext_noop("Unknown: %(fields)s. Accepted here: %(known)s.")),
    "missing_field": Words(gettext_noop("This field is required.")),
    "not_a_number": Words(gettext_noop("Enter a whole number.")),
    "number_given": Words(gettext_noop("The next number is already %(least)s. Choose a higher one.")),
    "number_out_of_range": Words(gettext_noop("Enter a whole number between %(least)s and %(most)s.")),
    "not_an_amount": Words(gettext_noop("Enter an amount such as 12.50, with up to 6 decimals.")),
    "not_a_decimal": Words(gettext_noop("Enter a number such as 2.5.")),
    "not_true_or_false": Words(gettext_noop("Choose yes or no.")),
    "not_a_list": Words(gettext_noop("Enter a list of texts.")),
    "not_a_text": Words(gettext_noop("Enter a text.")),
    "not_a_moment": Words(gettext_noop("Enter a date and time with a time zone, such as 2030-12-31T12:00:00Z.")),
    "not_a_day": Words(gettext_noop("Enter a date, such as 2030-12-31.")),
    "not_base64": Words(gettext_noop("Send the file in base64.")),
    "not_an_object": Words(gettext_noop("Send a JSON object.")),
    "not_a_choice": Words(gettext_noop("Choose one of: %(choices)s.")),
    "text_too_long": Words(gettext_noop("Use at most %(limit)s characters.")),
    "unstorable_text": Words(gettext_noop("Remove control characters and characters that are not valid UTF-8.")),
    "right_not_yours": Words(gettext_noop("You cannot give a right that you do not have: %(right)s."), status=403),
    "last_owner": Words(gettext_noop("A panel needs at least one active owner."), status=409),
    "unknown_right": Words(gettext_noop("There is no right %(right)s.")),
    "only_for_orders": Words(gettext_noop("Only orders can be filtered by provider.")),
    "balance_below": Words(gettext_noop("The balance is only %(balance)s."), status=409),
    "available_below": Words(gettext_noop("Only %(available)s is available, credit limit included."), status=409),
    "credit_in_use": Words(
        gettext_noop("The customer is using %(used)s of the credit. The limit cannot be lower."), status=409
    ),
    "price_list_shared": Words(
        gettext_noop("The customer is in the group %(name)s. Change its prices, or take the customer out of it first."),
        status=409,
    ),
    "may_not_log_in": Words(gettext_noop("This account may not log in. Turn that on first."), status=409),
    "has_password": Words(gettext_noop("They have chosen a password already."), status=409),
    "no_sign_up": Words(gettext_noop("Nobody with this email address is waiting for confirmation."), status=404),
    "percent_too_high": Words(gettext_noop("The discount must be between 0 and 100 percent.")),
    "service_or_category": Words(gettext_noop("Choose either a service or a category.")),
    "no_category": Words(gettext_noop("Category not found."), status=404),
    "no_custom_rate": Words(gettext_noop("There is no custom price for this."), status=404),
    "same_customer": Words(gettext_noop("Choose another customer.")),
    "name_needed": Words(gettext_noop("Enter a name.")),
    # Staff: what is not there
    "no_such_number": Words(gettext_noop("There is no number that high."), status=404),
    "no_order": Words(gettext_noop("Order %(id)s not found."), status=404),
    "no_cancel": Words(gettext_noop("Order %(id)s not found."), status=404),
    "no_refill": Words(gettext_noop("Refill %(id)s not found."), status=404),
    "no_ticket": Words(gettext_noop("Ticket not found."), status=404),
    "no_file": Words(gettext_noop("File %(id)s not found."), status=404),
    "no_page": Words(gettext_noop("Page not found."), status=404),
    "no_announcement": Words(gettext_noop("Announcement %(id)s not found."), status=404),
    "no_service": Words(gettext_noop("Service %(id)s not found."), status=404),
    "no_price_list": Words(gettext_noop("Price list %(id)s not found."), status=404),
    "no_link_pattern": Words(gettext_noop("This panel has no such link pattern."), status=404),
    "no_provider": Words(gettext_noop("Provider %(id)s not found."), status=404),
    "no_route": Words(gettext_noop("Route %(id)s not found."), status=404),
    "no_held": Words(gettext_noop("Route %(id)s not found."), status=404),
    "exchange_rate_gone": Words(gettext_noop("Exchange rate %(id)s not found."), status=404),
    "no_post_source": Words(gettext_noop("Source of posts %(id)s not found."), status=404),
    "no_subscription": Words(gettext_noop("There is no open subscription to %(id)s."), status=404),
    "no_customer": Words(gettext_noop("Customer not found."), status=404),
    "no_staff": Words(gettext_noop("Member of staff %(id)s not found."), status=404),
    "no_staff_key": Words(gettext_noop("Staff key %(id)s not found."), status=404),
    "no_api_key": Words(gettext_noop("API key %(id)s not found."), status=404),
    "no_block": Words(gettext_noop("There is no such block."), status=404),
    "no_panel": Words(gettext_noop("Panel not found."), status=404),
    # Staff: providers, routes, keys
    "name_taken": Words(gettext_noop("This name is already in use: %(name)s."), status=409),
    "manual_has_no_api": Words(gettext_noop("Your own people have no API address and no key.")),
    "bad_provider_url": Words(gettext_noop("Enter the API address with http:// or https://.")),
    "bad_currency": Words(gettext_noop("Enter a three-letter currency code such as USD.")),
    "currency_not_told": Words(
        gettext_noop("This provider has not reported a currency yet. Sync it first."), status=409
    ),
    "key_unreadable": Words(gettext_noop("The stored key of %(id)s cannot be decrypted. Enter it again."), status=409),
    "list_not_read": Words(gettext_noop("The provider's list could not be read: %(text)s"), status=409),
    "upstream_type_unknown": Words(
        gettext_noop(
            "Where a subscription goes depends on the type of the provider's service, and the provider's list could"
            " not be read: %(text)s. Enter the service type at the provider."
        ),
        status=409,
    ),
    "route_exists": Words(gettext_noop("The service already has this route."), status=409),
    "bad_rounding": Words(gettext_noop("Round prices to more than zero, and add zero or more.")),
    "bad_exchange_rate": Words(gettext_noop("Enter two different currencies and a rate above zero.")),
    "key_revoked": Words(gettext_noop("This key was already revoked."), status=409),
    # Tickets
    "bad_subject": Words(gettext_noop("Choose a topic.")),
    "title_too_long": Words(gettext_noop("Use at most %(limit)s characters for the subject.")),
    "no_text": Words(gettext_noop("Enter a message.")),
    "too_many_orders": Words(gettext_noop("Enter at most %(limit)s orders.")),
    "too_many_open": Words(gettext_noop("You have %(limit)s open tickets, the maximum. Close one, or write in it.")),
    "too_many_messages": Words(gettext_noop("You can send %(limit)s messages per hour. Try again later.")),
    "same_text": Words(gettext_noop("You already sent this message within the last hour.")),
    "ticket_locked": Words(gettext_noop("This ticket is locked. Open a new ticket if you need more help."), status=409),
    "ticket_full": Words(gettext_noop("This ticket has %(limit)s messages, the maximum. Open a new one.")),
    "empty_file": Words(gettext_noop("The file is empty.")),
    "bad_file": Words(
        gettext_noop("Attach PNG, JPEG or WebP images, PDF or plain text files with the matching file extension.")
    ),
    "too_many_files": Words(gettext_noop("At most %(limit)s files.")),
    "file_too_large": Words(gettext_noop("Use files of at most %(limit)s MiB.")),
    "files_full": Words(gettext_noop("Your attachments can take at most %(limit)s MiB in total.")),
    "already_asked": Words(gettext_noop("This was already requested and is being processed.")),
    "ended": Words(gettext_noop("This order has ended.")),
    "moves_differ": Words(
        gettext_noop("This has changed since you looked at it. Nothing was done; check again what will happen."),
        status=409,
    ),
    # Staff: orders
    "not_by_hand": Words(gettext_noop("Your own people do not deliver this order."), status=409),
    "refill_ordered": Words(gettext_noop("This refill was already ordered from another service."), status=409),
    "bad_refill_service": Words(gettext_noop("Choose a service that takes a link and a quantity.")),
    "bad_refill_quantity": Words(
        gettext_noop("The service takes %(least)s to %(most)s units, in multiples of %(step)s.")
    ),
    "not_started": Words(gettext_noop("Nobody has started this order yet."), status=409),
    "no_link_to_change": Words(gettext_noop("The link of this order cannot be changed."), status=409),
    "outcome_first": Words(gettext_noop("Decide first whether the provider has this order."), status=409),
    "has_been_sent": Words(
        gettext_noop("The provider delivers this order to its link already. Cancel it there, then send it again."),
        status=409,
    ),
    "order_started": Words(gettext_noop("This order was already started."), status=409),
    "bad_remains": Words(
        gettext_noop("Remains must be between %(least)s and %(most)s. If nothing remains, complete the order.")
    ),
    "bad_delivered": Words(
        gettext_noop("Delivered must be between 0 and %(most)s. If all is delivered, complete the order.")
    ),
    "bad_partial": Words(
        gettext_noop(
            "Remains must be between %(least)s and %(most)s. If nothing remains, complete the order; if nothing was"
            " delivered, cancel it."
        )
    ),
    "bad_runs_remain": Words(
        gettext_noop("Remains must be between %(least)s and %(most)s: the other runs have ended.")
    ),
    "bad_start_count": Words(gettext_noop("Start count must be a whole number from 0.")),
    "remains_or_delivered": Words(gettext_noop("Enter either what remains or what is delivered.")),
    "one_unit": Words(gettext_noop("This order has one unit: complete or cancel it."), status=409),
    "is_subscription": Words(
        gettext_noop("This is a subscription: cancel it, or work on the orders that it created."), status=409
    ),
    "sends_nothing": Words(
        gettext_noop("Nothing is sent for this order itself: work on the orders that it created."), status=409
    ),
    "partly_delivered": Words(
        gettext_noop(
            "%(delivered)s of %(quantity)s units are delivered, and another provider would deliver all of them again."
            " Complete the order or mark it as partial."
        ),
        status=409,
    ),
    "would_repeat": Words(
        gettext_noop(
            "%(delivered)s of %(quantity)s units are delivered and would be delivered again. Confirm that you want the"
            " whole quantity, or mark the order as partial."
        ),
        status=409,
    ),
    "being_sent": Words(
        gettext_noop("This order is being sent to a provider. Try again in %(seconds)s seconds at the latest."),
        status=409,
    ),
    "cancel_waits": Words(
        gettext_noop("The customer requested a cancellation. Accept or reject it first."), status=409
    ),
    "cancel_being_sent": Words(
        gettext_noop("The cancellation is being sent to the provider. Try again in a moment."), status=409
    ),
    "no_cancel_waits": Words(gettext_noop("No cancellation of this order is waiting."), status=409),
    "no_other_route": Words(gettext_noop("The service of this order has no other route. Add one first."), status=409),
    "no_usable_route": Words(gettext_noop("The service of this order has no such route in use. It has: %(routes)s.")),
    "bad_reason": Words(gettext_noop("Enter a reason of 1 to %(limit)s characters.")),
    "bad_upstream_id": Words(
        gettext_noop("Enter the order ID at the provider: 1 to %(limit)s characters, without commas and spaces.")
    ),
    "upstream_id_taken": Words(gettext_noop("Another order already has this ID at the provider."), status=409),
    "gives_no_ids": Words(gettext_noop("%(id)s gives no order IDs: these are your own people.")),
    "not_sent": Words(
        gettext_noop("This order was not sent to any provider. Name the provider that has it."), status=409
    ),
    "balance_too_low": Words(
        gettext_noop("The customer's balance does not cover this order, which costs %(cost)s."), status=409
    ),
    "no_charge_to_decide": Words(gettext_noop("No charge of this order waits for a decision."), status=409),
    "refill_ended": Words(gettext_noop("This refill has ended: %(status)s."), status=409),
    "refill_started": Words(gettext_noop("This refill was already started."), status=409),
    "refill_being_sent": Words(
        gettext_noop("This refill is being sent to the provider. Try again in a moment."), status=409
    ),
    "refill_without_provider": Words(
        gettext_noop("No provider has this order: its refill can only be completed or rejected here."), status=409
    ),
    "refill_at_provider": Words(gettext_noop("This refill is already at the provider."), status=409),
    # Staff: tickets, pages
    "ticket_merged": Words(gettext_noop("This ticket was merged into ticket %(id)s."), status=409),
    "merge_into_older": Words(gettext_noop("Merge the newer ticket into the older one.")),
    "other_customer": Words(gettext_noop("Only tickets of the same customer can be merged.")),
    "no_saved_reply": Words(gettext_noop("Saved reply not found."), status=404),
    "reply_name_taken": Words(gettext_noop("Another saved reply has this name."), status=409),
    "too_many_replies": Words(gettext_noop("A panel can have at most %(limit)s saved replies."), status=409),
    "unknown_reply_field": Words(gettext_noop("There is no field {{%(name)s}}. Use one of: %(known)s.")),
    "no_colleague": Words(gettext_noop("Choose a member of staff who may answer tickets.")),
    "only_staff_take": Words(gettext_noop("Only a member of staff can take a ticket."), status=409),
    "already_assigned": Words(gettext_noop("This ticket is already assigned to them."), status=409),
    "assigned_to_nobody": Words(gettext_noop("This ticket is assigned to nobody."), status=409),
    "notes_full": Words(gettext_noop("A ticket can have at most %(limit)s notes."), status=409),
    "ticket_is_locked": Words(gettext_noop("This ticket is already locked."), status=409),
    "ticket_not_locked": Words(gettext_noop("This ticket is not locked."), status=409),
    "ticket_is_full": Words(gettext_noop("This ticket is full. The customer has to open a new one."), status=409),
    "ticket_closed": Words(gettext_noop("This ticket is already closed."), status=409),
    "ticket_changed": Words(gettext_noop("This ticket has changed. Read it again."), status=409),
    "speed_up_passed_on": Words(gettext_noop("This speed-up was already passed on."), status=409),
    "no_speed_up": Words(gettext_noop("No speed-up of order %(id)s is open in this ticket."), status=404),
    "too_many_pages": Words(gettext_noop("A panel can have at most %(limit)s pages."), status=409),
    "bad_slug": Words(gettext_noop("Use up to 60 lowercase letters, digits and dashes, such as about-us.")),
    "bad_title": Words(gettext_noop("Enter a title of one line with up to %(limit)s characters.")),
    "banner_span": Words(gettext_noop("The banner ends before it begins. Enter a later end.")),
    "bad_body": Words(gettext_noop("Enter a text of 1 to %(limit)s characters.")),
    # Staff: customers, keys, money
    "email_taken": Words(gettext_noop("%(email)s already has an account on this panel."), status=409),
    "bad_network": Words(gettext_noop("Not an IP address or network: %(network)s. Use 203.0.113.7 or 203.0.113.0/24.")),
    "key_does_nothing": Words(gettext_noop("A key must be allowed to read, to order, or both.")),
    "bad_key_limits": Words(
        gettext_noop("The daily limit cannot be below zero, and requests per minute not below one.")
    ),
    "amount_not_positive": Words(gettext_noop("The amount must be more than zero.")),
    "amount_below_zero": Words(gettext_noop("The amount cannot be below zero.")),
    "reference_too_long": Words(gettext_noop("The reference is longer than %(limit)s characters.")),
    "reference_taken": Words(
        gettext_noop("This reference was already booked with another amount or customer."), status=409
    ),
    # Staff: the provider's list, routes, posts
    "nothing_held": Words(gettext_noop("Nothing of this route is on hold."), status=409),
    "list_changed": Words(gettext_noop("The provider's list has changed. Look at it again."), status=409),
    "other_type": Words(
        gettext_noop(
            "Your service has the type %(type)s, theirs now has the type %(theirs)s. Reject the change, then import"
            " theirs as a new service."
        ),
        status=409,
    ),
    "other_currency": Words(
        gettext_noop(
            "The provider reports %(told)s, but %(counted)s is set for it. Change its currency, or say that it reports"
            " the wrong one. Until then its list does not count."
        ),
        status=409,
    ),
    "no_exchange_rate": Words(gettext_noop("Set the exchange rate from %(currency)s to %(target)s first."), status=409),
    "takes_subscriptions": Words(
        gettext_noop("Their service of the type %(theirs)s takes subscriptions. It cannot deliver the type %(type)s."),
        status=409,
    ),
    "hears_no_posts": Words(
        gettext_noop(
            "Their service of the type %(theirs)s takes one order per post, and this panel has no source of posts. Add"
            " one, or choose a service of the type Subscriptions."
        ),
        status=409,
    ),
    "bad_route_limits": Words(gettext_noop("The rate cannot be below zero, and the minimum not above the maximum.")),
    "step_too_small": Words(gettext_noop("The step must be at least 1.")),
    "bad_feed_username": Words(gettext_noop("Enter the username whose posts the feed has, with up to 500 characters.")),
    "feed_known": Words(gettext_noop("This feed is already read for %(username)s."), status=409),
    "bad_url": Words(gettext_noop("Enter an address with http:// or https://, without user name and password.")),
    # Staff: services, links, the panel
    "changed_meanwhile": Words(gettext_noop("Somebody else changed this meanwhile. Look at it again."), status=409),
    "flat_without_limits": Words(
        gettext_noop("Customers enter no quantity for the type %(type)s, so it has no limits.")
    ),
    "type_without_drip_feed": Words(gettext_noop("The type %(type)s has no drip-feed.")),
    "category_not_empty": Words(
        gettext_noop("This category has services. Move them to another one first."), status=409
    ),
    "price_below_zero": Words(gettext_noop("A price cannot be below zero.")),
    "type_without_step": Words(gettext_noop("Customers enter no quantity for the type %(type)s, so it has no step.")),
    "bad_example": Words(gettext_noop("Enter one link of at most %(limit)s characters.")),
    "example_refused": Words(gettext_noop("This link would itself be refused.")),
    "unknown_site": Words(gettext_noop("Not a host and not a known site: %(site)s. Sites: %(sites)s.")),
    "too_many_sites": Words(gettext_noop("Enter at most %(limit)s sites and hosts.")),
    "unknown_link_kind": Words(gettext_noop("Not a kind of link: %(kind)s. Kinds: %(kinds)s.")),
    "bad_link_host": Words(gettext_noop("Enter a host such as vk.com, or *.example.com if the first part is a name.")),
    "bad_link_pattern": Words(gettext_noop("Enter a path such as /p/*, with * or # at the end of a part.")),
    "too_many_link_patterns": Words(
        gettext_noop("A panel can have at most %(limit)s link patterns. Remove some."), status=409
    ),
    "bad_host": Words(gettext_noop("Enter a host such as panel.example.com, or * with a port.")),
    "no_such_panel": Words(gettext_noop("No panel answers there. Enter the address where you log in."), status=404),
    "own_panel": Words(gettext_noop("This is the panel that you are on. Enter another one.")),
    "too_many_panels": Words(gettext_noop("At most %(limit)s panels can be linked."), status=409),
    "factor_needed": Words(
        gettext_noop("That panel asks for a second factor. Turn on two-factor authentication here first."), status=409
    ),
    "reason_needed": Words(gettext_noop("Give a reason.")),
    "already_suspended": Words(gettext_noop("This panel is already suspended."), status=409),
    "not_suspended": Words(gettext_noop("This panel is not suspended."), status=409),
    "no_operator": Words(gettext_noop("There is no such operator."), status=404),
    "operator_taken": Words(gettext_noop("There is already an operator with this email address."), status=409),
    "host_taken": Words(gettext_noop("A panel already answers on this host."), status=409),
    "no_domain": Words(gettext_noop("Domain %(id)s not found."), status=404),
    "last_domain": Words(gettext_noop("A panel needs at least one domain. Add another one first."), status=409),
    "too_many_domains": Words(gettext_noop("A panel can have at most %(limit)s domains."), status=409),
    "no_host_to_check": Words(gettext_noop("Only a host that the panel answers on can be checked."), status=409),
    "logo_too_large": Words(gettext_noop("The logo can have at most %(limit)s bytes.")),
    "bad_logo": Words(gettext_noop("The logo must be a PNG, JPEG or WebP picture.")),
    "too_many_rules": Words(
        gettext_noop("There can be at most %(limit)s blocks. Remove some, or block a domain."), status=409
    ),
    "too_many_patterns": Words(
        gettext_noop("There can be at most %(limit)s patterns. Remove some, or block exact links or domains."),
        status=409,
    ),
    "too_many_words": Words(gettext_noop("A phrase can have at most %(limit)s words.")),
    "bad_domain": Words(gettext_noop("Enter a domain such as evil.example, without a path.")),
    "pattern_of_stars": Words(gettext_noop("This pattern would block every order.")),
    "too_many_stars": Words(gettext_noop("A pattern can have at most %(limit)s stars.")),
    "nothing_to_block": Words(gettext_noop("Nothing is left of this text to compare with.")),
    # What has only a text so far: an error of a program, told in English
    "invalid": Words("%(text)s"),
    **PAYMENTS,
}


def of(code: str) -> Words:
    return REFUSALS.get(code, OTHER)


def page(refusal: Refusal, translate: Callable[[str], str] = str) -> str:
    """For people: in English, or as `translate` puts it. What has no text of its own has the one of OTHER."""
    return translate(of(refusal.code).page or OTHER.page) % _facts(refusal, translate)


def staff(refusal: Refusal) -> str:
    """For programs and commands of staff: in English; a field that is filled in wrongly is named before it."""
    text = page(refusal)
    return f"{refusal.field}: {text}" if refusal.field and status(refusal) == 400 else text


def wire(refusal: Refusal) -> str:
    """In the words of the wire. A code without any is a fault of ours, and is told as one."""
    return (of(refusal.code).wire or OTHER.wire).format(field=refusal.field, limit=refusal.limit)


def status(refusal: Refusal) -> int:
    """The HTTP status of the staff API."""
    return of(refusal.code).status


class _Facts(dict[str, object]):
    """A fact that nobody gave is empty: a text with a hole is better than none."""

    def __missing__(self, name: str) -> str:
        return ""


def _facts(refusal: Refusal, translate: Callable[[str], str]) -> _Facts:
    told = {name: said.everywhere(fact, translate) for name, fact in refusal.facts}
    return _Facts({"limit": refusal.limit, "field": refusal.field} | told)
