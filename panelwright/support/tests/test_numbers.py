"""Numbers that people see: when a ticket gets its own, and that the audit looks at those of everything."""

from __future__ import annotations

import pytest
from django.db import connection

from panelwright.core import sql
from panelwright.panels.models import Noun
from panelwright.panels.number_audit import NumberAudit
from panelwright.support.tests.making import written
from tests.support.people import Buyer, Owner, execute, value


def test_a_ticket_gets_its_number_after_all_other_locks(carol: Buyer) -> None:
    """The row of the next number is everybody's who opens a ticket of the panel: nobody waits for an order with it."""
    order = carol.order()
    asked: list[str] = []
    with sql.heard_by(lambda text, values: asked.append(text)):
        written(carol, f"refill 1\ncancel {order.number}")
    (number,) = [place for place, text in enumerate(asked) if "panels_numbering" in text]
    locked = [place for place, text in enumerate(asked) if "orders_order" in text and "orders_schedule" not in text]
    # What reads the order for its events and the follow-up of the ticket comes after it; who locks it, before.
    assert locked and locked[0] < number
    assert "ledger_account" not in " ".join(asked[number:])


@pytest.mark.parametrize(
    ("noun", "table"), [("order", "orders_order"), ("customer", "customers_customer"), ("ticket", "support_ticket")]
)
def test_numbers_that_are_missing_or_would_be_given_again_are_found(
    alice: Owner, carol: Buyer, mallory: Buyer, noun: str, table: str
) -> None:
    mine = alice.panel_id
    for text in ("Where is it?", "And where is that?"):
        carol.order(link=f"https://example.com/{len(text)}")
        written(carol, text, subject="other")
    highest = value(f"SELECT MAX(number) FROM {table} WHERE panel_id = %s", mine)
    lowest = value(f"SELECT MIN(id) FROM {table} WHERE panel_id = %s", mine)
    number = value(f"SELECT number FROM {table} WHERE id = %s", lowest)
    assert alice.audit() == []
    execute("UPDATE panels_numbering SET next_number = %s WHERE panel_id = %s AND noun = %s", highest, mine, noun)
    assert alice.audit() == [f"{noun} {highest} is there, and the next number is {highest}"]
    execute("DELETE FROM panels_numbering WHERE panel_id = %s AND noun = %s", mine, noun)
    assert alice.audit() == [f"{noun} {highest} is there, and the next number is None"]
    execute("INSERT INTO panels_numbering (panel_id, noun, next_number) VALUES (%s, %s, %s)", mine, noun, 10**9)
    execute(f"UPDATE {table} SET number = 0 WHERE id = %s", lowest)
    assert f"a {noun} has no number: the row with the id {lowest}" in alice.audit()
    assert mallory.owner.audit() == []
    execute(f"UPDATE {table} SET number = %s WHERE id = %s", number, lowest)


def test_a_number_that_is_there_twice_or_not_at_all_is_found(alice: Owner) -> None:
    """The database lets in neither: here is a table without its constraints."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE numbered (id bigint, panel_id bigint, number bigint)")
    try:
        for row in ((1, 1001), (2, 1001), (3, None), (4, 1002)):
            execute("INSERT INTO numbered (id, panel_id, number) VALUES (%s, %s, %s)", row[0], alice.panel_id, row[1])
        execute(
            "INSERT INTO panels_numbering (panel_id, noun, next_number) VALUES (%s, 'payment', 9999)", alice.panel_id
        )
        audit = NumberAudit(Noun.PAYMENT, "numbered")
        assert list(audit.faults(alice.panel_id, 9)) == [
            "payment 1001 is there 2 times",
            "a payment has no number: the row with the id 3",
        ]
        assert list(audit.faults(alice.panel_id + 1, 9)) == []
    finally:
        execute("DROP TABLE numbered")
