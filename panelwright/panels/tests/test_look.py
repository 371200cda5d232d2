"""A panel's own colour and logo."""

from __future__ import annotations

from typing import Any

import pytest
from django_scopes import scope

from panelwright.core import limits
from panelwright.panels import branding_actions
from panelwright.panels.actions import create_panel
from panelwright.panels.models import Panel, PanelLogo

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "


@pytest.fixture
def panel(db: None) -> Any:
    made = create_panel(slug="shop", name="Shop", currency="USD", domains=[("shop.example", 0)])
    with scope(panel=made):
        yield made


def stored(panel: Panel) -> tuple[str, bytes] | None:
    row = PanelLogo.objects.first()
    return (row.content_type, bytes(row.body)) if row else None


def test_a_logo_is_known_by_its_first_bytes_and_replaced(panel: Panel) -> None:
    branding_actions.set_logo(panel_id=panel.id, body=PNG)
    panel.refresh_from_db()
    assert stored(panel) == ("image/png", PNG)
    first = panel.logo_version
    assert len(first) == 16
    branding_actions.set_logo(panel_id=panel.id, body=WEBP)
    panel.refresh_from_db()
    assert stored(panel) == ("image/webp", WEBP)
    assert panel.logo_version != first
    branding_actions.set_logo(panel_id=panel.id, body=None)
    panel.refresh_from_db()
    assert (stored(panel), panel.logo_version) == (None, "")


@pytest.mark.parametrize(
    "body",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"RIFF\0\0\0\0WAVE", PNG + b"\0" * limits.LOGO_BYTES_MAX],
)
def test_what_is_no_small_picture_is_refused(panel: Panel, body: bytes) -> None:
    with pytest.raises(ValueError, match="The logo"):
        branding_actions.set_logo(panel_id=panel.id, body=body)
    panel.refresh_from_db()
    assert (stored(panel), panel.logo_version) == (None, "")


def test_a_hue_is_an_angle(panel: Panel) -> None:
    branding_actions.set_hue(panel_id=panel.id, hue=0)
    panel.refresh_from_db()
    assert panel.hue == 0
    for wrong in (-1, 360):
        with pytest.raises(ValueError, match="0 and 359"):
            branding_actions.set_hue(panel_id=panel.id, hue=wrong)
    branding_actions.set_hue(panel_id=panel.id, hue=None)
    panel.refresh_from_db()
    assert panel.hue is None
