"""NOWPayments: coins on its own pages, worked out and sent on to the owner's wallet."""
