"""Presets: what a new panel starts with, read from the small TOML files beside this module.

A preset file says:

    name, currency, language            of the panel; language is the default one
    languages                           all that are offered, the default among them
    refill_status_key                   "status", or "refill" for panels that spell refill_status so
    [[categories]]                      name, and below it
    [[categories.services]]             number, name, type (the word on the wire), rate (text, exact;
                                        per 1000 units, or of the whole order where the type is flat),
                                        min, max, description, upstream; and, where they are true,
                                        refill, cancel, drip_feed and unique_link (one open order a link).
                                        refill_days: how long refills can be asked for; for ever when left out.
                                        step: quantities are multiples of it. link_hosts, link_kinds (lists) and
                                        link_example: what a link must lead to (catalog/link_kinds.py)

`upstream` names the character of the sandbox service that a demo routes to: services are found there
by type and character. Pure: reads files, writes nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

FOLDER = Path(__file__).with_name("presets")
UPSTREAMS = ("steady", "fast", "slow", "partial", "cancels")
REFILL_STATUS_KEYS = ("status", "refill")

_RATE = re.compile(r"\d{1,12}(\.\d{1,6})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PresetService:
    """A service to be. `rate` is an exact decimal text; `refill_days` None: refilled for ever."""

    number: int
    name: str
    category: str
    type: str
    rate: str
    min: int
    max: int
    refill: bool
    refill_days: int | None
    cancel: bool
    drip_feed: bool
    unique_link: bool
    description: str
    upstream: str
    step: int = 1
    link_hosts: tuple[str, ...] = ()
    link_kinds: tuple[str, ...] = ()
    link_example: str = ""


@dataclass(frozen=True, slots=True)
class Preset:
    """A panel to be. `slug` is the name of the file; categories and services stand in the file's order."""

    slug: str
    name: str
    currency: str
    language: str
    languages: tuple[str, ...]
    refill_status_key: str
    categories: tuple[str, ...]
    services: tuple[PresetService, ...]


def names() -> list[str]:
    """The presets that there are, by name."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name: str) -> Preset:
    """The preset of this name. ValueError, saying which ones there are, for any other name."""
    known = names()
    if name not in known:
        raise ValueError(f"There is no preset {name!r}. The presets are: {', '.join(known)}.")
    return parse((FOLDER / f"{name}.toml").read_text(encoding="utf-8"), slug=name)


def parse(text: str, *, slug: str) -> Preset:
    """A preset from the text of its file. ValueError says what is wrong, and with which service."""
    table = _Table(tomllib.loads(text), where=f"preset {slug}")
    categories: list[str] = []
    services: list[PresetService] = []
    for entry in table.take_list("categories"):
        category = _Table(entry, where=f"preset {slug}, category {len(categories) + 1}")
        categories.append(category.take("name", str))
        for row in category.take_list("services"):
            where = f"preset {slug}, service {row.get('number', len(services) + 1)}"
            services.append(_service(_Table(row, where=where), category=categories[-1]))
        category.close()
    preset = Preset(
        slug=slug,
        name=table.take("name", str),
        currency=table.take("currency", str),
        language=table.take("language", str),
        languages=tuple(table.take("languages", list)),
        refill_status_key=table.take("refill_status_key", str, "status"),
        categories=tuple(categories),
        services=tuple(services),
    )
    table.close()
    _check(preset)
    return preset


def _service(row: _Table, *, category: str) -> PresetService:
    service = PresetService(
        number=row.take("number", int),
        name=row.take("name", str),
        category=category,
        type=row.take("type", str),
        rate=row.take("rate", str),
        min=row.take("min", int),
        max=row.take("max", int),
        refill=row.take("refill", bool, False),
        refill_days=row.take("refill_days", int) if row.has("refill_days") else None,
        cancel=row.take("cancel", bool, False),
        drip_feed=row.take("drip_feed", bool, False),
        unique_link=row.take("unique_link", bool, False),
        description=row.take("description", str, ""),
        upstream=row.take("upstream", str, UPSTREAMS[0]),
        step=row.take("step", int, 1),
        link_hosts=row.take_texts("link_hosts"),
        link_kinds=row.take_texts("link_kinds"),
        link_example=row.take("link_example", str, ""),
    )
    row.close()
    row.require(_RATE.fullmatch(service.rate), f"rate {service.rate!r} is not a decimal with up to 6 places")
    row.require(1 <= service.min <= service.max, "min must be at least 1 and at most max")
    row.require(service.step >= 1 and service.min % service.step == 0, "min must be a multiple of step")
    row.require(service.number > 0, "number must be at least 1")
    row.require(service.upstream in UPSTREAMS, f"upstream must be one of {', '.join(UPSTREAMS)}")
    row.require(service.refill or service.refill_days is None, "refill_days goes with refill = true")
    return service


def _check(preset: Preset) -> None:
    table = _Table({}, where=f"preset {preset.slug}")
    table.require(_CURRENCY.fullmatch(preset.currency), f"currency {preset.currency!r} is not three capital letters")
    table.require(all(isinstance(code, str) for code in preset.languages), "languages must be texts")
    table.require(preset.language in preset.languages, "language must be one of languages")
    table.require(
        preset.refill_status_key in REFILL_STATUS_KEYS,
        f"refill_status_key must be one of {', '.join(REFILL_STATUS_KEYS)}",
    )
    table.require(len(set(preset.categories)) == len(preset.categories), "two categories have the same name")
    numbers = [service.number for service in preset.services]
    table.require(len(set(numbers)) == len(numbers), "two services have the same number")


class _Table:
    """A TOML table that is taken apart key by key, so that a missing, wrong or misspelt key is told."""

    def __init__(self, values: Mapping[str, Any], *, where: str) -> None:
        self._left = dict(values)
        self._where = where

    def has(self, key: str) -> bool:
        return key in self._left

    def take(self, key: str, kind: type[T], default: T | None = None) -> T:
        if key not in self._left and default is not None:
            return default
        self.require(key in self._left, f"{key} is missing")
        value = self._left.pop(key)
        # type(), not isinstance(): true is no number.
        if type(value) is not kind:
            raise ValueError(f"{self._where}: {key} must be of type {kind.__name__}, not {value!r}")
        return value

    def take_list(self, key: str) -> list[dict[str, Any]]:
        return self.take(key, list, [])

    def take_texts(self, key: str) -> tuple[str, ...]:
        texts = self.take(key, list, [])
        self.require(all(isinstance(text, str) for text in texts), f"{key} must be a list of texts")
        return tuple(texts)

    def close(self) -> None:
        """Refuse keys that nobody took."""
        self.require(not self._left, f"unknown key {', '.join(sorted(self._left))}")

    def require(self, fulfilled: object, problem: str) -> None:
        if not fulfilled:
            raise ValueError(f"{self._where}: {problem}")
