"""One action to many rows of a list: what it would do is shown first, then a worker does it, and a page tells how far.

The rows come with the address, as keys of this page's rows or as the filters of all that match; what is frozen of them
comes back signed with the form. Nothing needs a script.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_safe

from panelwright.backoffice import acting, lists, words
from panelwright.backoffice.content import previewed
from panelwright.core.lists import whole
from panelwright.core.refusal import Refusal, Refused
from panelwright.staff import bulk, bulk_actions, registry, undoing
from panelwright.staff.action import Action
from panelwright.staff.bulk import Foreseen
from panelwright.staff.lists import Selection, StaffList, freeze, named
from panelwright.staff.models import BulkState, BulkWork
from panelwright.ui.forms import Form
from panelwright.ui.pages import is_resumed
from panelwright.ui.request import StaffRequest

# Rows of one page that may come with an address.
KEYS_MAX = 200
# Numbers that are copied at once.
COPIED_MAX = 5_000
NUMBER_MAX = 2**63 - 1

STATE_LABELS = {
    BulkState.RUNNING: gettext_noop("Running"),
    BulkState.DONE: gettext_noop("Done"),
    BulkState.STOPPED: gettext_noop("Stopped"),
}
# What is counted beside what an action would do (staff/action.py, Foretold).
NOTE_LABELS = {
    "below_cost": gettext_noop("Below cost"),
    "unchanged": gettext_noop("Unchanged"),
}


class BulkChoice(NamedTuple):
    """An action of the bar over a list, and where its form is."""

    action: Action
    url: str


def choices(request: StaffRequest, of: StaffList) -> list[BulkChoice]:
    """What the visitor may do to many rows of the list, in the order of the declarations."""
    return [BulkChoice(action, address(of, action)) for action in bulk.actions_of(of, request.actor)]


def address(of: StaffList, action: Action) -> str:
    return reverse(f"backoffice:{page_name(of, action)}")


def page_name(of: StaffList, action: Action) -> str:
    return f"bulk_{of.name}_{action.verb}"


@require_http_methods(["GET", "POST"])
def act(request: StaffRequest, name: str, of: str) -> HttpResponse:
    """What an action would do to the selected rows; confirmed, it is started."""
    action, chosen = registry.actions()[name], named(of)
    sent = request.method == "POST"
    selection = _kept(request, chosen) if sent else chosen_rows(request, chosen)
    back = acting.back_of(request, action, None) if "back" in {*request.GET, *request.POST} else _list_of(request, of)
    form = acting.form_of(request, action, None)
    seen: Foreseen | Refusal | None = None
    given: dict[str, object] = {}
    changed: Refusal | None = None
    if selection is None:
        seen = Refusal("nothing_selected")
    elif (sent and not is_resumed(request)) or not any(field.required for field in action.fields):
        given = acting.given_by(request, action, form, None) if sent else {}
        seen = bulk.foreseen(action, actor=request.actor, panel=request.panel, selection=selection, given=given)
        sure = form.raw("sure") if sent else ""
        if isinstance(seen, Foreseen) and sure:
            changed = None if seen.digest() == sure else Refusal("moves_differ")
            work = None if changed else _started(request, form, seen)
            if work is not None:
                return redirect("backoffice:bulk_work", work.number)
    nothing = isinstance(seen, Refusal) and seen.code == "nothing_selected"
    if isinstance(seen, Refusal) and not nothing:
        acting.refuse(form, action, seen)
    if not form.raw("once"):
        form.values["once"] = secrets.token_hex(8)
    context = {
        "action": action,
        "list": chosen.listing,
        "fields": [
            acting.field_of(field, form, None, request.panel.id, noun=action.noun.name) for field in action.fields
        ],
        "form": form,
        "nothing": nothing,
        "seen": seen if isinstance(seen, Foreseen) else None,
        "skipped": list(seen.skipped.items()) if isinstance(seen, Foreseen) else [],
        "notes": [(_(NOTE_LABELS.get(note, note)), count) for note, count in seen.notes.items()]
        if isinstance(seen, Foreseen)
        else [],
        "shown_fields": _filled(action, given) if isinstance(seen, Foreseen) else [],
        "letter": next((previewed(form.raw(one.name)) for one in action.fields if one.markdown), "")
        if isinstance(seen, Foreseen)
        else "",
        "sure": seen.digest() if isinstance(seen, Foreseen) else "",
        "selection": "" if selection is None else _sealed(request, selection),
        "changed": changed,
        "back": back,
        "title": _(action.label),
    }
    status = 409 if changed is not None else form.status if sent else 200
    return render(request, "backoffice/bulk_act.html", context, status=status)


def _started(request: StaffRequest, form: Form, seen: Foreseen) -> BulkWork | None:
    """Start what was shown, where the number was typed if it is asked for; else what is wrong stands in the form."""
    if not seen.expected:
        form.refuse(Refusal("nothing_selected"))
        return None
    if seen.asks_number and form.raw("count").strip() != str(seen.expected):
        form.refuse(Refusal("number_differs", "count", facts=(("number", seen.expected),)))
        return None
    try:
        return bulk_actions.start(seen, actor=request.actor, panel_id=request.panel.id, once=form.raw("once")[:64])
    except Refused as refused:
        form.refuse(refused.refusal, beside="")
        return None


def _filled(action: Action, given: Mapping[str, object]) -> list[tuple[str, str]]:
    """What was filled in, as it is said beside what will happen."""
    shown = [field for field in action.fields if field.required and not field.markdown and field.name in given]
    return [(_(field.label), words.value(given[field.name], action.noun.name)) for field in shown]


def chosen_rows(request: StaffRequest, of: StaffList) -> Selection | None:
    """What the address selects, frozen: rows by their keys, or all that match its filters."""
    asked = of.asked_by(request.actor, of.listing.of_panel(request.panel.id).asked(request.GET))
    if of.listing.refused(asked):
        # The list itself says what is wrong with it.
        return None
    if request.GET.get("all"):
        return freeze(of, request.panel, asked)
    keys = [key for key in map(whole, request.GET.getlist("row")[:KEYS_MAX]) if key is not None]
    return freeze(of, request.panel, asked, keys=keys) if keys else None


def _salt(request: StaffRequest) -> str:
    return f"bulk:{request.panel.id}:{request.actor.kind.value}:{request.actor.id}"


def _sealed(request: StaffRequest, selection: Selection) -> str:
    return signing.dumps(selection.as_json(), salt=_salt(request), compress=True)


def _kept(request: StaffRequest, of: StaffList) -> Selection | None:
    """The selection that the form was shown for; None where it is none of ours."""
    try:
        kept: Mapping[str, Any] = signing.loads(request.POST.get("selection", ""), salt=_salt(request))
    except signing.BadSignature:
        return None
    found = Selection.of_json(kept)
    return found if found.name == of.name else None


def _list_of(request: HttpRequest, name: str) -> str:
    """The list with the filters of the address."""
    query = request.GET.copy()
    for gone in ("row", "all", "back"):
        query.pop(gone, None)
    where = _page_of(name)
    return f"{where}?{query.urlencode()}" if query else where


def _page_of(name: str) -> str:
    """The page of a list; changes are shown with the bulk work that made them."""
    return reverse(f"backoffice:{'bulk' if name == undoing.CHANGES else name}")


@require_safe
def works(request: StaffRequest) -> HttpResponse:
    """The panel's bulk work, on lists that the visitor may read."""
    return lists.shown(request, named("bulk"), title=_("Bulk actions"), icon="many")


@require_safe
def work(request: StaffRequest, target: int) -> HttpResponse:
    """How far one has come, and what was left out of it."""
    found = bulk.work_numbered(request.panel.id, min(target, NUMBER_MAX))
    if found is None or not bulk.may_see(request.actor, found):
        raise Http404
    action = bulk.action_of(found)
    looked_at = found.done + found.skipped + found.failed
    running = found.state == BulkState.RUNNING.value
    return lists.shown(
        request,
        named("bulk_misses"),
        asked={"work": str(found.number), "show": named("bulk_misses").listing.asked(request.GET)["show"]},
        template="backoffice/bulk_work.html",
        work=found,
        action=action,
        title=_(action.label) if action is not None else found.action,
        list_label=_(named(found.list_name).listing.label),
        state=_(STATE_LABELS[BulkState(found.state)]),
        running=running,
        looked_at=looked_at,
        # What no longer matched the filters when its turn came.
        gone=max(found.total - looked_at, 0) if found.state == BulkState.DONE.value else 0,
        undoes=undoing.can_undo_work(found, request.actor),
        stops=running and bulk.may_stop(request.actor, found),
        own=lists.of_one_filters(named("bulk_misses").listing, "work"),
        list_url=_page_of(found.list_name),
    )


@require_safe
def ids(request: StaffRequest, name: str) -> HttpResponse:
    """The numbers of the selected rows, ours and the providers', to be copied into somebody's chat."""
    of = named(name)
    selection = chosen_rows(request, of)
    rows: list[Any] = []
    after: int | None = None
    while selection is not None and len(rows) < COPIED_MAX:
        found, after = selection.rows_of(request.panel, after=after)
        rows += found
        if after is None:
            break
    columns = [column for column in of.listing.columns if column.name in {"id", "order", "upstream_id"}]
    told = [(column.name, [str(column.of(row)) for row in rows if column.of(row) is not None]) for column in columns]
    context = {
        "title": _("Copy IDs"),
        "list": of.listing,
        "told": [(_(_ID_LABELS[column]), values) for column, values in told if values],
        "cut": after is not None,
        "most": COPIED_MAX,
        "back": _list_of(request, name),
    }
    return render(request, "backoffice/bulk_ids.html", context)


_ID_LABELS = {
    "id": gettext_noop("IDs"),
    "order": gettext_noop("Order IDs"),
    "upstream_id": gettext_noop("IDs at the provider"),
}
