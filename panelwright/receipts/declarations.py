"""What staff can do about receipts, declared."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import clock
from panelwright.receipts import actions, queries
from panelwright.receipts.models import (
    ADDRESS_MAX,
    NAME_MAX,
    NOTE_MAX,
    PREFIX_MAX,
    TAX_ID_MAX,
    TAX_NAME_MAX,
    ReceiptSettings,
)
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import AMOUNT, TEXT, YES_NO, fields

_KIND = ActionFieldKind


def _state(panel_id: int, id_: int) -> State | None:
    if id_ != panel_id:
        return None
    ReceiptSettings.objects.select_for_update(no_key=True).filter(panel_id=panel_id).first()
    return _told(panel_id)


def _told(panel_id: int) -> State:
    row = queries.settings_of(panel_id)
    return {
        "receipts": row.enabled,
        "receipt_seller": row.seller,
        "receipt_address": row.address,
        "receipt_tax_id": row.tax_id,
        "receipt_note": row.note,
        "receipt_prefix": row.prefix,
        "receipt_tax_name": row.tax_name,
        "receipt_tax_percent": f"{row.tax_percent_e2 / 100:.2f}",
    }


RECEIPTS = Noun(
    "receipts",
    "receipt_settings",
    gettext_noop("Receipts"),
    _state,
    shape=fields(
        {
            "receipts": YES_NO,
            "receipt_seller": TEXT,
            "receipt_address": TEXT,
            "receipt_tax_id": TEXT,
            "receipt_note": TEXT,
            "receipt_prefix": TEXT,
            "receipt_tax_name": TEXT,
            "receipt_tax_percent": AMOUNT,
        }
    ),
    single=True,
)


def _set(_actor: Actor, panel_id: int, _target: None, /, **values: Any) -> ActionDone:
    before = _told(panel_id)
    actions.set_receipts(panel_id=panel_id, now=clock.now(), **values)
    after = _told(panel_id)
    return ActionDone(panel_id, before=before, after=after, nothing=before == after)


ACTIONS = (
    Action(
        RECEIPTS,
        "set",
        gettext_noop("Change receipts"),
        Right.SETTINGS,
        _set,
        (
            Field("receipts", _KIND.YES_NO, gettext_noop("Issue receipts"), argument="enabled"),
            Field(
                "receipt_seller",
                _KIND.TEXT,
                gettext_noop("Seller"),
                most=NAME_MAX,
                argument="seller",
                clears=True,
                help=gettext_noop("The legal name of your business."),
            ),
            Field(
                "receipt_address",
                _KIND.LONG_TEXT,
                gettext_noop("Seller's address"),
                most=ADDRESS_MAX,
                argument="address",
                clears=True,
            ),
            Field(
                "receipt_tax_id",
                _KIND.TEXT,
                gettext_noop("Seller's tax ID"),
                most=TAX_ID_MAX,
                argument="tax_id",
                clears=True,
                help=gettext_noop("As it has to be printed, such as VAT ID DE123456789."),
            ),
            Field(
                "receipt_tax_name",
                _KIND.TEXT,
                gettext_noop("Name of the tax"),
                most=TAX_NAME_MAX,
                argument="tax_name",
                clears=True,
                help=gettext_noop("Such as VAT or GST. Empty: no tax is stated."),
            ),
            Field(
                "receipt_tax_percent",
                _KIND.PERCENT,
                gettext_noop("Tax in percent, within the amount paid"),
                argument="tax_percent_e2",
            ),
            Field(
                "receipt_prefix",
                _KIND.TEXT,
                gettext_noop("Prefix of receipt numbers"),
                most=PREFIX_MAX,
                argument="prefix",
                clears=True,
                help=gettext_noop("Numbers look like 2030-000001, each year without gaps."),
            ),
            Field(
                "receipt_note",
                _KIND.LONG_TEXT,
                gettext_noop("Note on receipts"),
                most=NOTE_MAX,
                argument="note",
                clears=True,
                help=gettext_noop("What the law asks for, such as a line about reverse charge."),
            ),
        ),
        on_target=False,
        help=gettext_noop(
            "Payments that come in from now on get a receipt, refunds a credit note. Issued receipts never change."
        ),
    ),
)
