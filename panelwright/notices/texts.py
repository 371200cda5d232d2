"""What a notice says, in the reader's language, and to programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from panelwright.core import said
from panelwright.core.lists import count_text
from panelwright.notices.rules import LOOKED_MAX, NAMED_MAX, Matter, NoticeKind, Part
from panelwright.providers.staff_orders import PROBLEM_LABELS

KIND_LABELS = {
    NoticeKind.ORDER_PROBLEM: gettext_noop("Orders with a problem"),
    NoticeKind.MANUAL_ORDER: gettext_noop("Manual orders"),
    NoticeKind.REFILL_WAITS: gettext_noop("Refill requests"),
    NoticeKind.CANCEL_WAITS: gettext_noop("Cancellation requests"),
    NoticeKind.TICKET_WAITS: gettext_noop("Tickets waiting"),
    NoticeKind.PAYMENT_WAITS: gettext_noop("Payments waiting"),
    NoticeKind.DISPUTE: gettext_noop("Disputed payments"),
    NoticeKind.PAYOUT_WAITS: gettext_noop("Affiliate payouts to send"),
    NoticeKind.PROVIDER_LOW: gettext_noop("Low balance at a provider"),
    NoticeKind.PROVIDER_FAILS: gettext_noop("A provider does not work"),
    NoticeKind.PRICE_HELD: gettext_noop("Services on hold"),
    NoticeKind.WEBHOOK_STOPPED: gettext_noop("A webhook was turned off"),
    NoticeKind.MAIL_FAILED: gettext_noop("Emails that could not be sent"),
}
# Where staff find them.
PATHS = {
    NoticeKind.ORDER_PROBLEM: "/admin/orders?show=problem",
    NoticeKind.MANUAL_ORDER: "/admin/orders?show=manual",
    NoticeKind.REFILL_WAITS: "/admin/refills",
    NoticeKind.CANCEL_WAITS: "/admin/cancels",
    NoticeKind.TICKET_WAITS: "/admin/tickets",
    NoticeKind.PAYMENT_WAITS: "/admin/payments?show=waiting",
    NoticeKind.DISPUTE: "/admin/payments?show=problem",
    NoticeKind.PAYOUT_WAITS: "/admin/affiliates/payouts?state=requested",
    NoticeKind.PROVIDER_LOW: "/admin/providers",
    NoticeKind.PROVIDER_FAILS: "/admin/providers",
    NoticeKind.PRICE_HELD: "/admin/held",
    NoticeKind.WEBHOOK_STOPPED: "/admin/settings/webhooks",
    NoticeKind.MAIL_FAILED: "/admin/settings/notices",
}
_WRONG = {
    **PROBLEM_LABELS,
    "payment_held": gettext_noop("Held by your payment rules"),
    "disputed": gettext_noop("Disputed"),
    "dispute_open": gettext_noop("Dispute opened"),
    "dispute_taken": gettext_noop("Dispute opened, the money was taken"),
    "dispute_won": gettext_noop("Dispute won"),
    "dispute_lost": gettext_noop("Dispute lost"),
}
# Of these the number is an id of ours and says nothing to people.
_UNNUMBERED = frozenset({NoticeKind.PROVIDER_LOW, NoticeKind.PROVIDER_FAILS})


def subject(parts: Sequence[Part]) -> str:
    """In one line: the kinds with how many are new."""
    return ", ".join(f"{_(KIND_LABELS[part.kind])}: {count_text(len(part.new))}" for part in parts)


def text(parts: Sequence[Part], *, origin: str) -> str:
    """The whole notice as plain text. `origin`: where the panel can be reached; empty: without links."""
    return "\n\n".join(_part(part, origin) for part in parts)


def _part(part: Part, origin: str) -> str:
    new, all_ = len(part.new), part.waiting
    head = _(KIND_LABELS[part.kind])
    counted = ngettext("%(count)s new", "%(count)s new", new) % {"count": count_text(new)}
    if all_ > new:
        waiting = count_text(all_) if all_ < LOOKED_MAX else f"{LOOKED_MAX}+"
        counted += ", " + ngettext("%(count)s in total", "%(count)s in total", all_) % {"count": waiting}
    lines = [f"{head}: {counted}", *(f"– {_line(part.kind, one)}" for one in part.new[:NAMED_MAX])]
    if new > NAMED_MAX:
        more = new - NAMED_MAX
        lines.append(ngettext("– and %(count)s more", "– and %(count)s more", more) % {"count": count_text(more)})
    if origin:
        lines.append(origin + PATHS[part.kind])
    return "\n".join(lines)


def _line(kind: NoticeKind, one: Matter) -> str:
    number = str(one.number) if one.number and kind not in _UNNUMBERED else ""
    label = _WRONG.get(one.code)
    wrong = _(label) if label else one.code.replace("_", " ")
    # Of an order the facts stand in its story; of the others they are what somebody's server said.
    told = said.words(one.facts, _) if one.facts and not one.code else ""
    return ": ".join(filter(None, (number, one.label, wrong, told)))


def for_programs(parts: Sequence[Part], *, origin: str) -> list[dict[str, Any]]:
    """In codes and numbers; `things` names as many as a letter does."""
    return [
        {
            "kind": part.kind.value,
            "new": len(part.new),
            "waiting": part.waiting,
            "things": [_thing(part.kind, one) for one in part.new[:NAMED_MAX]],
            **({"url": origin + PATHS[part.kind]} if origin else {}),
        }
        for part in parts
    ]


def _thing(kind: NoticeKind, one: Matter) -> dict[str, Any]:
    number = {"number": one.number} if one.number else {}
    return {**number, **({"name": one.label} if one.label else {}), **({"problem": one.code} if one.code else {})}
