"""What a fault makes of an order's report in `status`: pure, in the protocol's terms; a dialect comes after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from panelwright.sandbox import money
from panelwright.sandbox.delivery import ENDED, IN_PROGRESS, PENDING, SandboxOrder
from panelwright.sandbox.dialects import Row, remains_less

ABOVE = "above"
_ABOVE_UNITS = 1_000


def _backwards(order: SandboxOrder, report: Row, settings: dict[str, Any]) -> Row | None:
    """Nothing before Pending; the words of subscriptions know no order."""
    earlier = {"Processing": PENDING, IN_PROGRESS: PENDING} | dict.fromkeys(ENDED, IN_PROGRESS)
    word = earlier.get(str(report["status"]))
    if word is None:
        return None
    return report | {"status": word, "remains": str(order.quantity), "charge": money.text(order.charge_micros)}


def _over_delivery(order: SandboxOrder, report: Row, settings: dict[str, Any]) -> Row | None:
    return remains_less(settings["units"])(report)


def _remains(order: SandboxOrder, report: Row, settings: dict[str, Any]) -> Row | None:
    value = settings["value"]
    return report | {"remains": str(order.quantity + _ABOVE_UNITS) if value == ABOVE else value}


# None: there is nothing to bend, and the rule has not met the order.
BENDS: dict[str, Callable[[SandboxOrder, Row, dict[str, Any]], Row | None]] = {
    "backwards": _backwards,
    "over_delivery": _over_delivery,
    "remains": _remains,
}
