"""What is blocked on all panels: the host's own rules, which reach orders as those of panels do."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from panelwright.core.lists import whole
from panelwright.core.refusal import Refusal
from panelwright.host import lists, queries
from panelwright.host.request import OperatorRequest
from panelwright.host.views import done
from panelwright.panels import block_store
from panelwright.panels.block_actions import NOTE_MAX
from panelwright.panels.models import BlockKind
from panelwright.staff.panel_lists import BLOCK_KINDS
from panelwright.ui.forms import Form

TRIED_CHARS_MAX = 2000


@require_http_methods(["GET", "POST"])
def blocks(request: OperatorRequest) -> HttpResponse:
    """The list, with a form that adds one. `try`: a link or text that is held against the rules."""
    form = Form.sent(request)
    if request.method == "POST":
        given = {name: form.text(name) for name in ("kind", "text", "note") if form.text(name)}
        found = done(request, "host_block.add", panel=None, given=given)
        if not isinstance(found, Refusal):
            messages.success(request, _("Already blocked.") if found.nothing else _("Blocked on all panels."))
            return redirect("host:blocks")
        form.refuse(found)
    asked = lists.BLOCKS.asked(request.GET)
    tried = request.GET.get("try", "").strip()[:TRIED_CHARS_MAX]
    rules = block_store.host() if tried else None
    further, back = whole(request.GET.get("before", "")), whole(request.GET.get("after", ""))
    context = {
        "list": lists.BLOCKS,
        "asked": asked,
        "page": queries.blocks(asked["q"], further=further, back=back),
        "narrowed": bool(asked["q"]),
        "form": form,
        "kinds": [(kind.value, _(BLOCK_KINDS[kind])) for kind in BlockKind],
        "note_max": NOTE_MAX,
        "tried": tried,
        "refused_by": rules and (rules.target(tried) or rules.word(tried)),
    }
    return render(request, "host/blocks.html", context, status=form.status)


@require_POST
def block_remove(request: OperatorRequest) -> HttpResponse:
    given = {name: request.POST.get(name, "") for name in ("kind", "text")}
    found = done(request, "host_block.remove", panel=None, given=given)
    if not isinstance(found, Refusal):
        messages.success(request, _("Block removed."))
    return redirect("host:blocks")
