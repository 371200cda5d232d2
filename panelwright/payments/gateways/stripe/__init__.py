"""Stripe: cards and wallets by Checkout, whose page is Stripe's own."""
