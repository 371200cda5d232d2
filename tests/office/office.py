"""One of each thing of a panel, and who looks at it. Import this late: it needs Django to be set up."""

from __future__ import annotations

import string
from typing import Any

from django_scopes import scope

from panelwright.backoffice import bulk
from panelwright.customers.actions import create_staff
from panelwright.staff import registry
from panelwright.staff.bulk import of_lists
from panelwright.staff.rights import Role
from panelwright.storefront.tests.browsing import Browser
from panelwright.ui.pages import SitePage, Who, all_pages
from tests.bulk.working import started
from tests.staff.cases import World
from tests.staff.payment_cases import (
    commission,
    coupon,
    method,
    partner,
    payment,
    payment_block,
    payout,
    receipt,
    voucher,
)
from tests.support.people import PASSWORD, TRAFFIC, value
from tests.support.rounds import Rounds
from tests.support.story import Story
from tests.support.upstream import ScriptedUpstream


class Office:
    """Addresses of all pages of staff, and browsers at Alice's panel by role. "owner" is Alice."""

    def __init__(self, story: Story, worker: Rounds, upstream: ScriptedUpstream) -> None:
        self.world = World(story, worker, upstream)
        self.alice, self.carol, self.mallory, self.rival = story.alice, story.carol, story.mallory, story.rival
        self.lost = self.world.lost()
        self.cancel = self.world.cancel_asked()
        self.rows: dict[str, Any] = {
            "order": self.lost.number,
            "cancel": self.cancel.number,
            "refill": self.world.refill().number,
            "ticket": self.world.ticket().number,
            "customer": self.carol.number,
            "provider": self.world.people.id,
            "api_provider": value("SELECT MIN(id) FROM providers_provider WHERE kind = 'api'"),
            "route": value("SELECT MIN(id) FROM providers_route WHERE panel_id = %s", self.alice.panel_id),
            "held": value("SELECT MIN(id) FROM providers_route WHERE panel_id = %s", self.alice.panel_id),
            "service": 1,
            "category": value("SELECT MIN(id) FROM catalog_category WHERE panel_id = %s", self.alice.panel_id),
            "staff": story.bob.id,
            "view": self.world.do("view.add", list="orders", name="Mine", query="q=x", shared=True).target,
            "change": self.world.do("service.set_rate", TRAFFIC, rate="0.77").entry_id,
            "bulk": started(story.alice, "ticket.close", on="tickets", asked={"show": "all"}).number,
            "price_list": self.world.price_list(),
            "domain": self.world.do("domain.add", host="www.alice.example").target,
            "saved_reply": self.world.saved_reply(),
            "payment": payment(self.world).number,
            "payment_method": method(self.world),
            "voucher": voucher(self.world),
            "coupon": coupon(self.world),
            "payment_block": payment_block(self.world),
            "receipt_id": receipt(self.world),
            "partner": partner(self.world),
            "commission": commission(self.world),
            "payout": payout(self.world),
            "notice": self.world.do("notice.add_mail", staff=story.bob.id, kinds=["ticket_waits"]).target,
            "panel_webhook": self._webhook(),
            "delivery": self._told(),
            "page": self._written("rules-2"),
            "announcement": self.world.do("announcement.publish", title="News", body="We moved.").target,
        }

    def _written(self, slug: str) -> str:
        """The address of a page; with a digit, as what belongs to one panel has."""
        self.world.do("page.set", slug=slug, language="en", title="Rules", body="# Be kind")
        return slug

    def _webhook(self) -> Any:
        return self.world.do("panel_webhook.add", url="https://hooks.example/own", names=["ticket.opened"]).target

    def _told(self) -> Any:
        self.world.ticket()
        return value("SELECT MAX(id) FROM events_delivery")

    def browser(self, role: str) -> Browser:
        return Browser(self.alice, self.member(role).user)

    def member(self, role: str) -> Any:
        if role == "owner":
            return self.alice.staff
        with scope(panel=self.alice.panel):
            return create_staff(
                panel_id=self.alice.panel_id, email=f"{role}@staff.example", password=PASSWORD, role=Role(role)
            )

    def pages(self) -> dict[str, SitePage]:
        """Address -> page, for each sample that names only what is there."""
        import panelwright.urls  # noqa: F401

        found = {}
        for _site, page in all_pages():
            if page.who is Who.STAFF:
                for sample in page.addresses:
                    needed = {name for _text, name, _spec, _conversion in string.Formatter().parse(sample) if name}
                    if needed <= set(self.rows):
                        found[sample.format(**self.rows)] = page
        return found


def action_pages() -> set[str]:
    """Names of the pages that are actions' forms, to one object or to many."""
    many = {bulk.page_name(of, action) for of, action in of_lists()}
    return many | {name.replace(".", "_") for name, action in registry.actions().items() if not action.for_operators}
