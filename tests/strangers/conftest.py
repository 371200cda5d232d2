"""The worst that a stranger can send, and the others, who must not notice.

    def test_a_page_of_percent_signs(others: Others, alice: Owner) -> None:
        body = b"%" * 65_536
        others.unharmed_by(lambda: post(others.port, host=alice.host, body=body))

`others` is a running installation on the test's database, either kind: web process, worker, a sandbox as provider,
and another panel whose customer places 40 orders a second over the wire. `unharmed_by` runs an attack again and
again while she does, and fails when her orders are answered or sent late (tests/strangers/others.py says how late,
and how a busy machine is told from an attack). A test that asks it is marked `alone`. What an attack asks for must
have come by the time that it returns: wait in it for the answer, or for the worker to have read the feed.

Where a panel is slow rather than stopped, processor time says more, and says the same on every machine:

    others.costs_at_most(10, plain, worst, times=20)

`memory_bytes` and `processor_s` tell what the web process ("web") or the worker ("worker") holds and has spent.
Panels, customers and rows are made in the test's own process as in every other test, before the attack: `alice`,
`carol`, `selling.open_shop`. A page or the API of Alice's panel is asked for with her `Host`. Starting all of it
takes some seconds: try several inputs of a kind in one test, and take `standing` where no row of the test's own is
needed: it is the same on a database of its own, one for all tests of a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.strangers.others import Others
from tests.support.processes import Launcher


@pytest.fixture
def others(clean_books: None, launch: Launcher, tmp_path: Path) -> Iterator[Others]:
    made = Others(launch, tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def standing(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Others]:
    folder = tmp_path_factory.mktemp("others")
    with Launcher(database_url=new_database(), folder=folder) as launch:
        made = Others(launch, folder)
        try:
            made.start(elsewhere=True)
            yield made
        finally:
            made.stop()
