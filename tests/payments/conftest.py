"""Panels that sell by simulated gateways, which are asked over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.story import Story

if TYPE_CHECKING:
    from tests.payments.shop import Shop
    from tests.payments.till import Till


@pytest.fixture
def shop(story: Story, settings: Any) -> Iterator[Shop]:
    from tests.payments.shop import Shop, served

    with served() as (stripe, url):
        settings.SANDBOX_GATEWAYS, settings.TEST_PAYMENTS = url, True
        yield Shop(story, stripe)


@pytest.fixture
def at(story: Story, settings: Any) -> Iterator[Callable[[str], Till]]:
    """A till of the gateway that is played so."""
    from tests.payments.plays import PLAYS
    from tests.payments.shop import serving
    from tests.payments.till import Till

    with ExitStack() as stack:

        def till(name: str) -> Till:
            play = PLAYS[name]()
            url = stack.enter_context(serving(**{play.kind: play.gateway}))
            settings.SANDBOX_GATEWAYS, settings.TEST_PAYMENTS = url, True
            return Till(story, play)

        yield till
