"""The writes of what a provider is: adding one, and changing how it is asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction

from panelwright.core import clock
from panelwright.core.refusal import Refused
from panelwright.core.secret import installation_box
from panelwright.providers.models import Provider
from panelwright.providers.wire import transports

_SYNC_EVERY_MAX_MIN = 7 * 24 * 60


def add_provider(
    *,
    panel_id: int,
    name: str,
    url: str,
    key: str,
    knows_request_id: bool = False,
    transport: str = transports.DEFAULT,
) -> Provider:
    """A new provider; its key is encrypted before it is stored. Raises ValueError when something is missing."""
    if transport not in transports.names():
        raise Refused("bad_choice", "transport")
    _check_address(transport, url)
    if not key or not name:
        raise Refused("missing_field", "key" if name else "name")
    try:
        with transaction.atomic():
            return Provider.objects.create(
                panel_id=panel_id,
                name=name,
                transport=transport,
                url=url,
                sealed_key=installation_box().seal(key),
                knows_request_id=knows_request_id,
            )
    except IntegrityError:
        raise Refused("name_taken", "name", name=name) from None


def set_provider(
    *,
    panel_id: int,
    provider_id: int,
    url: str | None = None,
    key: str | None = None,
    currency: str | None = None,
    per_minute_max: int | None = None,
    low_balance_micros: int | None = None,
    sync_every_min: int | None = None,
    rise_max_e2: int | None = None,
    fall_max_e2: int | None = None,
    currency_told_wrongly: bool | None = None,
    enabled: bool | None = None,
) -> Provider:
    """Change what is given, leave the rest. 0 requests a minute is no limit, a sync every 0 minutes none by itself.

    A rate of its list that goes above `rise_max_e2` hundredths of what it was, or below `fall_max_e2`, is held;
    0 is no limit. With another currency the next round works out anew what each service that follows it costs,
    and is due at once. `currency_told_wrongly`: the currency that it tells with our balance is not the one that
    it counts in, which is set.

    Raises ValueError with what is wrong; then nothing was changed. A new address or key, and being
    enabled, end a rest: a person has done something about it. A key goes only to the host that it was given for:
    with another host a key has to come as well (missing_field).
    """
    if key is not None and not key:
        raise Refused("missing_field", "key")
    if currency and not (len(currency) == 3 and currency.isalpha() and currency.isascii()):
        raise Refused("bad_currency", "currency")
    if (per_minute_max or 0) < 0 or not 0 <= (sync_every_min or 0) <= _SYNC_EVERY_MAX_MIN:
        raise Refused("number_out_of_range", "sync_every", least=0, most=_SYNC_EVERY_MAX_MIN)
    new: dict[str, Any] = {"url": url, "currency": currency, "low_balance_micros": low_balance_micros}
    new |= {"enabled": enabled, "sealed_key": None if key is None else installation_box().seal(key)}
    new = {name: value for name, value in new.items() if value is not None}
    if per_minute_max is not None:
        new["per_minute_max"] = per_minute_max or None
    if sync_every_min is not None:
        new["sync_due_at"] = clock.now() if sync_every_min else None
        new |= {"sync_every_min": sync_every_min} if sync_every_min else {}
    if rise_max_e2 is not None:
        new["rise_max_e2"] = rise_max_e2 or None
    if fall_max_e2 is not None:
        new["fall_max_e2"] = fall_max_e2 or None
    if url or key or enabled:
        new |= {"failures": 0, "rest_until": None, "sends_rest_until": None, "problem": ""}
    with transaction.atomic():
        before = Provider.objects.select_for_update().filter(panel_id=panel_id, id=provider_id).first()
        if before is None:
            raise Refused("no_provider", id=provider_id)
        if url is not None:
            _check_address(before.transport, url)
        if url and not key and before.sealed_key and _origin(url) != _origin(before.url):
            raise Refused("missing_field", "key")
        new |= _of_another_currency(before, currency, told_wrongly=bool(currency_told_wrongly))
        if new:
            Provider.objects.filter(panel_id=panel_id, id=provider_id).update(**new)
    return Provider.objects.get(panel_id=panel_id, id=provider_id)


def _check_address(transport: str, url: str) -> None:
    try:
        good = transports.transport(transport).good_address(url)
    except ValueError:
        good = False
    if not good:
        raise Refused("bad_provider_url", "url")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


def _of_another_currency(before: Provider, currency: str | None, *, told_wrongly: bool) -> dict[str, Any]:
    if told_wrongly and not before.told_currency:
        raise Refused("currency_not_told", "currency_told_wrongly")
    new: dict[str, Any] = {"overruled_currency": before.told_currency} if told_wrongly else {}
    if currency is not None and currency != before.currency:
        new = {"overruled_currency": "", "rework": before.routes.filter(in_step=True).exists()} | new
    if new and before.sync_due_at is not None:
        new["sync_due_at"] = clock.now()
    return new


def rest(*, panel_id: int, provider_id: int, hours: int) -> None:
    """Send it nothing and ask it nothing for so long; its orders wait, or take other routes. Refused: no_provider."""
    until = clock.now() + timedelta(hours=hours)
    rows = Provider.objects.filter(panel_id=panel_id, id=provider_id)
    if not rows.update(rest_until=until, sends_rest_until=until):
        raise Refused("no_provider", id=provider_id)


def resume(*, panel_id: int, provider_id: int) -> None:
    """End its rest, whatever it rests for: it is asked at once. Refused: no_provider."""
    rows = Provider.objects.filter(panel_id=panel_id, id=provider_id)
    if not rows.update(rest_until=None, sends_rest_until=None, failures=0, problem=""):
        raise Refused("no_provider", id=provider_id)
