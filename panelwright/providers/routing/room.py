"""How many requests may be under way at once, so that what is slow never takes all places. Pure.

A request takes a place (a thread) until it is answered, and a provider decides how long that is. So one more is only
let out while fewer of its provider and its panel together are under way than there are places free: a provider alone
gets a third of them, each further one less, and a panel never more than half, however many providers it has that never
answer. Where many panels have taken all places, the next one that comes free goes to who has nothing under way, and
to none of those. (The dynamic threshold of Choudhury and Hahne.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


class Room:
    """Places that are free. `under_way`: the panel's and the provider's id of each request that takes one."""

    def __init__(self, places: int, under_way: Iterable[tuple[int, int]] = ()) -> None:
        taken = list(under_way)
        self.free = max(places - len(taken), 0)
        self._of_panel = Counter(panel_id for panel_id, _ in taken)
        self._of_provider = Counter(provider_id for _, provider_id in taken)

    def more(self, panel_id: int, provider_id: int) -> int:
        """How many more may go to this provider now, where none goes to another one meanwhile."""
        spare = self.free - self._of_panel[panel_id] - self._of_provider[provider_id]
        # Each that goes takes a free place, and counts for its panel and its provider.
        return max(-(-spare // 3), 0)

    def take(self, panel_id: int, provider_id: int) -> bool:
        """Whether one more may go; it takes its place then."""
        if not self.more(panel_id, provider_id):
            return False
        self.free -= 1
        self._of_panel[panel_id] += 1
        self._of_provider[provider_id] += 1
        return True

    def full_panels(self) -> list[int]:
        """Ids of the panels of which none may go now, to whichever provider."""
        return sorted(panel_id for panel_id, count in self._of_panel.items() if count >= self.free)
