"""Money in: methods of payment, payments and their states, and the one way to credit them."""
