"""What a fault may change in how the panel itself behaves; here, nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping

from panelwright.sandbox.catalogue import BY_ID, SandboxService
from panelwright.sandbox.delivery import SandboxOrder


class Conduct:
    """How the panel behaves in one call. `catalogue`: what it sells, and at which rates and limits."""

    catalogue: Mapping[int, SandboxService] = BY_ID
    # Tells and treats every balance as empty.
    no_funds: bool = False

    def loses(self, order: SandboxOrder) -> bool:
        """Whether an order that was placed will be unknown from now on."""
        return False

    def shown(self, order: SandboxOrder, report: dict[str, object]) -> dict[str, object]:
        """What `status` tells of an order, in the protocol's terms."""
        return report


HONEST = Conduct()
