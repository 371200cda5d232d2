"""How many requests may be under way at once, so that what is slow never takes all places. Pure.

A request takes a place (a thread) until it is answered, and a provider decides how long that is. So one more is only
let out while fewer of its provider and its panel together are under way than there are places free: a provider alone
gets a third of them, each further one less, and a panel never more than half, however many providers it has that never
answer. Where many panels have taken all places, the next one that comes free goes to who has nothing under way, and
to none of those. (The dynamic threshold of Choudhury and Hahne.) Of several with nothing under way it goes to the panel
that has had a place longest ago, and of its providers to the one that has: where more wait than there are places, they
come in turns.

The same for webhooks, where a customer has the part of a provider: ids of providers, or of customers, are `one_id`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

# So many panels, and so many providers, are remembered; who had a place longest ago is forgotten first.
TURNS_MAX = 10_000


class Turns:
    """Who had a place when, of one kind of work of a process. One thread calls all of this."""

    def __init__(self) -> None:
        self._count = 0
        # By id, in the order of their turns.
        self._panels: dict[int, int] = {}
        self._ones: dict[int, int] = {}

    def took(self, panel_id: int, one_id: int) -> None:
        self._count += 1
        for turns, id_ in ((self._panels, panel_id), (self._ones, one_id)):
            turns.pop(id_, None)
            turns[id_] = self._count
            if len(turns) > TURNS_MAX:
                del turns[next(iter(turns))]

    def last(self, panel_id: int, one_id: int) -> tuple[int, int]:
        """When the panel and the provider had one: the lower, the longer ago."""
        return self._panels.get(panel_id, 0), self._ones.get(one_id, 0)


class Room:
    """Places that are free. `under_way`: the panel's and the provider's id of each request that takes one.

    `turns` remembers over the rounds who had a place.
    """

    def __init__(self, places: int, under_way: Iterable[tuple[int, int]] = (), turns: Turns | None = None) -> None:
        self._turns = turns or Turns()
        taken = list(under_way)
        self.free = max(places - len(taken), 0)
        self._of_panel = Counter(panel_id for panel_id, _ in taken)
        self._of_one = Counter(one_id for _, one_id in taken)

    def more(self, panel_id: int, one_id: int) -> int:
        """How many more may go to this provider now, where none goes to another one meanwhile."""
        spare = self.free - self._of_panel[panel_id] - self._of_one[one_id]
        # Each that goes takes a free place, and counts for its panel and its provider.
        return max(-(-spare // 3), 0)

    def take(self, panel_id: int, one_id: int) -> bool:
        """Whether one more may go; it takes its place then."""
        if not self.more(panel_id, one_id):
            return False
        self.free -= 1
        self._of_panel[panel_id] += 1
        self._of_one[one_id] += 1
        self._turns.took(panel_id, one_id)
        return True

    def in_turn(self, waiting: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Of those that wait, each `(panel id, provider id)`, who may get one now: the emptiest first, then by turn."""
        may = [(self.more(*one), *self._turns.last(*one), one) for one in waiting]
        # Where nothing else tells them apart, as they came.
        return [one for more, *_, one in sorted(may, key=lambda each: (-each[0], *each[1:3])) if more]

    def full_panels(self) -> list[int]:
        """Ids of the panels of which none may go now, to whichever provider."""
        return sorted(panel_id for panel_id, count in self._of_panel.items() if count >= self.free)
