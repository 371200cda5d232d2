"""The texts of the pages and letters, and their catalogues: `make messages` brings the catalogues in step.

New texts come in without a translation (the tests then name them), texts that are gone go out, what is
translated stays, and the compiled catalogues are written anew. English has no translations: its texts are
the messages, but its plurals are written out.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

PACKAGE = Path(__file__).resolve().parent.parent / "panelwright"
LOCALE = PACKAGE / "locale"
# The words of programs, of the simulated provider and of commands are English.
WITHOUT_TEXTS = frozenset({"cli", "sandbox", "locale", "tests", "migrations"})
MARKERS = {"_", "gettext", "gettext_lazy", "gettext_noop"}
PLURAL_MARKERS = {"ngettext", "ngettext_lazy"}
FORMS = {"en": 2, "es": 2, "pt_BR": 2, "ru": 4}


class Text(NamedTuple):
    """A message; `plural` is empty where it has none, `context` where the words mean one thing only."""

    singular: str
    plural: str = ""
    context: str = ""


def sources() -> Iterator[Path]:
    for path in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.html")]):
        if not WITHOUT_TEXTS & set(path.relative_to(PACKAGE).parts):
            yield path


def used() -> dict[Text, str]:
    """Every text to be translated, and a file that it stands in."""
    found: dict[Text, str] = {}
    for path in sources():
        source = path.read_text(encoding="utf-8")
        texts = marked(source) if path.suffix == ".py" else marked_in_template(source)
        for text in texts:
            found.setdefault(text, path.relative_to(PACKAGE).as_posix())
    return found


def marked(source: str) -> Iterator[Text]:
    """The texts marked for translation in Python source."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        literals = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if node.func.id in MARKERS and literals:
            yield Text(literals[0])
        elif node.func.id in PLURAL_MARKERS and len(literals) >= 2:
            yield Text(literals[0], literals[1])


_LITERAL = r"u?(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")"


def marked_in_template(source: str) -> Iterator[Text]:
    """The texts marked for translation in a template, as Django's own tool sees them."""
    from django.utils.translation.template import templatize

    plain = templatize(source)
    for singular, plural in re.findall(rf"\bngettext\(({_LITERAL}),\s*({_LITERAL}),", plain):
        yield Text(ast.literal_eval(singular), ast.literal_eval(plural))
    for context, literal in re.findall(rf"\bpgettext\(({_LITERAL}),\s*({_LITERAL})\)", plain):
        yield Text(ast.literal_eval(literal), context=ast.literal_eval(context))
    for literal in re.findall(rf"(?<!n)(?:\bgettext|\b_)\(({_LITERAL})\)", plain):
        yield Text(ast.literal_eval(literal))


# ---- catalogues ------------------------------------------------------------------------------------------


def path_of(locale: str) -> Path:
    return LOCALE / locale / "LC_MESSAGES" / "django.po"


_ENTRY = re.compile(
    r'^(?:msgctxt (".*"\n))?msgid ((?:".*"\n)+)(?:msgid_plural ((?:".*"\n)+))?'
    r'((?:msgstr(?:\[\d\])? (?:".*"\n?)+)+)',
    re.MULTILINE,
)


def read(path: Path) -> dict[Text, list[str]]:
    """Message -> its translations: one, or for a plural one a form. The header is the message ""."""
    found: dict[Text, list[str]] = {}
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"^(#, .*fuzzy|#~)", text, re.MULTILINE), f"{path}: fuzzy or obsolete"
    for context, singular, plural, strings in _ENTRY.findall(text):
        forms = re.findall(r'^msgstr(?:\[\d\])? ((?:".*"\n?)+)', strings, re.MULTILINE)
        message = Text(_joined(singular), _joined(plural), _joined(context))
        assert message not in found, f"{path}: {message.singular!r} stands twice"
        found[message] = [_joined(form) for form in forms]
    assert len(found) == len(re.findall(r"^msgid ", text, re.MULTILINE)), f"{path}: something could not be read"
    return found


def _joined(literals: str) -> str:
    return "".join(ast.literal_eval(line) for line in literals.splitlines())


def write(path: Path, found: dict[Text, list[str]], where: dict[Text, str], *, title: str) -> None:
    parts = [f"{title}\n{_written('msgid', '')}{_written('msgstr', found[Text('')][0], lines=True)}"]
    for message, forms in found.items():
        if not message.singular:
            continue
        context = _written("msgctxt", message.context) if message.context else ""
        entry = f"#: {where[message]}\n{context}{_written('msgid', message.singular)}"
        if message.plural:
            entry += _written("msgid_plural", message.plural)
            entry += "".join(_written(f"msgstr[{i}]", form) for i, form in enumerate(forms))
        else:
            entry += _written("msgstr", forms[0])
        parts.append(entry)
    path.write_text("\n".join(parts), encoding="utf-8")


def _written(name: str, text: str, *, lines: bool = False) -> str:
    def quoted(part: str) -> str:
        escaped = part.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
        return '"' + escaped.replace("\t", "\\t") + '"'

    if lines:
        return f'{name} ""\n' + "".join(f"{quoted(part)}\n" for part in text.splitlines(keepends=True))
    return f"{name} {quoted(text)}\n"


def compiled(path: Path) -> bytes:
    """The .mo file of a catalogue, as `make setup` and the wheel compile it."""
    target = io.BytesIO()
    with path.open("rb") as file:
        write_mo(target, read_po(file))
    return target.getvalue()


def bring_in_step(locale: str) -> list[Text]:
    """Write both catalogues of a language anew; the texts that have no translation there."""
    path = path_of(locale)
    before, where = read(path), used()
    title = path.read_text(encoding="utf-8").splitlines()[0]
    found: dict[Text, list[str]] = {Text(""): before[Text("")]}
    for message in sorted(where, key=lambda text: (where[text], text)):
        count = FORMS[locale] if message.plural else 1
        forms = before.get(message, [])
        if locale == "en" and message.plural:
            forms = [message.singular, message.plural]
        found[message] = forms if len(forms) == count else [""] * count
    write(path, found, where, title=title)
    path.with_suffix(".mo").write_bytes(compiled(path))
    return [message for message, forms in found.items() if message.singular and not all(forms)]


def main(locales: Iterable[str]) -> int:
    import django

    django.setup()
    for locale in locales:
        missing = bring_in_step(locale)
        if locale != "en":
            sys.stdout.write(f"{locale}: {len(missing)} texts have no translation\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or FORMS))
