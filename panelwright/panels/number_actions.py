"""Where a panel's numbers go on."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from panelwright.core.refusal import Refused
from panelwright.panels import numbers
from panelwright.panels.models import Noun


def set_next_numbers(*, panel_id: int, begin: Mapping[Noun, int]) -> None:
    """The next orders, refills or tickets get these numbers and those after them.

    Only upwards: no number is ever given twice. Where orders come in fast, a process first uses up what it has
    taken, for a few seconds. Refused: number_out_of_range, number_given; then nothing was changed.
    """
    with transaction.atomic():
        for noun, number in sorted(begin.items()):
            if not 1 <= number <= numbers.BEGIN_MAX:
                raise Refused("number_out_of_range", noun.value, least=1, most=numbers.BEGIN_MAX)
            there = numbers.next_number(panel_id, noun)
            if number != there and not numbers.raise_next(panel_id, noun, number):
                raise Refused("number_given", noun.value, least=numbers.next_number(panel_id, noun))
