"""Cryptomus and Heleket: coins, worked out and received by one of two providers that speak alike."""
