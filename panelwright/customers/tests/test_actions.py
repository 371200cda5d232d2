"""Making customers and staff: all of them within their panel, and all of it or nothing."""

from __future__ import annotations

import pytest
from django_scopes import scope

from panelwright.customers.actions import create_customer, create_staff
from panelwright.customers.models import Customer, Staff, User
from panelwright.staff.rights import Role
from tests.support.people import PASSWORD, Buyer, Owner, counts, everything, value, values


def test_a_customer_has_an_account_with_nothing_on_it(alice: Owner) -> None:
    dave = alice.customer("dave")
    assert dave.balance() == "0.00"
    assert values("SELECT panel_id, kind FROM ledger_account WHERE id = %s", dave.account_id) == [
        (alice.panel_id, "customer")
    ]


def test_the_people_have_the_parts_they_are_known_for(alice: Owner, bob: Staff, carol: Buyer) -> None:
    assert (alice.staff.role, bob.role) == (Role.OWNER.value, Role.MANAGER.value)
    assert bob.panel_id == carol.customer.panel_id == alice.panel_id


def test_a_password_is_stored_as_a_hash_that_knows_it(carol: Buyer) -> None:
    user = carol.customer.user
    assert PASSWORD not in user.password
    assert user.check_password(PASSWORD)
    assert not user.check_password(PASSWORD + "x")


@pytest.mark.parametrize(
    ("email", "password", "why"),
    [
        ("", PASSWORD, "valid email address"),
        ("carol", PASSWORD, "valid email address"),
        ("a@b", PASSWORD, "valid email address"),
        ("new@example.com", "short", "at least 8 characters"),
        ("carol@customer.example", PASSWORD, "already has an account on this panel"),
        ("  CAROL@customer.example ", PASSWORD, "already has an account on this panel"),
        ("bob@shop.example", PASSWORD, "already has an account on this panel"),
    ],
)
def test_who_cannot_be_made_leaves_nothing(carol: Buyer, bob: Staff, email: str, password: str, why: str) -> None:
    before, users = everything(), counts("customers_user", "customers_staff")
    panel = carol.owner.panel
    with scope(panel=panel):
        with pytest.raises(ValueError, match=why):
            create_customer(panel_id=panel.id, email=email, password=password)
        with pytest.raises(ValueError, match=why):
            create_staff(panel_id=panel.id, email=email, password=password)
    assert everything() == before
    assert counts("customers_user", "customers_staff") == users


def test_the_same_address_on_two_panels_is_two_people(carol: Buyer, rival: Owner) -> None:
    other = rival.customer("carol")
    assert other.customer_id != carol.customer_id
    assert other.account_id != carol.account_id
    assert value("SELECT COUNT(*) FROM customers_user WHERE email = %s", "carol@customer.example") == 2
    with scope(panel=rival.panel):
        assert [row.id for row in Customer.objects.filter(user__email="carol@customer.example")] == [other.customer_id]
        assert not User.objects.filter(email="bob@shop.example").exists()
