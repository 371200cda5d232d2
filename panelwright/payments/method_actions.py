"""The writes of methods of payment. Refusals are raised; then nothing has changed. The caller has a transaction."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings as django_settings
from django.db import IntegrityError, transaction

from panelwright.core import clock, limits
from panelwright.core.money import AMOUNT_MAX_MICROS
from panelwright.core.refusal import NotThere, Refusal, Refused
from panelwright.core.secret import installation_box
from panelwright.panels.models import Panel
from panelwright.payments import registry, rules
from panelwright.payments.gateway import Gateway
from panelwright.payments.models import NAME_MAX, RATE_ONE, Payment, PaymentMethod
from panelwright.support.rules import clean_text, clean_title

NOTE_MAX = 60
_RATE_MAX = 10**18


def add(*, panel_id: int, kind: str, name: str, currency: str = "") -> PaymentMethod:
    """A method that is off until it is set. Refused: bad_choice, missing_field, bad_currency, method_name_taken,
    too_many_methods.
    """
    if registry.gateway(kind) is None:
        raise Refused("bad_choice", "kind")
    if PaymentMethod.objects.filter(panel_id=panel_id).count() >= rules.METHODS_MAX:
        raise Refused("too_many_methods", limit=rules.METHODS_MAX)
    panel = Panel.objects.get(id=panel_id)
    row = PaymentMethod(
        panel_id=panel_id,
        kind=kind,
        name=_named(name),
        currency=_currency(currency or panel.currency),
        hook_token=secrets.token_urlsafe(32),
        created_at=clock.now(),
    )
    _written(lambda: row.save(force_insert=True))
    return row


def set_method(
    *,
    panel_id: int,
    method_id: int,
    name: str | None = None,
    currency: str | None = None,
    rate_e12: int | None = None,
    bonuses: str | None = None,
    **amounts: int | None,
) -> None:
    """Change what a method asks and gives; payments that were agreed on keep their terms. `amounts`: its columns of
    micros and percent, and `position`.

    Refused: no_payment_method, missing_field, bad_currency, method_name_taken, amount_below_zero, bad_method_rate,
    bad_fee_percent, max_below_min, bad_bonus_row, too_many_bonus_rows, rate_missing, currency_not_taken.
    """
    row = _row(panel_id, method_id)
    new: dict[str, Any] = {column: value for column, value in amounts.items() if value is not None}
    for column, value in new.items():
        if value < 0:
            raise Refused("amount_below_zero", column.removesuffix("_micros"))
    if new.get("fee_percent_e2", 0) > rules.PERCENT_MAX_E2:
        raise Refused("bad_fee_percent", "fee_percent")
    if name is not None:
        new["name"] = _named(name)
    if currency is not None:
        new["currency"] = _currency(currency)
    if rate_e12 is not None:
        if not 0 < rate_e12 <= _RATE_MAX:
            raise Refused("bad_method_rate", "rate")
        new["rate_e12"] = rate_e12
    changes = new.get("currency", row.currency) != row.currency
    if rate_e12 is not None and not (changes and rate_e12 == row.rate_e12):
        new["rate_given"] = True
    elif changes:
        # What the other currency was worth says nothing of this one.
        new |= {"rate_e12": RATE_ONE, "rate_given": False}
    if bonuses is not None:
        read = rules.read_bonuses(bonuses)
        if isinstance(read, Refusal):
            raise Refused.of(read)
        new["bonuses"] = read
    least, most = new.get("min_micros", row.min_micros), new.get("max_micros", row.max_micros)
    if (most and most < least) or most > AMOUNT_MAX_MICROS:
        raise Refused("max_below_min", "max")
    if row.enabled:
        _check_rate(
            row.panel.currency,
            new.get("currency", row.currency),
            new.get("rate_e12", row.rate_e12),
            given=new.get("rate_given", row.rate_given),
        )
        _check_currency(registry.gateway(row.kind), new.get("currency", row.currency))
    if new:
        _written(lambda: _rows(panel_id, method_id).update(**new))


def set_texts(
    *,
    panel_id: int,
    method_id: int,
    language: str,
    name: str = "",
    note: str = "",
    instructions: str = "",
) -> None:
    """What customers of a language read; a text that is left out is taken from the default one. Refused: bad_choice,
    text_too_long.
    """
    row = _row(panel_id, method_id)
    if language not in {row.panel.language, *row.panel.languages}:
        raise Refused("bad_choice", "language")
    given = {"name": clean_title(name), "note": clean_title(note), "instructions": clean_text(instructions)}
    for field, most in (("name", NAME_MAX), ("note", NOTE_MAX), ("instructions", limits.TICKET_CHARS_MAX)):
        if len(given[field]) > most:
            raise Refused("text_too_long", field, limit=most)
    texts = {**row.texts, language: {field: text for field, text in given.items() if text}}
    _rows(panel_id, method_id).update(texts={code: texts[code] for code in sorted(texts) if texts[code]})


def set_gateway(*, panel_id: int, method_id: int, **given: Any) -> None:
    """What its gateway asks for. A secret that is left out stays. Refused: no_payment_method, and as the gateway says
    of a method that is on.
    """
    row = _row(panel_id, method_id)
    gateway = registry.gateway(row.kind)
    if gateway is None:
        raise Refused("no_gateway")
    settings, kept = dict(row.settings), secrets_of(row)
    for field in gateway.fields:
        if field.name in given:
            (kept if field.is_secret else settings)[field.name] = given[field.name]
    if row.enabled and (refused := gateway.ready(settings, kept)) is not None:
        raise Refused.of(refused)
    sealed = installation_box().seal(json.dumps(kept)) if kept else ""
    # By a simulated gateway nobody pays real money, whatever the keys say.
    is_live = gateway.api is None or (gateway.api.live(settings, kept) and not django_settings.SANDBOX_GATEWAYS)
    if row.enabled:
        _check_mode(live=is_live, asked=gateway.api is not None)
    _rows(panel_id, method_id).update(settings=settings, secrets_sealed=sealed, live=is_live)


def turn(*, panel_id: int, method_id: int, enabled: bool) -> None:
    """Offer it to customers, or no longer. Refused: no_payment_method, rate_missing, no_gateway, currency_not_taken,
    and as the gateway says of what is not set yet.
    """
    row = _row(panel_id, method_id)
    if enabled:
        gateway = registry.gateway(row.kind)
        if gateway is None:
            raise Refused("no_gateway")
        if (refused := gateway.ready(row.settings, secrets_of(row))) is not None:
            raise Refused.of(refused)
        _check_mode(live=row.live, asked=gateway.api is not None)
        _check_rate(row.panel.currency, row.currency, row.rate_e12, given=row.rate_given)
        _check_currency(gateway, row.currency)
    _rows(panel_id, method_id).update(enabled=enabled)


def remove(*, panel_id: int, method_id: int) -> None:
    """Delete one that nobody has used. Refused: no_payment_method, method_has_payments."""
    if Payment.objects.filter(panel_id=panel_id, method_id=method_id).exists():
        raise Refused("method_has_payments")
    if not _rows(panel_id, method_id).delete()[0]:
        raise NotThere("no_payment_method", id=method_id)


def secrets_of(row: PaymentMethod) -> dict[str, str]:
    """Its secrets in the clear, never for pages; none where they were sealed with a key that is lost, so that they can
    be entered again.
    """
    try:
        found: dict[str, str] = json.loads(installation_box().open(row.secrets_sealed)) if row.secrets_sealed else {}
    except ValueError:
        return {}
    return found


def _rows(panel_id: int, method_id: int) -> Any:
    return PaymentMethod.objects.filter(panel_id=panel_id, id=method_id)


def _row(panel_id: int, method_id: int) -> PaymentMethod:
    found: PaymentMethod | None = _rows(panel_id, method_id).select_related("panel").first()
    if found is None:
        raise NotThere("no_payment_method", id=method_id)
    return found


def _check_mode(*, live: bool, asked: bool) -> None:
    """Test money is no money: it credits balances only where the operator of the host says that these are for tests,
    and there no real money comes in. `asked`: by a gateway; what comes by hand staff have seen.
    """
    if live and asked and django_settings.TEST_PAYMENTS:
        raise Refused("live_mode_off")
    if not live and not django_settings.TEST_PAYMENTS:
        raise Refused("test_mode_off")


def _check_rate(panel_currency: str, currency: str, rate_e12: int, *, given: bool) -> None:
    """In the same currency one unit is one unit; what another one is worth, even just as much, somebody has to say: 100
    of a weak one would be credited as 100 of a strong one.
    """
    if rate_e12 != RATE_ONE if currency == panel_currency else not given:
        raise Refused("rate_missing", "rate", currency=currency, panel=panel_currency)


def _check_currency(gateway: Gateway | None, currency: str) -> None:
    if gateway is not None and gateway.currencies and currency not in gateway.currencies:
        raise Refused("currency_not_taken", "currency", currency=currency)


def _named(name: str) -> str:
    name = clean_title(name)
    if not name:
        raise Refused("missing_field", "name", action="add")
    if len(name) > NAME_MAX:
        raise Refused("text_too_long", "name", limit=NAME_MAX)
    return name


def _currency(code: str) -> str:
    code = code.strip().upper()
    if not rules.is_currency(code):
        raise Refused("bad_currency", "currency")
    return code


def _written(write: Callable[[], object]) -> None:
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        raise Refused("method_name_taken", "name") from None


def texts_in(row: PaymentMethod, language: str, fallback: str) -> Mapping[str, str]:
    """Name, note and instructions in a language, each from the default one where it is missing."""
    own, other = row.texts.get(language, {}), row.texts.get(fallback, {})
    return {
        "name": own.get("name") or other.get("name") or row.name,
        "note": own.get("note") or other.get("note") or "",
        "instructions": own.get("instructions") or other.get("instructions") or "",
    }
