"""What presets and the documentation page promise, held against the sandbox and the words of the API."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from panelwright.api import protocol
from panelwright.catalog.types import BY_NAME, TYPES
from panelwright.panels import presets
from panelwright.sandbox import catalogue
from panelwright.storefront import apidocs


@pytest.mark.parametrize("name", presets.names())
def test_every_service_has_an_upstream_that_keeps_its_promises(name: str) -> None:
    for service in presets.load(name).services:
        upstream = catalogue.pick(type=service.type, character=service.upstream)
        assert upstream.min <= service.min <= service.max <= upstream.max, service
        assert upstream.refill or not service.refill, service
        assert upstream.refill_days >= 30 or not service.refill, service
        assert upstream.cancel or not service.cancel, service
        assert BY_NAME[service.type].drip_feed or not service.drip_feed, service
        if BY_NAME[service.type].flat:
            assert (service.min, service.max) == (1, 1), service


def test_the_characters_of_presets_are_those_of_the_sandbox() -> None:
    assert set(presets.UPSTREAMS) == set(catalogue.CHARACTERS)


def test_the_errors_table_has_every_text_of_the_api_and_no_other() -> None:
    documented = [text for group in apidocs.refusals(TYPES) for row in group.rows for text in row.texts]
    patterns = [re.escape(text).replace(r"\{field\}", r"\w+").replace(r"\{limit\}", r"\d+") for text in texts()]
    assert [text for text in documented if not any(re.fullmatch(pattern, text) for pattern in patterns)] == []
    assert [pattern for pattern in patterns if not any(re.fullmatch(pattern, text) for text in documented)] == []


def test_the_errors_table_has_the_codes_of_the_api() -> None:
    for group in apidocs.refusals(TYPES):
        for row in group.rows:
            for text in row.texts:
                assert any(_as_pattern(protocol.TEXTS[code]).fullmatch(text) for code in row.codes), text
            for code in row.codes:
                assert any(_as_pattern(protocol.TEXTS[code]).fullmatch(text) for text in row.texts), code


def _as_pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\{field\}", r"\w+").replace(r"\{limit\}", r"\d+"))


def texts() -> list[str]:
    return list(protocol.TEXTS.values())


def test_what_the_pages_on_the_back_office_name_is_there() -> None:
    """Which task is walked by which test, and where each pattern is made."""
    root = Path(__file__).parents[1]
    named = re.findall(r"`([\w./]+)`", (root / "docs/explanation/back-office.md").read_text(encoding="utf-8"))
    paths = [one for one in named if "/" in one]
    assert len(paths) > 40
    assert [one for one in paths if not ((root / one).exists() or (root / "panelwright" / one).exists())] == []
