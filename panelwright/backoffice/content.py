"""The pages that customers read: their list, and one of them in all its languages, beside each other.

Each language is a text of its own, saved in a transaction of its own. A form carries of each the version that it shows
and a digest of what it was filled with: what nobody has touched is not written again, and what somebody else has
written meanwhile is not written over, but shown beside what was typed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from panelwright.backoffice.queries import NumberedPage, page_number
from panelwright.content import markdown, queries
from panelwright.content.actions import check_slug
from panelwright.content.lists import PAGES
from panelwright.content.models import NOT_WRITTEN, Page
from panelwright.content.queries import OURS, PageSummary
from panelwright.core import limits
from panelwright.core.refusal import Refusal, Refused
from panelwright.staff import registry, values
from panelwright.staff.actions import perform
from panelwright.ui import refusals
from panelwright.ui.forms import Form
from panelwright.ui.middleware import offered_languages
from panelwright.ui.pages import is_resumed
from panelwright.ui.request import StaffRequest
from panelwright.ui.templatetags.pages import language_name

ROWS_MAX = 100


@dataclass(slots=True)
class LanguageText:
    """A page in one language, as the form holds it.

    `row`: what stands in it, None where nothing does. `version` and `was` belong to what the form was filled with: the
    version of the page, and a digest of the text. `conflict`: somebody else has changed it meanwhile; `theirs` is what
    they have written, None where they have deleted it.
    """

    code: str
    row: Page | None
    title: str
    body: str
    version: str
    was: str
    error: str = ""
    conflict: bool = False
    theirs: Page | None = None

    @property
    def is_changed(self) -> bool:
        return digest(self.title, self.body) != self.was

    @property
    def stands(self) -> str:
        """The version that stands now."""
        return NOT_WRITTEN if self.row is None else self.row.version

    @property
    def shown(self) -> SafeString:
        return previewed(self.body)

    @property
    def theirs_shown(self) -> SafeString:
        return previewed(self.theirs.body) if self.theirs is not None else SafeString("")

    @property
    def title_name(self) -> str:
        return f"title-{self.code}"

    @property
    def body_name(self) -> str:
        return f"body-{self.code}"

    @property
    def preview_target(self) -> str:
        return f"#preview-{self.code}"

    @property
    def preview_values(self) -> str:
        return json.dumps({"preview": self.code})

    @property
    def sent_for_preview(self) -> str:
        """What of the form goes along where its preview is asked for."""
        return ",".join(("preview", "csrfmiddlewaretoken", self.title_name, self.body_name))


def digest(title: str, body: str) -> str:
    """Of a text as the form holds it: browsers write line breaks their own way."""
    return hashlib.sha256(f"{title.strip()}\n{_plain(body)}".encode()).hexdigest()[:32]


def previewed(body: str) -> SafeString:
    """What customers would read. Of what is too long to be saved, the beginning."""
    return markdown.html(_plain(body)[: limits.PAGE_CHARS_MAX])


def _plain(body: str) -> str:
    return body.replace("\r\n", "\n").strip()


@require_safe
def pages(request: StaffRequest) -> HttpResponse:
    """Every page of the panel by its address, with the languages that it is written in."""
    found = queries.summaries(request.panel, request.language)
    context = {"list": PAGES, "page": _numbered(found, page_number(request.GET.get("page", "")))}
    return render(request, "backoffice/content/pages.html", context)


def _numbered(found: Sequence[PageSummary], number: int) -> NumberedPage:
    last = max(-(-len(found) // ROWS_MAX), 1)
    number = min(number, last)
    return NumberedPage(list(found[(number - 1) * ROWS_MAX : number * ROWS_MAX]), number, last, len(found))


@require_http_methods(["GET", "POST"])
def new_page(request: StaffRequest) -> HttpResponse:
    """A page at an address that has none yet."""
    return _edit(request, "")


@require_http_methods(["GET", "POST"])
def page(request: StaffRequest, slug: str) -> HttpResponse:
    """One page in all its languages."""
    return _edit(request, slug)


def _edit(request: StaffRequest, slug: str) -> HttpResponse:
    rows = {row.language: row for row in queries.pages_of(request.panel.id, slug)} if slug else {}
    sent = request.method == "POST"
    if slug and not rows and slug not in OURS and not sent:
        # What somebody was writing while another removed the page is shown, and can be saved.
        raise Http404
    codes = list(dict.fromkeys([*offered_languages(request.panel), *rows]))
    if not sent:
        own = bool(rows) or "own" in request.GET
        texts = [_filled(code, rows.get(code), slug if own else "") for code in codes]
        in_menu, position = _menu_of(rows.values())
        form = Form({"in_menu": in_menu, "position": position, "was_menu": _menu_mark(in_menu, str(position))})
        if slug in OURS and not own:
            return _shown(request, slug, form, [_standard(slug, code) for code in codes], standard=True)
        return _shown(request, slug, form, texts)
    form = Form(request.POST.dict())
    texts = [_typed(code, rows.get(code), form) for code in codes]
    if "preview" in request.POST:
        if request.headers.get("HX-Request"):
            one = next((text for text in texts if text.code == request.POST["preview"]), texts[0])
            return render(request, "backoffice/content/preview.html", {"one": one})
        return _shown(request, slug, form, texts)
    if is_resumed(request):
        return _shown(request, slug, form, texts)
    saved = _saved(request, slug or form.text("slug"), form, texts, is_new=not slug)
    conflict = any(text.conflict for text in texts)
    wrong = conflict or bool(form.errors) or any(text.error for text in texts)
    if not wrong:
        if saved:
            messages.success(request, _saved_words(saved))
        else:
            messages.info(request, _("Nothing was changed."))
        return redirect("backoffice:content_page", slug or form.text("slug"))
    if saved:
        # What is saved stands at its address; what is left is saved there.
        slug = slug or form.text("slug")
        messages.success(request, _saved_words(saved))
    return _shown(request, slug, form, texts, status=409 if conflict else 422)


def _saved_words(codes: Sequence[str]) -> str:
    return _("Saved: %(languages)s.") % {"languages": ", ".join(map(language_name, codes))}


def _filled(code: str, row: Page | None, slug: str) -> LanguageText:
    """A text as it stands; of a page that comes with us, ours, to begin with."""
    if row is not None:
        return LanguageText(code, row, row.title, row.body, row.version, digest(row.title, row.body))
    title, body = "", ""
    if slug in OURS:
        title, body = queries.ours(slug, code)[2:4]
    return LanguageText(code, None, title, body, NOT_WRITTEN, digest("", ""))


def _standard(slug: str, code: str) -> LanguageText:
    text = queries.ours(slug, code)
    return LanguageText(code, None, text.title, text.body, NOT_WRITTEN, digest(text.title, text.body))


def _typed(code: str, row: Page | None, form: Form) -> LanguageText:
    return LanguageText(
        code,
        row,
        form.text(f"title-{code}"),
        form.raw(f"body-{code}"),
        form.text(f"version-{code}") or NOT_WRITTEN,
        form.text(f"was-{code}") or digest("", ""),
    )


def _menu_of(rows: Any) -> tuple[bool, int]:
    return any(row.in_menu for row in rows), min((row.position for row in rows), default=0)


def _menu_mark(in_menu: bool, position: str) -> str:
    return f"{'yes' if in_menu else 'no'}:{position}"


def _saved(request: StaffRequest, slug: str, form: Form, texts: Sequence[LanguageText], *, is_new: bool) -> list[str]:
    """Save each text that was changed; the languages that were. What was refused stands in form and texts."""
    try:
        check_slug(slug)
        menu = _menu(form)
    except Refused as refused:
        form.refuse(refused.refusal)
        return []
    if is_new and (slug in OURS or queries.pages_of(request.panel.id, slug)):
        form.wrong("slug", _("There is already a page at this address."))
        return []
    moved = slug not in OURS and form.text("was_menu") != _menu_mark(form.ticked("in_menu"), str(menu["position"]))
    saved = []
    for text in texts:
        if not text.is_changed and not (moved and text.row is not None):
            _follow(text)
            continue
        came = _save(request, slug, {} if slug in OURS else menu, text)
        if came is None:
            saved.append(text.code)
            text.row = _row(request, slug, text.code)
            text.version, text.was = text.stands, digest(text.title, text.body)
        else:
            _refuse(request, slug, form, text, came)
    if saved and moved:
        form.values["was_menu"] = _menu_mark(form.ticked("in_menu"), str(menu["position"]))
    if is_new and not saved and not form.errors and not any(text.error or text.conflict for text in texts):
        form.wrong("", _("Write a title and a text in at least one language."))
    return saved


def _row(request: StaffRequest, slug: str, code: str) -> Page | None:
    return next((row for row in queries.pages_of(request.panel.id, slug) if row.language == code), None)


def _menu(form: Form) -> dict[str, Any]:
    """Where the page stands in the menu. Raises Refused."""
    field = next(one for one in registry.actions()["page.set"].fields if one.name == "position")
    position = values.value_of(field, values.from_text(field, form.text("position") or "0"))
    return {"in_menu": form.ticked("in_menu"), "position": position}


def _save(request: StaffRequest, slug: str, menu: Mapping[str, Any], text: LanguageText) -> Refusal | None:
    """Where only the menu was changed, the text stays as it stands now."""
    kept = None if text.is_changed else text.row
    given = {
        "slug": slug,
        "language": text.code,
        "title": text.title if kept is None else kept.title,
        "body": text.body if kept is None else kept.body,
        "version": text.version if kept is None else kept.version,
        **menu,
    }
    came = perform(registry.actions()["page.set"], actor=request.actor, panel_id=request.panel.id, given=given)
    if isinstance(came, Refusal):
        return came
    if kept is not None:
        text.title, text.body = kept.title, kept.body
    return None


def _follow(text: LanguageText) -> None:
    """A text that nobody has touched here is shown as it stands now."""
    if text.version != text.stands:
        text.title, text.body = (text.row.title, text.row.body) if text.row is not None else ("", "")
        text.version, text.was = text.stands, digest(text.title, text.body)


def _refuse(request: StaffRequest, slug: str, form: Form, text: LanguageText, refusal: Refusal) -> None:
    said = refusals.text(refusal)
    if refusal.code == "changed_meanwhile":
        text.row = _row(request, slug, text.code)
        # Saved once more, what was typed is meant to replace it.
        text.conflict, text.theirs, text.version = True, text.row, text.stands
        text.error = "" if text.row is not None else _("Somebody else has deleted this text. Save again to keep yours.")
    elif refusal.field in {"title", "body"}:
        form.wrong(f"{refusal.field}-{text.code}", said)
    elif refusal.field == "position":
        form.wrong("position", said)
    else:
        text.error = said


def _shown(
    request: StaffRequest,
    slug: str,
    form: Form,
    texts: Sequence[LanguageText],
    *,
    standard: bool = False,
    status: int = 200,
) -> HttpResponse:
    for text in texts:
        form.values |= {text.title_name: text.title, text.body_name: text.body}
    written = [text for text in texts if text.row is not None]
    named = queries.ours(slug, request.language).title if slug in OURS else slug
    context = {
        "slug": slug,
        "address": _address(slug),
        "action": reverse("backoffice:content_page", args=[slug]) if slug else reverse("backoffice:content_new"),
        "form": form,
        "texts": texts,
        "is_ours": slug in OURS,
        "standard": standard,
        "written": written,
        "conflict": any(text.theirs for text in texts),
        "heading": next((text.row.title for text in written if text.row is not None), named),
    }
    return render(request, "backoffice/content/page.html", context, status=status)


def _address(slug: str) -> str:
    """Where customers read it."""
    if not slug:
        return ""
    return reverse(f"storefront:{slug}") if slug in OURS else reverse("storefront:page", args=[slug])
