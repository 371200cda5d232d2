"""Who works here, one member with what they may and did, and the trail of all."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panelwright.backoffice import lists, queries, words
from panelwright.backoffice.acting import allowed, making, offered
from panelwright.customers import lists as customers_lists
from panelwright.customers import people_queries
from panelwright.customers.models import Staff, StaffKey
from panelwright.customers.staff_actions import is_invited
from panelwright.staff import rights
from panelwright.staff.lists import named
from panelwright.ui.request import StaffRequest

ID_MAX = 2**63 - 1
KEYS = 50
CHANGES = 20


@require_safe
def staff(request: StaffRequest) -> HttpResponse:
    """Who works here, with roles and keys."""
    keys = named("staff_keys")
    return lists.shown(
        request,
        named("staff"),
        template="backoffice/staff.html",
        actions=[*allowed(request, "panel.set_staff_factor"), *making(request, "staff", "staff_key")],
        keys_list=keys.listing,
        keys=keys.page(request.panel, {}).rows,
        factor_required=request.panel.staff_factor_required,
    )


@require_safe
def member(request: StaffRequest, target: int) -> HttpResponse:
    """One member of staff: what they may, where they are logged in, their keys, what they changed lately."""
    panel_id = request.panel.id
    rows = queries.rows(Staff, panel_id).filter(id=min(target, ID_MAX))
    found: Staff | None = rows.select_related("user").first()
    if found is None:
        raise Http404
    may = rights.of(found.role, found.rights)
    keys = queries.rows(StaffKey, panel_id).filter(staff=found, revoked_at=None).select_related("staff__user")
    changes = named("trail")
    context: dict[str, Any] = {
        "member": found,
        "invited": is_invited(found.user),
        "role": words.choice(found.role),
        "rights": [(words.choice(right.value), right in may, right.value in found.rights) for right in rights.Right],
        "actions": offered(request, "staff", found),
        "last_login": people_queries.last_login(panel_id, found.user_id),
        "sessions_list": customers_lists.SESSIONS_SEEN,
        "sessions": people_queries.sessions(panel_id, found.user_id),
        "logins_list": customers_lists.LOGINS,
        "logins": people_queries.logins(panel_id, found.user_id)[:10],
        "keys_list": named("staff_keys").listing,
        "keys": list(keys.order_by("-id")[:KEYS]),
        "key_actions": making(request, "staff_key"),
        "changes_list": changes.listing,
        "changes": changes.page(request.panel, {"who": str(found.id)}, limit=CHANGES).rows,
    }
    return render(request, "backoffice/staff_member.html", context)


@require_safe
def trail(request: StaffRequest) -> HttpResponse:
    """Every change by staff, the newest first."""
    return lists.shown(request, named("trail"), title=_("Audit trail"), icon="clock")
