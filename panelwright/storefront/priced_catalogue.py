"""The services as the visitor sees them: at her own prices, when she is logged in."""

from __future__ import annotations

from panelwright.catalog import shelf
from panelwright.catalog.shelf import Shelf
from panelwright.ui.request import PanelRequest


def shelf_of(request: PanelRequest) -> Shelf:
    """From memory; a change of the catalogue, of prices or of her price list makes another one."""
    return shelf.shelf_for(request.panel, request.customer)
