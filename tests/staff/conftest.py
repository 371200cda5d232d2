"""Bob who calls the staff API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.processes import Launcher, free_port
from tests.support.story import Story

if TYPE_CHECKING:
    from tests.staff.site import Site


@pytest.fixture
def site(story: Story) -> Site:
    """In this process: `served` costs a server, and is for what a server may do in its own way."""
    from tests.staff.site import Site

    return Site(story)


@pytest.fixture
def served(story: Story, launch: Launcher) -> Iterator[Site]:
    """A running server, without a worker."""
    from tests.staff.site import Site

    port = free_port()
    server = launch.start("serve", "--port", str(port), "--no-worker")
    server.wait_for_http(f"http://127.0.0.1:{port}/")
    yield Site(story, port=port)
