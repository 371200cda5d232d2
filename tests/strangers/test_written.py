"""Texts that people and programs write, at their longest and worst: read in a time of their length.

Each reader gets a text of the length that is allowed and one of a sixteenth of it: what is quadratic takes 256
times as long for the longer one.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from panelwright.catalog import countries
from panelwright.catalog.priced_catalogue import folded
from panelwright.content import markdown
from panelwright.core import csv, limits
from panelwright.orders import fields, listing
from panelwright.providers.posts import webhooks
from panelwright.storefront import pasted
from panelwright.support import commands, files
from panelwright.support.files import Upload
from panelwright.ui import linkify
from tests.support.proportion import in_proportion

PARTS, MOST = 16, 100

# What is repeated, in any of the texts.
PIECES = (
    *("a", "1", " ", "\t", "\n", "|", "||", ",", ";", '"', "'", "\\", "/", "#", "@", ".", "-", "=", "<", ">", "&", "%"),
    *(
        "a b ",
        "1,",
        "1 ",
        "a|",
        '"a",',
        '""',
        "1\t",
        "a;b;",
        "#1 ",
        "id:",
        "1.0",
        "1 000 ",
        "\\n",
        "= / ",
        "\ufeff",
        "\u200b",
    ),
    *(
        "\u0301\u0323",
        "\uff9e\u0301",
        "\ufdfa",
        "\u0130",
        "\u1e9b\u0323",
        "\u3000",
        "\u2028",
        "\udcff",
        "http://",
        "http://a. ",
    ),
    *("refill 1\n", "refill 1, ", "cancel: ", "&#1", "&amp;", "<a ", "<!--", "%25"),
)
# Of Markdown alone.
MARKDOWN = (
    *(
        "[",
        "![",
        "[a](",
        "[a](b",
        "[a][",
        "[a]: b\n",
        '[a]: b "',
        "[^",
        "]",
        "(",
        "`",
        "`a",
        "``a`",
        "*",
        "*a ",
        "**a *b ",
    ),
    *(
        "_a",
        "*_",
        "***a",
        "*a**b",
        "> ",
        "> a\n",
        "- ",
        "- a\n",
        "- a\n\n",
        "1. ",
        "1) a\n",
        "# ",
        "#",
        "|",
        "|a",
        "|-",
        "a|b\n",
    ),
    *("<", "<a", "<http:", "<a@", "&", "&#", "~~~\n", "```\n", "=\n", "---\n", "    a\n", "\\", "\\\n", "a\n", "  \n"),
)
# With what it begins, to be repeated behind: tables, references, nested lists and quotes.
BEGINNINGS = ("", "|a" * 100 + "\n" + "|-" * 100 + "\n", "- a\n  - > b\n    - c\n      ")


def longer(read: Callable[[str], object], piece: str, most: int, before: str = "") -> None:
    def text(length: int) -> str:
        return before + piece * ((length - len(before)) // len(piece))

    about = (ascii(piece), ascii(before[:20]))
    in_proportion(lambda: read(text(most // PARTS)), lambda: read(text(most)), MOST, about=about)


def _csv(text: str) -> object:
    return csv.line([text])


def _upload(text: str) -> object:
    return files.check((Upload("a.txt", text.encode("utf-8", "replace")),))


def _hook(text: str) -> object:
    return webhooks.read(text.encode("utf-8", "replace"))


READERS: dict[str, tuple[Callable[[str], object], int]] = {
    "a line of a mass order": (pasted.cells, limits.MASS_CHARS_MAX // 4),
    "a quantity": (pasted.understood, limits.MASS_CHARS_MAX // 4),
    "lines": (fields.lines, limits.LINES_CHARS_MAX),
    "a link": (fields.good_link, limits.LINES_CHARS_MAX),
    "a number": (fields.whole, limits.LINES_CHARS_MAX),
    "a day": (fields.day, limits.LINES_CHARS_MAX),
    "a country": (countries.code, limits.LINES_CHARS_MAX),
    "a search among services": (folded, limits.LINES_CHARS_MAX),
    "a search among orders": (listing.read_search, limits.LINES_CHARS_MAX),
    "a message": (commands.parse, limits.LINES_CHARS_MAX),
    "a shown message": (linkify.html_of, 20 * limits.TICKET_CHARS_MAX),
    "a file": (_upload, limits.ATTACHMENT_BYTES_MAX // 2),
    "the name of a file": (files.clean_name, limits.LINES_CHARS_MAX),
    "a webhook": (_hook, limits.HOOK_BYTES_MAX),
    "a cell of CSV": (_csv, limits.LINES_CHARS_MAX),
}


@pytest.mark.parametrize("of", READERS)
def test_what_is_written(of: str) -> None:
    read, most = READERS[of]
    for piece in PIECES:
        longer(read, piece, most)


@pytest.mark.parametrize("before", BEGINNINGS, ids=range(len(BEGINNINGS)))
def test_pages_in_markdown(before: str) -> None:
    """At a part of the length, so that the test is short: what is quadratic shows there, too."""
    for piece in (*MARKDOWN, "\u0301\u0323", "a "):
        longer(markdown.html.__wrapped__, piece, limits.PAGE_CHARS_MAX // 5, before)


@pytest.mark.parametrize("piece", ["[", "{", '{"posts":', "[1,", "1", "1.", "1e", '"\\ud83d",', "-"])
@pytest.mark.parametrize("before", ["", '{"posts":[', '{"username":'])
def test_webhooks_in_json(piece: str, before: str) -> None:
    longer(_hook, piece, limits.HOOK_BYTES_MAX, before)
    with pytest.raises(ValueError, match=r".+"):
        _hook(before + piece * (limits.HOOK_BYTES_MAX // len(piece)))
