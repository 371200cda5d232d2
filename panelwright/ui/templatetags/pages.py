"""Tags and filters of the pages' templates."""

from __future__ import annotations

import zlib
from datetime import date, datetime
from typing import Any, NamedTuple

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from panelwright.content import queries as content
from panelwright.content.models import Announcement
from panelwright.content.queries import OURS, PageLink
from panelwright.core import money, said
from panelwright.core.refusal import Refusal
from panelwright.customers.models import Customer
from panelwright.orders import reasons
from panelwright.panels.models import Panel
from panelwright.support import queries
from panelwright.ui import cookies, icons, markup, pages, refusals, status_labels
from panelwright.ui.assets import all_assets
from panelwright.ui.forms import Form, PageForm

register = template.Library()

HUES = 7


@register.simple_tag
def asset(name: str) -> str:
    """The address of a static file; it changes with the file, so that browsers may keep it for ever."""
    return f"{reverse('ui:asset', args=[name])}?v={all_assets()[name].version}"


@register.filter
def wire(value: Any) -> SafeString:
    """An example answer: the bytes of the API, coloured."""
    return markup.json_html(value)


@register.filter
def code(text: str) -> SafeString:
    """Program text, coloured."""
    return markup.code_html(text)


@register.filter
def link_kinds(kinds: str) -> str:
    """Kinds of links, parted by commas, in the visitor's words."""
    return reasons.link_kinds(kinds, _)


@register.filter
def hue(panel: Panel) -> int:
    """A number below HUES that is the panel's own: the style sheet has a colour for each."""
    return zlib.crc32(panel.slug.encode()) % HUES


@register.filter
def language_name(language: str) -> str:
    """A language's name in that language."""
    return next(str(name) for code, name in settings.LANGUAGES if code.lower() == language.lower())


def _described_by(name: str, help: str, error: str) -> str:
    """The ids of the texts below a field, for screen readers."""
    return " ".join(f"{name}-{part}" for part, text in (("help", help), ("error", error)) if text)


@register.simple_tag
def error_of(form: Form | PageForm, name: str) -> str:
    """What is wrong with a field that no tag draws."""
    return form.error_of(name)


@register.inclusion_tag("ui/field.html")
def field(
    form: Form | PageForm,
    name: str,
    label: str,
    type: str = "text",
    help: str = "",
    optional: bool = False,
    depends: bool = False,
    **attributes: Any,
) -> dict[str, Any]:
    """A labelled input with its help and its error. Attributes are written with _ for -: autocomplete="email".

    `optional` may be left out, and says so; whether one that `depends` may is for the rest of the form to say.
    """
    error = form.error_of(name)
    return {
        "name": name,
        "label": label,
        "type": type,
        "value": form.shown(name),
        "help": help,
        "error": error,
        "optional": optional,
        "required": not (optional or depends),
        "described_by": _described_by(name, help, error),
        "attributes": {key.replace("_", "-"): value for key, value in attributes.items() if value not in {"", None}},
    }


@register.inclusion_tag("ui/choice.html")
def choice(
    form: Form | PageForm,
    name: str,
    label: str,
    choices: Any,
    help: str = "",
    optional: bool = False,
    names: bool = False,
) -> dict[str, Any]:
    """A labelled select; `choices` are (value, text) pairs. `names`: the texts are names, in no language."""
    error = form.error_of(name)
    return {
        "name": name,
        "label": label,
        "choices": [(str(value), text) for value, text in choices],
        "names": names,
        "value": str(form.shown(name)),
        "help": help,
        "error": error,
        "optional": optional,
        "described_by": _described_by(name, help, error),
    }


@register.filter
def amount(micros: int) -> str:
    """An exact amount of money, as the API writes it: 2 to 6 decimals."""
    return money.text(micros)


@register.filter
def rounded(micros: int) -> str:
    """An amount of money with two decimals, rounded down, where there is no room for the exact one (in `title`)."""
    cents = abs(micros) // 10_000
    return f"{'-' if micros < 0 else ''}{cents // 100}.{cents % 100:02d}"


@register.filter
def moment(at: datetime | None) -> str:
    """A time in the visitor's zone, written so that it means the same everywhere: 2026-05-04 12:30. On one line."""
    return format_html('<span class="time">{}</span>', f"{timezone.localtime(at):%Y-%m-%d %H:%M}") if at else ""


@register.filter
def day(at: datetime | date | None) -> str:
    """A day, likewise: 2026-05-04."""
    if isinstance(at, datetime):
        at = timezone.localtime(at)
    return f"{at:%Y-%m-%d}" if at else ""


@register.filter
def told(text: str) -> str:
    """What we say where a stranger's words may stand too (core/said.py), in the visitor's language."""
    return said.words(text, _)


@register.filter
def refused(refusal: Refusal) -> str:
    """Why something was refused, as a sentence."""
    return refusals.text(refusal)


@register.simple_tag(takes_context=True)
def menu(context: Any, name: str) -> list[pages.MenuEntry]:
    """The entries of a menu that the visitor may see."""
    return pages.menu(context["request"], name)


@register.inclusion_tag("ui/entries.html", takes_context=True)
def entries(context: Any, name: str) -> dict[str, Any]:
    """The links of a menu, with their icons and counts."""
    request = context["request"]
    if not hasattr(request, "menu_counts"):
        # A page shows a menu twice, in the side bar and in the sheet.
        request.menu_counts = {key: count(request.customer) for key, count in COUNTS.items()}
    shown = [(entry, request.menu_counts.get(entry.count, 0)) for entry in pages.menu(request, name)]
    return {"entries": shown}


@register.inclusion_tag("ui/tabs.html", takes_context=True)
def tabs(context: Any, name: str, label: str) -> dict[str, Any]:
    """The menu of a section as tabs; `label` is its name for screen readers."""
    return {"entries": pages.menu(context["request"], name), "label": label}


@register.simple_tag(takes_context=True)
def here(context: Any, *names: str) -> SafeString:
    """aria-current for the link to the page that is shown; `names` are names of addresses."""
    match = context["request"].resolver_match
    return mark_safe(' aria-current="page"') if match and match.view_name in names else SafeString("")


@register.simple_tag(takes_context=True)
def address_with(context: Any, **changes: Any) -> str:
    """The address of this page with other parameters; an empty value takes one away."""
    query = context["request"].GET.copy()
    query.pop("lang", None)
    for name, value in changes.items():
        if value in {"", None}:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else context["request"].path


@register.simple_tag(takes_context=True)
def address_in(context: Any, language: str) -> str:
    """The address of this page in another language."""
    query = context["request"].GET.copy()
    query["lang"] = language
    return f"?{query.urlencode()}"


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """A small picture beside a word; it says nothing that the word does not. `size`: s, l or nothing."""
    return icons.svg(name, size) if name else SafeString("")


# The first word that is found is the name; the order matters, as browsers claim to be each other.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("YaBrowser", "Yandex"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@register.filter
def browser_name(text: str) -> str:
    """What a browser calls itself, in two words."""
    browser = next((name for word, name in _BROWSERS if word in text), "") or text[:30] or "?"
    system = next((name for word, name in _SYSTEMS if word in text), "")
    return f"{browser}, {system}" if system else browser


_STATUS_CLASSES = {
    "Pending": "",
    "Processing": "busy",
    "In progress": "busy",
    "Active": "busy",
    "Completed": "good",
    "Partial": "warn",
    "Paused": "warn",
    "Canceled": "bad",
    "Rejected": "bad",
    "Expired": "",
}


@register.filter
def status_class(word: str) -> str:
    """The colour of a status."""
    return _STATUS_CLASSES.get(word, "")


@register.filter
def status_text(word: str) -> str:
    """A status in the visitor's language; on the wire it is always English."""
    return _(status_labels.STATUS[word]) if word in status_labels.STATUS else word


@register.filter
def is_web(link: str) -> bool:
    """Whether a link may be clicked: http or https, and nothing else."""
    return link.lower().startswith(("http://", "https://"))


@register.simple_tag(takes_context=True)
def query_string(context: Any) -> str:
    """The filters of this page, for another address: without the cursors."""
    query = context["request"].GET.copy()
    for name in ("before", "after", "lang", "seen"):
        query.pop(name, None)
    return f"?{query.urlencode()}" if query else ""


class SearchHead(NamedTuple):
    """Where the page stands, without what narrows it, and its panel's picture; without `path` it is not listed."""

    start: str = ""
    path: str = ""
    picture: str = ""


@register.simple_tag(takes_context=True)
def search_head(context: Any) -> SearchHead:
    """What the head of the page says to search engines and to whoever shows a link to it."""
    request = context["request"]
    found = pages.page_of(request) if hasattr(request, "panel") else None
    if found is None or not found[1].indexed:
        return SearchHead()
    logo = request.panel.logo_version
    picture = f"{reverse('ui:logo')}?v={logo}" if logo else asset("mark-512.png")
    start = f"{request.scheme}://{request.META.get('HTTP_HOST', '')}"
    return SearchHead(start, request.path.rstrip("/") or "/", picture)


@register.simple_tag(takes_context=True)
def menu_pages(context: Any) -> list[PageLink]:
    """The pages that staff want linked from everywhere, terms and questions last. One query."""
    request = context["request"]
    return content.menu(request.panel, request.language)


@register.simple_tag(takes_context=True)
def banners(context: Any) -> list[Announcement]:
    """What staff want to be read first, without what this browser has put away. One query."""
    request = context["request"]
    return content.banners(request.panel.id, request.language, but=cookies.put_away(request))


@register.simple_tag
def page_address(slug: str) -> str:
    """Where a free page stands."""
    return reverse(f"storefront:{slug}") if slug in OURS else reverse("storefront:page", args=[slug])


@register.filter
def unread_tickets(customer: Customer | None) -> int:
    """How many of her tickets were answered and not read; asked once for a page. Staff have none."""
    if customer is None:
        return 0
    return queries.unread(customer.panel_id, customer.id)


# What a menu may count beside its words.
COUNTS = {"unread_tickets": unread_tickets}
