"""How a mutant is made: the product's own source with one rule changed, in memory."""

from __future__ import annotations
import __future__

import copy
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Mutant:
    """`name` says what the product does wrong then. `seed`: the one to try first."""

    name: str
    make: Callable[[Patch], None]
    seed: int = 6


def rewritten(owner: ModuleType | type, name: str, old: str, new: str) -> Callable[[Patch], None]:
    """The function `name` with `old`, which must stand in it exactly once, replaced by `new`."""

    def make(patch: Patch) -> None:
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(getattr(owner, name))))
        if source.count(old) != 1:
            raise LookupError(f"{owner.__name__}.{name} has changed: {old!r} stands in it {source.count(old)} times")
        module = owner if isinstance(owner, ModuleType) else inspect.getmodule(owner)
        assert module is not None
        flags = __future__.annotations.compiler_flag
        code = compile(source.replace(old, new), f"mutant of {module.__name__}", "exec", flags=flags, dont_inherit=True)
        made: dict[str, Any] = {}
        exec(code, vars(module), made)
        patch.setattr(owner, name, made[name])

    return make


def put(owner: object, name: str, value: object) -> Callable[[Patch], None]:
    return lambda patch: patch.setattr(owner, name, value)


class Nothing:
    """A statement that is left out."""

    def run(self, *arguments: object) -> None:
        pass


def together(*changes: Callable[[Patch], None]) -> Callable[[Patch], None]:
    """Where several guards stand one behind the other, all of them have to be gone."""

    def make(patch: Patch) -> None:
        for change in changes:
            change(patch)

    return make


def without(owner: ModuleType, name: str, part: str, instead: str = "") -> Callable[[Patch], None]:
    """The statement `name` without a part of its text, or with another one."""

    def make(patch: Patch) -> None:
        query = getattr(owner, name)
        made = copy.copy(query)
        if part not in query._sqlite or part not in query._postgresql:
            raise LookupError(f"{owner.__name__}.{name} has changed: {part!r} does not stand in it")
        made._sqlite, made._postgresql = (text.replace(part, instead) for text in (query._sqlite, query._postgresql))
        patch.setattr(owner, name, made)

    return make


def with_part(owner: ModuleType, name: str, old: str, new: str) -> Callable[[Patch], None]:
    """The statement `name` with a part of its text replaced."""

    def make(patch: Patch) -> None:
        query = getattr(owner, name)
        made = copy.copy(query)
        for dialect, mark in (("_sqlite", "?"), ("_postgresql", "%s")):
            text = getattr(query, dialect)
            if old.replace("?", mark) not in text:
                raise LookupError(f"{owner.__name__}.{name} has changed: {old!r} does not stand in it")
            setattr(made, dialect, text.replace(old.replace("?", mark), new.replace("?", mark)))
        patch.setattr(owner, name, made)

    return make
