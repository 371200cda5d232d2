"""The gate: so many at once, each address in its turn, and who waits for something else lets others in."""

from __future__ import annotations

import asyncio
import threading

import pytest

from panelwright.core.gate import Crowded, Gate, aside


def test_two_at_once_and_each_address_in_its_turn() -> None:
    async def run() -> tuple[list[str], int]:
        gate = Gate(2, 400)
        order: list[str] = []
        inside = most = 0

        async def page(of: str) -> None:
            nonlocal inside, most
            async with gate.through(of):
                inside += 1
                most = max(most, inside)
                order.append(of)
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(page("many") for _ in range(50)), page("one"))
        return order, most

    order, most = asyncio.run(run())
    assert most == 2
    assert len(order) == 51
    # Two of the many were in already, and one more may have been next.
    assert order.index("one") <= 3


def test_too_many_are_told_and_others_are_not() -> None:
    async def run() -> None:
        gate = Gate(1, 8)
        over = asyncio.Event()

        async def page(of: str) -> None:
            async with gate.through(of):
                await over.wait()

        pages = [asyncio.create_task(page("many")) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Crowded):
            async with gate.through("many"):
                pass
        pages.append(asyncio.create_task(page("one")))
        await asyncio.sleep(0)
        over.set()
        await asyncio.gather(*pages)
        async with gate.through("many"):
            pass

    asyncio.run(run())


def test_who_gives_up_while_waiting_leaves_no_hole() -> None:
    async def run() -> None:
        gate = Gate(1, 8)
        async with gate.through("a"):
            waiting = asyncio.create_task(_pass(gate, "b"))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.wait_for(_pass(gate, "c"), 5)

    asyncio.run(run())


async def _pass(gate: Gate, of: str) -> None:
    async with gate.through(of):
        pass


def test_a_thread_that_steps_aside_lets_another_in_and_comes_back() -> None:
    async def run() -> None:
        gate = Gate(1, 8)
        waits, other_was_in = threading.Event(), threading.Event()

        def work() -> None:
            with aside():
                waits.set()
                assert other_was_in.wait(5)

        async def first() -> None:
            async with gate.through("a"):
                await asyncio.to_thread(work)

        async def second() -> None:
            await asyncio.to_thread(waits.wait)
            async with gate.through("b"):
                other_was_in.set()

        await asyncio.wait_for(asyncio.gather(first(), second()), 10)
        # One place still, not none and not two.
        async with gate.through("c"):
            late = asyncio.create_task(_pass(gate, "d"))
            await asyncio.sleep(0.01)
            assert not late.done()
        await asyncio.wait_for(late, 5)

    asyncio.run(run())


def test_without_a_place_nothing_is_left() -> None:
    with aside():
        pass
