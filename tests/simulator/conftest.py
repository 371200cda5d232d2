"""Simulations in the test's own database."""

from __future__ import annotations

import pytest


@pytest.fixture
def empty_world(transactional_db: None) -> None:
    """An empty database that counts from 1 again, so that a seed gives the same history as on the command line."""
    from django.core.management import call_command

    call_command("flush", interactive=False, verbosity=0, reset_sequences=True)
