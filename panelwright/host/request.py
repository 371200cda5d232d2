"""A request of the operators' pages, after their middleware."""

from __future__ import annotations

from django.http import HttpRequest

from panelwright.host.models import Operator, OperatorSession
from panelwright.staff.actor import Actor


class HostRequest(HttpRequest):
    """`address` is where it comes from, `language` one of `languages`. Of somebody who is logged in there are
    `operator_session`, `operator` and `actor`."""

    host_site: bool
    languages: list[str]
    language: str
    address: str
    operator_session: OperatorSession | None
    operator: Operator | None
    actor: Actor | None


class OperatorRequest(HostRequest):
    """Of an operator who is logged in (`operators_only` in doors.py)."""

    operator_session: OperatorSession
    operator: Operator
    actor: Actor
