"""Markdown of a panel's staff as HTML that can do nothing but be read. Pure.

No HTML of their own, links to http, https, mailto and this site only, no pictures (the
Content-Security-Policy would not show those of other hosts), no styles. Headings start at h2, because the
page's title is its h1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.token import Token

# What a link may begin with when it has a scheme. Browsers drop blanks and control characters inside of one.
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_ALLOWED = ("http:", "https:", "mailto:")
_IGNORED_BY_BROWSERS = re.compile(r"[\x00-\x20\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_TOP = 2
_KEPT = 64


def allowed(url: str) -> bool:
    """Whether a link may lead there."""
    bare = _IGNORED_BY_BROWSERS.sub("", url)
    scheme = _SCHEME.match(bare)
    return scheme is None or scheme.group().lower() in _ALLOWED


def _made() -> MarkdownIt:
    # Of the CommonMark preset all but HTML and pictures; tables besides.
    made = MarkdownIt("commonmark", {"html": False, "typographer": False, "maxNesting": 20})
    made.enable("table").disable(["html_inline", "html_block", "image"])
    made.validateLink = allowed  # type: ignore[method-assign]
    return made


_MARKDOWN = _made()


@lru_cache(maxsize=_KEPT)
def html(text: str, *, origin: str = "") -> SafeString:
    """The text as HTML that is safe to stand in a page as it is. `origin`: of a letter, where links to this site
    lead."""
    tokens = _MARKDOWN.parse(text)
    _shift_headings(tokens)
    for token in _every(tokens):
        if token.type == "link_open":
            _outward(token)
            _from(token, origin)
        # The only style that the renderer writes; the policy refuses it.
        align = str(token.attrs.pop("style", ""))
        if align.startswith("text-align:"):
            token.attrJoin("class", f"align-{align.removeprefix('text-align:')}")
    return SafeString(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


def _every(tokens: Sequence[Token]) -> list[Token]:
    return [one for token in tokens for one in (token, *(token.children or ()))]


def _outward(link: Token) -> None:
    href = str(link.attrs.get("href", ""))
    if _SCHEME.match(href) or href.startswith(("//", "\\\\", "/\\")):
        link.attrSet("rel", "nofollow noopener noreferrer")


def _from(link: Token, origin: str) -> None:
    href = str(link.attrs.get("href", ""))
    if origin and not _SCHEME.match(href) and not href.startswith(("//", "\\\\", "/\\", "#")):
        link.attrSet("href", f"{origin}/{href.lstrip('/')}")


def _shift_headings(tokens: Sequence[Token]) -> None:
    """The highest heading of the text becomes h2, the others stay below it as they were; h6 is the last."""
    headings: list[Any] = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    top = min((int(token.tag[1]) for token in headings), default=_TOP)
    for token in headings:
        token.tag = f"h{min(int(token.tag[1]) - top + _TOP, 6)}"
