"""Pictures for cameras."""

from __future__ import annotations

import segno
from django.utils.safestring import SafeString

# What phones still read off a screen.
TEXT_MAX = 1_000


def svg(text: str) -> SafeString | None:
    """The text as an SVG without styles of its own: dark on light in both schemes, for the camera's sake. None: it is
    too long for a picture.
    """
    if not text or len(text) > TEXT_MAX:
        return None
    return SafeString(
        segno.make(text, error="m").svg_inline(
            scale=5, border=3, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True
        )
    )
