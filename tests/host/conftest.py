"""Operators' pages on a host of their own, beside Alice's and Rita's panels with one of each thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.story import Story
from tests.support.upstream import ScriptedUpstream

if TYPE_CHECKING:
    from tests.host.installation import Installation
    from tests.support.people import Time
    from tests.support.rounds import Rounds


@pytest.fixture
def host_site(settings: Any) -> str:
    settings.HOST_SITE = "host.example"
    return "host.example"


@pytest.fixture
def installation(host_site: str, story: Story, worker: Rounds, upstream: ScriptedUpstream, time: Time) -> Installation:
    from tests.host.installation import Installation

    return Installation(story, worker, upstream, time)
