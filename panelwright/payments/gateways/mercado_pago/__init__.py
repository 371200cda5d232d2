"""Mercado Pago: Pix on the panel's own page, and its checkout with cards, tickets and balances."""
