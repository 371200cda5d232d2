"""The services as the visitor sees them: at her own prices, when she is logged in."""

from __future__ import annotations

from panelwright.catalog import priced_catalogue
from panelwright.catalog.priced_catalogue import Shelf
from panelwright.ui.request import PanelRequest


def shelf_of(request: PanelRequest) -> Shelf:
    """From memory; a change of the catalogue, of prices or of her price list makes another one."""
    return priced_catalogue.shelf_for(request.panel, request.customer)
