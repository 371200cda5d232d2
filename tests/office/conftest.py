"""Alice's back office with one of each thing in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.story import Story
from tests.support.upstream import ScriptedUpstream

if TYPE_CHECKING:
    from tests.office.office import Office
    from tests.support.people import Time
    from tests.support.rounds import Rounds


@pytest.fixture
def office(story: Story, worker: Rounds, upstream: ScriptedUpstream, time: Time) -> Office:
    from tests.office.office import Office

    return Office(story, worker, upstream)
