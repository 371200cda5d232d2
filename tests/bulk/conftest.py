"""Alice's panel with orders of each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.story import Story
from tests.support.upstream import ScriptedUpstream

if TYPE_CHECKING:
    from tests.staff.cases import World
    from tests.support.people import Time
    from tests.support.rounds import Rounds


@pytest.fixture
def world(story: Story, worker: Rounds, upstream: ScriptedUpstream, time: Time) -> World:
    from tests.staff.cases import World

    return World(story, worker, upstream)
