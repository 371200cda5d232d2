"""What a form was sent with, and what is wrong with it: shown beside the fields, with nothing typed lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest

from panelwright.core.refusal import Refusal
from panelwright.core.text import trim
from panelwright.ui import refusals

# Refusals that say that the panel has too much to do.
BUSY = frozenset({"busy", "overloaded"})
# What is never shown again, nor kept on the way.
SECRET = frozenset({"password", "current", "code", "key", "hook_secret", "secret", "token"})


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
        return self.error_of("")

    def error_of(self, name: str) -> str:
        """What is wrong with a field."""
        return self.errors.get(name, "")

    @property
    def status(self) -> int:
        """The HTTP status with which the form is shown again."""
        if self._busy:
            return 503
        return 422 if self.errors else 200


class PageForm(forms.Form):
    """A form of many fields: Django reads and checks them, and what an action refuses comes beside its field.

    The pages' tags take it like the shorter `Form` above; fields are drawn by `{% field %}` and `{% choice %}`.
    """

    busy = False

    def refuse(self, refusal: Refusal | None, *, beside: Mapping[str, str] | None = None) -> bool:
        """Note what an action refused, beside its field. False when nothing was.

        The one bridge from refusals to fields: `beside` renames parameters of the action that are other fields here;
        what is no field of the form is said of the form as a whole.
        """
        if refusal is None:
            return False
        self.busy = refusal.code in BUSY
        name = (beside or {}).get(refusal.field, refusal.field)
        # That we are busy is the fault of no field.
        self.add_error(name if name in self.fields and not self.busy else None, refusals.text(refusal))
        return True

    def shown(self, name: str) -> Any:
        """What a field is filled with when the form is shown again."""
        value = self[name].value() if name in self.fields and name not in SECRET else ""
        return "" if value is None else value

    def error_of(self, name: str) -> str:
        found = self.errors.get(name or NON_FIELD_ERRORS)
        return str(found[0]) if found else ""

    @property
    def error(self) -> str:
        return self.error_of("")

    @property
    def status(self) -> int:
        """The HTTP status with which the form is shown again."""
        if self.busy:
            return 503
        return 422 if self.is_bound and self.errors else 200
