"""Binance Pay: stablecoins from the account of a customer of Binance to that of the owner, on Binance's page."""
