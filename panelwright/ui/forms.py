"""What a form was sent with, and what is wrong with it: shown beside the fields, with nothing typed lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest

from panelwright.core.refusal import Refusal
from panelwright.core.text import trim
from panelwright.ui import refusals

# What is never shown again, nor kept on the way.
SECRET = frozenset({"password", "current", "code"})


class Form:
    """Texts by name, and errors by name; the name "" stands for the form as a whole.

    Passwords and codes are never shown again: `secret` names them.
    """

    def __init__(self, values: Mapping[str, Any] | None = None, *, secret: Iterable[str] = SECRET) -> None:
        self.values: dict[str, Any] = dict(values or {})
        self.errors: dict[str, str] = {}
        self._secret = frozenset(secret)
        self._busy = False

    @classmethod
    def sent(cls, request: HttpRequest) -> Form:
        """What the request brings, as texts."""
        return cls(request.POST.dict())

    def text(self, name: str) -> str:
        """One line, trimmed; of what nobody sees, too."""
        return trim(str(self.values.get(name, "")))

    def raw(self, name: str) -> str:
        """As it was typed: passwords, and texts of several lines."""
        return str(self.values.get(name, ""))

    def ticked(self, name: str) -> bool:
        return bool(self.values.get(name))

    def shown(self, name: str) -> Any:
        """What a field is filled with when the form is shown again."""
        return "" if name in self._secret else self.values.get(name, "")

    def refuse(self, refusal: Refusal | None, *, beside: str | None = None) -> bool:
        """Note what is wrong, beside its field or the one named. False when nothing was."""
        if refusal is None:
            return False
        self._busy = refusal.code == "busy"
        # That we are busy is the fault of no field.
        at = refusal.field if beside is None or self._busy or refusal.field == "current" else beside
        self.errors[at] = refusals.text(refusal)
        return True

    def wrong(self, name: str, text: str) -> None:
        self.errors[name] = text

    @property
    def error(self) -> str:
        """What is wrong with the form as a whole."""
        return self.errors.get("", "")

    @property
    def status(self) -> int:
        """The HTTP status with which the form is shown again."""
        if self._busy:
            return 503
        return 422 if self.errors else 200
