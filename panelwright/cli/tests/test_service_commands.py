"""`setservice`, `addlinkkind`, `removelinkkind` and `linkkinds`: what they print, and what is kept."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.people import COMMENTS, FOLLOWERS, Owner, everything, values

Said = Callable[..., str]
SHOP = ("--panel", "shop")


def kept() -> list[tuple[object, ...]]:
    return values(
        "SELECT step, link_hosts, link_kinds, link_example FROM catalog_service s JOIN panels_panel p"
        " ON p.id = s.panel_id WHERE p.slug = 'shop' AND number = %s",
        FOLLOWERS,
    )


def test_a_service_is_shown_and_changed(alice: Owner, rival: Owner, said: Said) -> None:
    one = ("setservice", *SHOP, "--service", str(FOLLOWERS))
    shown = said(0, *one)
    assert "quantity: 50 to 10000\nlinks: any\n" in shown
    shown = said(0, *one, "--step", "100", "--link-hosts", "Telegram,https://t.me/", "--link-kind", "post")
    assert "quantity: 50 to 10000 in steps of 100\nlinks: to telegram,t.me of the kind post\n" in shown
    assert kept() == [(100, "telegram,t.me", "post", "")]
    said(0, *one, "--link-kind", "video,post", "--link-example", "https://t.me/acme/7")
    assert kept() == [(100, "telegram,t.me", "post,video", "https://t.me/acme/7")]
    said(0, *one, "--step", "1", "--link-hosts", "", "--link-kind", "", "--link-example", "")
    assert kept() == [(1, "", "", "")]


def test_what_cannot_be_is_refused_whole(alice: Owner, said: Said) -> None:
    one = ("setservice", *SHOP, "--service")
    before = everything()
    assert "Not a kind of link" in said(1, *one, str(FOLLOWERS), "--step", "100", "--link-kind", "posts")
    assert "Not a host and not a known site: nowhere. Sites: bluesky" in said(
        1, *one, str(FOLLOWERS), "--link-hosts", "nowhere"
    )
    assert "Customers enter no quantity" in said(1, *one, str(COMMENTS), "--step", "100")
    assert "has no service 999" in said(1, *one, "999", "--step", "100")
    assert everything() == before


def test_rows_of_the_table_are_added_tried_listed_and_removed(alice: Owner, rival: Owner, said: Said) -> None:
    art = ("--host", "Gallery.example", "--path", "/Art/*")
    tried = ("linkkinds", *SHOP, "--try", "https://gallery.example/art/1")
    assert said(0, *tried) == "No row knows it: every service takes it.\n"
    assert said(0, "addlinkkind", *SHOP, *art, "--kind", "video,post") == (
        "On shop a link to gallery.example/art/* leads to: post,video\n"
    )
    assert said(0, *tried) == "gallery.example: post,video\n"
    assert said(0, "linkkinds", "--panel", "rival", *tried[3:]) == "No row knows it: every service takes it.\n"
    listed = said(0, "linkkinds", *SHOP)
    assert listed.startswith(
        "post,video                gallery.example/art/*\n1 rows of its own.\nSites that are known: b"
    )
    assert said(0, "linkkinds", *SHOP, "--try", "@carol").startswith("a name on any site: live,profile,channel")
    assert said(0, "linkkinds", *SHOP, "--try", "https://vm.tiktok.com/Z1") == "tiktok: nothing is said of it\n"
    assert "no such link pattern" in said(1, "removelinkkind", "--panel", "rival", *art)
    assert said(0, "removelinkkind", *SHOP, *art) == "Removed on shop: Gallery.example/Art/*\n"
    assert said(0, *tried) == "No row knows it: every service takes it.\n"
    for wrong, why in [
        (("--host", "gallery", "--path", "/x"), "Enter a host such as"),
        (("--host", "gallery.example", "--path", "/(a+)+"), "Enter a path such as /p/*"),
        (("--host", "gallery.example", "--path", "/**/x"), "Enter a path such as /p/*"),
    ]:
        assert why in said(1, "addlinkkind", *SHOP, *wrong, "--kind", "post")
    assert values("SELECT 1 FROM catalog_linkpattern") == []
