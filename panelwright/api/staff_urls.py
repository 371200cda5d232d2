"""The addresses of the staff API, below /api/staff/v1/."""

from __future__ import annotations

from django.urls import path, re_path

from panelwright.api import staff, staff_content, staff_tickets

urlpatterns = [
    path("queue", staff.queue),
    path("orders/<int:id_>", staff.order),
    path("refills/<int:id_>", staff.refill),
    path("cancels/<int:id_>", staff.cancel),
    path("problems", staff.problems),
    path("problems/<int:id_>", staff.problem),
    path("pages", staff_content.pages),
    path("announcements", staff_content.announcements),
    path("tickets", staff_tickets.tickets),
    path("tickets/<int:id_>", staff_tickets.ticket),
    path("tickets/<int:id_>/attachments/<int:file_id>", staff_tickets.attachment),
    re_path(r"^(?P<path>.*)$", staff.not_found),
]
