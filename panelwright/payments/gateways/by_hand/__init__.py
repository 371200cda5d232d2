"""Methods without a gateway: a bank account, a wallet, a coin's address. Staff confirm what came in."""
