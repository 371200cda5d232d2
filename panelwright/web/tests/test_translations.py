"""Every text of the pages and of the service types, in every language, compiled as it is written."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import to_locale
from django.utils.translation.template import templatize

from panelwright.catalog.types import TYPES
from panelwright.panels.actions import LANGUAGES

LOCALE = Path(settings.LOCALE_PATHS[0])
APP = settings.BASE_DIR / "web"
MARKERS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "pgettext"}


def catalog(language: str) -> Path:
    return LOCALE / to_locale(language) / "LC_MESSAGES" / "django.po"


def read_po(path: Path) -> dict[str, str]:
    """msgid -> msgstr of a .po file whose messages have no plurals and no contexts."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"^(#, .*fuzzy|#~|msgctxt|msgid_plural)", text, re.M), "fuzzy, obsolete or of an unread kind"
    pairs = re.findall(r'^msgid ((?:".*"\n)+)msgstr ((?:".*"\n?)+)', text, re.M)
    assert len(pairs) == text.count("\nmsgid ")
    messages = {joined(msgid): joined(msgstr) for msgid, msgstr in pairs}
    assert len(messages) == len(pairs), "a message stands twice"
    return messages


def joined(literals: str) -> str:
    return "".join(ast.literal_eval(line) for line in literals.splitlines())


def marked(source: str) -> Iterator[str]:
    """The texts marked for translation in Python source."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKERS:
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def marked_in_template(source: str) -> Iterator[str]:
    """The texts marked for translation in a template, as the tool that collects them sees them."""
    for _, literal in re.findall(
        r"\b(gettext|_)\((u?(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"))\)", templatize(source)
    ):
        yield ast.literal_eval(literal)


def used() -> dict[str, str]:
    """Every text to be translated, and a file that it stands in."""
    found: dict[str, str] = {}
    for path in [settings.BASE_DIR / "catalog" / "types.py", *APP.glob("*.py"), *APP.glob("templatetags/*.py")]:
        found |= dict.fromkeys(marked(path.read_text(encoding="utf-8")), path.name)
    for path in APP.rglob("*.html"):
        found |= dict.fromkeys(marked_in_template(path.read_text(encoding="utf-8")), path.name)
    return found


def test_the_collection_finds_texts_of_all_kinds() -> None:
    texts = used()
    assert texts["Needed quantity"] == "types.py"
    assert texts["Price: rate × quantity ÷ 1000."] == "apidocs.py"
    assert texts["See how it is going"] == "examples.py"
    assert texts["Skip to the content"] == "base.html"
    assert texts["%(name)s runs on Panelwright, open software for panels."] == "base.html"
    assert any(text.startswith("When an answer to a new order") for text in texts)


def test_every_label_and_help_of_the_service_types_is_marked() -> None:
    texts = used()
    for type_ in TYPES:
        for field in type_.fields:
            assert field.label in texts and (not field.help or field.help in texts), (type_.name, field.name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_catalog_has_every_text_and_no_other(language: str) -> None:
    messages = read_po(catalog(language))
    messages.pop("")
    assert sorted(messages) == sorted(used())
    if language == "en":
        assert set(messages.values()) == {""}, "English is the language of the texts themselves"
    else:
        assert [msgid for msgid, msgstr in messages.items() if not msgstr] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_places_tags_and_escapes(language: str) -> None:
    for msgid, msgstr in read_po(catalog(language)).items():
        if msgid and msgstr:
            for kept in (r"%\(\w+\)s", r"</?\w+>", r"<code>.*?</code>", r"\\[rn]", r"\d+", r"^\s|\s$"):
                assert sorted(re.findall(kept, msgstr)) == sorted(re.findall(kept, msgid)), (kept, msgid)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_translations_are_not_the_english_text(language: str) -> None:
    """Names and words that are the same in both languages are few, and known."""
    same = {msgid for msgid, msgstr in read_po(catalog(language)).items() if msgid == msgstr}
    assert same <= {"Link", "Hashtag", "Hashtags", "Shell"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalog_is_the_one_that_can_be_read(language: str) -> None:
    written = {msgid: msgstr for msgid, msgstr in read_po(catalog(language)).items() if msgstr}
    with catalog(language).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert compiled._catalog == written  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "API documentation"),
        ("pt-BR", "Documentação da API"),
        ("es", "Documentación de la API"),
        ("ru", "Документация API"),
    ],
)
def test_the_catalogs_are_the_ones_in_use(language: str, text: str) -> None:
    with translation.override(language):
        assert translation.gettext("API documentation") == text
