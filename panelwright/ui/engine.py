"""Django's templates, whose contexts let go of all that a page was made with when it is made."""

from __future__ import annotations

from typing import Any

from django.template import TemplateDoesNotExist
from django.template.backends import django as theirs
from django.template.context import make_context


class _Template(theirs.Template):
    def render(self, context: Any = None, request: Any = None) -> Any:
        """As Django's own does. What is pushed on a context points back to it, so left alone a page's form, and all
        that was sent with it, wait for the collector of garbage: hundreds of megabytes later."""
        made = make_context(context, request, autoescape=self.backend.engine.autoescape)
        try:
            return self.template.render(made)
        except TemplateDoesNotExist as missing:
            theirs.reraise(missing, self.backend)
        finally:
            made.dicts.clear()


class Templates(theirs.DjangoTemplates):
    def from_string(self, template_code: str) -> _Template:
        return _of_ours(super().from_string(template_code))

    def get_template(self, template_name: str) -> _Template:
        return _of_ours(super().get_template(template_name))


def _of_ours(found: Any) -> _Template:
    return _Template(found.template, found.backend)
