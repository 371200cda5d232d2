"""Handing out a receipt as a PDF, to its customer and to staff."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from panelwright.receipts import document, pdf
from panelwright.receipts.models import Receipt


def pdf_name(receipt: Receipt) -> str:
    """What the file is called: a number may have a slash in it, a name of a file none."""
    return f"{receipt.number.replace('/', '-')}.pdf"


def as_pdf(receipt: Receipt) -> HttpResponse:
    """The caller has made sure that whoever asks may have it."""
    data = pdf.written(document.text_of(receipt), panel=receipt.panel.name, at=receipt.issued_at)
    return pdf_file(data, pdf_name(receipt))


def pdf_file(data: bytes, name: str) -> HttpResponse:
    """A PDF as a download that nobody keeps on the way."""
    response = HttpResponse(data, content_type="application/pdf")
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
