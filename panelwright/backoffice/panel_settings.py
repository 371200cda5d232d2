"""The panel's settings as they stand, in groups: each with a button to the form of the action that changes it."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panelwright.backoffice import words
from panelwright.backoffice.acting import allowed
from panelwright.backoffice.lists import shown
from panelwright.core import money
from panelwright.panels.models import Panel
from panelwright.payments.holding_actions import limits_of
from panelwright.promotions import affiliate_queries as affiliates
from panelwright.promotions import trial_actions
from panelwright.receipts import queries as receipts
from panelwright.receipts.rules import percent_text
from panelwright.staff.action import Action
from panelwright.staff.lists import named
from panelwright.staff.panel_declarations import next_numbers
from panelwright.ui.request import StaffRequest


class Setting(NamedTuple):
    """`names`: its value is the panel's own or a code, and not to be translated. `by`: the action that changes it."""

    label: str
    value: str
    by: str
    names: bool = False


class SettingRow(NamedTuple):
    """A setting with its action, if the visitor may do it."""

    setting: Setting
    action: Action | None


class SettingsCard(NamedTuple):
    """`look`: with a preview of colour and logo below its settings."""

    name: str
    title: str
    rows: list[SettingRow]
    look: bool = False


@require_safe
def settings(request: StaffRequest) -> HttpResponse:
    cards = [
        _card(request, "general", _("General"), _general(request.panel)),
        _card(request, "look", _("Look"), _look(request.panel), look=True),
        _card(request, "orders", _("Orders"), _orders(request.panel)),
        _card(request, "payment_rules", _("Payment rules"), _payment_rules(request.panel)),
        _card(request, "receipts", _("Receipts"), _receipts(request.panel)),
        _card(request, "affiliates", _("Affiliate program"), _affiliates(request.panel)),
        _card(request, "trial", _("Trial balance"), _trial(request.panel)),
        _card(request, "people", _("Customers and staff"), _people(request.panel)),
    ]
    return render(request, "backoffice/settings.html", {"cards": cards})


def _card(
    request: StaffRequest, name: str, title: str, settings_: list[Setting], *, look: bool = False
) -> SettingsCard:
    may = {action.name: action for action in allowed(request, *{one.by for one in settings_})}
    return SettingsCard(name, title, [SettingRow(one, may.get(one.by)) for one in settings_], look)


def _general(panel: Panel) -> list[Setting]:
    offered = ", ".join(words.choice(code) for code in dict.fromkeys([panel.language, *panel.languages]))
    return [
        Setting(_("Name"), panel.name, "panel.set_name", names=True),
        Setting(_("Languages"), offered, "panel.set_languages", names=True),
        Setting(_("Default language"), words.choice(panel.language), "panel.set_languages", names=True),
        Setting(_("Time zone"), panel.timezone, "panel.set_timezone", names=True),
        Setting(words.field("maintenance"), words.value(panel.maintenance), "panel.set_maintenance"),
    ]


def _look(panel: Panel) -> list[Setting]:
    hue = _("Standard") if panel.hue is None else _("Hue %(hue)s") % {"hue": panel.hue}
    logo = _("Your own") if panel.logo_version else _("None")
    return [Setting(_("Color"), hue, "panel.set_look"), Setting(_("Logo"), logo, "panel.set_look")]


def _orders(panel: Panel) -> list[Setting]:
    most = panel.per_minute_max
    numbers = next_numbers(panel.id)
    return [
        Setting(_("When the cost is too high"), words.choice(panel.guard), "panel.set_guard"),
        Setting(_("Minimum margin in percent"), f"{panel.guard_percent_e2 / 100:.2f}", "panel.set_guard"),
        Setting(_("Requests per minute"), _("No limit") if most is None else str(most), "panel.set_api"),
        Setting(_("Key in the answer to refill_status"), panel.refill_status_key, "panel.set_api", names=True),
        *(Setting(words.field(name), str(number), "panel.set_numbers") for name, number in numbers.items()),
    ]


def _people(panel: Panel) -> list[Setting]:
    required = words.value(panel.staff_factor_required)
    return [
        Setting(words.field("signup_open"), words.value(panel.signup_open), "panel.set_signup"),
        Setting(words.field("signup_terms"), words.value(panel.signup_terms), "panel.set_signup"),
        Setting(words.field("staff_factor"), required, "panel.set_staff_factor"),
    ]


def _receipts(panel: Panel) -> list[Setting]:
    row = receipts.settings_of(panel.id)
    tax = f"{row.tax_name} {percent_text(row.tax_percent_e2)}%" if row.tax_percent_e2 else _("None")
    return [
        Setting(words.field("receipts"), words.value(row.enabled), "receipts.set"),
        Setting(words.field("receipt_seller"), row.seller or "–", "receipts.set", names=True),
        Setting(_("Tax"), tax, "receipts.set", names=bool(row.tax_percent_e2)),
    ]


def _payment_rules(panel: Panel) -> list[Setting]:
    """Those that are on; what is off is one line."""
    limits, off = limits_of(panel.id), words.value(False)
    shown = {
        "hold_new_days": str(limits.new_days or ""),
        "hold_first_above": _amount(limits.first_above_micros, panel),
        "hold_countries": words.value(True) if limits.countries else "",
        "hold_cards": str(limits.cards_max or ""),
        "hold_shared": words.value(True) if limits.shared else "",
        "hold_count": str(limits.count_max or ""),
        "hold_sum": _amount(limits.sum_max_micros, panel),
        "hold_hours": str(limits.hours) if limits.count_max or limits.sum_max_micros else "",
    }
    rows = [Setting(words.field(name), text, "payment_rules.set") for name, text in shown.items() if text]
    return rows or [Setting(_("Hold payments for review"), off, "payment_rules.set")]


def _amount(micros: int, panel: Panel) -> str:
    return f"{money.text(micros)} {panel.currency}" if micros else ""


def _affiliates(panel: Panel) -> list[Setting]:
    row = affiliates.terms_of(panel.id)
    least = f"{money.text(row.least_payout_micros)} {panel.currency}"
    return [
        Setting(words.field("affiliates"), words.value(panel.affiliates), "affiliates.set"),
        Setting(words.field("affiliate_percent"), f"{percent_text(row.percent_e2)}%", "affiliates.set", names=True),
        Setting(words.field("affiliate_hold_days"), str(row.hold_days), "affiliates.set", names=True),
        Setting(words.field("affiliate_least_payout"), least, "affiliates.set", names=True),
    ]


def _trial(panel: Panel) -> list[Setting]:
    row = trial_actions.terms_of(panel.id)
    amount = f"{money.text(row.amount_micros)} {panel.currency}"
    return [
        Setting(words.field("trial"), words.value(row.enabled), "trial.set"),
        Setting(words.field("trial_amount"), amount, "trial.set", names=True),
        Setting(words.field("trial_per_day"), str(row.per_day), "trial.set", names=True),
    ]


@require_safe
def domains(request: StaffRequest) -> HttpResponse:
    """The hosts that the panel answers on."""
    return shown(request, named("domains"), title=_("Domains"), icon="globe", tabs="office_settings")
