"""Pages in a panel's own colour, with its own logo."""

from __future__ import annotations

from django_scopes import scope

from panelwright.panels import branding_actions

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


def test_a_colour_of_its_own_is_a_style_sheet_of_its_own(open_panel, visit) -> None:
    panel = open_panel("bare")
    assert "/theme.css" not in visit("bare").get("/").content.decode()
    assert 'class="hue-' in visit("bare").get("/").content.decode()
    branding_actions.set_hue(panel_id=panel.id, hue=155)
    page = visit("bare").get("/").content.decode()
    assert '<link rel="stylesheet" href="/theme.css?v=155">' in page
    assert 'class="hue-' not in page
    response = visit("bare").get("/theme.css?v=155")
    assert (response.content, response.headers["Content-Type"]) == (b":root { --hue: 155; }\n", "text/css")


def test_a_logo_takes_the_place_of_our_sign_on_its_own_panel_only(open_panel, visit) -> None:
    panel = open_panel("bare")
    open_panel("promobox")
    assert visit("bare").get("/logo").status_code == 404
    with scope(panel=panel):
        branding_actions.set_logo(panel_id=panel.id, body=PNG)
    panel.refresh_from_db()
    page = visit("bare").get("/").content.decode()
    assert f'src="/logo?v={panel.logo_version}"' in page and 'class="mark"' not in page
    response = visit("bare").get("/logo")
    assert (response.content, response.headers["Content-Type"]) == (PNG, "image/png")
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert visit("promobox").get("/logo").status_code == 404
    assert "/logo" not in visit("promobox").get("/").content.decode()
