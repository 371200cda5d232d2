"""Numbers are a panel's own, and none is given twice: whoever asks, whatever is rolled back, whoever dies."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panelwright.core import sql
from panelwright.core.refusal import Refused
from panelwright.panels import numbers
from panelwright.panels.models import Noun
from panelwright.panels.number_actions import set_next_numbers
from panelwright.panels.numbers import BLOCK_MAX, BLOCK_S, KEPT_S, Block, Blocks, block_size
from tests.support.people import Owner, execute, values
from tests.support.statements import statements


class Watch:
    """A clock of a process."""

    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


def _block(size: int) -> Block:
    return Block(0, 0, size, 1000.0)


@pytest.mark.parametrize(
    ("before", "later_s", "size"),
    [
        (None, 0.0, 3),
        (_block(1), 0.1, 3),
        (_block(8), 0.1, 16),
        (_block(1000), 0.1, BLOCK_MAX),
        (_block(8), BLOCK_S, 4),
        (_block(4), BLOCK_S, 3),
        (_block(1000), KEPT_S, 3),
    ],
)
def test_a_block_lasts_for_about_a_second(before: Block | None, later_s: float, size: int) -> None:
    assert block_size(before, missing=3, now=1000.0 + later_s) == size


def test_numbers_begin_at_1001_and_each_panel_has_its_own(alice: Owner) -> None:
    other = Owner("erin", slug="other", host="other.example", currency="EUR", rate="1.00")
    assert numbers.take(alice.panel_id, Noun.ORDER, 2) == range(1001, 1003)
    assert numbers.take(other.panel_id, Noun.ORDER, 1) == range(1001, 1002)
    assert numbers.take(alice.panel_id, Noun.REFILL, 1) == range(1001, 1002)
    assert numbers.take(alice.panel_id, Noun.ORDER, 1) == range(1003, 1004)
    assert numbers.next_number(alice.panel_id, Noun.ORDER) == 1004
    assert numbers.next_number(other.panel_id, Noun.TICKET) == 1001


def test_what_is_rolled_back_gives_no_number(alice: Owner) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        numbers.take(alice.panel_id, Noun.ORDER, 5)
        raise RuntimeError
    assert numbers.take(alice.panel_id, Noun.ORDER, 1) == range(1001, 1002)


def test_a_quiet_panel_has_no_gaps(alice: Owner) -> None:
    watch = Watch()
    here, there = Blocks(Noun.ORDER, now=watch), Blocks(Noun.ORDER, now=watch)
    found: list[int] = []
    for blocks in (here, there, here, here, there):
        given_ = blocks.give({alice.panel_id: 2})
        given_.keep()
        found += given_.numbers[alice.panel_id]
        watch.s += KEPT_S
    assert found == list(range(1001, 1011))


def test_a_busy_process_asks_seldom(alice: Owner) -> None:
    blocks = Blocks(Noun.ORDER, now=Watch())
    found: list[int] = []
    with statements() as seen:
        for _ in range(3000):
            given_ = blocks.give({alice.panel_id: 1})
            given_.keep()
            found += given_.numbers[alice.panel_id]
    # 1, 2, 4 … 1024, then 1024 at a time.
    assert len(seen) == 12
    assert found == list(range(1001, 4001))


def test_what_a_block_has_left_is_used_first(alice: Owner) -> None:
    blocks = Blocks(Noun.ORDER, now=Watch())
    for count in (1, 1, 6):
        given_ = blocks.give({alice.panel_id: count})
        given_.keep()
    # Two were taken for the second, of which one was left for the third.
    assert given_.numbers[alice.panel_id] == list(range(1003, 1009))


@pytest.mark.parametrize("committed", [True, False])
def test_a_block_is_kept_when_it_is_committed(alice: Owner, committed: bool) -> None:
    blocks = Blocks(Noun.ORDER, now=Watch())
    for _ in range(2):
        given_ = blocks.give({alice.panel_id: 1})
        given_.keep()
    with transaction.atomic():
        given_ = blocks.give({alice.panel_id: 3})
        transaction.set_rollback(not committed)
    if committed:
        given_.keep()
    after = blocks.give({alice.panel_id: 1})
    first = set(given_.numbers[alice.panel_id])
    # What the transaction took of the block is gone; what it took of the row it gave back with the roll-back.
    assert first.isdisjoint(after.numbers[alice.panel_id]) is committed
    assert list(after.numbers[alice.panel_id]) == [1006 if committed else 1004]


def test_a_batch_of_many_panels_asks_for_their_numbers_at_once(alice: Owner, rival: Owner) -> None:
    asked: list[str] = []
    blocks = Blocks(Noun.ORDER, now=Watch())
    with transaction.atomic(), sql.heard_by(lambda text, values: asked.append(text)):
        given_ = blocks.give({rival.panel_id: 2, alice.panel_id: 1})
        assert [list(given_.numbers[panel.panel_id]) for panel in (alice, rival)] == [[1001], [7_000_001, 7_000_002]]
        assert numbers.take_each({rival.panel_id: 3, alice.panel_id: 1}, Noun.ORDER) == {
            alice.panel_id: range(1002, 1003),
            rival.panel_id: range(7_000_003, 7_000_006),
        }
        assert len(asked) == 2
        assert numbers.take_each({}, Noun.ORDER) == {}
    assert [numbers.next_number(panel.panel_id, Noun.ORDER) for panel in (alice, rival)] == [1003, 7_000_006]


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),  # which process
        st.dictionaries(st.integers(0, 1), st.integers(1, 9), min_size=1),  # panel -> how many
        st.sampled_from(["commit", "commit", "commit", "roll back", "die"]),
        st.sampled_from([0.0, 0.0, 0.1, 2.0, 11.0]),
    ),
    max_size=40,
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_no_number_is_given_twice(
    alice: Owner, rival: Owner, steps: list[tuple[int, dict[int, int], str, float]]
) -> None:
    panels = (alice.panel_id, rival.panel_id)
    execute("DELETE FROM panels_numbering")
    watch = Watch()
    processes = [Blocks(Noun.ORDER, now=watch) for _ in range(3)]
    told: dict[int, list[int]] = {panel_id: [] for panel_id in panels}
    for process, wanted, end, pause_s in steps:
        counts = {panels[place]: count for place, count in wanted.items()}
        with transaction.atomic():
            given_ = processes[process].give(counts)
            transaction.set_rollback(end == "roll back")
        assert {panel_id: len(of) for panel_id, of in given_.numbers.items()} == counts
        if end == "die":
            # The answers had gone out, the process had not written down what else it had.
            processes[process] = Blocks(Noun.ORDER, now=watch)
        elif end == "commit":
            given_.keep()
        if end != "roll back":
            for panel_id, of in given_.numbers.items():
                assert list(of) == sorted(of)
                told[panel_id] += of
        watch.s += pause_s
    for panel_id, of in told.items():
        assert len(of) == len(set(of)), "a number was given twice"
        assert all(number < numbers.next_number(panel_id, Noun.ORDER) for number in of)


@pytest.mark.django_db(transaction=True)
def test_processes_that_ask_at_once_get_different_numbers(alice: Owner, rival: Owner) -> None:
    told: dict[int, list[int]] = {alice.panel_id: [], rival.panel_id: []}
    errors: list[Exception] = []

    def process() -> None:
        blocks = Blocks(Noun.ORDER)
        try:
            for n in range(30):
                with transaction.atomic(durable=True):
                    given_ = blocks.give({alice.panel_id: 1 + n % 3, rival.panel_id: 1})
                given_.keep()
                for panel_id, of in given_.numbers.items():
                    told[panel_id] += of
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=process) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [len(of) for of in told.values()] == [240, 120]
    for of in told.values():
        assert len(of) == len(set(of))


def test_an_owner_says_where_numbers_go_on_and_only_upwards(alice: Owner) -> None:
    set_next_numbers(panel_id=alice.panel_id, begin={Noun.ORDER: 250_001, Noun.TICKET: 1001})
    assert numbers.take(alice.panel_id, Noun.ORDER, 1) == range(250_001, 250_002)
    before = values("SELECT panel_id, noun, next_number FROM panels_numbering ORDER BY 1, 2")
    for wrong, code in (
        (250_001, "number_given"),
        (1001, "number_given"),
        (0, "number_out_of_range"),
        (numbers.BEGIN_MAX + 1, "number_out_of_range"),
    ):
        with pytest.raises(Refused) as refused:
            set_next_numbers(panel_id=alice.panel_id, begin={Noun.REFILL: 5000, Noun.ORDER: wrong})
        assert (refused.value.refusal.code, refused.value.refusal.field) == (code, "order")
    assert values("SELECT panel_id, noun, next_number FROM panels_numbering ORDER BY 1, 2") == before
    set_next_numbers(panel_id=alice.panel_id, begin={Noun.ORDER: 250_002})
    assert numbers.take(alice.panel_id, Noun.REFILL, 1) == range(1001, 1002)
