"""The list of coupons for staff, declared."""

from __future__ import annotations

from django.db.models import Count, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_noop

from panelwright.core.lists import Column, ColumnKind, ColumnPlace, Filter, Listing, ListScope
from panelwright.core.paging import Found, Narrowing
from panelwright.panels.models import Panel
from panelwright.promotions import rules
from panelwright.promotions.models import Coupon, CouponUse
from panelwright.staff.lists import StaffList, offers
from panelwright.staff.rights import Right


def _searched(panel: Panel, text: str) -> Narrowing:
    """A code, or a part of one."""
    code = rules.normal(text)
    if code is not None and Coupon.objects.filter(panel_id=panel.id, code=code).exists():
        return Narrowing(served=Q(code=code), few=1)
    return Narrowing(sought=Q(code__icontains=text.strip()))


_BY_STATE = {"on": Q(enabled=True), "off": Q(enabled=False)}

COUPONS = Listing(
    name="coupons",
    label=gettext_noop("Coupons"),
    scope=ListScope.PANEL,
    columns=(
        Column("id", ColumnKind.ID),
        Column("code", label=gettext_noop("Code"), place=ColumnPlace.FIRST, cell="coupon_code"),
        Column("brings", label=gettext_noop("Brings"), place=ColumnPlace.MAIN, cell="coupon_brings"),
        Column("percent_e2", ColumnKind.NUMBER),
        Column("amount", ColumnKind.MONEY),
        Column("most", ColumnKind.MONEY),
        Column("least", ColumnKind.MONEY, gettext_noop("Minimum deposit"), ColumnPlace.LEFT, says=True),
        Column("used", ColumnKind.NUMBER, gettext_noop("Used"), ColumnPlace.LEFT, cell="coupon_uses", says=True),
        Column("uses_max", ColumnKind.NUMBER),
        Column("uses_each", ColumnKind.NUMBER),
        Column("first_only", ColumnKind.FLAG),
        Column("begins_at", ColumnKind.TIME, empty=True),
        Column("expires_at", ColumnKind.TIME, gettext_noop("Expires"), ColumnPlace.LEFT, says=True, empty=True),
        Column("enabled", ColumnKind.FLAG, gettext_noop("State"), ColumnPlace.MARK, cell="coupon_state"),
        Column("created_at", ColumnKind.TIME),
        offers("coupon"),
    ),
    filters=(
        Filter(
            "state",
            gettext_noop("State"),
            (("", gettext_noop("All")), ("on", gettext_noop("On")), ("off", gettext_noop("Off"))),
            chips=True,
            where=lambda panel, state: Narrowing(sought=_BY_STATE[state]),
        ),
        Filter("q", gettext_noop("Search coupons"), hint=gettext_noop("A part of the code"), where=_searched),
    ),
    empty=gettext_noop("No coupons yet. Create one, and customers can enter its code when they add funds."),
    none_match=gettext_noop("No coupons match your filters."),
)


def _coupons(panel: Panel) -> Found:
    given = CouponUse.objects.filter(panel_id=panel.id, coupon=OuterRef("id"), given_micros__gt=0)
    counted = given.order_by().values("coupon").annotate(count=Count("id")).values("count")
    used = Coalesce(Subquery(counted, output_field=IntegerField()), 0)
    every = Coupon.objects.filter(panel_id=panel.id)
    return Found(every.annotate(used=used), every)


LISTS = (StaffList(COUPONS, "coupon", Right.PAYMENTS, _coupons),)
