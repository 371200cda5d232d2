"""Pictures of every page of the registry, and contact sheets of them: `python -m tools.pictures var/pictures`.

They are of the panel of long words that the test of widths looks at (tests/browser/crowded.py); each page at each
width, in each language, light and dark. Whoever changes how pages look looks at the sheets: one a page and scheme,
with all widths beside each other and a row for each language.
"""

from __future__ import annotations

import argparse
import html
import os
import re
import tempfile
from pathlib import Path
from typing import Any, Literal

import django
from playwright.sync_api import Browser, Page, sync_playwright

WIDTHS = (390, 768, 1024, 1440)
LANGUAGES = ("en", "es", "pt-BR", "ru")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SHEET_HEIGHT = 620
# As the tests have it: what is served is on loopback, and nothing of it is kept.
_ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "panelwright.settings",
    "PANELWRIGHT_SECRET_KEY": "a-key-for-pictures-and-for-nothing-else",
    "PANELWRIGHT_ALLOW_PRIVATE_PROVIDERS": "1",
    "PANELWRIGHT_ALLOW_PRIVATE_WEBHOOKS": "1",
    "PANELWRIGHT_FSYNC": "0",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--only", default="", metavar="TEXT", help="pages whose name or address has this in it")
    parser.add_argument("--widths", type=_numbers, default=WIDTHS, help="of the window, in pixels: 390,1440")
    parser.add_argument("--languages", type=_words, default=LANGUAGES, help="en,ru")
    parser.add_argument("--schemes", type=_words, default=SCHEMES, help="light,dark")
    parser.add_argument("--whole", action="store_true", help="the whole page, not only what a window shows")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    os.environ |= _ENVIRONMENT
    django.setup()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        from tests.support.browser import find_chromium

        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=sandbox)
        count = _take_all(args, browser, Path(scratch))
        browser.close()
    print(f"{count} pictures in {args.folder}")


def _take_all(args: Any, browser: Browser, scratch: Path) -> int:
    from tests.browser.conftest import enter, founded
    from tests.browser.crowded import crowd
    from tests.browser.pages import inside, office, public

    count = 0
    with founded(f"sqlite://{scratch}/pictures.sqlite3", scratch) as town:
        made = crowd(town, browser)
        for who, person, addresses in (
            ("visitor", None, public(made.world)),
            ("customer", made.person, inside(made.world)),
            ("staff", made.staff, office(made.world)),
        ):
            page = browser.new_context(locale="en-US").new_page()
            if person:
                enter(page, made.url, person)
            for name, address in addresses.items():
                if args.only in name:
                    count += _take(args, page, f"{who} {name}", f"{made.url}{address}")
    return count


def _take(args: Any, page: Page, name: str, url: str) -> int:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:80]
    count = 0
    for scheme in args.schemes:
        page.emulate_media(color_scheme=scheme)
        taken = []
        for language in args.languages:
            page.goto(f"{url}{'&' if '?' in url else '?'}lang={language}")
            for width in args.widths:
                page.set_viewport_size({"width": width, "height": 900})
                picture = args.folder / f"{slug}-{scheme}-{language}-{width}.png"
                page.screenshot(path=picture, full_page=args.whole)
                taken.append(picture)
                count += 1
        _sheet(page, taken, args.folder / f"sheet-{slug}-{scheme}.png", columns=len(args.widths))
    return count


def _sheet(page: Page, pictures: list[Path], path: Path, *, columns: int) -> None:
    """Many pictures in one, a row for each language."""
    rows = [pictures[start : start + columns] for start in range(0, len(pictures), columns)]
    images = "".join(
        "<p>" + "".join(f'<img height="{SHEET_HEIGHT}" src="{html.escape(one.resolve().as_uri())}">' for one in row)
        for row in rows
    )
    source = path.with_suffix(".html")
    source.write_text(f"<body bgcolor=gray>{images}", encoding="utf-8")
    context = page.context.browser.new_context(viewport={"width": 2400, "height": 600})  # type: ignore[union-attr]
    sheet = context.new_page()
    sheet.goto(source.resolve().as_uri())
    sheet.screenshot(path=path, full_page=True)
    context.close()
    source.unlink()


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


if __name__ == "__main__":
    main()
