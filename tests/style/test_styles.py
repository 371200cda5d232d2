"""The style sheets have rules for what there is, and for nothing else."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

from panelwright.core.lists import ColumnPlace
from panelwright.support.models import Author
from panelwright.ui import assets
from panelwright.ui.templatetags.pages import HUES

PACKAGE = Path(assets.__file__).parent.parent
SHEETS = sorted(path for folder in assets.FOLDERS for path in folder.glob("*.css"))


SCRIPTS = sorted(path for folder in assets.FOLDERS for path in folder.glob("*.js"))


def used() -> set[str]:
    """Every word that stands in a template, a script or Python source of the pages."""
    words: set[str] = set()
    python = (PACKAGE.glob(f"{app}/**/*.py") for app in ("ui", "storefront", "backoffice"))
    scripts = (folder.glob("*.js") for folder in assets.FOLDERS)
    for path in chain(PACKAGE.rglob("*.html"), *python, *scripts):
        if "tests" not in path.relative_to(PACKAGE).parts:
            words |= set(re.findall(r"[\w-]+", path.read_text(encoding="utf-8")))
    return words


def test_every_class_of_the_style_sheets_is_used() -> None:
    known = used()
    assert len(SHEETS) == 3
    for sheet in SHEETS:
        text = re.sub(r"/\*.*?\*/|url\([^)]*\)", "", sheet.read_text(encoding="utf-8"), flags=re.S)
        selectors = " ".join(re.findall(r"([^{}]*)\{", text))
        classes = set(re.findall(r"\.([a-zA-Z][\w-]*)", selectors))
        made = {f"hue-{n}" for n in range(HUES)} | {f"c-{place.value}" for place in ColumnPlace}
        made |= {f"by-{author}" for author in Author.values} | {"program-curl", "program-php", "program-python"}
        # What htmx puts on, and what the makers of QR codes and Markdown write.
        made |= {"htmx-request", "qr", "align-right", "align-center"}
        assert sorted(classes - known - made) == [], sheet.name


def test_every_class_of_a_template_has_a_rule() -> None:
    """One without a rule is a page that does not look as its writer thought."""
    known = set(re.findall(r"\.([a-zA-Z][\w-]*)", "".join(sheet.read_text(encoding="utf-8") for sheet in SHEETS)))
    # What scripts look for, and no sheet styles.
    known |= set(re.findall(r"[\"'.]([a-z][\w-]*)", "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)))
    missing = set()
    for path in PACKAGE.rglob("*.html"):
        # What a tag answers is a part of a name, or a name that Python makes: the test above knows those.
        text = re.sub(r"{%.*?%}", " ", re.sub(r"{{.*?}}", "\0", path.read_text(encoding="utf-8")))
        names = " ".join(re.findall(r'class="([^"]*)"', text)).split()
        missing |= {f"{path.name}: {name}" for name in names if "\0" not in name and name not in known}
    assert sorted(missing) == []


def test_colours_are_tokens() -> None:
    """A colour of its own is one that dark does not know."""
    for sheet in SHEETS:
        text = re.sub(r"url\([^)]*\)", "", sheet.read_text(encoding="utf-8"))
        assert re.findall(r"#[0-9a-f]{3,8}\b|rgba?\(", text) == [], sheet.name
