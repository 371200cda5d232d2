"""What can be found wrong with a page by looking at it: axe's faults, and what is wider than the screen.

With a folder in SCREENSHOTS each page that is looked at is kept there as pictures, in both widths and schemes.
"""

from __future__ import annotations

import os
import re
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, ViewportSize

PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1440, height=900)
SIZES = (DESK, PHONE)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# How many pixels of the page are off the screen to the side.
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Whether the page stands as it does in this width: one question instead of three.
_STANDS = """async width => {
  const frame = () => new Promise(requestAnimationFrame);
  const until = Date.now() + 60_000;
  while (innerWidth !== width && Date.now() < until) await frame();
  await frame();
  await frame();
  return innerWidth === width;
}"""
# Those of WCAG 2.2 at level AA, and what axe holds to be good practice.
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# In another scheme a page has other colours, and nothing else.
_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
# On a narrow screen things stand elsewhere: what a finger has to meet may be too small there only.
_PLACES = {"runOnly": {"type": "rule", "values": ["target-size"]}}
_IMPACTS = {"moderate", "serious", "critical"}


def faults(page: Page) -> list[str]:
    """What is wrong with the page as it stands, in light and dark, wide and narrow, to the right and to the left."""
    # A text can be read before the style sheets are there; a page without them has other faults.
    page.wait_for_load_state("load")
    page.emulate_media(color_scheme="light")
    resize(page, DESK)
    found = [*_by_axe(page, "light", _RULES), *_too_wide(page, DESK)]
    page.emulate_media(color_scheme="dark")
    found += _by_axe(page, "dark", _COLOURS)
    page.emulate_media(color_scheme="light")
    resize(page, PHONE)
    found += [*_by_axe(page, "narrow", _PLACES), *_too_wide(page, PHONE)]
    if folder := os.environ.get("SCREENSHOTS"):
        _keep(page, folder)
        page.emulate_media(color_scheme="light")
    return found


def resize(page: Page, size: ViewportSize) -> None:
    """Give the page's window a size, and wait until the page stands as it does in that size."""
    page.set_viewport_size(size)
    assert page.evaluate(_STANDS, size["width"]), f"the window is not {size['width']} wide after a minute"


def _by_axe(page: Page, look: str, rules: dict[str, Any]) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    # Only what is wrong is told in full: what is right is most of a page.
    options = {**rules, "resultTypes": ["violations"]}
    violations = page.evaluate("async options => (await axe.run(document, options)).violations", options)
    return [
        f"{look}: {fault['id']}: {node['target']} {node['html'][:200]} {[check['data'] for check in node['any']]}"
        for fault in violations
        if fault["impact"] in _IMPACTS
        for node in fault["nodes"][:3]
    ]


def _too_wide(page: Page, size: ViewportSize) -> list[str]:
    """To the right and to the left, of the page as it stands in this size."""
    found = []
    for direction in ("rtl", "ltr"):
        wider = page.evaluate(
            f"direction => {{ document.documentElement.dir = direction; return {SIDEWAYS} }}", direction
        )
        if wider:
            found.append(f"{wider} pixels too wide, {size['width']} {direction}")
    return found


def _keep(page: Page, folder: str) -> None:
    name = re.sub(r"[^a-z0-9]+", "-", page.url.split("/", 3)[-1].lower()).strip("-")[:60] or "home"
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for size in SIZES:
            resize(page, size)
            page.screenshot(path=f"{folder}/{name}-{size['width']}-{scheme}.png", full_page=True)
