"""The pages' icons: strokes on a field of 20 by 20, in the colour of the text beside them."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

_PATHS = {
    "plus": '<circle cx="10" cy="10" r="7.25"/><path d="M10 6.75v6.5M6.75 10h6.5"/>',
    "list": '<path d="M7.5 5h9M7.5 10h9M7.5 15h9M3.5 5h.01M3.5 10h.01M3.5 15h.01"/>',
    "grid": '<rect x="3" y="3" width="5.75" height="5.75" rx="1.5"/><rect x="11.25" y="3" width="5.75" height="5.75"'
    ' rx="1.5"/><rect x="3" y="11.25" width="5.75" height="5.75" rx="1.5"/><rect x="11.25" y="11.25" width="5.75"'
    ' height="5.75" rx="1.5"/>',
    "wallet": '<path d="M15.5 6.5V5A1.5 1.5 0 0 0 14 3.5H5A2 2 0 0 0 5 7.5h11a1.5 1.5 0 0 1 1.5 1.5v6a1.5'
    ' 1.5 0 0 1-1.5 1.5H5a2 2 0 0 1-2-2v-9"/><path d="M14 12h.01"/>',
    "chat": '<path d="M3.5 4.5h13v9h-7l-3.5 3v-3h-2.5z"/>',
    "news": '<path d="M3.5 8.5v3h2l8 4v-11l-8 4zM16 8.5v3M6 11.5l1 4.5"/>',
    "person": '<circle cx="10" cy="6.75" r="3.25"/><path d="M3.75 16.5c.8-3 3.3-4.25 6.25-4.25s5.45 1.25 6.25 4.25"/>',
    "code": '<path d="M7 5.5 2.75 10 7 14.5M13 5.5 17.25 10 13 14.5"/>',
    "leave": '<path d="M8 3.5H4.5v13H8M12.5 6.5 16 10l-3.5 3.5M16 10H8"/>',
    "star": '<path d="m10 3 2.15 4.5 4.85.7-3.5 3.45.8 4.85-4.3-2.3-4.3 2.3.8-4.85L3 8.2l4.85-.7z"/>',
}
_SVG = (
    '<svg class="icon" viewBox="0 0 20 20" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.5"'
    ' stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{}</svg>'
)


def svg(name: str) -> SafeString:
    return format_html(_SVG, SafeString(_PATHS[name]))
