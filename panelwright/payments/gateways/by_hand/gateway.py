"""A transfer that the customer makes by hand, and that staff find on their account.

The moments: the customer agrees to the sum (CREATED), pays elsewhere and says so with a proof (PENDING), staff find the
money and enter what came in (PAID), or do not (FAILED). Nothing here asks anybody over the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from django.utils.translation import gettext_noop

from panelwright.payments.gateway import Gateway
from panelwright.staff.action import ActionFieldKind, Field


class Proof(StrEnum):
    """What a customer gives when they have paid."""

    NOTHING = "nothing"
    REFERENCE = "reference"
    FILE = "file"
    BOTH = "both"


class NeededProof(NamedTuple):
    reference: bool
    file: bool


def needed(settings: Mapping[str, Any]) -> NeededProof:
    """What the customer has to give; a method that was never set asks for the reference."""
    proof = settings.get("proof", Proof.REFERENCE.value)
    return NeededProof(
        reference=proof in {Proof.REFERENCE, Proof.BOTH},
        file=proof in {Proof.FILE, Proof.BOTH},
    )


GATEWAY = Gateway(
    name="by_hand",
    label=gettext_noop("Manual payment"),
    icon="bank",
    help=gettext_noop("Customers follow your instructions and send a proof. You confirm each payment."),
    by_hand=True,
    fields=(
        Field(
            "proof",
            ActionFieldKind.CHOICE,
            gettext_noop("Proof of payment"),
            required=True,
            choices=tuple(proof.value for proof in Proof),
            help=gettext_noop("What customers give after they have paid."),
        ),
    ),
)
