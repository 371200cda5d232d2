"""The addresses of the staff API, below /api/staff/v1/: those that are read, and one or two for each noun."""

from __future__ import annotations

from collections import defaultdict

from django.urls import URLPattern, path, re_path

from panelwright.api import openapi, staff, staff_bulk
from panelwright.api.staff import Handler
from panelwright.api.staff_readings import READINGS
from panelwright.staff import registry

# What is older than the nouns. In `problems`, "refund" is what older programs call a cancel.
ALIASES = {
    "problems": (
        "order",
        {"done": "done", "partial": "partial", "cancel": "cancel", "send": "send", "arrived": "arrived"}
        | {"refund": "cancel"},
    )
}


def handlers() -> dict[str, dict[str, Handler]]:
    """Path -> method -> handler."""
    found: dict[str, dict[str, Handler]] = defaultdict(dict)
    for reading in READINGS:
        found[reading.path]["GET"] = reading.handler
    for noun in registry.nouns().values():
        actions = registry.for_programs(noun.name).values()
        if not actions:
            continue
        if any(action.on_target for action in actions):
            found[f"{noun.plural}/<int:id_>"]["POST"] = staff.object_work(noun)
        found[noun.plural]["POST"] = staff.collection_work(noun)
    for where, of, by_verb in staff_bulk.places():
        found[where]["POST"] = staff_bulk.handler(of, by_verb)
    for plural, (name, verbs) in ALIASES.items():
        found[f"{plural}/<int:id_>"]["POST"] = staff.object_work(registry.nouns()[name], verbs=verbs)
    return dict(found)


def _patterns() -> list[URLPattern]:
    return [path(where, staff.view_of(by_method)) for where, by_method in handlers().items()]


urlpatterns = [
    path("openapi.json", openapi.document),
    *_patterns(),
    re_path(r"^(?P<path>.*)$", staff.not_found),
]
