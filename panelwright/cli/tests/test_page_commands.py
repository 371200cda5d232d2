"""`setpage`, `pages`, `removepage` and `announce`: what they print, their exit status, and what is kept."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.people import Owner, values

Said = Callable[..., str]
SHOP = ("--panel", "shop")


def test_a_page_is_written_listed_printed_and_removed(
    alice: Owner, rival: Owner, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "about.md"
    file.write_text("\ufeff# Who we are\n\nПривет\n", encoding="utf-8")
    about = (*SHOP, "--slug", "about", "--language", "en")
    assert said(0, "setpage", *about, "--title", "About", "--menu", "--position", "2", str(file)) == (
        "Page about in en: About (20 characters)\n"
    )
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"Ours.\n")))
    said(0, "setpage", *SHOP, "--slug", "faq", "--language", "ru", "--title", "Вопросы", "-")
    first, second, third = said(0, "pages", *SHOP).splitlines()
    assert first.split("  ")[0] == "faq"
    assert second.endswith("in the menu at 2  About")
    assert third.split() == ["terms", "all", "as", "it", "comes", "with", "Panelwright"]
    assert said(0, "pages", *SHOP, "--slug", "about") == "# Who we are\n\nПривет\n"
    assert said(0, "pages", *SHOP, "--slug", "faq", "--language", "en") == "Ours.\n"
    assert said(0, "pages", "--panel", "rival", "--slug", "faq").startswith("## How do I place an order?\n")
    assert "rival has no page 'about'" in said(1, "pages", "--panel", "rival", "--slug", "about")
    assert "Page not found" in said(1, "removepage", "--panel", "rival", "--slug", "about")
    assert "Page not found." in said(1, "removepage", *SHOP, "--slug", "about", "--language", "es")
    assert said(0, "removepage", *SHOP, "--slug", "about") == "Removed about in 1 language.\n"
    assert values("SELECT slug FROM content_page") == [("faq",)]
    assert values("SELECT name FROM events_event ORDER BY id") == [
        ("page.changed",),
        ("page.changed",),
        ("page.removed",),
    ]


def test_what_cannot_be_a_page_is_refused(alice: Owner, said: Said, tmp_path: Path) -> None:
    long, binary = tmp_path / "long.md", tmp_path / "binary.md"
    long.write_text("я" * 200_001, encoding="utf-8")
    binary.write_bytes(b"\xff\xfe\x00")
    usual = (*SHOP, "--slug", "a", "--language", "en", "--title", "A")
    assert "longer than 400000 bytes" in said(1, "setpage", *usual, str(long))
    assert "no text in UTF-8" in said(1, "setpage", *usual, str(binary))
    assert "cannot be read" in said(1, "setpage", *usual, str(tmp_path / "none.md"))
    good = tmp_path / "good.md"
    good.write_text("Good.")
    assert "lowercase letters" in said(
        1, "setpage", *SHOP, "--slug", "A B", "--language", "en", "--title", "A", str(good)
    )
    assert values("SELECT slug FROM content_page") == []


def test_announcements(alice: Owner, rival: Owner, said: Said, tmp_path: Path) -> None:
    file = tmp_path / "news.md"
    file.write_text("We moved.")
    printed = said(0, "announce", *SHOP, "--title", "News", "--language", "ru", str(file))
    ((id_, body),) = values("SELECT id, body FROM content_announcement")
    assert (printed, body) == (f"Announcement {id_}: News\n", "We moved.")
    assert said(0, "announce", *SHOP, "--list").split()[-2:] == ["ru", "News"]
    assert said(0, "announce", "--panel", "rival", "--list") == ""
    assert f"Announcement {id_} not found." in said(1, "announce", "--panel", "rival", "--remove", str(id_))
    assert "write --title" in said(1, "announce", *SHOP, "--title", "News")
    assert said(0, "announce", *SHOP, "--remove", str(id_)) == f"Removed announcement {id_}.\n"
    assert values("SELECT COUNT(*) FROM content_announcement") == [(0,)]
