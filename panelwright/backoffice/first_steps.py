"""What is left to do before a new panel delivers its first order, in order: one step is lit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from panelwright.backoffice.acting import allowed
from panelwright.backoffice.queries import FirstSteps
from panelwright.staff.rights import Right
from panelwright.ui.request import StaffRequest


class FirstStep(NamedTuple):
    """`url`: where it is done; empty where the visitor may not. `now`: it comes next."""

    title: str
    text: str
    verb: str
    url: str
    done: bool
    now: bool = False


@dataclass(frozen=True, slots=True)
class StepList:
    steps: list[FirstStep]
    done: int

    @property
    def all(self) -> int:
        return len(self.steps)


def of(request: StaffRequest, done: FirstSteps) -> StepList:
    """The steps of a panel without any order."""

    def action(name: str) -> str:
        return reverse(f"backoffice:{name.replace('.', '_')}") if allowed(request, name) else ""

    steps = [
        FirstStep(
            _("Name and color"),
            _("%(name)s, and the color and logo that customers see.") % {"name": request.panel.name},
            _("Choose"),
            action("panel.set_look"),
            done.look,
        ),
        FirstStep(
            _("Connect a provider"),
            _("Another panel that delivers for you, or your own people."),
            _("Add provider"),
            action("provider.add"),
            done.provider,
        ),
        FirstStep(
            _("Import services"),
            _("Choose from the provider's list. You see names and prices before anything is saved."),
            _("Choose services"),
            reverse("backoffice:providers"),
            done.service,
        ),
        FirstStep(
            _("Set your prices"),
            _("A markup for all, then exceptions. Nothing is sold below cost."),
            _("Set prices"),
            reverse("backoffice:services"),
            done.price,
        ),
        FirstStep(
            _("Get a customer"),
            _("Sign up on your storefront, and add funds here to try it."),
            _("Customers"),
            reverse("backoffice:customers"),
            done.customer,
        ),
        FirstStep(
            _("Place a test order"),
            _("Order as that customer and follow the order here."),
            _("View storefront"),
            reverse("storefront:home"),
            done.order,
        ),
        FirstStep(
            _("Publish"),
            _("Point your domain to this server and add it: customers then find you there."),
            _("Add domain"),
            reverse("backoffice:domains") if request.actor.may(Right.SETTINGS) else "",
            done.published,
        ),
    ]
    first = next((n for n, step in enumerate(steps) if not step.done), -1)
    return StepList([step._replace(now=n == first) for n, step in enumerate(steps)], sum(step.done for step in steps))
