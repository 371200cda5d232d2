"""A running server, and Bob who calls its staff API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.processes import Launcher, free_port
from tests.support.story import Story

if TYPE_CHECKING:
    from tests.staff.site import Site


@pytest.fixture
def site(story: Story, launch: Launcher) -> Iterator[Site]:
    from tests.staff.site import Site

    port = free_port()
    server = launch.start("serve", "--port", str(port), "--no-worker")
    server.wait_for_http(f"http://127.0.0.1:{port}/")
    yield Site(port, story)
