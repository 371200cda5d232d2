"""What the tests of receipts do over and over. Import this late: it needs Django to be set up."""

from __future__ import annotations

from django_scopes import scope

from panelwright.core import clock
from panelwright.payments.tests.making import approve
from panelwright.receipts import actions
from tests.support.people import Known, Owner


def issued(owner: Owner, payment: Known) -> int:
    """The id of the receipt of a payment, which staff approve."""
    with scope(panel=owner.panel):
        actions.set_receipts(
            panel_id=owner.panel_id,
            now=clock.now(),
            enabled=True,
            seller="Alice Media",
            address="Lane 2\nYork",
            tax_name="VAT",
            tax_percent_e2=20_00,
        )
        approve(owner, payment)
        found = actions.issue(panel_id=owner.panel_id, payment_id=payment, now=clock.now())
    assert found is not None
    return int(found.id)
