"""A receipt as a PDF, A4, made when somebody asks for it, in some 40 ms. No picture, link or script is in it."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from panelwright.receipts.document import ReceiptLine, ReceiptText

if TYPE_CHECKING:
    from fpdf import FPDF

_FONTS = Path(__file__).parent / "fonts"
_FACE = "sans"
_GREY, _INK = 110, 20
_LEFT, _RIGHT, _WIDTH = 20, 20, 170
_HALF = _WIDTH / 2


def written(text: ReceiptText, *, panel: str, at: datetime) -> bytes:
    """`panel`: its name, which stands below. `at`: when it was issued; the same receipt is always the same file."""
    from fpdf import FPDF

    page = FPDF(format="A4")
    page.set_creation_date(at)
    page.set_title(f"{text.title} {text.number}")
    page.set_author(text.seller[0] if text.seller else panel)
    page.add_font(_FACE, "", str(_FONTS / "DejaVuSans.ttf"))
    page.add_font(_FACE, "B", str(_FONTS / "DejaVuSans-Bold.ttf"))
    page.set_margins(_LEFT, 20, _RIGHT)
    page.set_auto_page_break(True, 20)
    page.add_page()
    _head(page, text)
    _people(page, text)
    _rows(page, text.about)
    page.ln(4)
    _rule(page)
    _rows(page, text.sums)
    _rule(page)
    _rows(page, [text.total], bold=True)
    if text.within:
        page.ln(1)
        _rows(page, text.within, quiet=True)
    if text.note:
        page.ln(8)
        _say(page, text.note, size=9)
    page.ln(8)
    _say(page, panel, size=8, quiet=True)
    return bytes(page.output())


def _head(page: FPDF, text: ReceiptText) -> None:
    page.set_font(_FACE, "B", 20)
    page.set_text_color(_INK)
    page.multi_cell(_WIDTH, 9, _plain(f"{text.title} {text.number}"), align="L", new_x="LMARGIN", new_y="NEXT")
    _say(page, text.purpose, size=10, quiet=True)
    page.ln(8)


def _people(page: FPDF, text: ReceiptText) -> None:
    top = page.get_y()
    ends = []
    for left, lines in ((_LEFT, text.seller), (_LEFT + _HALF, text.buyer)):
        page.set_xy(left, top)
        for n, line in enumerate(lines):
            page.set_font(_FACE, "" if n else "B", 10)
            page.set_text_color(_INK)
            page.set_x(left)
            page.multi_cell(_HALF - 6, 5, _plain(line), align="L", new_x="LEFT", new_y="NEXT")
        ends.append(page.get_y())
    page.set_xy(_LEFT, max(ends) + 8)


def _rows(page: FPDF, lines: list[ReceiptLine], *, bold: bool = False, quiet: bool = False) -> None:
    for line in lines:
        page.set_font(_FACE, "B" if bold else "", 12 if bold else 10)
        page.set_text_color(_GREY if quiet else _INK)
        top = page.get_y()
        page.multi_cell(110, 7, _plain(line.label), align="L", new_x="RIGHT", new_y="NEXT")
        below = page.get_y()
        page.set_xy(_LEFT + 110, top)
        page.multi_cell(60, 7, _plain(line.value), align="R", new_x="LMARGIN", new_y="NEXT")
        page.set_xy(_LEFT, max(below, page.get_y()))


def _rule(page: FPDF) -> None:
    page.set_draw_color(200)
    page.line(_LEFT, page.get_y(), _LEFT + _WIDTH, page.get_y())
    page.ln(1)


def _say(page: FPDF, words: str, *, size: int, quiet: bool = False) -> None:
    page.set_font(_FACE, "", size)
    page.set_text_color(_GREY if quiet else _INK)
    page.multi_cell(_WIDTH, size / 2, _plain(words), align="L", new_x="LMARGIN", new_y="NEXT")


@cache
def _glyphs() -> frozenset[int]:
    """What both faces can show."""
    from fontTools.ttLib import TTFont

    return frozenset.intersection(
        *(frozenset(TTFont(_FONTS / name).getBestCmap()) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"))
    )


def _plain(text: str) -> str:
    """The text in composed letters; a letter of a script that the faces lack becomes a box, as readers know it."""
    known = _glyphs()
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        c if c == "\n" or ord(c) in known else "\N{WHITE SQUARE}" if c.isprintable() else " " for c in composed
    )
