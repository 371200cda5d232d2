"""A panel that sells by a simulated Stripe, which is asked over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.story import Story

if TYPE_CHECKING:
    from tests.payments.shop import Shop


@pytest.fixture
def shop(story: Story, settings: Any) -> Iterator[Shop]:
    from tests.payments.shop import Shop, served

    with served() as (stripe, url):
        settings.SANDBOX_GATEWAYS, settings.TEST_PAYMENTS = url, True
        yield Shop(story, stripe)
