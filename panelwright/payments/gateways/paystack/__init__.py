"""Paystack: cards, banks and mobile money of Africa, on Paystack's page."""
