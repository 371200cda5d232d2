"""The registry of pages: every address of a site, declared once as plain data.

Read by the URLs (ui/routes.py), the menus, the guards, the accessibility walk, the query count and the isolation
test: a new page is one `SitePage` in its site's pages.py, with its view and template.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, get_script_prefix, get_urlconf, resolve, reverse
from django.utils.translation import gettext as _

from panelwright.staff.rights import Right

if TYPE_CHECKING:
    from panelwright.panels.models import Panel
    from panelwright.ui.request import PanelRequest

View = Callable[..., HttpResponseBase]


class Who(Enum):
    """Who may see a page. Whoever is not logged in logs in first; others are told that it is not theirs.

    A page of staff does not exist for customers (404); staff without its right are told so (403).
    """

    EVERYBODY = "everybody"
    USERS = "users"  # customers and staff
    CUSTOMERS = "customers"
    STAFF = "staff"  # those whose rights include the page's
    OPERATORS = "operators"  # of the installation, on their own host (panelwright/host)


class Answer(Enum):
    """What an address answers with."""

    PAGE = "page"
    PART = "part"  # a piece of a page, for htmx
    FILE = "file"  # a download, a picture, a style sheet
    ACTION = "action"  # takes POST only, and leads back to a page
    LEADS_ON = "leads on"
    PROGRAM = "program"  # for programs: their views refuse in their own words


class AsCustomer(Enum):
    """What staff may do on a page who are signed in as the customer."""

    LOOK = "look"  # it is shown; nothing is sent
    ACT = "act"  # forms of it are sent, too
    MONEY = "money"  # the same, for those who may change balances
    NEVER = "never"  # it is not even shown


@dataclass(frozen=True, slots=True)
class Menu:
    """A page's place in a menu. `name`: main (who is logged in), public (who is not), or the tabs of a section.

    Entries stand in the order of the registry. `count`: what is counted beside the words, see `COUNTS` in
    ui/templatetags/pages.py. `when`: of which panels it stands there; without it, of all.
    """

    name: str
    label: str
    icon: str = ""
    count: str = ""
    when: Callable[[Panel], bool] | None = None


@dataclass(frozen=True, slots=True)
class SitePage:
    """An address of a site.

    `path` is a route, or a regular expression when it begins with ^. `under` names the page in whose menu entry this
    one is found. `right`: what staff need to see it, with `also`; None: any of them may. `start`: where its users
    begin after they have logged in. `as_customer`: what staff may do there in a customer's place. `indexed`: search
    engines may list it. `samples` are
    addresses that tests look at; names in braces stand for rows that they have made, such as {order}. Empty: the path
    itself.
    """

    name: str
    path: str
    view: View
    who: Who
    answers: Answer = Answer.PAGE
    right: Right | None = None
    also: Right | None = None
    menus: tuple[Menu, ...] = ()
    under: str = ""
    start: bool = False
    as_customer: AsCustomer = AsCustomer.LOOK
    indexed: bool = False
    samples: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.right or self.also) is not None and self.who is not Who.STAFF:
            raise ValueError(f"{self.name}: only a page of staff names a right that it needs")
        if self.indexed and self.who is not Who.EVERYBODY:
            raise ValueError(f"{self.name}: search engines are shown what everybody may see")

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where tests look at it."""
        return self.samples or (f"/{self.path}",)


@dataclass(frozen=True, slots=True)
class Site:
    """The pages of a site. Its name is the namespace of their addresses. `of_host`: it stands on the operators' host,
    where no panel answers, and not among the pages of panels.
    """

    name: str
    pages: tuple[SitePage, ...]
    of_host: bool = False

    def page(self, name: str) -> SitePage | None:
        return next((page for page in self.pages if page.name == name), None)

    def trail(self, page: SitePage) -> list[str]:
        """The page's name, that of the page that it is under, and so on."""
        names = [page.name]
        while page.under:
            above = self.page(page.under)
            assert above is not None, page
            page = above
            names.append(page.name)
        return names


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A menu's entry as it is shown."""

    page: SitePage
    url: str
    label: str
    icon: str
    count: str
    current: bool


_sites: dict[str, Site] = {}


def register(site: Site) -> Site:
    _sites[site.name] = site
    return site


def all_pages() -> Iterator[tuple[Site, SitePage]]:
    """Of the sites of panels."""
    for site in _sites.values():
        if not site.of_host:
            for page in site.pages:
                yield site, page


def page_of(request: PanelRequest) -> tuple[Site, SitePage] | None:
    """The page that the request's address leads to; None for an address that leads nowhere."""
    match = request.resolver_match
    site = _sites.get(match.namespace) if match else None
    page = site.page(match.url_name or "") if match and site else None
    return (site, page) if site and page else None


def leads_to(address: str) -> tuple[Site, SitePage] | None:
    """The page that an address of this panel leads to."""
    try:
        match = resolve(urlsplit(address).path)
    except (Resolver404, ValueError):
        return None
    site = _sites.get(match.namespace)
    page = site.page(match.url_name or "") if site else None
    return (site, page) if site and page else None


def is_resumed(request: HttpRequest) -> bool:
    """Whether a form is brought back to be filled in on, and not to be done (`send_again` in ui/auth.py)."""
    return request.method == "POST" and bool(request.POST.get("resume"))


def _url(name: str) -> str:
    """The URL of a page that needs no values: a menu has two dozen of them, and they stay what they are."""
    return _reversed(name, get_urlconf() or settings.ROOT_URLCONF, get_script_prefix())


@lru_cache(maxsize=1_000)
def _reversed(name: str, urlconf: str, script_prefix: str) -> str:
    return reverse(name, urlconf=urlconf)


def menu(request: PanelRequest, name: str) -> list[MenuEntry]:
    """The entries of a menu that this visitor may see; current is the one that the shown page is found under."""
    places = [
        (site, page, place)
        for site, page in all_pages()
        for place in page.menus
        if place.name == name and may_see(request, page) and (place.when is None or place.when(request.panel))
    ]
    shown = page_of(request)
    trail = [f"{shown[0].name}:{above}" for above in shown[0].trail(shown[1])] if shown else []
    listed = {f"{site.name}:{page.name}" for site, page, _place in places}
    current = next((above for above in trail if above in listed), "")
    entries = []
    for site, page, place in places:
        address = f"{site.name}:{page.name}"
        entries.append(
            MenuEntry(page, _url(address), _(place.label), place.icon, place.count, current=address == current)
        )
    return entries


def menu_of(site_name: str, request: PanelRequest) -> list[MenuEntry]:
    """The entries of a site's own menu, which has its name: of a site whose every page is for the same people."""
    site = _sites[site_name]
    shown = page_of(request)
    trail = site.trail(shown[1]) if shown and shown[0] is site else []
    return [
        MenuEntry(page, _url(f"{site.name}:{page.name}"), _(place.label), place.icon, "", page.name in trail)
        for page in site.pages
        for place in page.menus
        if place.name == site.name
    ]


def may_see(request: PanelRequest, page: SitePage) -> bool:
    """Whether the page is for who is logged in here. Everybody's pages are for all."""
    if page.who is Who.EVERYBODY:
        return True
    if page.who is Who.USERS:
        return request.visitor is not None
    if page.who is Who.CUSTOMERS:
        return request.customer is not None
    needed = [right for right in (page.right, page.also) if right is not None]
    return request.actor is not None and all(map(request.actor.may, needed))


def start_of(request: PanelRequest) -> str:
    """Where somebody begins who has just logged in: the address of the first such page that is theirs."""
    for site, page in all_pages():
        if page.start and may_see(request, page):
            return reverse(f"{site.name}:{page.name}")
    return "/"
