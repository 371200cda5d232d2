"""Writes of panels and their hosts."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from panelwright.core import sql
from panelwright.core.refusal import Refused
from panelwright.panels import hosts
from panelwright.panels.models import Domain, Guard, Panel, RefillStatusKey

LANGUAGES = ("en", "pt-BR", "es", "ru")
# Characters.
NAME_MAX = 100
MAINTENANCE_CHARS_MAX = 500
REASON_CHARS_MAX = 300
_HOST = re.compile(r"\*|[a-z0-9.-]{1,253}|\[[0-9a-f:.]+\]")
_CURRENCY = re.compile(r"[A-Z]{3}")
# A host at one port is closer than the same host at any: who may not name another panel's may not at any port.
_ANSWERS = sql.Query("SELECT 1 FROM panels_domain WHERE host = ? AND NOT panel_id = ? AND confirmed")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def create_panel(
    *,
    slug: str,
    name: str,
    currency: str,
    domains: Sequence[tuple[str, int]],
    language: str = "en",
    languages: Sequence[str] = (),
    refill_status_key: str = "status",
    per_minute_max: int | None = 60_000,
) -> Panel:
    """A new panel that answers on `domains`, pairs of host and port (0: any port; host "*": any host).

    Raises ValueError with what is wrong: a slug or host that is taken, a currency that is no
    three-letter code, a language that we do not have.
    """
    if not _SLUG.fullmatch(slug):
        raise ValueError(f"slug {slug!r}: write small letters, digits and dashes, like my-panel")
    if not name.strip():
        raise ValueError("a panel needs a name")
    if not _CURRENCY.fullmatch(currency):
        raise ValueError(f"currency {currency!r}: write a three-letter code like USD")
    offered = list(languages) or [language]
    unknown = sorted({language, *offered} - set(LANGUAGES))
    if unknown:
        raise ValueError(f"language {unknown[0]!r}: there are {', '.join(LANGUAGES)}")
    if refill_status_key not in RefillStatusKey.values:
        raise ValueError(f"refill_status_key {refill_status_key!r}: write status or refill")
    if Panel.objects.filter(slug=slug).exists():
        raise ValueError(f"there is a panel {slug!r} already; choose another slug")
    with transaction.atomic():
        panel = Panel.objects.create(
            slug=slug,
            name=name.strip(),
            currency=currency,
            language=language,
            languages=offered,
            refill_status_key=refill_status_key,
            per_minute_max=per_minute_max,
        )
        for host, port in domains:
            add_domain(panel_id=panel.id, host=host, port=port)
    return panel


def add_domain(*, panel_id: int, host: str, port: int = 0, confirmed: bool = True) -> Domain:
    """Let the panel answer on a host and port, once that is confirmed. Refused: bad_host, host_taken."""
    host = host.strip().lower().rstrip(".")
    if not _HOST.fullmatch(host) or not 0 <= port < 65536:
        raise Refused("bad_host", "host")
    if host == "*" and port == 0:
        raise Refused("bad_host", "host")
    if hosts.is_host_site(host) or (not confirmed and _ANSWERS.rows(connection, host, panel_id)):
        raise Refused("host_taken", "host")
    try:
        with transaction.atomic():
            made: Domain = Domain.objects.create(panel_id=panel_id, host=host, port=port, confirmed=confirmed)
            return made
    except IntegrityError:
        raise Refused("host_taken", "host") from None


def catalog_changed(panel_id: int) -> None:
    """Services, prices or price lists changed: call it in the same transaction."""
    Panel.objects.filter(id=panel_id).update(catalog_version=F("catalog_version") + 1)


def targets_changed(panel_id: int) -> None:
    """What may be ordered for changed, otherwise than by blocks: call it in the same transaction.

    Whoever else changes it waits until that is over.
    """
    Panel.objects.filter(id=panel_id).update(blocks_version=F("blocks_version") + 1)


def set_name(*, panel_id: int, name: str) -> None:
    """What the panel is called on its pages and in its letters. Refused: name_needed, bad_characters, too_long."""
    name = " ".join(name.split())
    if not name:
        raise Refused("name_needed", "name")
    if not name.isprintable():
        raise Refused("bad_characters", "name")
    if len(name) > NAME_MAX:
        raise Refused("too_long", "name", limit=NAME_MAX)
    Panel.objects.filter(id=panel_id).update(name=name)


def set_languages(*, panel_id: int, language: str, languages: Sequence[str]) -> None:
    """Which of our languages the pages offer, and which one they begin with, which is always offered.

    Refused: bad_choice.
    """
    wanted = {language, *languages}
    if not wanted <= set(LANGUAGES):
        raise Refused("bad_choice", "language")
    offered = [language, *(code for code in LANGUAGES if code in wanted - {language})]
    Panel.objects.filter(id=panel_id).update(language=language, languages=offered)


def set_api(*, panel_id: int, per_minute_max: int | None = None, refill_status_key: str | None = None) -> None:
    """How the panel API answers; what is None stays. `per_minute_max`: 0 is no limit. Refused: not_a_choice."""
    if refill_status_key is not None and refill_status_key not in RefillStatusKey.values:
        raise Refused("not_a_choice", "refill_status_key", choices=", ".join(RefillStatusKey.values))
    new: dict[str, object] = {}
    if per_minute_max is not None:
        new["per_minute_max"] = per_minute_max or None
    if refill_status_key is not None:
        new["refill_status_key"] = refill_status_key
    Panel.objects.filter(id=panel_id).update(**new)


def set_maintenance(*, panel_id: int, closed: bool, texts: Mapping[str, str]) -> None:
    """Close the panel to visitors and customers, or open it. `texts`: by language, what they read then; of languages
    that are left out the text stays, an empty one is deleted. Refused: too_long.
    """
    panel = Panel.objects.get(id=panel_id)
    kept = {**(panel.maintenance_texts or {}), **{code: text.strip() for code, text in texts.items()}}
    for text in kept.values():
        if len(text) > MAINTENANCE_CHARS_MAX:
            raise Refused("too_long", limit=MAINTENANCE_CHARS_MAX)
    texts_now = {code: kept[code] for code in LANGUAGES if kept.get(code)}
    Panel.objects.filter(id=panel_id).update(maintenance=closed, maintenance_texts=texts_now)


def suspend(*, panel_id: int, reason: str, now: datetime) -> None:
    """Nothing new is ordered from now on. Refused: reason_needed, already_suspended."""
    reason = " ".join(reason.split())
    if not reason:
        raise Refused("reason_needed", "reason")
    rows = Panel.objects.filter(id=panel_id, suspended_at=None)
    if not rows.update(suspended_at=now, suspended_reason=reason[:REASON_CHARS_MAX]):
        raise Refused("already_suspended")


def resume(*, panel_id: int) -> None:
    """Refused: not_suspended."""
    rows = Panel.objects.filter(id=panel_id).exclude(suspended_at=None)
    if not rows.update(suspended_at=None, suspended_reason=""):
        raise Refused("not_suspended")


def set_signup(*, panel_id: int, signup_open: bool | None = None, signup_terms: bool | None = None) -> None:
    """Who may make an account, and whether they agree to the terms for it; what is None stays."""
    new = {"signup_open": signup_open, "signup_terms": signup_terms}
    Panel.objects.filter(id=panel_id).update(**{name: value for name, value in new.items() if value is not None})


def require_staff_factor(*, panel_id: int, required: bool) -> None:
    """Whether staff have to turn on a second factor before they can do anything else."""
    Panel.objects.filter(id=panel_id).update(staff_factor_required=required)


def set_timezone(*, panel_id: int, timezone: str) -> Panel:
    """Whose days reports mean. Refused: bad_choice. The reports are then counted anew (reports/actions.py)."""
    if timezone not in zoneinfo.available_timezones():
        raise Refused("bad_choice", "timezone")
    Panel.objects.filter(id=panel_id).update(timezone=timezone)
    return Panel.objects.get(id=panel_id)


def set_guard(*, panel_id: int, rule: str | None = None, percent_e2: int | None = None) -> Panel:
    """What keeps the panel from selling below cost; what is None stays. Raises ValueError for another rule."""
    if rule is not None and rule not in Guard.values:
        raise Refused("not_a_choice", "rule", choices=", ".join(Guard.values))
    new = {"guard": rule, "guard_percent_e2": percent_e2}
    new = {name: value for name, value in new.items() if value is not None}
    Panel.objects.filter(id=panel_id).update(**new)
    return Panel.objects.get(id=panel_id)
