"""Every text of pages, letters and service types, in every language, compiled as it is written."""

from __future__ import annotations

import gettext
import re

import pytest
from django.utils import translation
from django.utils.translation import to_locale

from panelwright.catalog.types import TYPES
from panelwright.panels.actions import LANGUAGES
from tests import messages
from tests.messages import Text

HEADER = Text("")


def figures(text: str) -> list[str]:
    """The numbers of a text, whatever stands between their thousands."""
    return sorted(re.findall(r"\d+", re.sub(r"(?<=\d)[,.\u00a0\u202f](?=\d{3}(?!\d))", "", text)))


def catalogue(language: str) -> dict[Text, list[str]]:
    return messages.read(messages.path_of(to_locale(language)))


def test_the_collection_finds_texts_of_all_kinds() -> None:
    texts = messages.used()
    assert texts[Text("Runs")] == "catalog/types.py"
    assert texts[Text("Price: rate × quantity ÷ 1000.")] == "storefront/apidocs.py"
    assert texts[Text("Check its status")] == "storefront/examples.py"
    foot = Text("%(name)s runs on Panelwright, open-source software for panels.")
    assert texts[foot] == "ui/templates/ui/base.html"
    assert texts[Text("Wrong email address or password.")] == "core/refusals.py"
    assert texts[Text("%(days)s day", "%(days)s days")] == "storefront/templates/storefront/order/facts.html"
    assert texts[Text("Refill", context="button")] == "storefront/templates/storefront/cells/order_actions.html"
    assert any(text.singular.startswith("When an answer to a new order") for text in texts)


def test_every_label_and_help_of_the_service_types_is_marked() -> None:
    texts = {text.singular for text in messages.used()}
    for type_ in TYPES:
        for field in type_.fields:
            assert field.label in texts and (not field.help or field.help in texts), (type_.name, field.name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_catalogue_has_every_text_and_no_other(language: str) -> None:
    """`make messages` brings them in step; what then has no translation is named here."""
    found = catalogue(language)
    del found[HEADER]
    assert sorted(found) == sorted(messages.used())
    if language == "en":
        assert {text: forms for text, forms in found.items() if forms != ["", ""] and not text.plural} == {
            text: [""] for text in found if not text.plural
        }, "English is the language of the texts themselves"
    else:
        assert [text.singular for text, forms in found.items() if not all(forms)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_places_tags_and_escapes(language: str) -> None:
    for text, forms in catalogue(language).items():
        if text == HEADER:
            continue
        for form in filter(None, forms):
            for kept in (r"%\(\w+\)s", r"</?\w+[^>]*>", r"<code>.*?</code>", r"\\[rn]", r"^\s|\s$", r"\n"):
                wanted, got = sorted(re.findall(kept, text.singular)), sorted(re.findall(kept, form))
                # A form for one thing may leave the number out.
                assert got == wanted or (text.plural and kept.startswith("%") and set(got) <= set(wanted)), (kept, text)
            if not text.plural:
                assert figures(form) == figures(text.singular), text


# Names, and words that are the same in both languages.
SAME = {
    "Telegram",
    "HTTP %(status)s: %(said)s",
    "HTTP %(status)s, %(said)s",
    "Banner",
    "Banners",
    *("Link", "Hashtag", "Hashtags", "Shell", "Total", "Status", "Menu", "Normal", "Manual", "Browser", "Error", "API"),
    *("Refill", "Refills", "refill", "Ticket", "Tickets", "E-mail", "Webhook", "Webhooks", "no", "Partial", "Parcial"),
    *("podcast", "playlist", "link", "story", "bot", "clip", "Sites: %(sites)s.", "Drip-feed", "ID", "No"),
    *("Chargeback", "Voucher", "Vouchers", "Video", "General", "Color"),
    # Spans of time.
    *("%(count)s s", "%(count)s min", "%(hours)s h %(minutes)s min", "%(count)s d", "ms"),
    *("%(n)d s", "%(n)d min", "%(n)d h %(m)d min", "%(n)d d %(m)d h"),
}


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_translations_are_not_the_english_text(language: str) -> None:
    """Few are the same in both languages, and they are known."""
    same = {text.singular for text, forms in catalogue(language).items() if text != HEADER and text.singular in forms}
    assert same <= SAME


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_the_one_that_can_be_read(language: str) -> None:
    path = messages.path_of(to_locale(language))
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for text, forms in catalogue(language).items():
        if text.plural and all(forms):
            assert compiled.ngettext(text.singular, text.plural, 1) == forms[0]
        elif text.context and all(forms):
            assert compiled.pgettext(text.context, text.singular) == forms[0]
        elif text != HEADER and all(forms):
            assert compiled.gettext(text.singular) == forms[0]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "API documentation"),
        ("pt-BR", "Documentação da API"),
        ("es", "Documentación de la API"),
        ("ru", "Документация API"),
    ],
)
def test_the_catalogues_are_the_ones_in_use(language: str, text: str) -> None:
    with translation.override(language):
        assert translation.gettext("API documentation") == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_number_falls_back_to_english(language: str) -> None:
    """The rule of the catalogue's header must not ask for a form that no text has."""
    path = messages.path_of(to_locale(language)).with_suffix(".mo")
    with path.open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for text, forms in catalogue(language).items():
        if text.plural:
            for number in (*range(130), 1_000_000, 2_000_000):
                assert compiled.ngettext(text.singular, text.plural, number) in forms, (text, number)


@pytest.mark.parametrize("number", [1, 2, 5, 11, 21, 101, 111])
def test_plurals_are_those_of_the_language(number: int) -> None:
    forms = catalogue("ru")[Text("%(days)s day", "%(days)s days")]
    last, teens = number % 10, number % 100 // 10 == 1
    expected = forms[0] if last == 1 and not teens else forms[1] if 2 <= last <= 4 and not teens else forms[2]
    with translation.override("ru"):
        assert translation.ngettext("%(days)s day", "%(days)s days", number) == expected
