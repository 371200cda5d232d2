"""Handing out a file that somebody attached: as a download, and never as a page of ours."""

from __future__ import annotations

from typing import Any, Protocol

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from panelwright.support.files import MEDIA_TYPES, FileType


class StoredFile(Protocol):
    """A file that was checked when it came: of a ticket, or of a payment."""

    name: str
    type: str
    data: Any


def file(attachment: StoredFile) -> HttpResponse:
    """The caller has made sure that whoever asks may have it."""
    response = HttpResponse(bytes(attachment.data), content_type=MEDIA_TYPES[FileType(attachment.type)])
    response.headers["Content-Disposition"] = content_disposition_header(True, attachment.name) or "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, no-store"
    return response
