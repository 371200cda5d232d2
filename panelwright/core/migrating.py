"""Migrations that make only those models anew which they change.

At each operation Django makes the models anew that it may concern: the changed one, those related to it, and those
related to these. Every table here names its panel, so that is all of them each time, and an empty database took eleven
seconds of a processor. The changed model alone is enough for the tables where an operation changes no relation that
there was: where it makes a model, to which none can lead yet, or a field, whose other side hears of it. For code of a
migration, which may use any model, Django makes all of them once more anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.migrations.state import ProjectState


@contextmanager
def few_models_made_anew() -> Iterator[None]:
    """Migrations in the block make few models anew. tests/test_harness.py proves that the tables are the same."""
    usual = ProjectState._find_reload_model  # type: ignore[attr-defined]

    def found(state: ProjectState, app_label: str, model_name: str, delay: bool = False) -> set[tuple[str, str]]:
        if not delay and not _only_adds(state, app_label, model_name):
            related: set[tuple[str, str]] = usual(state, app_label, model_name)
            return related
        # By this Django knows that the others are as they were, and makes all anew before it runs code.
        state.is_delayed = True
        return {(app_label, model_name)}

    ProjectState._find_reload_model = found  # type: ignore[attr-defined]
    try:
        yield
    finally:
        ProjectState._find_reload_model = usual  # type: ignore[attr-defined]


def _only_adds(state: ProjectState, app_label: str, model_name: str) -> bool:
    """Whether all that is new of a model, since it was made last, is itself or fields of it."""
    made = state.apps.all_models[app_label].get(model_name)
    if made is None:
        return True
    before = {field.name for field in (*made._meta.local_fields, *made._meta.local_many_to_many)}
    return before < set(state.models[app_label, model_name].fields)
