"""Rounds of one kind of work with providers, side by side: one a provider at a time, on threads of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from panelwright.core.places import Room, Turns


class ProviderRounds:
    """`places` rounds may run at once; who gets the next one is decided by `room`. One thread calls all of this."""

    def __init__(self, name: str, places: int) -> None:
        self._places = places
        self._threads = ThreadPoolExecutor(places, thread_name_prefix=name)
        # By provider: the panel's id, and what the round did.
        self._running: dict[int, tuple[int, Future[int]]] = {}
        self._turns = Turns()

    def room(self) -> Room:
        under_way = [(panel_id, id_) for id_, (panel_id, _) in self._running.items()]
        return Room(self._places, under_way, self._turns)

    def busy(self) -> list[int]:
        """Ids of the providers that have a round under way."""
        return list(self._running)

    def start(self, provider_id: int, panel_id: int, work: Callable[[], int]) -> None:
        """Of a provider that is not busy. `work` answers how much it did, and never raises."""
        self._running[provider_id] = (panel_id, self._threads.submit(work))

    def ended(self) -> int:
        """Forget the rounds that have ended. Answers what they did."""
        ended = [id_ for id_, (_, round_) in self._running.items() if round_.done()]
        return sum(self._running.pop(id_)[1].result() for id_ in ended)

    def wait(self, timeout_s: float) -> None:
        """Wait for the running rounds, no longer than this; one that takes longer loses only its lease."""
        wait([round_ for _, round_ in self._running.values()], timeout_s)

    def close(self, *, wait_for: bool) -> None:
        """Start no more rounds, and let go of the threads."""
        self._threads.shutdown(wait=wait_for, cancel_futures=True)
