"""Words of the back office: fields of objects, values of choices, and what an action moves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from panelwright.content.models import BannerKind
from panelwright.core import money, said
from panelwright.customers import panel_link_actions
from panelwright.notices.models import Way
from panelwright.notices.texts import KIND_LABELS
from panelwright.orders import problems
from panelwright.panels.actions import LANGUAGES
from panelwright.panels.models import Arrival, BlockKind, Domain
from panelwright.payments import texts as payment_texts
from panelwright.payments.registry import all_gateways
from panelwright.promotions.models import CommissionState, PayoutState, PayoutWay
from panelwright.providers.models import Provider
from panelwright.providers.staff_orders import PROBLEM_LABELS
from panelwright.providers.sync import sync_problems
from panelwright.staff import registry, trail
from panelwright.staff.rights import LABELS, ROLE_LABELS, Right, Role
from panelwright.support import texts as support_texts
from panelwright.ui import auth, standing_in, status_labels
from panelwright.ui.templatetags.pages import language_name

NAMES = {
    "status": gettext_noop("Status"),
    "state": gettext_noop("State"),
    "remains": gettext_noop("Remains"),
    "start_count": gettext_noop("Start count"),
    "charge": gettext_noop("Charge"),
    "balance": gettext_noop("Balance"),
    "provider": gettext_noop("Provider"),
    "route": gettext_noop("Route"),
    "upstream_id": gettext_noop("ID at the provider"),
    "problem": gettext_noop("Problem"),
    "enabled": gettext_noop("Enabled"),
    "suspended": gettext_noop("Suspended"),
    "suspended_reason": gettext_noop("Reason"),
    "password_since": gettext_noop("Password since"),
    "factor_since": gettext_noop("Second factor since"),
    "logged_in": gettext_noop("Logged in"),
    "role": gettext_noop("Role"),
    "rights": gettext_noop("Rights"),
    "active": gettext_noop("May log in"),
    "email": gettext_noop("Email"),
    "name": gettext_noop("Name"),
    "action": gettext_noop("Action"),
    "given": gettext_noop("Entered values"),
    "total": gettext_noop("In total"),
    "done": gettext_noop("Done"),
    "skipped": gettext_noop("Skipped"),
    "failed": gettext_noop("Failed"),
    "stopped_for": gettext_noop("Stopped because"),
    "refunded": gettext_noop("Refunded"),
    "charged": gettext_noop("Charged"),
    "undone": gettext_noop("Undone"),
    "rate": gettext_noop("Price per 1,000"),
    "min": gettext_noop("Minimum"),
    "max": gettext_noop("Maximum"),
    "kind": gettext_noop("Kind"),
    "text": gettext_noop("Text"),
    "note": gettext_noop("Note"),
    "notes": gettext_noop("Notes"),
    "paused": gettext_noop("Paused"),
    "revoked": gettext_noop("Revoked"),
    "two_factor": gettext_noop("Two-factor authentication"),
    "unread": gettext_noop("Unread"),
    "credit_limit": gettext_noop("Credit limit"),
    "owed": gettext_noop("Debt"),
    "order": gettext_noop("Order"),
    "cancel": gettext_noop("Cancellation"),
    "imported": gettext_noop("Imported service IDs"),
    "known": gettext_noop("Already imported"),
    "not_on_sale": gettext_noop("Imported, but not on sale"),
    "left_out": gettext_noop("Left out"),
    "changes": gettext_noop("Changes"),
    "service": gettext_noop("Service"),
    "why": gettext_noop("Reason"),
    "services": gettext_noop("Services"),
    "messages": gettext_noop("Messages"),
    "requests": gettext_noop("Requests"),
    "charge_most": gettext_noop("Charged to customers at most"),
    "link": gettext_noop("Link"),
    "new": gettext_noop("Subscriptions that order"),
    "subscriptions": gettext_noop("Subscriptions to this user"),
    "username": gettext_noop("Username"),
    "reason": gettext_noop("Reason"),
    "reference": gettext_noop("Reference"),
    "amount": gettext_noop("Amount"),
    "currency": gettext_noop("Currency"),
    "url": gettext_noop("Address"),
    "step": gettext_noop("Step"),
    "title": gettext_noop("Subject"),
    "body": gettext_noop("Text"),
    "again_at": gettext_noop("Asked again at"),
    "by": gettext_noop("By"),
    "cancel_asked": gettext_noop("Cancellation requested"),
    "closed_at": gettext_noop("Closed"),
    "cost": gettext_noop("Cost"),
    "cost_rate": gettext_noop("Cost per 1,000"),
    "cost_told": gettext_noop("Cost reported by the provider"),
    "created_at": gettext_noop("Created"),
    "currency_overruled": gettext_noop("Reported currency ignored"),
    "currency_told": gettext_noop("Reported currency"),
    "ended_at": gettext_noop("Ended"),
    "every_min": gettext_noop("Minutes between reads"),
    "failures": gettext_noop("Failures in a row"),
    "fields": gettext_noop("Order details"),
    "goes_on": gettext_noop("Continues"),
    "guard": gettext_noop("When the cost is too high"),
    "guard_percent": gettext_noop("Minimum margin in percent"),
    "held": gettext_noop("On hold"),
    "history": gettext_noop("History"),
    "next_order": gettext_noop("Next order"),
    "next_refill": gettext_noop("Next refill"),
    "next_ticket": gettext_noop("Next ticket"),
    "number": gettext_noop("Number"),
    "older": gettext_noop("Older"),
    "parent": gettext_noop("Main order"),
    "past_cost": gettext_noop("Cost of earlier attempts"),
    "paused_for": gettext_noop("Reason for the pause"),
    "percent_off": gettext_noop("Discount in percent"),
    "prefix": gettext_noop("Begins with"),
    "problem_code": gettext_noop("Problem"),
    "problem_facts": gettext_noop("Details of the problem"),
    "problem_since": gettext_noop("Problem since"),
    "quantity": gettext_noop("Quantity"),
    "rates": gettext_noop("Custom rates"),
    "categories": gettext_noop("Discounts on categories"),
    "price_list": gettext_noop("Price list"),
    "assignee": gettext_noop("Assigned to"),
    "locked": gettext_noop("Locked"),
    "merged_into": gettext_noop("Merged into ticket"),
    "ticket": gettext_noop("Ticket"),
    "sessions": gettext_noop("Sessions"),
    "letter_to": gettext_noop("Email sent to"),
    "language": gettext_noop("Default language"),
    "languages": gettext_noop("Languages"),
    "per_minute": gettext_noop("Requests per minute"),
    "refill_status_key": gettext_noop("Key in the answer to refill_status"),
    "host": gettext_noop("Host"),
    "port": gettext_noop("Port"),
    "confirmed": gettext_noop("Confirmed by the operator"),
    "arrives": gettext_noop("Arrives"),
    "checked_at": gettext_noop("Checked"),
    "signup_open": gettext_noop("Sign-up open"),
    "signup_terms": gettext_noop("Terms must be accepted"),
    "maintenance": gettext_noop("Closed for maintenance"),
    "staff_factor": gettext_noop("Two-factor authentication required of staff"),
    "addresses": gettext_noop("Allowed addresses"),
    "ended": gettext_noop("Sessions ended"),
    "rejected": gettext_noop("Rejected"),
    "sent": gettext_noop("Sent"),
    "service_enabled": gettext_noop("Service on sale"),
    "service_name": gettext_noop("Service name"),
    "service_rate": gettext_noop("Service price"),
    "subject": gettext_noop("Topic"),
    "synced_at": gettext_noop("Last sync"),
    "type": gettext_noop("Type"),
    "updated_at": gettext_noop("Updated"),
    "works": gettext_noop("Works"),
    "took_ms": gettext_noop("Answered in milliseconds"),
    "rows": gettext_noop("Services in the list"),
    "rests_until": gettext_noop("Rests until"),
    "custom_rates": gettext_noop("Custom prices"),
    "category": gettext_noop("Category"),
    "position": gettext_noop("Position"),
    "waiting_since": gettext_noop("Waiting since"),
    "banner": gettext_noop("Banner"),
    "banner_from": gettext_noop("Banner from"),
    "banner_until": gettext_noop("Banner until"),
    "withdrawn_at": gettext_noop("Withdrawn"),
    "method": gettext_noop("Method"),
    "asked": gettext_noop("Amount asked for"),
    "fee": gettext_noop("Fee"),
    "received": gettext_noop("Amount received"),
    "credited": gettext_noop("Credited"),
    "bonus": gettext_noop("Bonus"),
    "payment_reference": gettext_noop("Reference told to the customer"),
    "proof": gettext_noop("Proof of payment"),
    "attention": gettext_noop("Needs a decision"),
    "live": gettext_noop("Real money"),
    "texts": gettext_noop("Texts for customers"),
    "settings": gettext_noop("Settings"),
    "secrets": gettext_noop("Secrets that are set"),
    "webhook": gettext_noop("Path of the webhook"),
    "label": gettext_noop("Name of the batch"),
    "value": gettext_noop("Value"),
    "uses_max": gettext_noop("Uses per voucher"),
    "uses_left": gettext_noop("Uses left"),
    "codes": gettext_noop("Codes"),
    "code": gettext_noop("Code"),
    "payment": gettext_noop("Payment"),
    "blocked": gettext_noop("Blocked"),
    "commission": gettext_noop("Commission"),
    "commission_state": gettext_noop("State"),
    "withdrawn": gettext_noop("Taken back"),
    "evidence": gettext_noop("Evidence"),
    "held_until": gettext_noop("On hold until"),
    "payout": gettext_noop("Payout"),
    "payout_way": gettext_noop("Goes to"),
    "payout_state": gettext_noop("State"),
    "payout_to": gettext_noop("Where to send it"),
    "receipts": gettext_noop("Issue receipts"),
    "receipt_seller": gettext_noop("Seller"),
    "receipt_address": gettext_noop("Seller's address"),
    "receipt_tax_id": gettext_noop("Seller's tax ID"),
    "receipt_note": gettext_noop("Note on receipts"),
    "receipt_prefix": gettext_noop("Prefix of receipt numbers"),
    "receipt_tax_name": gettext_noop("Name of the tax"),
    "receipt_tax_percent": gettext_noop("Tax in percent, within the amount paid"),
    "hold_new_days": gettext_noop("Hold payments of customers who signed up fewer days ago than"),
    "hold_first_above": gettext_noop("Hold a first payment above"),
    "hold_countries": gettext_noop("Hold when the card's country is not that of the billing address"),
    "hold_cards": gettext_noop("Hold when a customer has paid with more cards than"),
    "hold_shared": gettext_noop("Hold when another customer has paid with the same card or account"),
    "hold_count": gettext_noop("Hold when a customer makes more payments than"),
    "hold_sum": gettext_noop("Hold when a customer's payments add up to more than"),
    "hold_hours": gettext_noop("Hours over which payments are counted and added up"),
    "spent_later": gettext_noop("Cannot be spent yet"),
    "spend_after": gettext_noop("Money can be spent after so many hours"),
    "way": gettext_noop("Channel"),
    "sent_to": gettext_noop("Recipient"),
    "test_sent_to": gettext_noop("Test sent to"),
    "new_token": gettext_noop("New token"),
    "new_secret": gettext_noop("New secret"),
    "sent_again": gettext_noop("Sent again"),
    "names": gettext_noop("Events"),
}
# Fields of states that say nothing to people.
INTERNAL = frozenset({"work", "chosen_route", "version", "id", "provider", "route"})
_CHOICES = {
    **payment_texts.STATES,
    "refund_unknown": gettext_noop("Nobody knows whether the refund was made"),
    "paid_twice": gettext_noop("Approved by staff, and received by the payment provider, too"),
    "unlisted": gettext_noop("The payment provider no longer lists the dispute"),
    "surplus": gettext_noop("More came in than was credited"),
    "api": gettext_noop("Another panel (API)"),
    "manual": gettext_noop("Own people"),
    "panel_v2": gettext_noop("Panel API v2"),
    "pause": gettext_noop("Pause"),
    "reprice": gettext_noop("Change price"),
    "takes_subscriptions": gettext_noop("Their service takes whole subscriptions"),
    "hears_no_posts": gettext_noop("The panel has no source of posts"),
    "price": gettext_noop("Lowest cost"),
    "speed": gettext_noop("Fastest"),
    "success": gettext_noop("Most completed orders"),
    BannerKind.INFO.value: gettext_noop("Information"),
    BannerKind.WARNING.value: gettext_noop("Warning"),
    # Methods of payment, and what customers give as proof.
    **{name: one.label for name, one in all_gateways().items()},
    "nothing": gettext_noop("Nothing"),
    "reference": gettext_noop("Reference or transaction ID"),
    "file": gettext_noop("Receipt"),
    "both": gettext_noop("Reference and receipt"),
    # What of Mercado Pago a method sells by, and whether its money is real.
    "pix": gettext_noop("Pix, on your own page"),
    "checkout": gettext_noop("Checkout page"),
    "live": gettext_noop("Live"),
    "test": gettext_noop("Test payments"),
    # Names, in every language; the first is a gateway's, too.
    "cryptomus": "Cryptomus",
    "heleket": "Heleket",
    "uddoktapay": "UddoktaPay",
    "piprapay": "PipraPay 3",
    "piprapay_2": "PipraPay 2",
    "up": gettext_noop("Up"),
    "down": gettext_noop("Down"),
    "top": gettext_noop("To the top"),
    "bottom": gettext_noop("To the bottom"),
    # Icons of categories.
    "people": gettext_noop("People"),
    "heart": gettext_noop("Heart"),
    "eye": gettext_noop("Eye"),
    "chat": gettext_noop("Speech bubble"),
    "play": gettext_noop("Video"),
    "music": gettext_noop("Music"),
    "camera": gettext_noop("Camera"),
    "globe": gettext_noop("Globe"),
    "share": gettext_noop("Share"),
    "star": gettext_noop("Star"),
    "bolt": gettext_noop("Lightning"),
    "news": gettext_noop("Megaphone"),
    "send": gettext_noop("Paper plane"),
    "poll": gettext_noop("Bars"),
    "wallet": gettext_noop("Wallet"),
    "person": gettext_noop("Person"),
    BlockKind.EXACT.value: gettext_noop("Link"),
    BlockKind.DOMAIN.value: gettext_noop("Website"),
    BlockKind.PATTERN.value: gettext_noop("Pattern"),
    BlockKind.WORD.value: gettext_noop("Word"),
    # Ways of notices.
    Way.MAIL.value: gettext_noop("Email"),
    Way.TELEGRAM.value: gettext_noop("Telegram"),
    Way.WEBHOOK.value: gettext_noop("Webhook"),
    **{kind.value: label for kind, label in KIND_LABELS.items()},
}
# Noun -> words of its values that mean something else, or nothing, elsewhere.
_OF_NOUN: Mapping[str, Mapping[str, str]] = {
    "payment_block": {kind.value: label for kind, label in payment_texts.BLOCK_KINDS.items()},
    "ticket": {
        **support_texts.STATES,
        **support_texts.SUBJECTS,
        **{wish.value: label for wish, label in support_texts.WISHES.items()},
    },
    "commission": {
        CommissionState.EARNED: gettext_noop("Earned"),
        CommissionState.REFUSED: gettext_noop("To decide"),
        CommissionState.DECLINED: gettext_noop("Declined"),
    },
    "payout": {
        PayoutState.REQUESTED: gettext_noop("Waiting"),
        PayoutState.PAID: gettext_noop("Paid"),
        PayoutState.REJECTED: gettext_noop("Rejected"),
        PayoutWay.BALANCE: gettext_noop("Balance"),
        PayoutWay.STAFF: gettext_noop("Outside"),
    },
}
_PROBLEMS_OF_REFILLS = {
    problems.REQUEST_REFUSED: gettext_noop("Rejected"),
    problems.REQUEST_WAITS: gettext_noop("Not taken yet"),
    problems.NOT_AT_A_PROVIDER: gettext_noop("No provider has this order"),
    problems.NO_REFILL_ID: gettext_noop("Taken by the provider without a refill ID"),
    problems.REFILL_NOT_KNOWN: gettext_noop("Unknown to the provider"),
    problems.REFILL_NOT_DELIVERED: gettext_noop("The order for it was not delivered"),
    problems.NOTED: None,
}
_UNDECLARED = {
    standing_in.ACTED: gettext_noop("Did something as the customer"),
    standing_in.WENT_BACK: gettext_noop("Stopped being signed in as the customer"),
    panel_link_actions.LINKED: gettext_noop("Linked an account at another panel"),
    panel_link_actions.UNLINKED: gettext_noop("Unlinked an account at another panel"),
    panel_link_actions.SWITCHED: gettext_noop("Switched to another panel"),
    "host.enter": gettext_noop("Signed in as the owner"),
    auth.HOST_LEFT: gettext_noop("Stopped being signed in as the owner"),
}
_RIGHTS = {right.value: LABELS[right] for right in Right}
_ROLES = {role.value: ROLE_LABELS[role] for role in Role}


class TrailChange(NamedTuple):
    """A field with what stands in it before and after, as texts."""

    name: str
    before: str
    after: str


class Moves(NamedTuple):
    """What an action changes. `refund` and `charge`: micros that the customer gets back or pays; 0: none. `balance`:
    micros by which a balance rises or (below zero) falls."""

    changes: list[TrailChange]
    refund: int = 0
    charge: int = 0
    balance: int = 0

    @property
    def sum(self) -> int:
        """What the button names."""
        return self.refund or abs(self.balance)


def moves(before: Mapping[str, Any], after: Mapping[str, Any], noun: str) -> Moves:
    """From the states of an object of this noun before and after."""
    before, after = trail.difference(dict(before), dict(after))
    changed = [
        TrailChange(field(name), value(before.get(name), noun), value(after.get(name), noun))
        for name in {**before, **after}
        if before.get(name) != after.get(name) and name not in INTERNAL
    ]
    gone = 0
    if "charge" in before and "charge" in after:
        gone = money.parse(str(before["charge"])) - money.parse(str(after["charge"]))
    balance = 0
    if "balance" in before and "balance" in after:
        balance = money.parse(str(after["balance"])) - money.parse(str(before["balance"]))
    return Moves(changed, refund=max(gone, 0), charge=max(-gone, 0), balance=balance)


def problem(code: str, facts: str) -> str:
    """What is wrong with a refill, or why it was rejected: in the reader's language, with what the provider said."""
    if not code:
        return ""
    told = problems.facts_of(facts)
    label = _PROBLEMS_OF_REFILLS.get(code) or PROBLEM_LABELS.get(code)
    said = next((str(told[name]) for name in ("said", "why", "word", "upstream_id", "order") if told.get(name)), "")
    return ": ".join(filter(None, [_(label) if label else "", said])) or code.replace("_", " ")


_REASONS = {
    "funds": gettext_noop("Our balance there is too small"),
    "service": gettext_noop("The service is not there"),
    "quantity": gettext_noop("The quantity is not accepted"),
    "disabled": gettext_noop("The service is disabled"),
    "key": gettext_noop("The API key is not accepted"),
    "unreachable": gettext_noop("Not reachable"),
    "not_found": gettext_noop("Not found"),
    "duplicate": gettext_noop("An order with this link is active there"),
    "limit": gettext_noop("Too many requests"),
    "link": gettext_noop("The link is not accepted"),
    "other": gettext_noop("Another reason"),
}


def refusal_reason(reason: str) -> str:
    """Why a provider refused an order: a name of wire/outcomes.Reason in small letters."""
    return _(_REASONS.get(reason, _REASONS["other"]))


_CHANGES = {
    "service.added": gettext_noop("Added"),
    "service.imported": gettext_noop("Imported"),
    "service.rate_changed": gettext_noop("Price changed"),
    "service.limits_changed": gettext_noop("Limits changed"),
    "service.step_changed": gettext_noop("Step changed"),
    "service.links_changed": gettext_noop("Rules for links changed"),
    "service.paused": gettext_noop("No longer on sale"),
    "service.resumed": gettext_noop("On sale again"),
    "service.own_rate_changed": gettext_noop("Custom price changed"),
    "service.below_cost": gettext_noop("Custom price raised to cost"),
    "route.gone": gettext_noop("No longer in the provider's list"),
    "route.back": gettext_noop("Back in the provider's list"),
    "route.cannot_be": gettext_noop("The provider's service has another type"),
    "route.rate_changed": gettext_noop("Cost changed"),
    "route.limits_changed": gettext_noop("The provider's limits changed"),
    "route.step_changed": gettext_noop("The provider's step changed"),
    "route.renamed": gettext_noop("Renamed by the provider"),
    "route.held": gettext_noop("Put on hold"),
    "route.released": gettext_noop("No longer on hold"),
    "route.accepted": gettext_noop("Accepted by staff"),
    "route.rejected": gettext_noop("Rejected by staff"),
}


def change(name: str) -> str:
    """What happened to a service or one of its routes."""
    known = _CHANGES.get(name)
    return _(known) if known else name


_ROUTED = {
    "by_price": gettext_noop("%(name)s: the lowest cost"),
    "by_speed": gettext_noop("%(name)s: the fastest"),
    "by_success": gettext_noop("%(name)s: the most completed orders"),
    "to_learn": gettext_noop("%(name)s: to measure it, too few orders yet"),
}


def routed(facts: Mapping[str, Any]) -> str:
    """Why an order went where it went, by merit, with what was known."""
    known = _ROUTED.get(str(facts.get("code", "")))
    if known is None:
        return str(facts.get("name", ""))
    text = _(known) % {"name": facts.get("name", "")}
    tried = int(facts.get("ended") or 0) + int(facts.get("refused") or 0)
    completed = int(facts.get("completed") or 0)
    if facts["code"] == "by_price" and facts.get("cost"):
        return f"{text} ({facts['cost']})"
    if facts["code"] == "by_success" and tried:
        return f"{text} ({completed * 1000 // tried / 10}%)"
    if facts["code"] == "by_speed" and completed:
        return f"{text} ({duration(int(facts.get('took_s') or 0) // completed)})"
    return text


def duration(seconds: int) -> str:
    """A time span in at most two units, in the reader's language: 3 h 20 min."""
    minutes, rest = divmod(seconds, 60)
    if minutes == 0:
        return _("%(count)s s") % {"count": rest}
    if minutes < 60:
        return _("%(count)s min") % {"count": minutes}
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
    return _("%(count)s d") % {"count": hours // 24}


def trouble(provider: Provider) -> str:
    """What a round of its list found, in the reader's language."""
    return told(provider.problem) or sync_problems.of(provider, _)


def field(name: str) -> str:
    """A field of an object, as the trail names it."""
    known = NAMES.get(name) or _labels().get(name)
    return _(known) if known else name.replace("_", " ").capitalize()


@cache
def _labels() -> dict[str, str]:
    """Name -> label of the fields of all actions, which change what the trail shows."""
    return {one.name: one.label for action in registry.actions().values() for one in action.fields}


def told(text: str) -> str:
    """What we say where a stranger's words may stand too (core/said.py), in the reader's language."""
    return said.words(text, _)


def value(held: Any, noun: str = "") -> str:
    """What stands in a field, of an object of this noun."""
    if held is None or held == "":
        return "–"
    if isinstance(held, bool):
        return _("Yes") if held else _("No")
    if isinstance(held, Mapping):
        return ", ".join(f"{field(str(name))}: {value(one, noun)}" for name, one in held.items())
    if isinstance(held, list | tuple):
        return ", ".join(value(one, noun) for one in held) or "–"
    text = said.words(str(held), _)
    return _(status_labels.STATUS[text]) if text in status_labels.STATUS else choice(text, noun)


def undeclared(name: str) -> str:
    """What is in the trail without an action of its own: staff in a customer's place."""
    known = _UNDECLARED.get(name)
    return _(known) if known else name


def choice(text: str, noun: str = "") -> str:
    """A value of a list of choices, of an object of this noun. A language is called by its name in it."""
    if text in _OF_NOUN.get(noun, {}):
        return _(_OF_NOUN[noun][text])
    if text in LANGUAGES:
        return language_name(text)
    known = PROBLEM_LABELS.get(text) or _RIGHTS.get(text) or _ROLES.get(text) or _CHOICES.get(text)
    return _(known) if known else text


class ArrivalWords(NamedTuple):
    """`tone`: of its badge. `help`: what to do; empty where that is nothing."""

    tone: str
    label: str
    help: str = ""


_ARRIVALS = {
    Arrival.UNKNOWN: ArrivalWords("", gettext_noop("Not checked")),
    Arrival.ARRIVES: ArrivalWords("good", gettext_noop("Arrives")),
    Arrival.NO_HTTPS: ArrivalWords(
        "warn",
        gettext_noop("Arrives without HTTPS"),
        gettext_noop("Passwords travel unprotected. Set up HTTPS for this host."),
    ),
    Arrival.NO_NAME: ArrivalWords(
        "bad",
        gettext_noop("No DNS record"),
        gettext_noop("Add a DNS record for this host that points to your server. New records can take hours."),
    ),
    Arrival.PRIVATE: ArrivalWords(
        "warn",
        gettext_noop("Cannot be checked"),
        gettext_noop("The host leads to a private address, or to a port that we do not check."),
    ),
    Arrival.CERTIFICATE: ArrivalWords(
        "bad",
        gettext_noop("Certificate not valid"),
        gettext_noop("Browsers warn visitors. Get a certificate for this host, or renew it."),
    ),
    Arrival.NO_ANSWER: ArrivalWords(
        "bad",
        gettext_noop("No answer"),
        gettext_noop("Nothing came back in time. Check the server and its firewall."),
    ),
    Arrival.NO_CONNECTION: ArrivalWords(
        "bad",
        gettext_noop("No connection"),
        gettext_noop("Nothing listens there. Check the DNS record, the port and the proxy."),
    ),
    Arrival.ELSEWHERE: ArrivalWords(
        "bad",
        gettext_noop("Something else answers"),
        gettext_noop("The host leads to another server or page. Check the DNS record and the proxy."),
    ),
}
# As the trail shows it.
_CHOICES |= {one.value: found.label for one, found in _ARRIVALS.items() if one.value}
_UNCONFIRMED = ArrivalWords(
    "busy",
    gettext_noop("Waiting for the operator"),
    gettext_noop("This server hosts several panels. Ask its operator to confirm the domain."),
)


def arrival(domain: Domain) -> ArrivalWords:
    """In the reader's language."""
    found = _ARRIVALS[Arrival(domain.arrives)] if domain.confirmed else _UNCONFIRMED
    return ArrivalWords(found.tone, _(found.label), _(found.help) if found.help else "")
