"""The panel API v2 over HTTP, as a transport (wire/transports.py)."""

from __future__ import annotations

from panelwright.providers.wire.panel_v2.client import PanelClient
from panelwright.providers.wire.upstream import Upstream


def good_address(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def connect(*, url: str, key: str, allow_private: bool) -> Upstream:
    return PanelClient(url=url, key=key, allow_private=allow_private)
