"""Flutterwave: cards, banks and mobile money of Africa, on Flutterwave's page."""
