"""Presets: what their files say, and that a mistake in one is told and not sold."""

from __future__ import annotations

import pytest

from panelwright.core import money
from panelwright.panels import presets
from panelwright.panels.actions import LANGUAGES
from panelwright.panels.models import RefillStatusKey

PUBLISHED = ("bare", "painelgramsmm", "promobox", "promospanel", "smmpanel")

SMALL = """\
name = "Small"
currency = "USD"
language = "en"
languages = ["en"]

[[categories]]
name = "First"

[[categories.services]]
number = 7
name = "Followers"
type = "Default"
rate = "0.9012"
min = 50
max = 10000
"""


def test_the_presets_are_the_demo_and_the_published_panels() -> None:
    assert presets.names() == sorted(["everything", *PUBLISHED])


@pytest.mark.parametrize(
    ("name", "language", "currency", "key"),
    [
        ("everything", "en", "USD", "status"),
        ("promospanel", "en", "USD", "status"),
        ("promobox", "ru", "USD", "refill"),
        ("painelgramsmm", "pt-BR", "BRL", "status"),
        ("smmpanel", "es", "USD", "status"),
        ("bare", "en", "USD", "status"),
    ],
)
def test_each_panel_has_its_language_currency_and_spelling(name: str, language: str, currency: str, key: str) -> None:
    preset = presets.load(name)
    assert (preset.language, preset.currency, preset.refill_status_key) == (language, currency, key)
    assert preset.name.lower() == name
    assert set(preset.languages) <= set(LANGUAGES)


def test_the_first_panel_offers_every_language() -> None:
    assert presets.load("everything").languages == LANGUAGES


def test_the_spellings_are_those_a_panel_can_have() -> None:
    assert set(presets.REFILL_STATUS_KEYS) == set(RefillStatusKey.values)


@pytest.mark.parametrize("name", presets.names())
def test_numbers_count_up_from_one_and_every_rate_is_exact(name: str) -> None:
    services = presets.load(name).services
    assert [service.number for service in services] == list(range(1, len(services) + 1))
    for service in services:
        assert money.text(money.parse(service.rate)).rstrip("0") == service.rate.rstrip("0")
        assert service.name and service.category and service.description


@pytest.mark.parametrize("name", presets.names())
def test_names_stand_in_the_alphabet_of_the_panel(name: str) -> None:
    preset = presets.load(name)
    for service in preset.services:
        letters = [char for char in service.name + service.category if char.isalpha()]
        cyrillic = [char for char in letters if "\u0400" <= char <= "\u04ff"]
        assert cyrillic == (letters if preset.language == "ru" else [])


def test_the_first_panel_has_something_of_everything() -> None:
    services = presets.load("everything").services
    assert len(services) == 40
    assert {service.upstream for service in services} == set(presets.UPSTREAMS)
    assert sum(service.type == "Default" for service in services) >= 3
    for switch in ("refill", "cancel", "drip_feed", "unique_link"):
        assert {getattr(service, switch) for service in services} == {True, False}
    assert (
        {service.step > 1 for service in services}
        == {bool(service.link_kinds) for service in services}
        == {True, False}
    )
    # Somewhere refills are for days, somewhere for ever.
    assert {service.refill_days is None for service in services if service.refill} == {True, False}


@pytest.mark.parametrize("name", presets.names())
def test_the_first_service_takes_the_same_link_twice(name: str) -> None:
    """It stands in the example code, which people run more than once."""
    first = presets.load(name).services[0]
    assert (first.number, first.type, first.unique_link) == (1, "Default", False)
    assert first.min <= 100 <= first.max


def test_what_is_left_out_is_off() -> None:
    preset = presets.parse(SMALL, slug="small")
    assert (preset.slug, preset.refill_status_key, preset.categories) == ("small", "status", ("First",))
    assert preset.services == (
        presets.PresetService(
            number=7,
            name="Followers",
            category="First",
            type="Default",
            rate="0.9012",
            min=50,
            max=10000,
            refill=False,
            refill_days=None,
            cancel=False,
            drip_feed=False,
            unique_link=False,
            description="",
            upstream="steady",
        ),
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('rate = "0.9012"', "rate = 0.9012", "rate must be of type str, not 0.9012"),
        ('rate = "0.9012"', 'rate = "0.9012001"', "is not a decimal with up to 6 places"),
        ('rate = "0.9012"', 'rate = "9e1"', "is not a decimal"),
        ("min = 50", "min = 0", "min must be at least 1 and at most max"),
        ("min = 50", "min = 10001", "min must be at least 1 and at most max"),
        ("min = 50", "min = true", "min must be of type int, not True"),
        ("min = 50", "minimum = 50", "min is missing"),
        ("max = 10000", "max = 10000\nrefil = true", "unknown key refil"),
        ("max = 10000", "max = 10000\nrefill_days = 30", "refill_days goes with refill = true"),
        ("max = 10000", 'max = 10000\nupstream = "quick"', "upstream must be one of"),
        ("max = 10000", "max = 10000\nstep = 100", "min must be a multiple of step"),
        ("max = 10000", "max = 10000\nstep = 0", "min must be a multiple of step"),
        ("max = 10000", "max = 10000\nlink_kinds = [1]", "link_kinds must be a list of texts"),
        ("number = 7", "number = 0", "number must be at least 1"),
        ('currency = "USD"', 'currency = "usd"', "is not three capital letters"),
        ('languages = ["en"]', 'languages = ["ru"]', "language must be one of languages"),
        ('languages = ["en"]', 'languages = ["en", 7]', "languages must be texts"),
        ('languages = ["en"]', 'languages = ["en"]\nrefill_status_key = "state"', "refill_status_key must be one of"),
        ('name = "First"', 'name = "First"\ncolour = "red"', "category 1: unknown key colour"),
    ],
)
def test_a_mistake_is_told(old: str, new: str, problem: str) -> None:
    with pytest.raises(ValueError, match="preset small") as refusal:
        presets.parse(SMALL.replace(old, new, 1), slug="small")
    assert problem in str(refusal.value)


def test_two_services_cannot_have_one_number() -> None:
    again = SMALL[SMALL.index("[[categories.services]]") :]
    with pytest.raises(ValueError, match="preset small: two services have the same number"):
        presets.parse(f"{SMALL}\n{again}", slug="small")


def test_two_categories_cannot_have_one_name() -> None:
    again = SMALL[SMALL.index("[[categories]]") :].replace("number = 7", "number = 8")
    with pytest.raises(ValueError, match="preset small: two categories have the same name"):
        presets.parse(f"{SMALL}\n{again}", slug="small")


@pytest.mark.parametrize("name", ["", "nothing", "../presets/bare", "BARE"])
def test_an_unknown_preset_is_refused_with_the_names_there_are(name: str) -> None:
    with pytest.raises(ValueError, match="bare, everything, painelgramsmm"):
        presets.load(name)
