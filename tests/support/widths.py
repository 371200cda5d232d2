"""What is cut, spilt or off the screen on a page as it stands, found by the browser's own measures."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.support.looks import SIDEWAYS

WIDTHS = (360, 390, 768, 1024, 1280, 1440, 1920)
LANGUAGES = ("en", "es", "pt-BR", "ru")

# A text may be cut by an ellipsis where its whole is at hand: in a title, or behind the link that it is or stands in a
# row with. What scrolls by itself (code, long lists of somebody, a strip of chips) is not cut.
CUT = """() => {
  const wrong = [];
  const name = (el) => `${el.tagName.toLowerCase()}.${el.className} ${el.textContent.trim().slice(0, 30)}`;
  const wide = (el) => el.scrollWidth - el.clientWidth > 1;
  const high = (el) => el.scrollHeight - el.clientHeight > 1;
  for (const el of document.body.querySelectorAll("*")) {
    // What is quickly told first: most of a page is as wide and high as what stands in it.
    if (!el.clientWidth || (!wide(el) && !high(el))) continue;
    if (el.closest("svg, .unseen, .skip, option, [hidden], [popover], details:not([open]) > :not(summary)")) continue;
    if (!el.checkVisibility()) continue;
    const style = getComputedStyle(el);
    if (style.display === "inline" || style.display === "contents") continue;
    const over = wide(el);
    const taller = high(el) && style.webkitLineClamp !== "none";
    if (!over && !taller) continue;
    if (["INPUT", "TEXTAREA", "SELECT", "PRE"].includes(el.tagName)) continue;
    if (["auto", "scroll"].includes(style.overflowX)) {
      if (!el.matches(".strip, .lines, .raw, .code pre, .contents, .header, .side")) wrong.push("scrolls: " + name(el));
      continue;
    }
    const hides = ["hidden", "clip"].includes(style.overflowX);
    if (!hides) {
      // Children that are off to the side: told by the child itself where it is one that cuts or spills. A strip of
      // chips goes on to the edges of a phone's screen.
      if (![...el.children].some((child) => wide(child) || child.matches(".strip"))) wrong.push("spills: " + name(el));
      continue;
    }
    const ellipsis = style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none";
    const whole = el.title || el.closest("[title]") || el.querySelector("[title]");
    if (!ellipsis || !whole) wrong.push("cut: " + name(el));
  }
  return [...new Set(wrong)];
}"""

# Both at a width, once the window has it. Nothing of ours listens to a window's width, and who measures lays out first.
_AT_WIDTH = f"""async width => {{
  const until = Date.now() + 60_000;
  while (innerWidth !== width && Date.now() < until) await new Promise(requestAnimationFrame);
  if (innerWidth !== width) throw new Error(`the window is ${{innerWidth}} wide after a minute, not ${{width}}`);
  return [({CUT})(), {SIDEWAYS}];
}}"""


def cut(page: Page) -> dict[int, list[str]]:
    """What is wrong, by the width of the window; the page is loaded once."""
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        wrong, sideways = page.evaluate(_AT_WIDTH, width)
        if sideways:
            wrong.append(f"{sideways} pixels off the screen")
        if wrong:
            found[width] = wrong
    return found
