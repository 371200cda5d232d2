"""How a panel looks: its own colour and its own logo."""

from __future__ import annotations

import hashlib

from django.db import transaction

from panelwright.core import limits
from panelwright.core.refusal import Refused
from panelwright.panels.models import Panel, PanelLogo

# How a picture of each kind begins.
_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"RIFF", "image/webp"),
)


def set_hue(*, panel_id: int, hue: int | None) -> None:
    """The angle of the panel's colour, 0 to 359; None: one by its slug. Raises ValueError for another number."""
    if hue is not None and not 0 <= hue < 360:
        raise Refused("number_out_of_range", "hue", least=0, most=359)
    Panel.objects.filter(id=panel_id).update(hue=hue)


def set_logo(*, panel_id: int, body: bytes | None) -> None:
    """The panel's logo, shown 32 pixels high; None: the panel's own sign again.

    Raises ValueError for what is no PNG, JPEG or WebP picture, or is larger than 200 KiB. SVG is not taken: it
    may carry programs.
    """
    if body is None:
        with transaction.atomic():
            PanelLogo.objects.filter(panel_id=panel_id).delete()
            Panel.objects.filter(id=panel_id).update(logo_version="")
        return
    if len(body) > limits.LOGO_BYTES_MAX:
        raise Refused("logo_too_large", "logo", limit=limits.LOGO_BYTES_MAX)
    kind = next((kind for start, kind in _KINDS if body.startswith(start)), "")
    if not kind or (kind == "image/webp" and body[8:12] != b"WEBP"):
        raise Refused("bad_logo", "logo")
    with transaction.atomic():
        PanelLogo.objects.update_or_create(panel_id=panel_id, defaults={"content_type": kind, "body": body})
        Panel.objects.filter(id=panel_id).update(logo_version=hashlib.sha256(body).hexdigest()[:16])
