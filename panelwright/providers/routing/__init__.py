"""Which provider gets an order, and its way there and back: sending, polling, refills, cancels."""
