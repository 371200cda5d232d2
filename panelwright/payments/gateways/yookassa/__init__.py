"""YooKassa: cards, SBP and wallets of Russia, on YooKassa's page."""
