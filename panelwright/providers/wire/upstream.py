"""A provider as the rest of the product knows it, whatever is spoken to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from panelwright.providers.wire.outcomes import (
    Accepted,
    Balance,
    Offers,
    OrderReport,
    RefillReport,
    Unknown,
    UpstreamRefused,
)


class Upstream(Protocol):
    """One provider's account of ours there. Threads share one object.

    What every transport keeps to:

    - No method raises for anything that the provider or the network does: that is a refusal or unknown (outcomes.py).
    - `add` and `refill` go out exactly once. Refused is said only of what was certainly not taken.
    - A call ends: within less than half of a lease (routing/rules.py), whatever the other side does.
    - Texts are cleaned: no key, no markup, no control characters, bounded.
    - Ids are text, at most REF_MAX characters, without space and comma.
    """

    def add(self, params: Mapping[str, str]) -> Accepted | UpstreamRefused | Unknown:
        """Place an order. `params` are those of the panel API v2: service, link, quantity, … and request_id."""

    def status(self, ids: Sequence[str]) -> dict[str, OrderReport | UpstreamRefused | Unknown]:
        """The state of orders; every id asked is a key of the answer."""

    def cancel(self, ids: Sequence[str]) -> dict[str, Accepted | UpstreamRefused | Unknown]:
        """Ask to cancel orders; what becomes of it is told by `status`. Every id asked is a key of the answer."""

    def refill(self, order: str) -> Accepted | UpstreamRefused | Unknown:
        """Ask to refill an order. The accepted id is the refill's, "" where there is none."""

    def refill_status(self, ids: Sequence[str]) -> dict[str, RefillReport | UpstreamRefused | Unknown]:
        """The state of refills; every id asked is a key of the answer."""

    def services(self) -> Offers | UpstreamRefused | Unknown:
        """What the provider sells, at its price for us."""

    def balance(self) -> Balance | UpstreamRefused | Unknown:
        """Our balance there."""

    def close(self) -> None:
        """Let go of connections."""
