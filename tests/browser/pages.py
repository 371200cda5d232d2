"""Every page of the registry, for tests that look at all of them."""

from __future__ import annotations

import string
from dataclasses import asdict, dataclass

from panelwright.ui.pages import Answer, Site, SitePage, Who, all_pages


@dataclass(frozen=True, slots=True)
class World:
    """Rows that the pages of one customer show."""

    order: int
    ticket: int
    # As its address has it.
    webhook: str
    # For staff: her number, that of who delivers, and what else forms of staff are about.
    customer: int = 0
    provider: int = 0
    service: int = 0
    category: int = 0
    api_provider: int = 0
    route: int = 0
    held: int = 0
    refill: int = 0
    cancel: int = 0
    staff: int = 0
    bulk: int = 0
    view: int = 0
    domain: int = 0
    saved_reply: int = 0
    payment: int = 0
    payment_method: int = 0
    voucher: int = 0
    coupon: int = 0
    partner: int = 0
    commission: int = 0
    payout: int = 0
    receipt: str = ""
    receipt_id: int = 0
    page: str = ""
    announcement: int = 0
    notice: int = 0
    panel_webhook: int = 0
    delivery: int = 0


# Pages of staff are many: one test of all of them comes near the time after which a test is held to hang.
STAFF_SHARES = 6
WALKS = [("visitor", 0), ("customer", 0), *(("staff", share) for share in range(STAFF_SHARES))]


def of_walk(who: str, share: int, world: World, *, forms: bool = True) -> dict[str, str]:
    """Pages that one walk of WALKS looks at; `forms`: those of all actions of staff, too."""
    if who == "visitor":
        return public(world)
    if who == "customer":
        return inside(world)
    found = dict(list(office(world, forms=forms).items())[share::STAFF_SHARES])
    assert found
    return found


def public(world: World) -> dict[str, str]:
    """Pages for whoever comes by; beside them an address that leads nowhere."""
    found: dict[str, str] = {}
    for site, page in _pages():
        if page.who is Who.EVERYBODY:
            found |= _addresses(site, page, world)
    return {**found, "nowhere": "/nowhere"}


def inside(world: World) -> dict[str, str]:
    """Pages of a customer who is logged in: hers, and those of everybody's that stand in her menu."""
    found: dict[str, str] = {}
    for site, page in _pages():
        if page.who is not Who.STAFF and (page.who is not Who.EVERYBODY or page.menus):
            found |= _addresses(site, page, world)
    return found


def office(world: World, *, forms: bool = True) -> dict[str, str]:
    """Pages of staff who are logged in; `forms`: and those of actions, which are one template."""
    found: dict[str, str] = {}
    for site, page in _pages():
        if page.who is Who.STAFF and (forms or "name" not in page.arguments):
            found |= _addresses(site, page, world)
    return found


def _pages() -> list[tuple[Site, SitePage]]:
    # The registry is filled where the addresses are read.
    import panelwright.urls  # noqa: F401

    return [(site, page) for site, page in all_pages() if page.answers is Answer.PAGE]


def _addresses(site: Site, page: SitePage, world: World) -> dict[str, str]:
    """By name and address; those that need a letter's token are left out."""
    known = {name: row for name, row in asdict(world).items() if row}
    found: dict[str, str] = {}
    for sample in page.addresses:
        needed = {name for _text, name, _spec, _conversion in string.Formatter().parse(sample) if name}
        if needed <= set(known):
            found[f"{site.name}:{page.name} {sample}"] = sample.format(**known)
    return found
