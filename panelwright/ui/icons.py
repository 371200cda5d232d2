"""The pages' icons: strokes on a field of 24 by 24, in the colour of the text beside them."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

_PATHS = {
    "again": '<path d="M4.5 5v5h5"/><path d="M5 10a7.5 7.5 0 1 1-.5 4"/>',
    "alert": '<path d="M12 9v4.25M12 16.5h.01M10.4 4.4 3.1 17a1.9 1.9 0 0 0 1.6 2.8h14.6a1.9 1.9 0 0 0 1.6-2.'
    '8L13.6 4.4a1.85 1.85 0 0 0-3.2 0Z"/>',
    "back": '<path d="m14.5 6-6 6 6 6"/>',
    "bank": '<path d="M3.5 9.5 12 4.5l8.5 5ZM5.5 9.5v8M10 9.5v8M14 9.5v8M18.5 9.5v8M3.5 20h17"/>',
    "card": '<rect x="3" y="5.5" width="18" height="13" rx="2.5"/><path d="M3 10h18M7 14.5h3"/>',
    "gift": '<rect x="4" y="9" width="16" height="4" rx="1"/><path d="M5.5 13v7h13v-7M12 9v11M12 9S7.5 9 7.5 6.5 11 4.5'
    ' 12 9ZM12 9s4.5 0 4.5-2.5S13 4.5 12 9Z"/>',
    "ban": '<circle cx="12" cy="12" r="8.5"/><path d="m6 6 12 12"/>',
    "chart": '<path d="M4 20h16M7 16.5v-4M12 16.5v-11M17 16.5v-7"/>',
    "chat": '<path d="M20 12a7.5 7.5 0 0 1-7.5 7.5H4.5l1.6-2.9A7.5 7.5 0 1 1 20 12Z"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "code": '<path d="m8.5 7.5-5 4.5 5 4.5M15.5 7.5l5 4.5-5 4.5"/>',
    "copy": '<rect x="8.5" y="8.5" width="11.5" height="11.5" rx="2.5"/><path d="M15.5 5.5A1.5 1.5 0 0 0 14 '
    '4H5.5A1.5 1.5 0 0 0 4 5.5V14a1.5 1.5 0 0 0 1.5 1.5"/>',
    "dots": '<path d="M6 12h.01M12 12h.01M18 12h.01" stroke-width="2.5"/>',
    "down": '<path d="m6.5 9.5 5.5 5.5 5.5-5.5"/>',
    "drip": '<path d="M12 4s5.5 5.75 5.5 10a5.5 5.5 0 0 1-11 0C6.5 9.75 12 4 12 4Z"/>',
    "filter": '<path d="M4 7h16M7 12h10M10 17h4"/>',
    "heart": '<path d="M12 19.5s-7.5-4.6-7.5-10A4 4 0 0 1 12 7.4a4 4 0 0 1 7.5 2.1c0 5.400-7.5 10-7.5 10Z"/>',
    "eye": '<path d="M2.75 12S6 5.5 12 5.5 21.25 12 21.25 12 18 18.5 12 18.5 2.75 12 2.75 12Z"/>'
    '<circle cx="12" cy="12" r="2.75"/>',
    "play": '<rect x="3.5" y="5" width="17" height="14" rx="3"/><path d="m10.250 9.250 4.500 2.750-4.500 2.750Z"/>',
    "music": '<path d="M9 17.500V5.500l10-2v12"/><circle cx="6.500" cy="17.500" r="2.500"/>'
    '<circle cx="16.500" cy="15.500" r="2.500"/>',
    "camera": '<path d="M4 8h3l1.500-2.500h7L17 8h3v11H4Z"/><circle cx="12" cy="13" r="3.250"/>',
    "share": '<circle cx="6" cy="12" r="2.250"/><circle cx="17.500" cy="6" r="2.250"/>'
    '<circle cx="17.500" cy="18" r="2.250"/><path d="m8 11 7.500-4M8 13l7.500 4"/>',
    "bolt": '<path d="M13 3.500 5.500 13.500H11l-.5 7 8-10.500H13Z"/>',
    "poll": '<path d="M5 19.500v-6M10 19.500v-14M15 19.500v-9M20 19.500v-4"/>',
    "grip": '<path d="M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01" stroke-width="2.500"/>',
    "up": '<path d="m6.5 14.5 5.5-5.5 5.5 5.5"/>',
    "home": '<path d="m4 11 8-7 8 7v8a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 19ZM9.5 20.5v-6h5v6"/>',
    "server": '<rect x="4" y="4.5" width="16" height="6" rx="1.5"/><rect x="4" y="13.5" width="16" height="6" '
    'rx="1.5"/><path d="M7.5 7.5h.01M7.5 16.5h.01"/>',
    "shield": '<path d="M12 3.5 5 6v5.5c0 4.25 3 7.5 7 9 4-1.5 7-4.75 7-9V6Z"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.25 2"/>',
    "people": '<circle cx="9" cy="8.5" r="3.25"/><path d="M3 19.5a6 6 0 0 1 12 0M15.5 5.5a3.25 3.25 0 0 1 0 6M17 '
    '14a6 6 0 0 1 4 5.5"/>',
    "globe": '<circle cx="12" cy="12" r="8.5"/><path d="M3.5 12h17M12 3.5c2.5 2.3 3.7 5.1 3.7 8.5s-1.2 6.2-3.'
    '7 8.5c-2.5-2.3-3.7-5.1-3.7-8.5S9.5 5.8 12 3.5Z"/>',
    "grid": '<rect x="4" y="4" width="6.5" height="6.5" rx="1.5"/><rect x="13.5" y="4" width="6.5" height="6'
    '.5" rx="1.5"/><rect x="4" y="13.5" width="6.5" height="6.5" rx="1.5"/><rect x="13.5" y="13.5" w'
    'idth="6.5" height="6.5" rx="1.5"/>',
    "info": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5M12 8h.01"/>',
    "link": '<path d="M10.5 13.5a4 4 0 0 0 5.66 0l3-3a4 4 0 0 0-5.66-5.66l-1.25 1.25M13.5 10.5a4 4 0 0 0-5.6'
    '6 0l-3 3a4 4 0 0 0 5.66 5.66l1.25-1.25"/>',
    "list": '<path d="M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01"/>',
    "many": '<path d="M4 6h10M4 12h10M4 18h6M17.5 14.5v6M14.5 17.5h6"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "news": '<path d="M4 10v4a1 1 0 0 0 1 1h2.5l7.5 4V5L7.5 9H5a1 1 0 0 0-1 1ZM18.5 9.5a4 4 0 0 1 0 5M8.5 15l1 4.5"/>',
    "next": '<path d="m9.5 6 6 6-6 6"/>',
    "okay": '<circle cx="12" cy="12" r="8.5"/><path d="m8.25 12.25 2.65 2.65 4.85-5.15"/>',
    "order": '<circle cx="12" cy="12" r="9"/><path d="M12 8v8M8 12h8"/>',
    "leave": '<path d="M10 4.5H6A1.5 1.5 0 0 0 4.5 6v12A1.5 1.5 0 0 0 6 19.5h4M15.5 16l4-4-4-4M19.5 12h-10"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "refill": '<path d="M19.5 5v4.5H15M4.5 19v-4.5H9"/><path d="M5.5 9.5a7 7 0 0 1 12-2.5l2 2.5M18.5 14.5a7 7 '
    '0 0 1-12 2.5l-2-2.5"/>',
    "export": '<path d="M12 4v11M7 10.5l5 5 5-5M4.5 19.5h15"/>',
    "sliders": '<path d="M4 7.5h8.5M17.5 7.5H20M4 16.5h2.5M11.5 16.5H20"/><circle cx="15" cy="7.5" r="2.5"/>'
    '<circle cx="9" cy="16.5" r="2.5"/>',
    "search": '<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.25 4.25"/>',
    "send": '<path d="M20.5 4 3.5 10.75l6.25 2.75 2.75 6.5L20.5 4ZM9.75 13.5 14 10"/>',
    "star": '<path d="m12 3.8 2.55 5.16 5.7.83-4.13 4.02.98 5.67L12 16.8l-5.1 2.68.98-5.67L3.75 9.8l5.7-.83Z"/>',
    "sun": '<circle cx="12" cy="12" r="3.75"/><path d="M12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1'
    ' 1.1M17.3 17.3l1.1 1.1M18.4 5.6l-1.1 1.1M6.7 17.3l-1.1 1.1"/>',
    "moon": '<path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10Z"/>',
    "person": '<circle cx="12" cy="8" r="3.75"/><path d="M4.75 20a7.25 7.25 0 0 1 14.5 0"/>',
    "wallet": '<path d="M18 7.5V6a2 2 0 0 0-2-2H6a2.5 2.5 0 0 0 0 5h12.5A1.5 1.5 0 0 1 20 10.5v7a2 2 0 0 1-2 2'
    'H6A2.5 2.5 0 0 1 3.5 17V6.5"/><path d="M16 14.2h.01"/>',
    "x": '<path d="m6.5 6.5 11 11M17.5 6.5l-11 11"/>',
    "words": '<path d="M5 4.5h14a1.5 1.5 0 0 1 1.5 1.5v9a1.5 1.5 0 0 1-1.5 1.5h-6l-4.5 3.5v-3.5H5A1.5 1.5 0 0'
    ' 1 3.5 15V6A1.5 1.5 0 0 1 5 4.5ZM8 9h8M8 12.5h5"/>',
}
_SVG = '<svg class="icon{}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>'
# Pictures that have a direction: they turn with the writing.
_TURN = frozenset({"back", "next", "leave", "send"})


def svg(name: str, size: str = "") -> SafeString:
    """`size`: s, l or nothing."""
    classes = (f" {size}" if size else "") + (" turn" if name in _TURN else "")
    return format_html(_SVG, classes, SafeString(_PATHS[name]))
