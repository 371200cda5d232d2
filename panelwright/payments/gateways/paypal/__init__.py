"""PayPal: balances and cards on PayPal's own page."""
