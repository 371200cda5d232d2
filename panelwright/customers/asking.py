"""What staff have asked of servers outside while they wait for the answer: not too often, as it is sent from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from panelwright.core import clock
from panelwright.core.refusal import Refused
from panelwright.customers import throttle_actions
from panelwright.staff.action import Prepare


def limited(prepare: Prepare) -> Prepare:
    """The same, at most so often for a panel in a quarter of an hour. Refused: too_often."""

    def asked(panel_id: int, target: int | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        refused = throttle_actions.count(panel_id, [(throttle_actions.ASKED, "")], now=clock.now())
        if refused is not None:
            raise Refused.of(refused)
        return prepare(panel_id, target, values)

    return asked
